/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio devices of zones: registers answered here by lib/vmmio.h, work done by a server in zone0
 * that finds what it must know in the control region (abi/bridge.h). Nothing here waits for the
 * server: a vCPU whose request the server must finish is held outside of its guest.
 */
#ifndef HYP_CORE_VIO_H
#define HYP_CORE_VIO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/bridge.h"
#include "abi/ctl.h"
#include "abi/plan.h"
#include "hyp/core/lock.h"
#include "hyp/core/mmio.h"
#include "lib/vmmio.h"

struct vcpu;
struct zone;

/*
 * Interrupts that a zone's devices may cause at zone0 in a second, and at once. A vCPU that wants
 * more is held until it may: a storm of notifications slows down who makes it.
 */
#define VIO_RATE  32768u
#define VIO_BURST 1024u

struct vio_dev {
    struct lock lock; /* all below but for what is constant after boot, and atomics */
    const struct plan_virtio *plan;
    struct zone *zone;
    struct bridge_device *shared; /* in the control region; NULL: there is none */
    struct vmmio_id id;           /* of the last offer; device 0: there was none */
    struct vmmio regs;
    uint8_t config[BRIDGE_CONFIG_SIZE]; /* as offered, for the zone's next start */
    uint32_t epoch;
    /* When the server is late; valid while letting_go; written with the lock. */
    _Atomic uint64_t until;
    bool has_server;   /* somebody has attached, and lives */
    bool is_withdrawn; /* detached: at the zone's next start there is no device */
    bool line;         /* as last told to the interrupt controller */
    _Atomic bool
        letting_go; /* the server may still use memory of the zone; written with the lock */
};

/* What happened is done with the lock held; whether the server is to be told. By vmmio_kind. */
typedef bool (*vio_event_fn)(struct vio_dev *dev, const struct vmmio_event *event);
extern const vio_event_fn vio_events[VMMIO_KINDS];

/* ---- Of zones ---- */

/* At boot, after all zones: their devices, without server. */
void vio_init_all(void);

/* On vCPU 0's CPU, before the zone runs: devices at reset. */
void vio_up(struct zone *zone);

enum vio_quiet {
    VIO_QUIET, /* no server uses memory of the zone */
    VIO_WAITS, /* not yet; the CPU will look at the zone again */
    VIO_LATE,  /* not in time */
};

/* On vCPU 0's CPU, all vCPUs are off: servers must let go of all. Any number of times. */
enum vio_quiet vio_down(struct zone *zone);

/* Whether a server may still use memory of a zone that is off. Any CPU. */
bool vio_is_busy(const struct zone *zone);

/* What its CPU must do about a vCPU that is held for a device: by zone.c, before all else. */
void vio_progress(struct vcpu *vcpu);

/* MMIO handler (mmio_fn) of the zone's devices, page after page. */
bool vio_access(struct vcpu *vcpu, struct mmio_access *access);

/* ---- Of zone0's control device ---- */

/*
 * At boot, after vio_init_all(), and whenever zone0 starts: the table of the_plan->virtio_count
 * devices in the control region, and how zone0 gets CTL_CAUSE_DEVICE. `raise` says whether it was
 * clear; it takes locks of zone0.
 */
void vio_connect(struct bridge_device *table, bool (*raise)(void));

/*
 * CTL_SIGNAL, CTL_OP_ATTACH and CTL_OP_DETACH of a device by its number, any number. Who lets a
 * server attach looks whether it still lives afterwards, and calls vio_server_gone() if not.
 */
void vio_signal(uint32_t device);
enum ctl_status vio_attach(uint64_t device);
enum ctl_status vio_detach(uint64_t device);

/* The server of all devices has ended, or zone0 has: it uses no zone's memory any more. */
void vio_server_gone(void);

#endif
