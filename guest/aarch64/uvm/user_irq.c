/* SPDX-License-Identifier: Apache-2.0 */
/* What interrupts and time at EL0 need of aarch64. */
#include "guest/aarch64/hw.h"
#include "guest/uvm/irq.h"
#include "guest/uvm/user.h"
#include "lib/field.h"

FIELD(OUTER_FPCR, 0, 32);
FIELD(OUTER_FPSR, 32, 32);

uint64_t irq_fp_begin(void)
{
    uint64_t outer = put(OUTER_FPCR, rd_fpcr()) | put(OUTER_FPSR, rd_fpsr());

    wr_fpcr(0);
    wr_fpsr(0);
    return outer;
}

void irq_fp_end(uint64_t outer)
{
    wr_fpcr(get(OUTER_FPCR, outer));
    wr_fpsr(get(OUTER_FPSR, outer));
}

/* abi/uvm.h says which. The barrier: else it may be read early. */
uint64_t irq_counter(void)
{
    hw_isb();
    return (vg_info()->flags & UVM_FLAG_ZONE) != 0 ? rd_cntvct_el0() : rd_cntpct_el0();
}
