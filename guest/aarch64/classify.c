/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and reasons of synchronous exceptions to EL1 (DDI0487 D17.2.37). Pure. */
#include "guest/aarch64/classify.h"

#include <stddef.h>

#include "abi/fault.h"
#include "lib/field.h"

FIELD(ESR_EC, 26, 6);
FIELD(ESR_ISS, 0, 25);

enum { EC_COUNT = 64 };

#define KIND(class_, reason_)                                                                      \
    {                                                                                              \
        .class = FAULT_CLASS_##class_, .reason = FAULT_REASON_##reason_                            \
    }

/* ---- Aborts ---- */

FIELD(ISS_FSC, 0, 6);
FIELD(ISS_WNR, 6, 1);
FIELD(ISS_CM, 8, 1);   /* cache maintenance: WnR is 1 whatever it does */
FIELD(ISS_FNV, 10, 1); /* FAR is not valid */
FIELD(FSC_TYPE, 2, 4); /* of the codes that have a level in bits 1:0 */

/* By FSC with its level shifted out; what is not here is an external abort or the like. */
static const uint16_t abort_reasons[16] = {
    [0] = FAULT_REASON_RESERVED,                                  /* address size */
    [1] = FAULT_REASON_NOT_PRESENT,                               /* translation */
    [2] = FAULT_REASON_PERMISSION,                                /* access flag */
    [3] = FAULT_REASON_PERMISSION,  [4] = FAULT_REASON_NO_MEMORY, /* external */
    [5] = FAULT_REASON_NO_MEMORY,                                 /* external, on a walk */
    [6] = FAULT_REASON_NO_MEMORY,                                 /* parity or ECC */
    [7] = FAULT_REASON_NO_MEMORY,   [8] = FAULT_REASON_ALIGNMENT,
};

static struct a64_kind abort_kind(uint64_t iss, bool guard)
{
    struct a64_kind kind = { .class = FAULT_CLASS_MEMORY };

    kind.reason = abort_reasons[get(FSC_TYPE, iss)];
    kind.has_address = get(ISS_FNV, iss) == 0;
    if (kind.reason == FAULT_REASON_NONE) {
        kind.reason = FAULT_REASON_OTHER;
    }
    if (kind.reason == FAULT_REASON_NOT_PRESENT && guard) {
        kind.reason = FAULT_REASON_STACK_OVERFLOW;
    }
    return kind;
}

static struct a64_kind data_abort(uint64_t iss, bool guard)
{
    struct a64_kind kind = abort_kind(iss, guard);

    kind.access = get(ISS_WNR, iss) != 0 && get(ISS_CM, iss) == 0 ? FAULT_ACCESS_WRITE
                                                                  : FAULT_ACCESS_READ;
    return kind;
}

static struct a64_kind insn_abort(uint64_t iss, bool guard)
{
    struct a64_kind kind = abort_kind(iss, guard);

    kind.access = FAULT_ACCESS_EXEC;
    if (kind.reason == FAULT_REASON_PERMISSION) {
        kind.reason = FAULT_REASON_FETCH;
    }
    return kind;
}

static struct a64_kind pc_alignment(uint64_t iss, bool guard)
{
    struct a64_kind kind = KIND(MEMORY, ALIGNMENT);

    (void)iss;
    (void)guard;
    kind.access = FAULT_ACCESS_EXEC;
    kind.has_address = true;
    return kind;
}

static struct a64_kind watchpoint(uint64_t iss, bool guard)
{
    struct a64_kind kind = KIND(DEBUG, WATCHPOINT);

    (void)guard;
    kind.access = get(ISS_WNR, iss) != 0 ? FAULT_ACCESS_WRITE : FAULT_ACCESS_READ;
    kind.has_address = true;
    return kind;
}

/* ---- Floating point ---- */

FIELD(ISS_TFV, 23, 1); /* the bits that follow are valid */

static struct a64_kind fp_trap(uint64_t iss, bool guard)
{
    static const struct {
        uint16_t bit, reason;
    } rows[] = {
        { 0, FAULT_REASON_FP_INVALID },   { 7, FAULT_REASON_FP_DENORMAL },
        { 1, FAULT_REASON_FP_DIVIDE },    { 2, FAULT_REASON_FP_OVERFLOW },
        { 3, FAULT_REASON_FP_UNDERFLOW }, { 4, FAULT_REASON_FP_INEXACT },
    };
    struct a64_kind kind = KIND(FLOAT, FP_OTHER);

