/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts at EL1: a line that comes while user code runs becomes an upcall, and the end of one
 * leads back (abi/irq.h). What user code writes in the shared words hurts only itself.
 */
#include "abi/irq.h"
#include "abi/uvm.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/uvm/frame.h"
#include "guest/aarch64/uvm/super.h"

_Static_assert(IRQ_GVA == IRQ_AREA && SPSR_USER == UVM_A64_EL0, "frame.h");
_Static_assert(offsetof(struct irq_area, pc) == AREA_PC, "frame.h");
_Static_assert(offsetof(struct irq_area, flags) == AREA_PC + 8, "upcall.S");

static volatile struct irq_area *irq_area(void)
{
    return (volatile struct irq_area *)IRQ_GVA;
}

static void upcall(struct vg_context *context)
{
    irq_area()->pc = context->pc;
    irq_area()->flags = context->flags;
    context->pc = irq_area()->entry;
}

void super_irq(struct vg_context *context)
{
    uint32_t blocked = irq_area()->blocked;

    if (is_zone()) {
        zone_irq();
    } else {
        hw_mmio_wr64(UVM_EXIT_GVA + UVM_PORT_TAKE * sizeof(uint64_t), 0);
    }
    if (blocked < IRQ_URGENCY_ALL && irq_area()->blocked >= IRQ_URGENCY_ALL) {
        upcall(context);
    }
}

/* First unblocked, then looked: what comes between raises the processor's interrupt. */
void super_irq_return(struct vg_context *context)
{
    context->pc = irq_area()->pc;
    context->flags = irq_area()->flags;
    irq_area()->blocked = irq_area()->running;
    if (irq_area()->waiting > irq_area()->running) {
        irq_area()->blocked = IRQ_URGENCY_ALL;
        irq_area()->line = IRQ_NONE;
        upcall(context);
    }
}
