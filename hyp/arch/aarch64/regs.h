/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system registers that the hypervisor itself touches: one X-list from which hw.h makes rd_ and
 * wr_ functions, and the fake architecture one storage slot each. Names as in Arm DDI 0487.
 */
#ifndef HYP_ARCH_AARCH64_REGS_H
#define HYP_ARCH_AARCH64_REGS_H

#include "lib/field.h"

/* clang-format off */
/* X(name in C, name in assembly): names that assemblers of ARMv8.0 lack are given by encoding. */
#define A64_REGS_RO(X)                                                                             \
    X(midr_el1, "midr_el1") X(mpidr_el1, "mpidr_el1") X(currentel, "CurrentEL")                    \
    X(ctr_el0, "ctr_el0") X(dczid_el0, "dczid_el0") X(clidr_el1, "clidr_el1")                      \
    X(id_aa64pfr0_el1, "id_aa64pfr0_el1") X(id_aa64pfr1_el1, "id_aa64pfr1_el1")                    \
    X(id_aa64dfr0_el1, "id_aa64dfr0_el1") X(id_aa64dfr1_el1, "id_aa64dfr1_el1")                    \
    X(id_aa64isar0_el1, "id_aa64isar0_el1") X(id_aa64isar1_el1, "id_aa64isar1_el1")                \
    X(id_aa64isar2_el1, "s3_0_c0_c6_2") X(id_aa64mmfr0_el1, "id_aa64mmfr0_el1")                    \
    X(id_aa64mmfr1_el1, "id_aa64mmfr1_el1") X(id_aa64mmfr2_el1, "s3_0_c0_c7_2")                    \
    X(id_aa64mmfr3_el1, "s3_0_c0_c7_3") X(id_aa64mmfr4_el1, "s3_0_c0_c7_4")                        \
    X(mpamidr_el1, "s3_0_c10_c4_4")                                                                \
    X(id_aa64zfr0_el1, "s3_0_c0_c4_4") X(id_aa64smfr0_el1, "s3_0_c0_c4_5")                         \
    X(cntpct_el0, "cntpct_el0") X(cntvct_el0, "cntvct_el0")                                        \
    X(icc_iar1_el1, "s3_0_c12_c12_0") X(icc_hppir1_el1, "s3_0_c12_c12_2")                          \
    X(icc_rpr_el1, "s3_0_c12_c11_3")                                                               \
    X(ich_vtr_el2, "s3_4_c12_c11_1") X(ich_misr_el2, "s3_4_c12_c11_2")                             \
    X(ich_eisr_el2, "s3_4_c12_c11_3") X(ich_elrsr_el2, "s3_4_c12_c11_5")

