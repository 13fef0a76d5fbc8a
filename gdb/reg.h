/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers as a debugger sees them: one table per architecture makes target.xml, the packets g, G,
 * p and P, and what stop replies carry. A register's number is its place in the table. Names of
 * features and of their registers are those of GDB's manual, appendix G.5.
 */
#ifndef GDB_REG_H
#define GDB_REG_H

#include <stddef.h>
#include <stdint.h>

#define DBG_REG_BYTES_MAX 16u

enum dbg_reg_type {
    DBG_INT,      /* intN */
    DBG_UINT,     /* uintN */
    DBG_CODE_PTR, /* code_ptr */
    DBG_DATA_PTR,
    DBG_I387_EXT,
    DBG_VEC128, /* of the feature's own definition */
    DBG_X86_FLAGS,
    DBG_REG_TYPES
};

struct dbg_reg {
    const char *name;
    uint16_t bits;
    uint8_t type;      /* enum dbg_reg_type */
    const char *group; /* NULL: GDB's own choice */
};

/* A part of target.xml: registers [first, first + count). */
struct dbg_feature {
    const char *name;
    const char *annex; /* the file that GDB asks for */
    const char *types; /* XML, NULL: none */
    unsigned first, count;
};

#define DBG_EXPEDITED 3u

struct dbg_arch {
    const char *name; /* in target.xml */
    const char *triple;
    unsigned pointer_bytes;
    const struct dbg_reg *reg;
    unsigned reg_count;
    const struct dbg_feature *feature;
    unsigned feature_count;
    unsigned general; /* registers of the packet g, from the first; the others go by p alone */
    unsigned expedited[DBG_EXPEDITED]; /* in each stop reply: frame, stack, program counter */
};

extern const struct dbg_arch dbg_x86_64;

static inline unsigned dbg_reg_bytes(const struct dbg_reg *reg)
{
    return reg->bits / 8u;
}

#endif
