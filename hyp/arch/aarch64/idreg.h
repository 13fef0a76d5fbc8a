/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest sees of the identification registers: the fields that are shown as the machine has
 * them (KEEP), those with one value (FIXED); all others read 0, "not implemented". A field is kept
 * only when a guest can use the feature without any control of EL2 (DDI 0487, D19.2).
 */
#ifndef HYP_ARCH_AARCH64_IDREG_H
#define HYP_ARCH_AARCH64_IDREG_H

#include "hyp/core/reg.h"
#include "lib/field.h"

/* All fields are 4 bits wide. */
#define ID_FIELD(name, lsb) FIELD(name, lsb, 4)

/* ID_AA64PFR0_EL1. Hidden: EL2, EL3, RAS, SVE, secure EL2, MPAM, AMU, RME. */
ID_FIELD(ID_PFR0_EL0, 0);
ID_FIELD(ID_PFR0_EL1, 4);
ID_FIELD(ID_PFR0_FP, 16);
ID_FIELD(ID_PFR0_ADVSIMD, 20);
ID_FIELD(ID_PFR0_GIC, 24); /* at most 1, GICv3; 0: a GICv2 */
ID_FIELD(ID_PFR0_DIT, 48);
ID_FIELD(ID_PFR0_CSV2, 56); /* at most 1: 2 comes with SCXTNUM, which traps */
ID_FIELD(ID_PFR0_CSV3, 60);
#define ID_PFR0_KEEP                                                                               \
    (field_mask(ID_PFR0_FP) | field_mask(ID_PFR0_ADVSIMD) | field_mask(ID_PFR0_DIT) |              \
     field_mask(ID_PFR0_CSV2) | field_mask(ID_PFR0_CSV3) | field_mask(ID_PFR0_GIC))
#define ID_PFR0_FIXED (put(ID_PFR0_EL0, 1) | put(ID_PFR0_EL1, 1))
#define ID_CSV2_MAX   1u
#define ID_GIC_MAX    1u

/* ID_AA64PFR1_EL1. Hidden: MTE, RAS, MPAM, SME, RNDR trap, CSV2 fraction, NMI, GCS. */
ID_FIELD(ID_PFR1_BT, 0);
ID_FIELD(ID_PFR1_SSBS, 4);
#define ID_PFR1_KEEP (field_mask(ID_PFR1_BT) | field_mask(ID_PFR1_SSBS))

/* ID_AA64DFR0_EL1. Hidden: trace, PMU, SPE, trace buffer, BRBE; debug as in ARMv8.0. */
ID_FIELD(ID_DFR0_DEBUG, 0);
ID_FIELD(ID_DFR0_BRP, 12);
ID_FIELD(ID_DFR0_WRP, 20);
ID_FIELD(ID_DFR0_CTX, 28);
#define ID_DFR0_KEEP  (field_mask(ID_DFR0_BRP) | field_mask(ID_DFR0_WRP) | field_mask(ID_DFR0_CTX))
#define ID_DFR0_FIXED put(ID_DFR0_DEBUG, 6)

/* ID_AA64ISAR0_EL1. Hidden: TME. */
ID_FIELD(ID_ISAR0_AES, 4);
ID_FIELD(ID_ISAR0_SHA1, 8);
ID_FIELD(ID_ISAR0_SHA2, 12);
ID_FIELD(ID_ISAR0_CRC32, 16);
ID_FIELD(ID_ISAR0_ATOMIC, 20);
ID_FIELD(ID_ISAR0_RDM, 28);
ID_FIELD(ID_ISAR0_SHA3, 32);
ID_FIELD(ID_ISAR0_SM3, 36);
ID_FIELD(ID_ISAR0_SM4, 40);
ID_FIELD(ID_ISAR0_DP, 44);
ID_FIELD(ID_ISAR0_FHM, 48);
ID_FIELD(ID_ISAR0_TS, 52);
ID_FIELD(ID_ISAR0_TLB, 56);
ID_FIELD(ID_ISAR0_RNDR, 60);
#define ID_ISAR0_KEEP                                                                              \
    (field_mask(ID_ISAR0_AES) | field_mask(ID_ISAR0_SHA1) | field_mask(ID_ISAR0_SHA2) |            \
     field_mask(ID_ISAR0_CRC32) | field_mask(ID_ISAR0_ATOMIC) | field_mask(ID_ISAR0_RDM) |         \
     field_mask(ID_ISAR0_SHA3) | field_mask(ID_ISAR0_SM3) | field_mask(ID_ISAR0_SM4) |             \
     field_mask(ID_ISAR0_DP) | field_mask(ID_ISAR0_FHM) | field_mask(ID_ISAR0_TS) |                \
     field_mask(ID_ISAR0_TLB) | field_mask(ID_ISAR0_RNDR))

