/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch_regs[]: every system register that is trapped, reset or hidden, in the order of encodings.
 * What has no row is undefined to the guest if it traps at all; no row may pass a trapped access
 * on to the machine. Traps that the rows count on: HCR_EL2.{TID3,TACR,TLOR,TERR,TIDCP,FMO,IMO},
 * CPTR_EL2.{TTA,TAM}, MDCR_EL2.{TPM,TPMCR,TPMS,TTRF,TDOSA,TDRA}; HCR_EL2.{ATA,EnSCXT} are 0.
 */
#include "sysreg.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "idreg.h"
#include "vgic.h"

FIELD(OSLAR_OSLK, 0, 1);
FIELD(OSLSR_OSLK, 1, 1);
FIELD(OSLSR_OSLM_1, 3, 1); /* OSLM is 0b10: the lock is implemented */

/* SCTLR_EL1: MMU and caches off, the bits that are RES1 in ARMv8.0. */
#define SCTLR_RESET UINT64_C(0x30d00800)

/* GICv3 system register interface, always: SRE, DFB, DIB. */
#define SRE_VALUE UINT64_C(7)

static bool read_oslsr(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)row;
    access->value = put(OSLSR_OSLM_1, 1) | put(OSLSR_OSLK, vcpu->arch.shadow[SLOT_OS_LOCK]);
    return true;
}

static bool write_oslar(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    if (access->write) {
        vcpu->arch.shadow[row->slot] = get(OSLAR_OSLK, access->value);
    }
    return access->write;
}

static bool access_const_wi(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    if (!access->write) {
        access->value = row->value;
    }
    return true;
}

static bool write_sgi1r(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)row;
    return access->write && vgic_sgi1r_write(vcpu, access->value);
}

static bool write_sgi0r(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)row;
    return access->write && vgic_sgi0r_write(vcpu, access->value);
}

/* ICC_ASGI1R_EL1 is for the other security state, and a zone has one only. */
static bool write_asgi1r(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    (void)row;
    return access->write;
}

/* One pair of breakpoint and watchpoint registers for each number; the machine has some of them. */
#define POINT(n)                                                                                   \
    {                                                                                              \
        wr_dbgbcr##n##_el1, wr_dbgbvr##n##_el1, wr_dbgwcr##n##_el1, wr_dbgwvr##n##_el1             \
    }
static const struct {
    void (*bcr)(uint64_t);
    void (*bvr)(uint64_t);
    void (*wcr)(uint64_t);
    void (*wvr)(uint64_t);
} points[] = {
    POINT(0), POINT(1), POINT(2),  POINT(3),  POINT(4),  POINT(5),  POINT(6),  POINT(7),
    POINT(8), POINT(9), POINT(10), POINT(11), POINT(12), POINT(13), POINT(14), POINT(15),
};
#undef POINT

/* Controls first, so that no half-cleared point is enabled. */
static void reset_points(uint64_t value)
{
    uint64_t dfr0 = rd_id_aa64dfr0_el1();

    wr_oslar_el1(0); /* the guest's lock is emulated, the machine's stays open */
    wr_osdlr_el1(0);
    for (unsigned i = 0; i <= get(ID_DFR0_BRP, dfr0); i++) {
        points[i].bcr(value);
        points[i].bvr(value);
    }
    for (unsigned i = 0; i <= get(ID_DFR0_WRP, dfr0); i++) {
        points[i].wcr(value);
        points[i].wvr(value);
    }
}

#define KEY_WR(name, text) wr_##name,
static void (*const keys[])(uint64_t) = { A64_REGS_KEYS(KEY_WR) };
#undef KEY_WR

/* Keys of pointer authentication, where the machine has it. */
static void reset_keys(uint64_t value)
{
    uint64_t isar1 = rd_id_aa64isar1_el1();
    uint64_t isar2 = rd_id_aa64isar2_el1();

    if (!get(ID_ISAR1_APA, isar1) && !get(ID_ISAR1_API, isar1) && !get(ID_ISAR2_APA3, isar2)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(keys); i++) {
        keys[i](value);
    }
}

/* clang-format off */
#define S(op0, op1, crn, crm, op2) SYS_ENC(op0, op1, crn, crm, op2)

/* The guest's own state in the machine's register, without a trap; undefined if it did trap. */
#define PRIVATE(e, n, v, f) { .enc = (e), .last = (e), .name = (n), .class = REG_PRIVATE, \
    .home = HOME_MACHINE, .kind = REG_UNDEF, .value = (v), .reset = (f) }
