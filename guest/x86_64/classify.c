/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes and reasons of x86_64's exceptions (AMD64 manual volume 2, chapter 8; SDM volume 3,
 * chapter 6). Pure: no state, no hardware, the same on any machine.
 */
#include "guest/x86_64/classify.h"

#include <stddef.h>

#include "abi/fault.h"
#include "lib/field.h"

enum { X86_DB = 1, X86_GP = 13, X86_MF = 16, X86_XM = 19 };

#define KIND(class_, reason_)                                                                      \
    {                                                                                              \
        .class = FAULT_CLASS_##class_, .reason = FAULT_REASON_##reason_                            \
    }

#define KIND_REFINED(class_, reason_)                                                              \
    {                                                                                              \
        .class = FAULT_CLASS_##class_, .reason = FAULT_REASON_##reason_, .is_refined = true        \
    }

/* What the vector alone says. */
static const struct x86_kind kinds[X86_EXCEPTIONS] = {
    [0] = KIND(ARITHMETIC, DIVIDE),           /* #DE */
    [1] = KIND_REFINED(DEBUG, HW_BREAKPOINT), /* #DB */
    [2] = KIND(SYSTEM, NMI),                  /* NMI */
    [3] = KIND(DEBUG, BREAKPOINT),            /* #BP */
    [4] = KIND(ARITHMETIC, OVERFLOW),         /* #OF */
    [5] = KIND(ARITHMETIC, BOUND),            /* #BR */
    [6] = KIND(ILLEGAL, UNDEFINED),           /* #UD */
    [7] = KIND(FLOAT, FP_UNAVAILABLE),        /* #NM */
    [8] = KIND(SYSTEM, DOUBLE_FAULT),         /* #DF */
    [9] = KIND(SYSTEM, OTHER),                /* coprocessor segment overrun */
    [10] = KIND(SYSTEM, SEGMENT),             /* #TS */
    [11] = KIND(SYSTEM, SEGMENT),             /* #NP */
    [12] = KIND(SYSTEM, SEGMENT),             /* #SS */
    [13] = KIND_REFINED(SYSTEM, PROTECTION),  /* #GP */
    [14] = KIND_REFINED(MEMORY, PERMISSION),  /* #PF */
    [15] = KIND(SYSTEM, OTHER),               /* reserved */
    [16] = KIND_REFINED(FLOAT, FP_OTHER),     /* #MF */
    [17] = KIND(MEMORY, ALIGNMENT),           /* #AC */
    [18] = KIND(SYSTEM, MACHINE_CHECK),       /* #MC */
    [19] = KIND_REFINED(FLOAT, FP_OTHER),     /* #XM */
    [20] = KIND(SYSTEM, OTHER),               /* #VE */
    [21] = KIND(SYSTEM, PROTECTION),          /* #CP */
    [22] = KIND(SYSTEM, OTHER),
    [23] = KIND(SYSTEM, OTHER),
    [24] = KIND(SYSTEM, OTHER),
    [25] = KIND(SYSTEM, OTHER),
    [26] = KIND(SYSTEM, OTHER),
    [27] = KIND(SYSTEM, OTHER),
    [28] = KIND(SYSTEM, OTHER),      /* #HV */
    [29] = KIND(SYSTEM, OTHER),      /* #VC */
    [30] = KIND(SYSTEM, PROTECTION), /* #SX */
    [31] = KIND(SYSTEM, OTHER),      /* reserved */
};

/* ---- Memory ---- */

FIELD(PF_P, 0, 1);    /* a permission was missing; else nothing is mapped */
FIELD(PF_W, 1, 1);    /* write */
FIELD(PF_RSVD, 3, 1); /* a reserved bit is set in an entry */
FIELD(PF_I, 4, 1);    /* fetch */

static struct x86_kind page_fault(const struct x86_trap *trap)
{
    struct x86_kind kind = { .class = FAULT_CLASS_MEMORY, .access = FAULT_ACCESS_READ };

