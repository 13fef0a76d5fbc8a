/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes A64 loads and stores by a table of encoding classes; must never guess an encoding. */
#include "lib/insn_a64.h"

#include <stddef.h>

#include "lib/field.h"

/* Common to all classes */
FIELD(LS_RT, 0, 5);
FIELD(LS_RN, 5, 5);
FIELD(LS_OPC, 22, 2);
FIELD(LS_SIZE, 30, 2);

/* Single register: how the address is formed, and its parts */
FIELD(LS_IMM9, 12, 9);
FIELD(LS_IMM9_MODE, 10, 2);
FIELD(LS_IMM12, 10, 12);
FIELD(LS_RM, 16, 5);
FIELD(LS_SHIFTED, 12, 1);
FIELD(LS_OPTION_WIDE, 13, 1);
FIELD(LS_OPTION_VALID, 14, 1);
FIELD(LS_OPTION_SIGNED, 15, 1);

/* Literal */
FIELD(LIT_IMM19, 5, 19);

/* Pair */
FIELD(LP_RT2, 10, 5);
FIELD(LP_IMM7, 15, 7);
FIELD(LP_LOAD, 22, 1);
FIELD(LP_MODE, 23, 2);

enum { OPC_STORE = 0, OPC_LOAD = 1, OPC_LOAD_SIGNED64 = 2, OPC_LOAD_SIGNED32 = 3 };
enum { IMM9_UNSCALED = 0, IMM9_POST = 1, IMM9_UNPRIVILEGED = 2, IMM9_PRE = 3 };
enum { LIT_W = 0, LIT_X = 1, LIT_SIGNED_W = 2, LIT_PREFETCH = 3 };
enum { PAIR_NO_ALLOCATE = 0, PAIR_POST = 1, PAIR_OFFSET = 2, PAIR_PRE = 3 };
enum { PAIR_W = 0, PAIR_SIGNED_W = 1, PAIR_X = 2 };
enum { REG_SP_OR_ZERO = 31, SIZE_X = 3, SIZE_W = 2 };

/* Size, direction and extension by size and opc; size X with opc 2 is the prefetch. */
static bool single_kind(uint32_t word, struct insn_a64 *out)
{
    unsigned size = (unsigned)get(LS_SIZE, word);
    unsigned opc = (unsigned)get(LS_OPC, word);

    if ((size == SIZE_X && opc == OPC_LOAD_SIGNED32) ||
        (size == SIZE_W && opc == OPC_LOAD_SIGNED32)) {
        return false;
    }
    out->count = 1;
    out->size = (uint8_t)BIT32(size);
    out->write = opc == OPC_STORE;
    out->sign_extend = opc >= OPC_LOAD_SIGNED64;
    out->wide = opc == OPC_LOAD_SIGNED64 || (size == SIZE_X);
    out->reg = (uint8_t)get(LS_RT, word);
    out->base = (uint8_t)get(LS_RN, word);
    if (size == SIZE_X && opc == OPC_LOAD_SIGNED64) {
        out->count = 0;
        out->size = 0;
        out->sign_extend = false;
    }
    return true;
}

static bool decode_unsigned(uint32_t word, struct insn_a64 *out)
{
    if (!single_kind(word, out)) {
        return false;
    }
    out->offset = (int64_t)(get(LS_IMM12, word) * BIT64(get(LS_SIZE, word)));
    return true;
}

/* A write-back to a register that is also transferred is CONSTRAINED UNPREDICTABLE. */
static bool set_writeback(struct insn_a64 *out, int64_t amount)
{
    out->writeback = true;
    out->amount = amount;
    if (out->base == REG_SP_OR_ZERO) {
        return true;
    }
    return out->base != out->reg && !(out->count == 2 && out->base == out->reg2);
}

static bool decode_imm9(uint32_t word, struct insn_a64 *out)
{
    int64_t imm = (int64_t)sign_extend64(get(LS_IMM9, word), LS_IMM9_WIDTH);
    unsigned mode = (unsigned)get(LS_IMM9_MODE, word);

    if (!single_kind(word, out)) {
        return false;
    }
    if (mode != IMM9_UNSCALED && out->count == 0) {
        return false; /* no prefetch in these modes */
    }
    out->offset = mode == IMM9_POST ? 0 : imm;
    if (mode == IMM9_POST || mode == IMM9_PRE) {
        return set_writeback(out, imm);
    }
    return true;
}

static bool decode_register(uint32_t word, struct insn_a64 *out)
{
    if (!get(LS_OPTION_VALID, word) || !single_kind(word, out)) {
        return false;
    }
    out->address = INSN_A64_REG;
    out->index = (uint8_t)get(LS_RM, word);
    out->index_bits = get(LS_OPTION_WIDE, word) ? 64 : 32;
    out->index_signed = get(LS_OPTION_SIGNED, word) != 0;
    out->index_shift = get(LS_SHIFTED, word) ? (uint8_t)get(LS_SIZE, word) : 0;
    return true;
}

