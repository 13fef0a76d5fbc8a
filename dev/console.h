/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio console with one port (VIRTIO 1.2, 5.3): queue 0 brings input to the zone, queue 1 takes
 * its output. Each queue may have its own thread.
 */
#ifndef DEV_CONSOLE_H
#define DEV_CONSOLE_H

#include <stdbool.h>

#include "dev/flow.h"
#include "dev/virtq.h"

#define CONSOLE_QUEUES 2u
#define CONSOLE_INPUT  1024u /* bytes that are read at once at most */
#define CONSOLE_BATCH  64u   /* buffers that a run serves at most */

struct console {
    struct flow *flow;
    uint64_t done; /* bytes of the next output buffer that the flow took before */
};

/* Queue 0. Reads only what there is room for. enum run or an error, as console_output(). */
int console_input(struct console *console, struct virtq *q, bool *interrupt) MUST_CHECK;

/* Queue 1. RUN_OUTPUT: the flow takes no more, and what is left is offered again. */
int console_output(struct console *console, struct virtq *q, bool *interrupt) MUST_CHECK;

/* Nobody reads: the output that waits is lost, and the zone goes on. */
int console_drop(struct console *console, struct virtq *q, bool *interrupt) MUST_CHECK;

#endif
