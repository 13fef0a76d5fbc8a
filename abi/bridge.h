/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio devices of zones between the hypervisor, which answers their registers (lib/vmmio.h), and
 * the server in zone0, which does the work in the zone's memory. One struct per device, in the
 * control region (abi/ctl.h). Each field has one writer; of what the server writes the hypervisor
 * reads only `offer`, once and when asked to, `signal` and `let_go`.
 *
 * A notification costs the zone one exit and waits for nobody: the hypervisor sets the queue's bit
 * in `notified` and CTL_CAUSE_DEVICE. The server takes the bits by an atomic exchange, and only
 * then looks at the queue. What it has to say goes into `signal` by an atomic or, then CTL_SIGNAL.
 *
 * Letting go: the zone resets a device, or a queue, or is itself stopped. The hypervisor changes
 * `state` and counts `epoch`; the server stops using the zone's memory, stores the epoch to
 * `let_go` and writes CTL_SIGNAL. Until then, for at most BRIDGE_LET_GO_MS or what the plan says,
 * the vCPU that asked is parked. A zone whose server needs longer stops with CTL_REASON_DEVICE, and
 * its memory is not used again until the server has let go, or has ended.
 *
 * A server that was killed is followed by another one, which attaches again with the same offer: a
 * device whose driver was ready is BRIDGE_RUNNING at once. `epoch` counts while there is no server,
 * too, so that a word of `log` with another epoch belongs to a queue that is no more.
 */
#ifndef ABI_BRIDGE_H
#define ABI_BRIDGE_H

#include <stdint.h>

#define BRIDGE_DEVICES     32u
#define BRIDGE_QUEUES      16u
#define BRIDGE_CONFIG_SIZE 128u
#define BRIDGE_BATCH       62u /* buffers that are returned at once */
#define BRIDGE_LET_GO_MS   100u

enum bridge_state {
    BRIDGE_NO_SERVER, /* where nobody has ever attached, the zone's driver finds no device */
    BRIDGE_IDLE,      /* attached; the driver is not ready */
    BRIDGE_RUNNING,   /* features and queues are final */
    BRIDGE_LET_GO,    /* of the whole device: then idle */
};

/* bridge_device.signal */
#define BRIDGE_SIGNAL_USED   UINT32_C(1) /* buffers have been used: VIRTIO's interrupt, bit 0 */
#define BRIDGE_SIGNAL_CONFIG UINT32_C(2) /* offer.config has changed: bit 1 */
#define BRIDGE_SIGNAL_BROKEN UINT32_C(4) /* DEVICE_NEEDS_RESET */

/* The server's, read at CTL_OP_ATTACH and, but for config, no more. */
struct bridge_offer {
    uint64_t features; /* without those of the transport */
    uint32_t queue_max;
    uint32_t config_size;
    uint32_t writable_at, writable_size; /* of config, by the driver */
    uint8_t config[BRIDGE_CONFIG_SIZE];
};

struct bridge_queue {
    uint64_t desc, driver, device; /* guest-physical */
    uint32_t size;
    uint32_t is_ready; /* 0: not used, or the driver wants it back */
};

/*
 * Buffers of a queue that are about to be returned: written before the ring is. One look at the
 * ring then says whether that was done; if not, the next server does it: each comes back once.
 * place: bits 0..15 where in the ring that is, 16..31 where it ends (the same: there are none),
 * 32..63 the epoch. Split: the used index. Packed: an entry, and in its bit 15 the complement of
 * the wrap counter. So a queue that is new has 0.
 */
struct bridge_log {
    uint64_t place;
    uint64_t count;
    uint64_t done[BRIDGE_BATCH]; /* bits 0..15 ID or head, 16..31 entries, 32..63 bytes written */
};

struct bridge_device {
    /* Written by the hypervisor. */
    uint32_t zone;
    uint32_t type; /* VIRTIO's device number: 1 net, 2 block, 3 console, 4 entropy */
    char name[24]; /* of the plan */
    uint32_t queue_count;
    uint32_t state; /* enum bridge_state */
    uint32_t epoch; /* counts what must be let go of */
    uint32_t reserved;
    uint64_t features; /* agreed on, from BRIDGE_RUNNING on */
    struct bridge_queue queue[BRIDGE_QUEUES];
    uint8_t config[BRIDGE_CONFIG_SIZE]; /* as the driver sees and wrote it */
    /* By both, atomically: bits of queues that were notified, and perhaps of others. */
    _Alignas(64) uint32_t notified;
    /* Written by the server; signal is taken by the hypervisor. */
    _Alignas(64) uint32_t signal;
    uint32_t let_go; /* the epoch up to which it has */
    _Alignas(64) struct bridge_offer offer;
    /* From one server to the next; the hypervisor only clears them, once. */
    _Alignas(64) struct bridge_log log[BRIDGE_QUEUES];
    uint64_t note; /* of the device: bits 32..63 the epoch, the rest the server's */
};

#endif
