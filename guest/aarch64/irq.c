/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of a bare guest: handlers, and the controller as programs know it. */
#include "guest/aarch64/gic.h"
#include "guest/aarch64/psci.h"
#include "guest/aarch64/vcpu.h"
#include "guest/internal.h"

struct irq_slot {
    void (*fn)(uint32_t intid, void *arg);
    void *arg;
};

static struct irq_slot slots[VG_MAX_INTID];

uint64_t *gic_frame(void)
{
    return &vcpu_this()->gic_frame;
}

void gic_dispatch(void)
{
    for (;;) {
        uint32_t taken = gic_kind()->acknowledge();
        uint32_t intid = (uint32_t)get(GIC_TAKEN_INTID, taken);

        if (intid >= GIC_SPECIAL) {
            return;
        }
        if (intid < VG_MAX_INTID && slots[intid].fn != NULL) {
            slots[intid].fn(intid, slots[intid].arg);
        } else {
            vg_irq_disable(intid); /* nobody will ever serve it */
        }
        gic_kind()->end(taken);
    }
}

int vg_irq_handler(uint32_t intid, void (*fn)(uint32_t intid, void *arg), void *arg)
{
    if (intid >= VG_MAX_INTID) {
        return -1;
    }
    slots[intid].arg = arg;
    __atomic_store_n(&slots[intid].fn, fn, __ATOMIC_RELEASE);
    return 0;
}

void vg_irq_enable(uint32_t intid)
{
    gic_enable(intid);
}

void vg_irq_disable(uint32_t intid)
{
    gic_disable(intid);
}

bool vg_irq_is_enabled(uint32_t intid)
{
    return gic_is_enabled(intid);
}

bool vg_irq_is_pending(uint32_t intid)
{
    return gic_is_pending(intid);
}

void vg_irq_pend(uint32_t intid)
{
    gic_pend(intid);
}

void vg_irq_send(uint32_t vcpu, uint32_t sgi)
{
    gic_kind()->send(psci_affinity(vcpu), sgi);
}
