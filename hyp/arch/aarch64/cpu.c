/* SPDX-License-Identifier: Apache-2.0 */
/* EL2 of one physical CPU: control registers, time, firmware power calls. */
#include "hw.h"
#include "crash.h"
#include "el2.h"
#include "gic.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "layout.h"
#include "mmu.h"
#include "psci.h"
#include "sysreg.h"
#include "vgic.h"

_Static_assert(offsetof(struct arch_vcpu, x) == VCPU_X, "entry.S");
_Static_assert(offsetof(struct arch_vcpu, pc) == VCPU_PC, "entry.S");
_Static_assert(offsetof(struct arch_vcpu, pstate) == VCPU_PC + 8, "entry.S");
_Static_assert(offsetof(struct vcpu, arch) == 0, "entry.S");
_Static_assert(offsetof(struct arch_pcpu, stack_top) == PCPU_STACK_TOP, "start.S");
_Static_assert(offsetof(struct arch_pcpu, emergency_top) == PCPU_EMERGENCY_TOP, "entry.S");
_Static_assert(offsetof(struct pcpu, arch) == 0, "start.S");
_Static_assert(offsetof(struct arch_vcpu, host_sp) == VCPU_HOST_SP, "entry.S");

struct pcpu *arch_cpu_this(void)
{
    return (struct pcpu *)rd_tpidr_el2();
}

static bool has_pauth(void)
{
    return get(ISAR1_APA, rd_id_aa64isar1_el1()) != 0 ||
           get(ISAR1_API, rd_id_aa64isar1_el1()) != 0 ||
           get(ISAR2_APA3, rd_id_aa64isar2_el1()) != 0;
}

static uint64_t hcr_value(void)
{
    uint64_t hcr = put(HCR_VM, 1) | put(HCR_SWIO, 1) | put(HCR_FMO, 1) | put(HCR_IMO, 1) |
                   put(HCR_AMO, 1) | put(HCR_TID3, 1) | put(HCR_TSC, 1) | put(HCR_TIDCP, 1) |
                   put(HCR_TACR, 1) | put(HCR_RW, 1) | put(HCR_TLOR, 1) | put(HCR_TERR, 1);

    if (has_pauth()) {
        hcr |= put(HCR_APK, 1) | put(HCR_API, 1);
    }
    return hcr;
}

/* Trap controls of later extensions have no reset value: what exists is set to "no trap". */
static void clear_extensions(void)
{
    if (get(MMFR1_HCX, rd_id_aa64mmfr1_el1()) != 0) {
        wr_hcrx_el2(0);
    }
    if (get(MMFR0_FGT, rd_id_aa64mmfr0_el1()) != 0) {
        wr_hfgrtr_el2(0);
        wr_hfgwtr_el2(0);
        wr_hfgitr_el2(0);
        wr_hdfgrtr_el2(0);
        wr_hdfgwtr_el2(0);
    }
    if (get(PFR0_MPAM, rd_id_aa64pfr0_el1()) != 0 ||
        get(PFR1_MPAM_FRAC, rd_id_aa64pfr1_el1()) != 0) {
        /* A zone that chose its partition could take another's cache. */
        wr_mpam2_el2(put(MPAM2_TRAP_EL1, 3) | put(MPAM2_TIDR, 1));
        if (get(MPAMIDR_HAS_HCR, rd_mpamidr_el1()) != 0) {
            wr_mpamhcr_el2(put(MPAMHCR_TRAP_IDR, 1));
        }
    }
}

static uint64_t mdcr_value(void)
{
    uint64_t version = get(DFR0_PMUVER, rd_id_aa64dfr0_el1());
    bool has_pmu = version != 0 && version != 0xf;

    return put(MDCR_HPMN, has_pmu ? get(PMCR_N, rd_pmcr_el0()) : 0) | put(MDCR_TPMCR, 1) |
           put(MDCR_TPM, 1) | put(MDCR_TDOSA, 1) | put(MDCR_TDRA, 1) | put(MDCR_TPMS, 1) |
           put(MDCR_TTRF, 1);
}

/* Bits of physical address for each PARange value up to 48 (DDI 0487, ID_AA64MMFR0_EL1). */
static const uint8_t pa_bits[] = { 32, 36, 40, 42, 44, 48 };

static uint64_t vtcr_value(void)
{
    uint64_t range = get(MMFR0_PARANGE, rd_id_aa64mmfr0_el1());
    unsigned machine = range < ARRAY_COUNT(pa_bits) ? pa_bits[range] : 48;
    unsigned bits = machine < S2_IPA_BITS ? machine : S2_IPA_BITS;

    /* Output size may be larger than 40 bits: zones' memory can lie anywhere. */
    return put(VTCR_T0SZ, 64 - bits) | put(VTCR_SL0, 1) | put(VTCR_IRGN0, 1) | put(VTCR_ORGN0, 1) |
           put(VTCR_SH0, 3) | put(VTCR_PS, range < 5 ? range : 5) | put(VTCR_RES1, 1);
}

