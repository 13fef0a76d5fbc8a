/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of ESR_EL2 (DDI 0487, D17.2.37) and HPFAR_EL2, and what decode.c and fast.c share. */
#ifndef HYP_ARCH_AARCH64_ESR_H
#define HYP_ARCH_AARCH64_ESR_H

#include "hyp/core/trap.h"
#include "regs.h"

/* Instruction and data aborts */
FIELD(ABORT_FSC, 0, 6);
FIELD(ABORT_FSC_KIND, 2, 4); /* without the level; 1: translation fault */
FIELD(ABORT_WNR, 6, 1);
FIELD(ABORT_S1PTW, 7, 1);
FIELD(ABORT_CM, 8, 1);
FIELD(ABORT_FNV, 10, 1);
FIELD(ABORT_SF, 15, 1);
FIELD(ABORT_SRT, 16, 5);
FIELD(ABORT_SSE, 21, 1);
FIELD(ABORT_SAS, 22, 2);
FIELD(ABORT_ISV, 24, 1);

/* Faulting page of HPFAR_EL2, and the part that FAR_EL2 adds */
FIELD(HPFAR_FIPA, 4, 44);
FIELD(PAGE_NUMBER, 12, 44);
FIELD(PAGE_OFFSET, 0, 12);

/* Trapped MSR, MRS and system instructions */
FIELD(SYS_ISS_READ, 0, 1);
FIELD(SYS_ISS_CRM, 1, 4);
FIELD(SYS_ISS_RT, 5, 5);
FIELD(SYS_ISS_CRN, 10, 4);
FIELD(SYS_ISS_OP1, 14, 3);
FIELD(SYS_ISS_OP2, 17, 3);
FIELD(SYS_ISS_OP0, 20, 2);

/* HVC, SMC */
FIELD(CALL_IMM, 0, 16);

enum {
    EC_WFX = 0x01,
    EC_HVC64 = 0x16,
    EC_SMC64 = 0x17,
    EC_SYS64 = 0x18,
    EC_FETCH_LOWER = 0x20,
    EC_DATA_LOWER = 0x24,
    EC_COUNT = 64,
};

/* The one access of a data abort with a valid syndrome (ISV). */
static inline void esr_access(uint64_t esr, struct trap_mem *mem)
{
    mem->decoded = true;
    mem->count = 1;
    mem->size = (uint8_t)BIT32(get(ABORT_SAS, esr));
    mem->reg = (uint8_t)get(ABORT_SRT, esr);
    mem->sign_extend = get(ABORT_SSE, esr) != 0;
    mem->wide = get(ABORT_SF, esr) != 0;
}

/* Encoding of a trapped system register as in struct reg_row. */
static inline uint32_t esr_sys_enc(uint64_t esr)
{
    return (uint32_t)(put(SYS_OP0, get(SYS_ISS_OP0, esr)) | put(SYS_OP1, get(SYS_ISS_OP1, esr)) |
                      put(SYS_CRN, get(SYS_ISS_CRN, esr)) | put(SYS_CRM, get(SYS_ISS_CRM, esr)) |
                      put(SYS_OP2, get(SYS_ISS_OP2, esr)));
}

#endif
