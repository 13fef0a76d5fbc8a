/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor for tests of the server: a zone with three devices in the model's memory. */
#ifndef TESTS_UNIT_SERVE_DOUBLE_H
#define TESTS_UNIT_SERVE_DOUBLE_H

#include <stdatomic.h>

#include "dev/virtq.h"
#include "zone0/serve.h"

#define DOUBLE_DEVICES 3u /* of "web": disk "root", console "hvc", rng "random" */

/* A device as the hypervisor's side of it: fields that both sides use are atomic. */
struct double_device {
    _Atomic uint32_t state;
};

struct serve_double {
    struct ctl ctl;
    struct bridge_device *shared[DOUBLE_DEVICES];
    struct double_device *device[DOUBLE_DEVICES];
    struct double_device devices[DOUBLE_DEVICES];
    _Atomic uint32_t signalled[DOUBLE_DEVICES];
    unsigned attached;
};

void double_begin(struct serve_double *d, const char *run);
void double_end(struct serve_double *d);

/* After server_open(): it finds the zone's memory, and drivers that were ready are. */
void double_pool(struct server *server);

/* The driver is ready, with one queue. */
void double_run(struct serve_double *d, uint32_t device, uint32_t queue,
                const struct virtq_cfg *ring);
void double_notify(struct serve_double *d, uint32_t device, uint32_t queue);
/* The driver resets the device: state is BRIDGE_IDLE when the server has let go. */
void double_reset(struct serve_double *d, uint32_t device);
/* The server has ended, with drivers as they are. */
void double_gone(struct serve_double *d);

#endif
