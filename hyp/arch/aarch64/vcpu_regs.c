/* SPDX-License-Identifier: Apache-2.0 */
/* A stopped vCPU's general registers and its step over an emulated instruction. */
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "lib/field.h"
#include "regs.h"

/* IT state of AArch32 (DDI 0487, F5.1.56): conditions left, then the base condition. */
FIELD(IT_LEFT, 0, 3);
FIELD(IT_SHIFTED, 0, 5);
FIELD(IT_LOW, 0, 2);
FIELD(IT_HIGH, 2, 6);

/* Register 31 is the zero register; AArch32's registers of EL0 are the first 15. */
uint64_t arch_vcpu_get(const struct vcpu *vcpu, unsigned n)
{
    return n < ARRAY_COUNT(vcpu->arch.x) ? vcpu->arch.x[n] : 0;
}

void arch_vcpu_set(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    if (n < ARRAY_COUNT(vcpu->arch.x)) {
        vcpu->arch.x[n] = value;
    }
}

/* What the machine does to the IT state after each Thumb instruction. */
static uint64_t it_advance(uint64_t pstate)
{
    uint64_t it = put(IT_HIGH, get(PSTATE_IT_HIGH, pstate)) |
                  put(IT_LOW, get(PSTATE_IT_LOW, pstate));

    it = get(IT_LEFT, it) ? with(IT_SHIFTED, it, get(IT_SHIFTED, it) * 2) : 0;
    pstate = with(PSTATE_IT_HIGH, pstate, get(IT_HIGH, it));
    return with(PSTATE_IT_LOW, pstate, get(IT_LOW, it));
}

/* SS becomes 0 so that a guest that steps gets its step exception after this instruction. */
void arch_vcpu_skip(struct vcpu *vcpu, unsigned bytes)
{
    uint64_t pstate = with(PSTATE_SS, vcpu->arch.pstate, 0);

    if (get(PSTATE_MODE32, pstate)) {
        pstate = it_advance(pstate);
        vcpu->arch.pc = (uint32_t)(vcpu->arch.pc + bytes);
    } else {
        pstate = with(PSTATE_BTYPE, pstate, 0);
        vcpu->arch.pc += bytes;
    }
    vcpu->arch.pstate = pstate;
}
