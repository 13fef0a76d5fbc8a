/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual PCI bus of a zone: configuration space by ECAM, and the registers (BAR 0) of the
 * functions on it, each with a level interrupt (INTA). Functions are put there at boot and stay.
 */
#ifndef HYP_CORE_VBUS_H
#define HYP_CORE_VBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "hyp/core/lock.h"
#include "hyp/core/mmio.h"
#include "lib/vpci.h"

struct vbus_fn;
struct zone;

/* What is particular of a kind of function. */
struct vbus_ops {
    /* An access of BAR 0, 4 KiB, by a vCPU of the zone. false: it gets an external abort. */
    bool (*regs)(struct vbus_fn *fn, struct mmio_access *access);
    /* Whether it wants its interrupt now; called with the function's lock held, takes none. */
    bool (*wants)(const struct vbus_fn *fn);
    /* Configuration space has been written; without the lock. NULL: it does not mind. */
    void (*configured)(struct vbus_fn *fn);
};

struct vbus_fn {
    struct lock lock; /* state, line, and what `wants` looks at if that is not atomic */
    const struct vbus_ops *ops;
    struct zone *zone;
    struct vpci_id id; /* constant after boot, as are the fields above */
    uint32_t intid;
    bool line; /* as last told to the interrupt controller */
    struct vpci_state state;
};

struct vbus {
    struct vbus_fn *slot[PLAN_PCI_SLOTS]; /* device n, function 0; constant after boot */
};

/* At boot: a zone whose plan has a bus gets an empty one. */
void vbus_init(struct zone *zone);

/* At boot: puts a function on the bus of fn->zone; the rest of *fn is filled in but for state. */
void vbus_add(struct vbus_fn *fn, uint32_t slot);

/* Configuration at reset values, the line low. After arch_virq_reset(), all vCPUs are off. */
void vbus_reset(struct vbus_fn *fn);

/* After what `wants` looks at has changed: brings the interrupt line up to date. Any CPU. */
void vbus_settle(struct vbus_fn *fn);

/* MMIO handlers (mmio_fn) of configuration space and register pages. */
bool vbus_config(struct vcpu *vcpu, struct mmio_access *access);
bool vbus_regs(struct vcpu *vcpu, struct mmio_access *access);

#endif