/* ID_AA64ISAR1_EL1. Hidden: XS and LS64, which need HCRX_EL2. */
ID_FIELD(ID_ISAR1_DPB, 0);
ID_FIELD(ID_ISAR1_APA, 4);
ID_FIELD(ID_ISAR1_API, 8);
ID_FIELD(ID_ISAR1_JSCVT, 12);
ID_FIELD(ID_ISAR1_FCMA, 16);
ID_FIELD(ID_ISAR1_LRCPC, 20);
ID_FIELD(ID_ISAR1_GPA, 24);
ID_FIELD(ID_ISAR1_GPI, 28);
ID_FIELD(ID_ISAR1_FRINTTS, 32);
ID_FIELD(ID_ISAR1_SB, 36);
ID_FIELD(ID_ISAR1_SPECRES, 40);
ID_FIELD(ID_ISAR1_BF16, 44);
ID_FIELD(ID_ISAR1_DGH, 48);
ID_FIELD(ID_ISAR1_I8MM, 52);
#define ID_ISAR1_KEEP                                                                              \
    (field_mask(ID_ISAR1_DPB) | field_mask(ID_ISAR1_APA) | field_mask(ID_ISAR1_API) |              \
     field_mask(ID_ISAR1_JSCVT) | field_mask(ID_ISAR1_FCMA) | field_mask(ID_ISAR1_LRCPC) |         \
     field_mask(ID_ISAR1_GPA) | field_mask(ID_ISAR1_GPI) | field_mask(ID_ISAR1_FRINTTS) |          \
     field_mask(ID_ISAR1_SB) | field_mask(ID_ISAR1_SPECRES) | field_mask(ID_ISAR1_BF16) |          \
     field_mask(ID_ISAR1_DGH) | field_mask(ID_ISAR1_I8MM))

/* ID_AA64ISAR2_EL1. Hidden: MOPS (HCRX_EL2), 128-bit registers and instructions. */
ID_FIELD(ID_ISAR2_WFXT, 0);
ID_FIELD(ID_ISAR2_RPRES, 4);
ID_FIELD(ID_ISAR2_GPA3, 8);
ID_FIELD(ID_ISAR2_APA3, 12);
ID_FIELD(ID_ISAR2_BC, 20);
ID_FIELD(ID_ISAR2_PAC_FRAC, 24);
ID_FIELD(ID_ISAR2_CLRBHB, 28);
ID_FIELD(ID_ISAR2_RPRFM, 48);
ID_FIELD(ID_ISAR2_CSSC, 52);
#define ID_ISAR2_KEEP                                                                              \
    (field_mask(ID_ISAR2_WFXT) | field_mask(ID_ISAR2_RPRES) | field_mask(ID_ISAR2_GPA3) |          \
     field_mask(ID_ISAR2_APA3) | field_mask(ID_ISAR2_BC) | field_mask(ID_ISAR2_PAC_FRAC) |         \
     field_mask(ID_ISAR2_CLRBHB) | field_mask(ID_ISAR2_RPRFM) | field_mask(ID_ISAR2_CSSC))