/* LDAR, STLR, LDAPR: acquire and release order is what an emulated access has anyway. */
static bool decode_ordered(uint32_t word, struct insn_a64 *out)
{
    unsigned size = (unsigned)get(LS_SIZE, word);

    out->count = 1;
    out->size = (uint8_t)BIT32(size);
    out->wide = size == SIZE_X;
    out->reg = (uint8_t)get(LS_RT, word);
    out->base = (uint8_t)get(LS_RN, word);
    return true;
}

static bool decode_ordered_store(uint32_t word, struct insn_a64 *out)
{
    out->write = true;
    return decode_ordered(word, out);
}

/* LDAPUR, STLUR and their kin: as unscaled, but without prefetch. */
static bool decode_rcpc(uint32_t word, struct insn_a64 *out)
{
    if (!single_kind(word, out) || out->count == 0) {
        return false;
    }
    out->offset = (int64_t)sign_extend64(get(LS_IMM9, word), LS_IMM9_WIDTH);
    return true;
}

static bool decode_literal(uint32_t word, struct insn_a64 *out)
{
    unsigned opc = (unsigned)get(LS_SIZE, word);

    out->address = INSN_A64_PC;
    out->offset = (int64_t)(sign_extend64(get(LIT_IMM19, word), LIT_IMM19_WIDTH) * 4);
    out->reg = (uint8_t)get(LS_RT, word);
    if (opc == LIT_PREFETCH) {
        return true;
    }
    out->count = 1;
    out->size = opc == LIT_X ? 8 : 4;
    out->sign_extend = opc == LIT_SIGNED_W;
    out->wide = opc != LIT_W;
    return true;
}

static bool decode_pair(uint32_t word, struct insn_a64 *out)
{
    unsigned opc = (unsigned)get(LS_SIZE, word);
    unsigned mode = (unsigned)get(LP_MODE, word);
    int64_t imm = (int64_t)sign_extend64(get(LP_IMM7, word), LP_IMM7_WIDTH);

    out->count = 2;
    out->size = opc == PAIR_X ? 8 : 4;
    out->write = !get(LP_LOAD, word);
    out->sign_extend = opc == PAIR_SIGNED_W;
    out->wide = opc != PAIR_W;
    out->reg = (uint8_t)get(LS_RT, word);
    out->reg2 = (uint8_t)get(LP_RT2, word);
    out->base = (uint8_t)get(LS_RN, word);
    if (opc > PAIR_X || (opc == PAIR_SIGNED_W && (out->write || mode == PAIR_NO_ALLOCATE))) {
        return false;
    }
    if (!out->write && out->reg == out->reg2) {
        return false; /* CONSTRAINED UNPREDICTABLE */
    }
    imm *= out->size;
    out->offset = mode == PAIR_POST ? 0 : imm;
    if (mode == PAIR_POST || mode == PAIR_PRE) {
        return set_writeback(out, imm);
    }
    return true;
}

/* Encoding classes: no two overlap; what fits none of them is not emulated. */
static const struct {
    uint32_t mask, match;
    bool (*decode)(uint32_t word, struct insn_a64 *out);
} classes[] = {
    /* clang-format off */
    { UINT32_C(0x3f000000), UINT32_C(0x39000000), decode_unsigned },      /* #imm12 */
    { UINT32_C(0x3f200000), UINT32_C(0x38000000), decode_imm9 },          /* #imm9, LDTR */
    { UINT32_C(0x3f200c00), UINT32_C(0x38200800), decode_register },      /* Rm, extend */
    { UINT32_C(0x3e000000), UINT32_C(0x28000000), decode_pair },          /* pairs */
    { UINT32_C(0x3f000000), UINT32_C(0x18000000), decode_literal },       /* LDR label */
    { UINT32_C(0x3ffffc00), UINT32_C(0x08dffc00), decode_ordered },       /* LDAR */
    { UINT32_C(0x3ffffc00), UINT32_C(0x089ffc00), decode_ordered_store }, /* STLR */
    { UINT32_C(0x3ffffc00), UINT32_C(0x38bfc000), decode_ordered },       /* LDAPR */
    { UINT32_C(0x3f200c00), UINT32_C(0x19000000), decode_rcpc },          /* LDAPUR, STLUR */
    /* clang-format on */
};

bool insn_a64_decode(uint32_t word, struct insn_a64 *out)
{
    *out = (struct insn_a64){ .address = INSN_A64_IMM };
    for (size_t i = 0; i < ARRAY_COUNT(classes); i++) {
        if ((word & classes[i].mask) == classes[i].match) {
            return classes[i].decode(word, out);
        }
    }
    return false;
}

uint64_t insn_a64_target(const struct insn_a64 *insn, uint64_t pc, uint64_t base, uint64_t index)
{
    if (insn->address == INSN_A64_PC) {
        return pc + (uint64_t)insn->offset;
    }
    if (insn->address == INSN_A64_IMM) {
        return base + (uint64_t)insn->offset;
    }
    if (insn->index_bits == 32) {
        index = insn->index_signed ? sign_extend64(index, 32) : (uint32_t)index;
    }
    return base + index * BIT64(insn->index_shift);
}
