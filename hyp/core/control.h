/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone0's control device: abi/ctl.h, docs/control.md. A function on zone0's virtual PCI bus, and
 * the control region, which the hypervisor writes; of what zone0 writes there it reads requests,
 * each once, when it is told to.
 */
#ifndef HYP_CORE_CONTROL_H
#define HYP_CORE_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/bridge.h"
#include "abi/ctl.h"
#include "abi/plan.h"
#include "hyp/core/lock.h"
#include "hyp/core/vbus.h"

struct vcpu;
struct zone;

/* What is laid out in the region: offsets from struct ctl_shared on. */
#define CONTROL_SLOTS    CTL_SLOT_SIZE
#define CONTROL_EVENTS   (CONTROL_SLOTS + CTL_SLOTS * CTL_SLOT_SIZE)
#define CONTROL_LOG      (CONTROL_EVENTS + CTL_EVENTS * (uint32_t)sizeof(struct ctl_event))
#define CONTROL_CONSOLES (CONTROL_LOG + CTL_LOG_SIZE)
#define CONTROL_DEVICES  (CONTROL_CONSOLES + CTL_ZONES * CTL_CONSOLE_SIZE)
#define CONTROL_END      (CONTROL_DEVICES + BRIDGE_DEVICES * (uint32_t)sizeof(struct bridge_device))

/* A ring in the region. The head that counts is here: nobody else can write it. */
struct control_ring {
    uint8_t *bytes;
    uint64_t *head_out;
    uint64_t head;
    uint32_t size; /* a power of two */
};

struct control {
    struct vbus_fn fn;         /* first */
    uint8_t *region;           /* all of it; NULL: the plan has no control device */
    struct ctl_shared *shared; /* behind what is device-DAX's; NULL before control_init() */
    _Atomic uint32_t cause, mask;
    _Atomic bool has_server; /* as the bus-master bit was last */
    struct lock events;      /* event ring, since; a leaf: its holder takes no other */
    struct control_ring event;
    struct control_ring log;                /* under the log's lock */
    struct control_ring console[CTL_ZONES]; /* each under its vuart's lock */
    uint64_t since[CTL_ZONES];              /* when the zone's state was entered, arch_now() */
};

extern struct control control;

/* ---- At boot ---- */

/* Where the control region is mapped, all of it; NULL: there is none. */
void control_map(void *region);

/* After vbus_init() of all zones and vio_init_all(): the device, if the plan has one. */
void control_init(void);

/* ---- What has happened; any CPU, never waits for zone0 ---- */

/* The state of a zone has changed. With any lock held but control.events. */
void control_changed(const struct zone *zone);

/* A zone's console has taken a byte; with its vuart's lock held. */
void control_console(const struct zone *zone, uint8_t byte);

/* A line of the log without its newline; with the log's lock held. */
void control_log(const char *line, size_t size);

/* ---- Life of zone0, on its vCPU 0's CPU; other zones: nothing ---- */

/* It is about to run: registers at reset, the region as it should be. All vCPUs are off. */
void control_up(const struct zone *zone);

/* It has stopped: its server of devices has gone. */
void control_down(const struct zone *zone);

/* By zone_progress(): brings the interrupt up to date with causes that others have set. */
void control_look(const struct vcpu *vcpu);

/* ---- Inside of the driver ---- */

/* One register, by its index in the page. */
struct control_row {
    uint32_t (*read)(void);        /* NULL: 0 */
    void (*write)(uint32_t value); /* NULL: ignored */
};

extern const struct control_row control_rows[];
extern const size_t control_row_count;

/* A request that was copied; what it answers goes into the slot, which is never read again. */
struct control_request {
    struct vcpu *vcpu; /* whose guest asks */
    struct ctl_slot *slot;
    struct zone *zone; /* NULL: the request is about none */
    uint32_t op, size;
    uint64_t arg[4];
    uint64_t out[2];
    uint32_t answered; /* bytes of slot->data */
};

struct control_op {
    enum ctl_status (*fn)(struct control_request *request); /* NULL: CTL_ERR_OP */
    bool has_zone;
};

extern const struct control_op control_ops[CTL_OP_COUNT];

/* Takes, does and answers the request in a slot, any number; on the CPU of who asks. */
void control_serve(uint32_t slot);

/* control_ring.c: rings at boot; and what describes them and pools, whenever zone0 starts. */
void control_lay_out(void);
void control_describe(void);

/* Sets causes. control_announce(): with any lock held but those of zone0's CPU; the interrupt
 * follows. control_raise(): at once; takes the function's lock and zone0's interrupt controller's.
 * Both: whether a cause was clear. */
bool control_announce(uint32_t cause);
bool control_raise(uint32_t cause);

/* An event that is not a zone's state. */
void control_event(const struct ctl_event *event);

/* The zone's state as zone0 is told. */
enum ctl_zone_state control_state(const struct zone *zone);

/* CTL_FEATURE_ bits. */
uint32_t control_features(void);

/* Nanoseconds since the machine's start of a time of arch_now(). */
uint64_t control_ns(uint64_t ticks);

#endif