/* ID_AA64MMFR0_EL1. Hidden: secure memory, stage 2 granules, ExS, FGT, ECV. */
ID_FIELD(ID_MMFR0_PARANGE, 0); /* at most 40 bits, the size of stage 2's input */
ID_FIELD(ID_MMFR0_ASID, 4);
ID_FIELD(ID_MMFR0_BIGEND, 8);
ID_FIELD(ID_MMFR0_BIGEND_EL0, 16);
ID_FIELD(ID_MMFR0_GRAN16, 20); /* 2, with LPA2, is shown as 1 */
ID_FIELD(ID_MMFR0_GRAN64, 24);
ID_FIELD(ID_MMFR0_GRAN4, 28); /* 1, with LPA2, is shown as 0 */
#define ID_MMFR0_KEEP                                                                              \
    (field_mask(ID_MMFR0_PARANGE) | field_mask(ID_MMFR0_ASID) | field_mask(ID_MMFR0_BIGEND) |      \
     field_mask(ID_MMFR0_BIGEND_EL0) | field_mask(ID_MMFR0_GRAN16) | field_mask(ID_MMFR0_GRAN64) | \
     field_mask(ID_MMFR0_GRAN4))
#define ID_PARANGE_40  2u
#define ID_GRAN16_LPA2 2u
#define ID_GRAN4_LPA2  1u

/* ID_AA64MMFR1_EL1. Hidden: VMID, VH, LORegions, stage 2 XNX, TWED, HCX, TIDCP1, CMOW. */
ID_FIELD(ID_MMFR1_HAFDBS, 0); /* at most 2 */
ID_FIELD(ID_MMFR1_HPDS, 12);
ID_FIELD(ID_MMFR1_PAN, 20);
ID_FIELD(ID_MMFR1_SPECSEI, 24);
ID_FIELD(ID_MMFR1_ETS, 36);
ID_FIELD(ID_MMFR1_AFP, 44);
ID_FIELD(ID_MMFR1_NTLBPA, 48);
ID_FIELD(ID_MMFR1_ECBHB, 60);
#define ID_MMFR1_KEEP                                                                              \
    (field_mask(ID_MMFR1_HAFDBS) | field_mask(ID_MMFR1_HPDS) | field_mask(ID_MMFR1_PAN) |          \
     field_mask(ID_MMFR1_SPECSEI) | field_mask(ID_MMFR1_ETS) | field_mask(ID_MMFR1_AFP) |          \
     field_mask(ID_MMFR1_NTLBPA) | field_mask(ID_MMFR1_ECBHB))
#define ID_HAFDBS_MAX 2u

/* ID_AA64MMFR2_EL1. Hidden: IESB, NV, FWB, EVT. */
ID_FIELD(ID_MMFR2_CNP, 0);
ID_FIELD(ID_MMFR2_UAO, 4);
ID_FIELD(ID_MMFR2_LSM, 8);
ID_FIELD(ID_MMFR2_VARANGE, 16);
ID_FIELD(ID_MMFR2_CCIDX, 20);
ID_FIELD(ID_MMFR2_ST, 28);
ID_FIELD(ID_MMFR2_AT, 32);
ID_FIELD(ID_MMFR2_IDS, 36);
ID_FIELD(ID_MMFR2_TTL, 48);
ID_FIELD(ID_MMFR2_BBM, 52);
ID_FIELD(ID_MMFR2_E0PD, 60);
#define ID_MMFR2_KEEP                                                                              \
    (field_mask(ID_MMFR2_CNP) | field_mask(ID_MMFR2_UAO) | field_mask(ID_MMFR2_LSM) |              \
     field_mask(ID_MMFR2_VARANGE) | field_mask(ID_MMFR2_CCIDX) | field_mask(ID_MMFR2_ST) |         \
     field_mask(ID_MMFR2_AT) | field_mask(ID_MMFR2_IDS) | field_mask(ID_MMFR2_TTL) |               \
     field_mask(ID_MMFR2_BBM) | field_mask(ID_MMFR2_E0PD))

/* Handlers of the rows: the machine's value & row->mask | row->value, within the limits above. */
typedef bool idreg_fn(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access);
idreg_fn idreg_pfr0, idreg_pfr1, idreg_dfr0, idreg_isar0, idreg_isar1, idreg_isar2, idreg_mmfr0,
    idreg_mmfr1, idreg_mmfr2;

#endif