#define PRIVATE_TO(e, l, n, f) { .enc = (e), .last = (l), .name = (n), .class = REG_PRIVATE, \
    .home = HOME_MACHINE, .kind = REG_UNDEF, .reset = (f) }
/* Read-only facts of the machine that are not trapped. */
#define SHARED(e, n) { .enc = (e), .last = (e), .name = (n), .class = REG_SHARED, \
    .home = HOME_MACHINE, .kind = REG_UNDEF }
/* Not there for the guest. */
#define HIDDEN(e, l, n) { .enc = (e), .last = (l), .name = (n), .class = REG_HYP_ONLY, \
    .home = HOME_NONE, .kind = REG_UNDEF }
/* Reads 0; a write is ignored (RAZ_WI) or undefined (RAZ). */
#define RAZ_WI(e, n) { .enc = (e), .last = (e), .name = (n), .class = REG_HYP_ONLY, \
    .home = HOME_CONST, .kind = REG_RAZ_WI }
#define RAZ(e, l, n) { .enc = (e), .last = (l), .name = (n), .class = REG_SHARED, \
    .home = HOME_CONST, .kind = REG_RO }
#define ID(e, n, m, v, f) { .enc = (e), .last = (e), .name = (n), .class = REG_SHARED, \
    .home = HOME_CONST, .kind = REG_RO, .mask = (m), .value = (v), .fn = (f) }
#define CONST(e, n, k, v, f) { .enc = (e), .last = (e), .name = (n), .class = REG_PRIVATE, \
    .home = HOME_CONST, .kind = (k), .value = (v), .fn = (f) }
#define SHADOW(e, n, k, s, m, f) { .enc = (e), .last = (e), .name = (n), .class = REG_PRIVATE, \
    .home = HOME_VCPU, .kind = (k), .slot = (s), .mask = (m), .fn = (f) }
#define POINTS(n, f) PRIVATE_TO(S(2,0,0,n,4), S(2,0,0,n,7), "DBGBVR" #n "..DBGWCR" #n, f)