/* Breakpoint and watchpoint n exist as far as ID_AA64DFR0_EL1 says; others are UNDEFINED. */
#define A64_REGS_POINT(X, n)                                                                       \
    X(dbgbvr##n##_el1, "dbgbvr" #n "_el1") X(dbgbcr##n##_el1, "dbgbcr" #n "_el1")                  \
    X(dbgwvr##n##_el1, "dbgwvr" #n "_el1") X(dbgwcr##n##_el1, "dbgwcr" #n "_el1")
#define A64_REGS_POINTS(X)                                                                         \
    A64_REGS_POINT(X, 0) A64_REGS_POINT(X, 1) A64_REGS_POINT(X, 2) A64_REGS_POINT(X, 3)            \
    A64_REGS_POINT(X, 4) A64_REGS_POINT(X, 5) A64_REGS_POINT(X, 6) A64_REGS_POINT(X, 7)            \
    A64_REGS_POINT(X, 8) A64_REGS_POINT(X, 9) A64_REGS_POINT(X, 10) A64_REGS_POINT(X, 11)          \
    A64_REGS_POINT(X, 12) A64_REGS_POINT(X, 13) A64_REGS_POINT(X, 14) A64_REGS_POINT(X, 15)

/* Keys of pointer authentication (FEAT_PAuth), low and high halves. */
#define A64_REGS_KEYS(X)                                                                           \
    X(apiakeylo_el1, "s3_0_c2_c1_0") X(apiakeyhi_el1, "s3_0_c2_c1_1")                              \
    X(apibkeylo_el1, "s3_0_c2_c1_2") X(apibkeyhi_el1, "s3_0_c2_c1_3")                              \
    X(apdakeylo_el1, "s3_0_c2_c2_0") X(apdakeyhi_el1, "s3_0_c2_c2_1")                              \
    X(apdbkeylo_el1, "s3_0_c2_c2_2") X(apdbkeyhi_el1, "s3_0_c2_c2_3")                              \
    X(apgakeylo_el1, "s3_0_c2_c3_0") X(apgakeyhi_el1, "s3_0_c2_c3_1")

#define A64_REGS_RW(X)                                                                             \
    /* EL2 control */                                                                              \
    X(hcr_el2, "hcr_el2") X(hcrx_el2, "s3_4_c1_c2_2") X(hstr_el2, "hstr_el2")                      \
    X(cptr_el2, "cptr_el2") X(mdcr_el2, "mdcr_el2") X(vttbr_el2, "vttbr_el2")                      \
    X(vtcr_el2, "vtcr_el2") X(vpidr_el2, "vpidr_el2") X(vmpidr_el2, "vmpidr_el2")                  \
    X(ttbr0_el2, "ttbr0_el2") X(tcr_el2, "tcr_el2") X(mair_el2, "mair_el2")                        \
    X(sctlr_el2, "sctlr_el2") X(vbar_el2, "vbar_el2") X(tpidr_el2, "tpidr_el2")                    \
    X(esr_el2, "esr_el2") X(far_el2, "far_el2") X(hpfar_el2, "hpfar_el2")                          \
    X(elr_el2, "elr_el2") X(spsr_el2, "spsr_el2") X(actlr_el2, "actlr_el2")                        \
    X(cnthctl_el2, "cnthctl_el2") X(cntvoff_el2, "cntvoff_el2")                                    \
    X(cnthp_ctl_el2, "cnthp_ctl_el2") X(cnthp_cval_el2, "cnthp_cval_el2")                          \
    X(hfgrtr_el2, "s3_4_c1_c1_4") X(hfgwtr_el2, "s3_4_c1_c1_5") X(hfgitr_el2, "s3_4_c1_c1_6")      \
    X(hdfgrtr_el2, "s3_4_c3_c1_4") X(hdfgwtr_el2, "s3_4_c3_c1_5") X(hafgrtr_el2, "s3_4_c3_c1_6")   \
    X(mpam2_el2, "s3_4_c10_c5_0") X(mpamhcr_el2, "s3_4_c10_c4_0")                                  \
    X(cntfrq_el0, "cntfrq_el0") X(daif, "daif")                                                    \
    /* EL1 state of the guest */                                                                   \
    X(sctlr_el1, "sctlr_el1") X(actlr_el1, "actlr_el1") X(cpacr_el1, "cpacr_el1")                  \
    X(ttbr0_el1, "ttbr0_el1") X(ttbr1_el1, "ttbr1_el1") X(tcr_el1, "tcr_el1")                      \
    X(esr_el1, "esr_el1") X(afsr0_el1, "afsr0_el1") X(afsr1_el1, "afsr1_el1")                      \
    X(far_el1, "far_el1") X(par_el1, "par_el1") X(mair_el1, "mair_el1")                            \
    X(amair_el1, "amair_el1") X(vbar_el1, "vbar_el1") X(contextidr_el1, "contextidr_el1")          \
    X(tpidr_el0, "tpidr_el0") X(tpidrro_el0, "tpidrro_el0") X(tpidr_el1, "tpidr_el1")              \
    X(cntkctl_el1, "cntkctl_el1") X(csselr_el1, "csselr_el1")                                      \
    X(sp_el0, "sp_el0") X(sp_el1, "sp_el1") X(elr_el1, "elr_el1") X(spsr_el1, "spsr_el1")          \
    X(spsr_abt, "spsr_abt") X(spsr_und, "spsr_und") X(spsr_irq, "spsr_irq") X(spsr_fiq, "spsr_fiq")\
    X(dacr32_el2, "dacr32_el2") X(ifsr32_el2, "ifsr32_el2") X(fpexc32_el2, "fpexc32_el2")          \
    X(mdscr_el1, "mdscr_el1") X(mdccint_el1, "mdccint_el1") X(oslar_el1, "oslar_el1")              \
    X(osdlr_el1, "osdlr_el1")                                                                      \
    X(cntv_ctl_el0, "cntv_ctl_el0") X(cntv_cval_el0, "cntv_cval_el0")                              \
    X(cntp_ctl_el0, "cntp_ctl_el0") X(cntp_cval_el0, "cntp_cval_el0")                              \
    X(pmcr_el0, "pmcr_el0") X(pmcntenclr_el0, "pmcntenclr_el0") X(pmintenclr_el1, "pmintenclr_el1")\
    /* GICv3 CPU interface (Arm IHI 0069) */                                                       \
    X(icc_eoir1_el1, "s3_0_c12_c12_1") X(icc_dir_el1, "s3_0_c12_c11_1")                            \
    X(icc_pmr_el1, "s3_0_c4_c6_0") X(icc_bpr1_el1, "s3_0_c12_c12_3")                               \
    X(icc_ctlr_el1, "s3_0_c12_c12_4") X(icc_sre_el1, "s3_0_c12_c12_5")                             \
    X(icc_igrpen1_el1, "s3_0_c12_c12_7") X(icc_sgi1r_el1, "s3_0_c12_c11_5")                        \
    X(icc_sre_el2, "s3_4_c12_c9_5") X(ich_hcr_el2, "s3_4_c12_c11_0")                               \
    X(ich_vmcr_el2, "s3_4_c12_c11_7")                                                              \
    X(ich_ap0r0_el2, "s3_4_c12_c8_0") X(ich_ap0r1_el2, "s3_4_c12_c8_1")                            \
    X(ich_ap0r2_el2, "s3_4_c12_c8_2") X(ich_ap0r3_el2, "s3_4_c12_c8_3")                            \
    X(ich_ap1r0_el2, "s3_4_c12_c9_0") X(ich_ap1r1_el2, "s3_4_c12_c9_1")                            \
    X(ich_ap1r2_el2, "s3_4_c12_c9_2") X(ich_ap1r3_el2, "s3_4_c12_c9_3")                            \
    X(ich_lr0_el2, "s3_4_c12_c12_0") X(ich_lr1_el2, "s3_4_c12_c12_1")                              \
    X(ich_lr2_el2, "s3_4_c12_c12_2") X(ich_lr3_el2, "s3_4_c12_c12_3")                              \
    X(ich_lr4_el2, "s3_4_c12_c12_4") X(ich_lr5_el2, "s3_4_c12_c12_5")                              \
    X(ich_lr6_el2, "s3_4_c12_c12_6") X(ich_lr7_el2, "s3_4_c12_c12_7")                              \
    X(ich_lr8_el2, "s3_4_c12_c13_0") X(ich_lr9_el2, "s3_4_c12_c13_1")                              \
    X(ich_lr10_el2, "s3_4_c12_c13_2") X(ich_lr11_el2, "s3_4_c12_c13_3")                            \
    X(ich_lr12_el2, "s3_4_c12_c13_4") X(ich_lr13_el2, "s3_4_c12_c13_5")                            \
    X(ich_lr14_el2, "s3_4_c12_c13_6") X(ich_lr15_el2, "s3_4_c12_c13_7")                            \
    X(vsesr_el2, "s3_4_c5_c2_3") A64_REGS_POINTS(X) A64_REGS_KEYS(X)
/* clang-format on */

/* Packed encoding of a system register, as in struct reg_row.enc: op0:op1:CRn:CRm:op2. */
FIELD(SYS_OP0, 14, 2);
FIELD(SYS_OP1, 11, 3);
FIELD(SYS_CRN, 7, 4);
FIELD(SYS_CRM, 3, 4);
FIELD(SYS_OP2, 0, 3);
#define SYS_ENC(op0, op1, crn, crm, op2)                                                           \
    ((uint32_t)(((op0) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2)))

/* ESR_ELx: syndrome (DDI 0487, D17.2.37) */
FIELD(ESR_EC, 26, 6);
FIELD(ESR_EC_ABORT, 31, 1); /* classes from 0x20 on: aborts, alignment, SError, debug */
FIELD(ESR_IL, 25, 1);

/* PSTATE as in SPSR_ELx */
FIELD(PSTATE_M, 0, 5); /* mode, with bit 4: AArch32 */
FIELD(PSTATE_MODE32, 4, 1);
FIELD(PSTATE_DAIF, 6, 4);
FIELD(PSTATE_BTYPE, 10, 2);
FIELD(PSTATE_SS, 21, 1);
FIELD(PSTATE_PAN, 22, 1);
FIELD(PSTATE_DIT, 24, 1);
FIELD(PSTATE_NZCV, 28, 4);
FIELD(PSTATE_SP, 0, 1); /* AArch64 at EL1: 1 = SP_EL1, 0 = SP_EL0 */
FIELD(PSTATE_EL, 2, 2); /* AArch64 */
/* PSTATE of AArch32: the IT state is split, bits 7:2 and 1:0 */
FIELD(PSTATE_IT_HIGH, 10, 6);
FIELD(PSTATE_IT_LOW, 25, 2);

enum { PSTATE_EL0T = 0x00, PSTATE_EL1T = 0x04, PSTATE_EL1H = 0x05, PSTATE_EL2H = 0x09 };

#endif