    if (get(PF_I, trap->error_code) != 0) {
        kind.access = FAULT_ACCESS_EXEC;
    } else if (get(PF_W, trap->error_code) != 0) {
        kind.access = FAULT_ACCESS_WRITE;
    }
    if (get(PF_RSVD, trap->error_code) != 0) {
        kind.reason = FAULT_REASON_RESERVED;
    } else if (get(PF_P, trap->error_code) == 0) {
        kind.reason = trap->address >= trap->guard_start && trap->address < trap->guard_end
                          ? FAULT_REASON_STACK_OVERFLOW
                          : FAULT_REASON_NOT_PRESENT;
    } else if (kind.access == FAULT_ACCESS_EXEC) {
        kind.reason = FAULT_REASON_FETCH;
    } else {
        kind.reason = FAULT_REASON_PERMISSION;
    }
    return kind;
}

/* ---- Protection ---- */

FIELD(SELECTOR_IDT, 1, 1); /* of an error code: the selector is a vector */

/* Opcodes that only ring 0 may execute: one byte, two bytes, two bytes and ModRM.reg (bits). */
static const uint8_t privileged_1[] = {
    0xf4, 0xfa, 0xfb,                               /* hlt, cli, sti */
    0x6c, 0x6d, 0x6e, 0x6f,                         /* ins, outs */
    0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef, /* in, out */
};
static const uint8_t privileged_2[] = {
    0x06, 0x07, 0x08, 0x09, /* clts, sysret, invd, wbinvd */
    0x20, 0x21, 0x22, 0x23, /* moves of control and debug registers */
    0x30, 0x32, 0x33, 0x35, /* wrmsr, rdmsr, rdpmc, sysexit */
};

static bool is_one_of(uint8_t byte, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == byte) {
            return true;
        }
    }
    return false;
}

static bool is_prefix(uint8_t byte)
{
    static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                                        0x66, 0x67, 0xf0, 0xf2, 0xf3 };

    return is_one_of(byte, prefixes, sizeof(prefixes)) || (byte >= 0x40 && byte <= 0x4f); /* REX */
}

FIELD(MODRM_REG, 3, 3);
FIELD(MODRM_MOD, 6, 2);

/* Groups 6 and 7: lldt, ltr; lgdt, lidt, lmsw, invlpg; xsetbv and swapgs in register forms. */
static bool is_privileged_group(uint8_t opcode, uint8_t modrm)
{
    enum { GROUP_6 = 0, GROUP_7 = 1, REGISTER = 3, XSETBV = 0xd1, SWAPGS = 0xf8 };
    uint64_t reg = get(MODRM_REG, modrm);

    if (opcode == GROUP_6) {
        return reg == 2 || reg == 3;
    }
    if (opcode != GROUP_7) {
        return false;
    }
    if (get(MODRM_MOD, modrm) == REGISTER) {
        return modrm == XSETBV || modrm == SWAPGS || reg == 6;
    }
    return reg == 2 || reg == 3 || reg == 6 || reg == 7;
}

static bool is_privileged(const uint8_t *insn, size_t len)
{
    enum { ESCAPE = 0x0f };
    size_t at = 0;

    while (at < len && is_prefix(insn[at])) {
        at++;
    }
    if (at < len && insn[at] != ESCAPE) {
        return is_one_of(insn[at], privileged_1, sizeof(privileged_1));
    }
    if (at + 1 < len && is_one_of(insn[at + 1], privileged_2, sizeof(privileged_2))) {
        return true;
    }
    return at + 2 < len && is_privileged_group(insn[at + 1], insn[at + 2]);
}

static struct x86_kind protection(const struct x86_trap *trap)
{
    struct x86_kind privileged = KIND(ILLEGAL, PRIVILEGED);
    struct x86_kind segment = KIND(SYSTEM, SEGMENT);

    if (trap->error_code != 0) { /* a selector, or the vector of `int n` */
        return get(SELECTOR_IDT, trap->error_code) != 0 ? privileged : segment;
    }
    if (trap->user && is_privileged(trap->insn, trap->insn_len)) {
        return privileged;
    }
    return kinds[X86_GP];
}

