/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of EL2 control registers (Arm DDI 0487, D17.2) that the hypervisor sets. */
#ifndef HYP_ARCH_AARCH64_EL2_H
#define HYP_ARCH_AARCH64_EL2_H

#include "lib/field.h"

/* HCR_EL2 */
FIELD(HCR_VM, 0, 1);   /* stage 2 on */
FIELD(HCR_SWIO, 1, 1); /* DC ISW acts as DC CISW: by set and way nothing is lost */
FIELD(HCR_FMO, 3, 1);  /* physical FIQ, IRQ and SError to EL2, virtual ones to EL1 */
FIELD(HCR_IMO, 4, 1);
FIELD(HCR_AMO, 5, 1);
FIELD(HCR_VSE, 8, 1);    /* virtual SError pending */
FIELD(HCR_TID3, 18, 1);  /* trap id registers */
FIELD(HCR_TSC, 19, 1);   /* trap SMC */
FIELD(HCR_TIDCP, 20, 1); /* trap implementation defined registers */
FIELD(HCR_TACR, 21, 1);  /* trap ACTLR_EL1 */
FIELD(HCR_RW, 31, 1);    /* EL1 is AArch64 */
FIELD(HCR_TLOR, 35, 1);  /* trap LORegions */
FIELD(HCR_TERR, 36, 1);  /* trap RAS error records */
FIELD(HCR_APK, 40, 1);   /* do not trap pointer authentication */
FIELD(HCR_API, 41, 1);

/* CPTR_EL2 with E2H = 0: RES1 bits, SVE (TZ) and SME (TSM) trapped, FP not. */
FIELD(CPTR_RES1, 0, 10);
FIELD(CPTR_TSM, 12, 1);
FIELD(CPTR_RES1_13, 13, 1);
FIELD(CPTR_TTA, 20, 1); /* trace */
FIELD(CPTR_TAM, 30, 1); /* activity monitors */

/* MDCR_EL2 */
FIELD(MDCR_HPMN, 0, 5);  /* number of counters the guest may use: all, they are trapped */
FIELD(MDCR_TPMCR, 5, 1); /* performance monitors */
FIELD(MDCR_TPM, 6, 1);
FIELD(MDCR_TDOSA, 10, 1); /* OS lock registers */
FIELD(MDCR_TDRA, 11, 1);  /* debug ROM */
FIELD(MDCR_TPMS, 14, 1);  /* statistical profiling */
FIELD(MDCR_TTRF, 19, 1);  /* trace filter */
FIELD(PMCR_N, 11, 5);

/* CNTHCTL_EL2 with E2H = 0: the guest has the physical counter and timer of its CPU. */
FIELD(CNTHCTL_EL1PCTEN, 0, 1);
FIELD(CNTHCTL_EL1PCEN, 1, 1);

/* VTCR_EL2 */
FIELD(VTCR_T0SZ, 0, 6);
FIELD(VTCR_SL0, 6, 2); /* 1: start at level 1 */
FIELD(VTCR_IRGN0, 8, 2);
FIELD(VTCR_ORGN0, 10, 2);
FIELD(VTCR_SH0, 12, 2);
FIELD(VTCR_PS, 16, 3);
FIELD(VTCR_RES1, 31, 1);
FIELD(VTTBR_BADDR, 1, 47);
FIELD(VTTBR_VMID, 48, 8);

#define VECTORS_SIZE 0x800u /* of VBAR_EL1 */

#define S2_IPA_BITS 40u /* fewer where the machine has fewer physical address bits */

/* ID registers that decide what must be set up */
FIELD(PFR0_MPAM, 40, 4);
FIELD(PFR1_MPAM_FRAC, 16, 4);
FIELD(MMFR0_PARANGE, 0, 4);
FIELD(MMFR0_FGT, 56, 4);
FIELD(MMFR1_HCX, 40, 4);
FIELD(ISAR1_APA, 4, 4);
FIELD(ISAR1_API, 8, 4);
FIELD(ISAR2_APA3, 12, 4);
FIELD(DFR0_PMUVER, 8, 4);

/* Memory partitioning (DDI 0598): the guest's registers trapped */
FIELD(MPAM2_TRAP_EL1, 48, 2);
FIELD(MPAM2_TIDR, 58, 1);
FIELD(MPAMHCR_TRAP_IDR, 31, 1);
FIELD(MPAMIDR_HAS_HCR, 17, 1);

/* MPIDR_EL1 */
FIELD(MPIDR_AFF012, 0, 24);
FIELD(MPIDR_AFF3, 32, 8);
FIELD(MPIDR_RES1, 31, 1);

/* CNTHP_CTL_EL2 */
FIELD(CNT_ENABLE, 0, 1);

#endif
