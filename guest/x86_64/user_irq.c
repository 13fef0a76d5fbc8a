/* SPDX-License-Identifier: Apache-2.0 */
/* What interrupts and time in user mode need of x86_64, and proofs of what upcall.S believes. */
#include <stddef.h>

#include "abi/uvm.h"
#include "guest/uvm/irq.h"
#include "guest/x86_64/frame.h"
#include "lib/field.h"

_Static_assert(IRQ_GATE_GVA == IRQ_GATE && (int)UVM_PORT_IRQ == PORT_IRQ, "frame.h");
_Static_assert(IRQ_GVA + offsetof(struct irq_area, blocked) == AREA_BLOCKED, "frame.h");
_Static_assert(IRQ_GVA + offsetof(struct irq_area, running) == AREA_RUNNING, "frame.h");
_Static_assert(IRQ_GVA + offsetof(struct irq_area, waiting) == AREA_WAITING, "frame.h");
_Static_assert(IRQ_GVA + offsetof(struct irq_area, pc) == AREA_PC, "frame.h");
_Static_assert(IRQ_GVA + offsetof(struct irq_area, flags) == AREA_FLAGS, "frame.h");
_Static_assert(IRQ_URGENCY_ALL == BLOCK_ALL, "frame.h");
_Static_assert(offsetof(struct uvm_info, xsave_size) == INFO_XSAVE_LEN, "frame.h");
_Static_assert(offsetof(struct uvm_info, xsave_mask) == INFO_XSAVE_SET, "frame.h");

FIELD(OUTER_MXCSR, 0, 32);
FIELD(OUTER_FCW, 32, 16);

enum { MXCSR_INITIAL = 0x1f80, FCW_INITIAL = 0x37f };

static void environment_set(uint32_t mxcsr, uint16_t fcw)
{
    __asm__ volatile("fldcw %0\n\tldmxcsr %1" : : "m"(fcw), "m"(mxcsr));
}

uint64_t irq_fp_begin(void)
{
    uint32_t mxcsr;
    uint16_t fcw;

    __asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(fcw), "=m"(mxcsr));
    environment_set(MXCSR_INITIAL, FCW_INITIAL);
    return put(OUTER_MXCSR, mxcsr) | put(OUTER_FCW, fcw);
}

void irq_fp_end(uint64_t outer)
{
    environment_set((uint32_t)get(OUTER_MXCSR, outer), (uint16_t)get(OUTER_FCW, outer));
}

uint64_t irq_counter(void)
{
    return __builtin_ia32_rdtsc();
}