    (void)guard;
    for (size_t i = ARRAY_COUNT(rows); i > 0 && get(ISS_TFV, iss) != 0; i--) {
        if ((iss & BIT64(rows[i - 1].bit)) != 0) {
            kind.reason = rows[i - 1].reason;
        }
    }
    return kind;
}

/* ---- All ---- */

/* By EC; one that is not here is of the system, reason other. */
static const struct {
    struct a64_kind kind;
    struct a64_kind (*fn)(uint64_t iss, bool guard);
} rows[EC_COUNT] = {
    [0x00] = { KIND(ILLEGAL, UNDEFINED), NULL },
    [0x01] = { KIND(ILLEGAL, PRIVILEGED), NULL }, /* WFI, WFE */
    [0x07] = { KIND(FLOAT, FP_UNAVAILABLE), NULL },
    [0x0e] = { KIND(ILLEGAL, UNDEFINED), NULL },    /* illegal execution state */
    [0x18] = { KIND(ILLEGAL, PRIVILEGED), NULL },   /* system register */
    [0x19] = { KIND(FLOAT, FP_UNAVAILABLE), NULL }, /* SVE */
    [0x20] = { KIND(MEMORY, OTHER), insn_abort },
    [0x21] = { KIND(MEMORY, OTHER), insn_abort },
    [0x22] = { KIND(MEMORY, ALIGNMENT), pc_alignment },
    [0x24] = { KIND(MEMORY, OTHER), data_abort },
    [0x25] = { KIND(MEMORY, OTHER), data_abort },
    [0x26] = { KIND(MEMORY, ALIGNMENT), NULL }, /* stack pointer */
    [0x2c] = { KIND(FLOAT, FP_OTHER), fp_trap },
    [0x2f] = { KIND(SYSTEM, MACHINE_CHECK), NULL }, /* SError */
    [0x30] = { KIND(DEBUG, HW_BREAKPOINT), NULL },
    [0x31] = { KIND(DEBUG, HW_BREAKPOINT), NULL },
    [0x32] = { KIND(DEBUG, STEP), NULL },
    [0x33] = { KIND(DEBUG, STEP), NULL },
    [0x34] = { KIND(DEBUG, WATCHPOINT), watchpoint },
    [0x35] = { KIND(DEBUG, WATCHPOINT), watchpoint },
    [0x3c] = { KIND(DEBUG, BREAKPOINT), NULL },
};

/* ---- Instructions (DDI0487 C4.1) ---- */

FIELD(INSN_SYSTEM, 22, 10); /* MSR, MRS, SYS and their kin */
FIELD(INSN_OP1, 16, 3);
FIELD(INSN_EXCEPTION, 21, 11); /* SVC, HVC, SMC: told apart in the lowest bits */
FIELD(INSN_LEVEL, 0, 5);
FIELD(INSN_BRANCH, 12, 20); /* of branches by register: ERET with and without authentication */

enum { SYSTEM = 0x354, OP1_EL0 = 3, EXCEPTION = 0x6a0, LEVEL_HVC = 2, LEVEL_SMC = 3 };
enum { ERET = 0xd69f0 };

bool a64_is_privileged(uint32_t insn)
{
    return (get(INSN_SYSTEM, insn) == SYSTEM && get(INSN_OP1, insn) != OP1_EL0) ||
           (get(INSN_EXCEPTION, insn) == EXCEPTION &&
            (get(INSN_LEVEL, insn) == LEVEL_HVC || get(INSN_LEVEL, insn) == LEVEL_SMC)) ||
           get(INSN_BRANCH, insn) == ERET;
}

uint32_t a64_vector(uint64_t esr)
{
    return (uint32_t)get(ESR_EC, esr);
}

struct a64_kind a64_classify(uint64_t esr, bool guard)
{
    uint32_t ec = a64_vector(esr);
    struct a64_kind other = KIND(SYSTEM, OTHER);

    if (rows[ec].fn != NULL) {
        return rows[ec].fn(get(ESR_ISS, esr), guard);
    }
    return rows[ec].kind.class == FAULT_CLASS_NONE ? other : rows[ec].kind;
}