const struct reg_row arch_regs[] = {
    /* Debug, the bank of the CPU: its one zone's. Points are cleared by the first row. */
    POINTS(0, reset_points),
    POINTS(1, NULL),
    PRIVATE(S(2,0,0,2,0), "MDCCINT_EL1", 0, wr_mdccint_el1),
    PRIVATE(S(2,0,0,2,2), "MDSCR_EL1", 0, wr_mdscr_el1),
    POINTS(2, NULL),
    POINTS(3, NULL),
    POINTS(4, NULL),
    POINTS(5, NULL),
    POINTS(6, NULL),
    POINTS(7, NULL),
    POINTS(8, NULL),
    POINTS(9, NULL),
    POINTS(10, NULL),
    POINTS(11, NULL),
    POINTS(12, NULL),
    POINTS(13, NULL),
    POINTS(14, NULL),
    POINTS(15, NULL),
    RAZ(S(2,0,1,0,0), S(2,0,1,0,0), "MDRAR_EL1"),
    SHADOW(S(2,0,1,0,4), "OSLAR_EL1", REG_FN, SLOT_OS_LOCK, 0, write_oslar),
    SHADOW(S(2,0,1,1,4), "OSLSR_EL1", REG_RO, SLOT_OS_LOCK, 0, read_oslsr),
    SHADOW(S(2,0,1,3,4), "OSDLR_EL1", REG_RW, SLOT_DOUBLE_LOCK, 1, NULL),
    RAZ_WI(S(2,0,1,4,4), "DBGPRCR_EL1"),
    HIDDEN(S(2,1,0,0,0), S(2,1,15,15,7), "TRC*, BRB* (trace)"),

    SHARED(S(3,0,0,0,0), "MIDR_EL1"),
    PRIVATE(S(3,0,0,0,5), "MPIDR_EL1", 0, NULL), /* VMPIDR_EL2 */
    SHARED(S(3,0,0,0,6), "REVIDR_EL1"),

    /* HCR_EL2.TID3: CRm 1 to 7. AArch32 at EL1 does not exist, so its registers read 0. */
    RAZ(S(3,0,0,1,0), S(3,0,0,3,7), "ID_* (AArch32), MVFR*"),
    ID(S(3,0,0,4,0), "ID_AA64PFR0_EL1", ID_PFR0_KEEP, ID_PFR0_FIXED, idreg_pfr0),
    ID(S(3,0,0,4,1), "ID_AA64PFR1_EL1", ID_PFR1_KEEP, 0, idreg_pfr1),
    RAZ(S(3,0,0,4,2), S(3,0,0,4,7), "ID_AA64PFR2_EL1, ZFR0, SMFR0, FPFR0"),
    ID(S(3,0,0,5,0), "ID_AA64DFR0_EL1", ID_DFR0_KEEP, ID_DFR0_FIXED, idreg_dfr0),
    RAZ(S(3,0,0,5,1), S(3,0,0,5,7), "ID_AA64DFR1_EL1, DFR2, AFR0, AFR1"),
    ID(S(3,0,0,6,0), "ID_AA64ISAR0_EL1", ID_ISAR0_KEEP, 0, idreg_isar0),
    ID(S(3,0,0,6,1), "ID_AA64ISAR1_EL1", ID_ISAR1_KEEP, 0, idreg_isar1),
    ID(S(3,0,0,6,2), "ID_AA64ISAR2_EL1", ID_ISAR2_KEEP, 0, idreg_isar2),
    RAZ(S(3,0,0,6,3), S(3,0,0,6,7), "ID_AA64ISAR3_EL1"),
    ID(S(3,0,0,7,0), "ID_AA64MMFR0_EL1", ID_MMFR0_KEEP, 0, idreg_mmfr0),
    ID(S(3,0,0,7,1), "ID_AA64MMFR1_EL1", ID_MMFR1_KEEP, 0, idreg_mmfr1),
    ID(S(3,0,0,7,2), "ID_AA64MMFR2_EL1", ID_MMFR2_KEEP, 0, idreg_mmfr2),
    RAZ(S(3,0,0,7,3), S(3,0,0,7,7), "ID_AA64MMFR3_EL1, MMFR4"),

    PRIVATE(S(3,0,1,0,0), "SCTLR_EL1", SCTLR_RESET, wr_sctlr_el1),
    RAZ_WI(S(3,0,1,0,1), "ACTLR_EL1"),
    PRIVATE(S(3,0,1,0,2), "CPACR_EL1", 0, wr_cpacr_el1),
    HIDDEN(S(3,0,1,0,3), S(3,0,1,0,3), "SCTLR2_EL1"),
    HIDDEN(S(3,0,1,0,5), S(3,0,1,0,6), "RGSR_EL1, GCR_EL1 (tags)"),
    HIDDEN(S(3,0,1,2,0), S(3,0,1,2,7), "ZCR_EL1, TRFCR_EL1, SMPRI_EL1, SMCR_EL1"),
    PRIVATE(S(3,0,2,0,0), "TTBR0_EL1", 0, wr_ttbr0_el1),
    PRIVATE(S(3,0,2,0,1), "TTBR1_EL1", 0, wr_ttbr1_el1),
    PRIVATE(S(3,0,2,0,2), "TCR_EL1", 0, wr_tcr_el1),
    HIDDEN(S(3,0,2,0,3), S(3,0,2,0,3), "TCR2_EL1"),
    PRIVATE_TO(S(3,0,2,1,0), S(3,0,2,3,1), "AP*Key*_EL1 (pointer authentication)", reset_keys),
    PRIVATE(S(3,0,4,0,0), "SPSR_EL1", 0, wr_spsr_el1),
    PRIVATE(S(3,0,4,0,1), "ELR_EL1", 0, wr_elr_el1),
    PRIVATE(S(3,0,4,1,0), "SP_EL0", 0, wr_sp_el0),
    PRIVATE(S(3,0,5,1,0), "AFSR0_EL1", 0, wr_afsr0_el1),
    PRIVATE(S(3,0,5,1,1), "AFSR1_EL1", 0, wr_afsr1_el1),
    PRIVATE(S(3,0,5,2,0), "ESR_EL1", 0, wr_esr_el1),
    HIDDEN(S(3,0,5,3,0), S(3,0,5,5,7), "ERR* (RAS error records)"),
    HIDDEN(S(3,0,5,6,0), S(3,0,5,6,1), "TFSR_EL1, TFSRE0_EL1 (tags)"),
    PRIVATE(S(3,0,6,0,0), "FAR_EL1", 0, wr_far_el1),
    PRIVATE(S(3,0,7,4,0), "PAR_EL1", 0, wr_par_el1),
    HIDDEN(S(3,0,9,9,0), S(3,0,9,10,7), "PMS*, PMB* (statistical profiling)"),
    HIDDEN(S(3,0,9,11,0), S(3,0,9,11,7), "TRB* (trace buffer)"),
    HIDDEN(S(3,0,9,14,0), S(3,0,9,14,7), "PMINTEN*, PMMIR_EL1 (performance monitors)"),
    PRIVATE(S(3,0,10,2,0), "MAIR_EL1", 0, wr_mair_el1),
    PRIVATE(S(3,0,10,3,0), "AMAIR_EL1", 0, wr_amair_el1),
    HIDDEN(S(3,0,10,4,0), S(3,0,10,4,3), "LORSA..LORC_EL1"),
    HIDDEN(S(3,0,10,4,7), S(3,0,10,4,7), "LORID_EL1"),
    HIDDEN(S(3,0,10,5,0), S(3,0,10,5,7), "MPAM*_EL1"),
    PRIVATE(S(3,0,12,0,0), "VBAR_EL1", 0, wr_vbar_el1),
    CONST(S(3,0,12,11,5), "ICC_SGI1R_EL1", REG_FN, 0, write_sgi1r),
    CONST(S(3,0,12,11,6), "ICC_ASGI1R_EL1", REG_FN, 0, write_asgi1r),
    CONST(S(3,0,12,11,7), "ICC_SGI0R_EL1", REG_FN, 0, write_sgi0r),
    CONST(S(3,0,12,12,5), "ICC_SRE_EL1", REG_FN, SRE_VALUE, access_const_wi),
    PRIVATE(S(3,0,13,0,1), "CONTEXTIDR_EL1", 0, wr_contextidr_el1),
    PRIVATE(S(3,0,13,0,4), "TPIDR_EL1", 0, wr_tpidr_el1),
    HIDDEN(S(3,0,13,0,7), S(3,0,13,0,7), "SCXTNUM_EL1"),
    PRIVATE(S(3,0,14,1,0), "CNTKCTL_EL1", 0, wr_cntkctl_el1),

    SHARED(S(3,1,0,0,0), "CCSIDR_EL1"),
    SHARED(S(3,1,0,0,1), "CLIDR_EL1"),
    SHARED(S(3,1,0,0,7), "AIDR_EL1"),
    PRIVATE(S(3,2,0,0,0), "CSSELR_EL1", 0, wr_csselr_el1),

    SHARED(S(3,3,0,0,1), "CTR_EL0"),
    SHARED(S(3,3,0,0,7), "DCZID_EL0"),
    HIDDEN(S(3,3,9,12,0), S(3,3,9,14,7), "PM*_EL0 (performance monitors)"),
    PRIVATE(S(3,3,13,0,2), "TPIDR_EL0", 0, wr_tpidr_el0),
    PRIVATE(S(3,3,13,0,3), "TPIDRRO_EL0", 0, wr_tpidrro_el0),
    HIDDEN(S(3,3,13,0,5), S(3,3,13,0,5), "TPIDR2_EL0"),
    HIDDEN(S(3,3,13,0,7), S(3,3,13,0,7), "SCXTNUM_EL0"),
    HIDDEN(S(3,3,13,2,0), S(3,3,13,15,7), "AM*_EL0 (activity monitors)"),
    SHARED(S(3,3,14,0,0), "CNTFRQ_EL0"),
    SHARED(S(3,3,14,0,1), "CNTPCT_EL0"),
    SHARED(S(3,3,14,0,2), "CNTVCT_EL0"),
    PRIVATE(S(3,3,14,2,1), "CNTP_CTL_EL0", 0, wr_cntp_ctl_el0),
    PRIVATE(S(3,3,14,2,2), "CNTP_CVAL_EL0", 0, wr_cntp_cval_el0),
    PRIVATE(S(3,3,14,3,1), "CNTV_CTL_EL0", 0, wr_cntv_ctl_el0),
    PRIVATE(S(3,3,14,3,2), "CNTV_CVAL_EL0", 0, wr_cntv_cval_el0),
    HIDDEN(S(3,3,14,8,0), S(3,3,14,15,7), "PMEV*_EL0, PMCCFILTR_EL0"),
    PRIVATE(S(3,4,4,1,0), "SP_EL1", 0, wr_sp_el1), /* named so by EL2, SP by the guest */
};
/* clang-format on */
const size_t arch_reg_count = ARRAY_COUNT(arch_regs);

void sysreg_reset(void)
{
    for (size_t i = 0; i < arch_reg_count; i++) {
        if (arch_regs[i].reset) {
            arch_regs[i].reset(arch_regs[i].value);
        }
    }
}
