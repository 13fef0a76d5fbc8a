/* SPDX-License-Identifier: Apache-2.0 */
/* From what the processor says of an exception to class, reason and access. Pure. */
#ifndef GUEST_X86_64_CLASSIFY_H
#define GUEST_X86_64_CLASSIFY_H

#include <stdbool.h>
#include <stdint.h>

enum { X86_INSN_MAX = 15, X86_EXCEPTIONS = 32 };

/* An exception, with what decides its reason; what the vector does not need may be 0. */
struct x86_trap {
    uint32_t vector;
    bool user;
    uint64_t error_code;
    uint64_t address;                /* CR2, of a page fault */
    uint64_t guard_start, guard_end; /* below the user stack */
    uint64_t dr6, dr7;               /* of a debug exception */
    uint16_t fcw, fsw;               /* of #MF */
    uint32_t mxcsr;                  /* of #XM */
    uint8_t insn[X86_INSN_MAX];      /* of #GP: bytes at pc, as far as they can be read */
    uint8_t insn_len;
};

struct x86_kind {
    uint16_t class, reason, access;
    uint16_t is_refined; /* in the table: the vector says less than can be known */
};

/* What the vector alone says, or NULL when more can be known: x86_classify(). */
const struct x86_kind *x86_plain_kind(uint32_t vector);

struct x86_kind x86_classify(const struct x86_trap *trap);

#endif
