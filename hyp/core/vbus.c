/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the function that an access of a zone's PCI bus means, and keeps its interrupt line. Lock
 * order: vbus_fn.lock, then what arch_virq_set() takes. Never waits, knows no kind of function.
 */
#include "hyp/core/vbus.h"

#include "hyp/arch.h"
#include "hyp/core/assert.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

FIELD(ECAM_REGISTER, 0, 12);
FIELD(ECAM_FUNCTION, 12, 3);
FIELD(ECAM_DEVICE, 15, 5);
FIELD(REGS_OFFSET, 0, 12);
FIELD(REGS_SLOT, 12, 5);

void vbus_init(struct zone *zone)
{
    const struct plan_zone *plan = zone->plan;

    if (plan->ecam_gpa != 0) {
        mmio_add(zone, &(struct mmio_dev){ plan->ecam_gpa, PLAN_PCI_ECAM_SIZE, vbus_config });
        mmio_add(zone, &(struct mmio_dev){ plan->pci_gpa, PLAN_PCI_REGS_ALL, vbus_regs });
    }
}

void vbus_add(struct vbus_fn *fn, uint32_t slot)
{
    ASSERT(slot < PLAN_PCI_SLOTS && !fn->zone->vbus.slot[slot]);
    fn->zone->vbus.slot[slot] = fn;
    vpci_reset(&fn->state);
}

/* Lock held. */
static void settle(struct vbus_fn *fn)
{
    bool line = vpci_interrupt(&fn->state, fn->ops->wants(fn));

    if (line != fn->line) {
        fn->line = line;
        arch_virq_set(fn->zone, fn->intid, line);
    }
}

void vbus_settle(struct vbus_fn *fn)
{
    lock_take(&fn->lock);
    settle(fn);
    lock_give(&fn->lock);
}

void vbus_reset(struct vbus_fn *fn)
{
    lock_take(&fn->lock);
    vpci_reset(&fn->state);
    settle(fn);
    lock_give(&fn->lock);
}

/* What a bus answers where nobody is: reads are all ones, writes are lost. */
static void answer_nobody(struct mmio_access *access)
{
    access->value = BIT64(access->size * 8u) - 1;
}

static bool config_access(struct vbus_fn *fn, struct mmio_access *access)
{
    struct vpci_access part = { .offset = (uint32_t)get(ECAM_REGISTER, access->offset),
                                .value = (uint32_t)access->value,
                                .size = access->size };
    bool good;

    lock_take(&fn->lock);
    if (access->write) {
        good = vpci_write(&fn->id, &fn->state, &part);
        settle(fn);
    } else {
        good = vpci_read(&fn->id, &fn->state, &part);
    }
    lock_give(&fn->lock);
    if (access->write && fn->ops->configured) {
        fn->ops->configured(fn);
    }
    access->value = part.value;
    return good;
}

bool vbus_config(struct vcpu *vcpu, struct mmio_access *access)
{
    struct vbus_fn *fn = vcpu->zone->vbus.slot[get(ECAM_DEVICE, access->offset)];

    if (access->size > sizeof(uint32_t)) {
        return false;
    }
    if (!fn || get(ECAM_FUNCTION, access->offset) != 0) {
        answer_nobody(access);
        return true;
    }
    return config_access(fn, access);
}

bool vbus_regs(struct vcpu *vcpu, struct mmio_access *access)
{
    struct vbus_fn *fn = vcpu->zone->vbus.slot[get(REGS_SLOT, access->offset)];

    access->offset = get(REGS_OFFSET, access->offset);
    return fn && fn->ops->regs(fn, access);
}