void arch_cpu_init(struct pcpu *cpu)
{
    wr_hcr_el2(hcr_value());
    wr_cptr_el2(put(CPTR_RES1, 0x3ff) | put(CPTR_TSM, 1) | put(CPTR_RES1_13, 1) | put(CPTR_TTA, 1) |
                put(CPTR_TAM, 1));
    wr_mdcr_el2(mdcr_value());
    wr_hstr_el2(0);
    clear_extensions();
    wr_vpidr_el2(rd_midr_el1());
    wr_vtcr_el2(vtcr_value());
    wr_cnthctl_el2(put(CNTHCTL_EL1PCTEN, 1) | put(CNTHCTL_EL1PCEN, 1));
    wr_cntvoff_el2(0);
    wr_cnthp_ctl_el2(0);
    wr_cntv_ctl_el0(0);
    wr_cntp_ctl_el0(0);
    isb();
    gic_cpu_init(cpu);
}

enum err arch_cpu_on(struct pcpu *cpu)
{
    extern char secondary_entry[];
    uint64_t entry = mmu_image_pa(secondary_entry).v;

    if (psci_machine_cpu_on(cpu->hw_id, entry, (uintptr_t)cpu) != OK) {
        return ERR_NONE;
    }
    return OK;
}

void arch_cpu_wait(void)
{
    dsb_sy();
    wfi();
}

_Noreturn void arch_cpu_park(void)
{
    for (;;) {
        wfi();
    }
}

void arch_vcpu_init(struct vcpu *vcpu)
{
    vcpu->arch.vmpidr = put(MPIDR_RES1, 1) | put(MPIDR_AFF012, vcpu->id);
}

uint64_t arch_vcpu_pc(const struct vcpu *vcpu)
{
    return vcpu->arch.pc;
}

/* An abort on fetching the abort's vector would repeat for ever, on the guest's own CPU. */
bool arch_fault_is_hopeless(const struct vcpu *vcpu, const struct trap *trap)
{
    uint64_t offset = trap->mem.gva.v - rd_vbar_el1();

    (void)vcpu;
    return offset < VECTORS_SIZE;
}

void arch_vcpu_reset(struct vcpu *vcpu, const struct vcpu_start *start)
{
    for (unsigned i = 0; i < ARRAY_COUNT(vcpu->arch.x); i++) {
        vcpu->arch.x[i] = 0;
    }
    for (unsigned i = 0; i < A64_SHADOW_COUNT; i++) {
        vcpu->arch.shadow[i] = 0;
    }
    vcpu_reset_fp();
    vcpu->arch.x[0] = start->arg0;
    vcpu->arch.x[1] = start->arg1;
    vcpu->arch.pc = start->pc;
    vcpu->arch.pstate = put(PSTATE_M, PSTATE_EL1H) | put(PSTATE_DAIF, 0xf);
    wr_hcr_el2(hcr_value());
    sysreg_reset();
    vgic_vcpu_reset(vcpu);
}

void arch_vcpu_load(struct vcpu *vcpu)
{
    wr_vttbr_el2(vcpu->zone->arch.vttbr);
    wr_vmpidr_el2(vcpu->arch.vmpidr);
    wr_cntvoff_el2(atomic_load(&vcpu->zone->time_offset));
    isb();
    tlbi_vmalls12e1();
    dsb_nsh();
    isb();
    vgic_vcpu_load(vcpu);
}

void arch_vcpu_rest(struct vcpu *vcpu)
{
    vcpu->arch.timer_ctl = (uint32_t)rd_cntv_ctl_el0();
    wr_cntv_ctl_el0(0);
    isb();
}

void arch_vcpu_wake(struct vcpu *vcpu)
{
    wr_cntvoff_el2(atomic_load(&vcpu->zone->time_offset));
    isb(); /* the timer must not see the time before */
    wr_cntv_ctl_el0(vcpu->arch.timer_ctl);
    isb();
}

void arch_vcpu_unload(struct vcpu *vcpu)
{
    wr_cntv_ctl_el0(0);
    wr_cntp_ctl_el0(0);
    vgic_vcpu_unload(vcpu);
    isb();
}

uint64_t arch_now(void)
{
    isb();
    return rd_cntpct_el0();
}

uint64_t arch_tick_rate(void)
{
    return rd_cntfrq_el0();
}

void arch_alarm_set(uint64_t when)
{
    if (when == UINT64_MAX) {
        wr_cnthp_ctl_el2(0);
    } else {
        wr_cnthp_cval_el2(when);
        wr_cnthp_ctl_el2(put(CNT_ENABLE, 1));
    }
    isb();
}

void arch_machine_off(void)
{
    psci_machine_off();
}
