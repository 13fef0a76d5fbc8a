/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio entropy device (VIRTIO 1.2, 5.4): random bytes of the kernel, few at a time. */
#ifndef DEV_RNG_H
#define DEV_RNG_H

#include <stdbool.h>

#include "dev/flow.h"
#include "dev/virtq.h"

#define RNG_MAX   256u /* bytes for a buffer at most: as many as getrandom() gives at once */
#define RNG_BATCH 64u  /* buffers that rng_run() fills at most */

/* Fills what waits in the queue; *interrupt: the driver wants to be told. enum run or an error. */
int rng_run(struct virtq *q, bool *interrupt) MUST_CHECK;

#endif
