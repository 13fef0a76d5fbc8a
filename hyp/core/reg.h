/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register table: one row per system register (or block of them) of an architecture. The same
 * row serves trap emulation, reset, ownership and documentation.
 */
#ifndef HYP_CORE_REG_H
#define HYP_CORE_REG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vcpu;

/* Who owns a register among trust levels (docs/architecture.md, law 9). */
enum reg_class {
    REG_SHARED,    /* one machine register that all trust levels see */
    REG_PRIVATE,   /* switched with its owner */
    REG_SHARED_IF, /* shared where a capability of the machine says so */
    REG_HYP_ONLY,  /* the guest never reaches the machine's register */
    REG_MODULE_ONLY,
};

/* Where the guest's value lives. */
enum reg_home {
    HOME_MACHINE, /* in the machine's register: the guest reaches it without a trap */
    HOME_VCPU,    /* in vcpu->arch.shadow[slot] */
    HOME_CONST,   /* a constant: value, or computed once from the machine */
    HOME_NONE,    /* nowhere: the access is UNDEFINED */
};

/* What a trapped access does. */
enum reg_kind {
    REG_UNDEF,  /* architectural undefined instruction */
    REG_RAZ_WI, /* reads 0, writes ignored */
    REG_RO,     /* reads fn or value; a write is UNDEFINED */
    REG_RW,     /* shadow[slot], writes masked by `mask` */
    REG_FN,     /* fn decides, for reads and writes */
};

struct reg_access {
    uint32_t enc;
    bool write;
    uint64_t value; /* in: written value; out: read value */
};

struct reg_row {
    uint16_t enc;   /* packed encoding; rows are sorted by it */
    uint16_t last;  /* last encoding of a block; equal to enc for one register */
    uint8_t class;  /* enum reg_class */
    uint8_t home;   /* enum reg_home */
    uint8_t kind;   /* enum reg_kind */
    uint8_t slot;   /* HOME_VCPU: index into vcpu->arch.shadow */
    uint64_t value; /* reset value, or the constant */
    uint64_t mask;  /* REG_RW: writable bits. REG_RO with fn: bits of the machine's value shown */
    union {
        void (*reset)(uint64_t value); /* HOME_MACHINE: sets the machine's register, or NULL */
        bool (*fn)(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access);
    };
};

/* The row that covers enc, or NULL. */
const struct reg_row *reg_find(const struct reg_row *rows, size_t count, uint32_t enc);

/* Emulates one access by its row. false: deliver an undefined instruction. */
bool reg_access(struct vcpu *vcpu, struct reg_access *access);

#endif
