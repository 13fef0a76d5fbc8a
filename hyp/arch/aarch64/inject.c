/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions that the hypervisor delivers to EL1 of the guest, as the machine would take them
 * (DDI 0487, AArch64.TakeException). Must never fail, whatever state the guest has put itself in.
 */
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "el2.h"
#include "hw.h"
#include "lib/field.h"

FIELD(SCTLR_SPAN, 23, 1);
FIELD(SCTLR_DSSBS, 44, 1);
FIELD(PSTATE_SSBS, 12, 1); /* AArch64 */
FIELD(MMFR1_PAN, 20, 4);
FIELD(PFR0_RAS, 28, 4);
FIELD(VSESR_IDS, 24, 1);

/* ESR_EL1 of aborts */
FIELD(ABORT_FSC, 0, 6);
FIELD(ABORT_WNR, 6, 1);
FIELD(ABORT_FNV, 10, 1);

/* On a walk: its level is not known (the machine reports stage 2's), so level 0 is named. */
enum { FSC_EXTERNAL = 0x10, FSC_EXTERNAL_WALK = 0x14, FSC_ALIGNMENT = 0x21 };
enum { EC_UNKNOWN = 0x00, EC_FETCH_LOWER = 0x20, EC_DATA_LOWER = 0x24, EC_SAME_LEVEL = 1 };

/* Synchronous vectors of VBAR_EL1 by origin */
enum { VECTOR_EL1T = 0x000, VECTOR_EL1H = 0x200, VECTOR_EL0_64 = 0x400, VECTOR_EL0_32 = 0x600 };

static unsigned vector_of(uint64_t pstate)
{
    if (get(PSTATE_MODE32, pstate)) {
        return VECTOR_EL0_32;
    }
    if (get(PSTATE_EL, pstate) == 0) {
        return VECTOR_EL0_64;
    }
    return get(PSTATE_SP, pstate) ? VECTOR_EL1H : VECTOR_EL1T;
}

/*
 * PSTATE in the handler. Flags, DIT and PAN stay (they have the same place in AArch32); all else
 * is as an exception sets it, UAO, IL, SS, BTYPE and the AArch32 fields to 0.
 */
static uint64_t handler_pstate(uint64_t pstate)
{
    uint64_t sctlr = rd_sctlr_el1();
    uint64_t keep = field_mask(PSTATE_NZCV) | field_mask(PSTATE_DIT) | field_mask(PSTATE_PAN);
    uint64_t next = (pstate & keep) | put(PSTATE_DAIF, UINT64_MAX) | put(PSTATE_M, PSTATE_EL1H);

    if (get(MMFR1_PAN, rd_id_aa64mmfr1_el1()) && !get(SCTLR_SPAN, sctlr)) {
        next |= put(PSTATE_PAN, 1);
    }
    return next | put(PSTATE_SSBS, get(SCTLR_DSSBS, sctlr));
}

static void take(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t pstate = vcpu->arch.pstate;

    /* Instruction length: these classes always report 1 (ISV is 0 in all of them). */
    wr_esr_el1(esr | put(ESR_IL, 1));
    wr_elr_el1(vcpu->arch.pc);
    wr_spsr_el1(pstate);
    vcpu->arch.pc = rd_vbar_el1() + vector_of(pstate);
    vcpu->arch.pstate = handler_pstate(pstate);
}

/* Aborts from EL0 and from EL1 differ by the lowest bit of the exception class. */
static uint64_t abort_class(const struct vcpu *vcpu, unsigned from_lower)
{
    uint64_t pstate = vcpu->arch.pstate;
    bool same = !get(PSTATE_MODE32, pstate) && get(PSTATE_EL, pstate) != 0;

    return put(ESR_EC, from_lower + (same ? EC_SAME_LEVEL : 0));
}

static bool has_address(const struct trap *trap)
{
    return trap && (trap->kind == TRAP_MMIO || trap->kind == TRAP_DATA || trap->kind == TRAP_FETCH);
}

static unsigned external_code(const struct trap *trap)
{
    return has_address(trap) && trap->mem.cause == MEM_WALK ? FSC_EXTERNAL_WALK : FSC_EXTERNAL;
}

static void inject_undefined(struct vcpu *vcpu, const struct trap *trap)
{
    (void)trap;
    take(vcpu, put(ESR_EC, EC_UNKNOWN));
}

static void inject_data(struct vcpu *vcpu, const struct trap *trap, unsigned code)
{
    uint64_t esr = abort_class(vcpu, EC_DATA_LOWER) | put(ABORT_FSC, code);

    if (has_address(trap)) {
        wr_far_el1(trap->mem.gva.v);
        esr |= put(ABORT_WNR, trap->mem.write);
    } else {
        esr |= put(ABORT_FNV, code == FSC_EXTERNAL);
    }
    take(vcpu, esr);
}

static void inject_data_external(struct vcpu *vcpu, const struct trap *trap)
{
    inject_data(vcpu, trap, external_code(trap));
}

static void inject_data_align(struct vcpu *vcpu, const struct trap *trap)
{
    inject_data(vcpu, trap, FSC_ALIGNMENT);
}

static void inject_fetch_external(struct vcpu *vcpu, const struct trap *trap)
{
    uint64_t esr = abort_class(vcpu, EC_FETCH_LOWER) | put(ABORT_FSC, external_code(trap));

    if (has_address(trap)) {
        wr_far_el1(trap->mem.gva.v);
    } else {
        esr |= put(ABORT_FNV, 1);
    }
    take(vcpu, esr);
}

/*
 * The machine delivers a virtual SError when PSTATE.A allows (needs HCR_EL2.AMO) and then clears
 * VSE itself. With RAS the syndrome is ours to give: implementation defined, which is fatal.
 */
static void inject_serror(struct vcpu *vcpu, const struct trap *trap)
{
    (void)vcpu;
    (void)trap;
    if (get(PFR0_RAS, rd_id_aa64pfr0_el1())) {
        wr_vsesr_el2(put(VSESR_IDS, 1));
    }
    wr_hcr_el2(rd_hcr_el2() | put(HCR_VSE, 1));
}

static void (*const faults[])(struct vcpu *vcpu, const struct trap *trap) = {
    [FAULT_UNDEFINED] = inject_undefined,   [FAULT_DATA_EXTERNAL] = inject_data_external,
    [FAULT_DATA_ALIGN] = inject_data_align, [FAULT_FETCH_EXTERNAL] = inject_fetch_external,
    [FAULT_SERROR] = inject_serror,
};

void arch_fault_inject(struct vcpu *vcpu, enum fault_kind kind, const struct trap *trap)
{
    faults[kind](vcpu, trap);
}
