/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A64 loads and stores of general registers, from the instruction word alone (DDI 0487, C4.1.94).
 * Pure: knows no registers' values and touches no memory.
 */
#ifndef LIB_INSN_A64_H
#define LIB_INSN_A64_H

#include <stdbool.h>
#include <stdint.h>

enum insn_a64_address {
    INSN_A64_IMM, /* base + offset */
    INSN_A64_REG, /* base + extended and shifted index register */
    INSN_A64_PC,  /* the instruction's address + offset */
};

struct insn_a64 {
    uint8_t count; /* accesses: 1; 2 for a pair; 0 for a prefetch */
    bool write;
    uint8_t size;     /* of one access in bytes: 1, 2, 4, 8 */
    uint8_t reg;      /* 31 is the zero register */
    uint8_t reg2;     /* count 2: register of the second access, at address + size */
    bool sign_extend; /* loads: from size to the register's width */
    bool wide;        /* the register is 64 bits wide */
    bool writeback;   /* base becomes base + amount */
    uint8_t base;     /* 31 is the stack pointer */
    int64_t amount;

    enum insn_a64_address address;
    int64_t offset;      /* IMM, PC */
    uint8_t index;       /* REG: 31 is the zero register */
    uint8_t index_bits;  /* REG: 32 or 64 bits of it count */
    bool index_signed;   /* REG: 32 bits are sign-extended */
    uint8_t index_shift; /* REG: 0..3 */
};

/*
 * false for everything else: SIMD and FP, exclusives, atomics, compare and swap, tags, pointer
 * authentication, memory copy, and encodings that are unallocated or CONSTRAINED UNPREDICTABLE.
 */
bool insn_a64_decode(uint32_t word, struct insn_a64 *out);

/* The address of the first access; base and index are the values of these registers. */
uint64_t insn_a64_target(const struct insn_a64 *insn, uint64_t pc, uint64_t base, uint64_t index);

#endif