/* ---- Debug ---- */

FIELD(DR6_HITS, 0, 4);
FIELD(DR6_BS, 14, 1);

enum { DR7_KINDS_LSB = 16, DR7_KIND_STEP = 4 };
FIELD(DR7_KIND, 0, 2); /* of a breakpoint, shifted down: 0 is execution */

/* Whether the lowest breakpoint that was hit is one of data. (A loop: emulators lack tzcnt.) */
static bool is_watchpoint(const struct x86_trap *trap)
{
    uint64_t hits = get(DR6_HITS, trap->dr6);
    uint64_t settings = trap->dr7 >> DR7_KINDS_LSB;

    while ((hits & 1) == 0) {
        hits >>= 1;
        settings >>= DR7_KIND_STEP;
    }
    return get(DR7_KIND, settings) != 0;
}

static struct x86_kind debug(const struct x86_trap *trap)
{
    struct x86_kind kind = kinds[X86_DB];

    if (get(DR6_BS, trap->dr6) != 0) {
        kind.reason = FAULT_REASON_STEP;
    } else if (get(DR6_HITS, trap->dr6) == 0) {
        kind.reason = FAULT_REASON_BREAKPOINT; /* icebp sets no bit */
    } else if (is_watchpoint(trap)) {
        kind.reason = FAULT_REASON_WATCHPOINT;
    }
    return kind;
}

/* ---- Floating point ---- */

FIELD(FP_FLAGS, 0, 6); /* the six exceptions, in FSW, FCW (masks) and MXCSR */
FIELD(FSW_SF, 6, 1);   /* stack fault, beside invalid */
FIELD(MXCSR_MASKS, 7, 6);

/* Reason of the lowest unmasked exception: invalid, denormal and divide precede the others. */
static uint16_t fp_reason(uint64_t unmasked)
{
    static const uint16_t reasons[] = {
        FAULT_REASON_FP_INVALID,  FAULT_REASON_FP_DENORMAL,  FAULT_REASON_FP_DIVIDE,
        FAULT_REASON_FP_OVERFLOW, FAULT_REASON_FP_UNDERFLOW, FAULT_REASON_FP_INEXACT,
    };

    for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
        if ((unmasked & BIT64(i)) != 0) {
            return reasons[i];
        }
    }
    return FAULT_REASON_FP_OTHER;
}

static struct x86_kind x87_fault(const struct x86_trap *trap)
{
    struct x86_kind kind = kinds[X86_MF];

    kind.reason = fp_reason(get(FP_FLAGS, trap->fsw & ~(uint32_t)trap->fcw));
    if (kind.reason == FAULT_REASON_FP_INVALID && get(FSW_SF, trap->fsw) != 0) {
        kind.reason = FAULT_REASON_FP_STACK;
    }
    return kind;
}

static struct x86_kind simd_fault(const struct x86_trap *trap)
{
    struct x86_kind kind = kinds[X86_XM];

    kind.reason = fp_reason(get(FP_FLAGS, trap->mxcsr) & ~get(MXCSR_MASKS, trap->mxcsr));
    return kind;
}

/* ---- All ---- */

/* Those vectors that say less than can be known. */
static struct x86_kind (*const refine[X86_EXCEPTIONS])(const struct x86_trap *trap) = {
    [1] = debug, [13] = protection, [14] = page_fault, [16] = x87_fault, [19] = simd_fault,
};

const struct x86_kind *x86_plain_kind(uint32_t vector)
{
    static const struct x86_kind interrupt = KIND(SYSTEM, INTERRUPT);

    if (vector >= X86_EXCEPTIONS) {
        return &interrupt;
    }
    return kinds[vector].is_refined ? NULL : &kinds[vector];
}

struct x86_kind x86_classify(const struct x86_trap *trap)
{
    const struct x86_kind *plain = x86_plain_kind(trap->vector);

    return plain != NULL ? *plain : refine[trap->vector](trap);
}
