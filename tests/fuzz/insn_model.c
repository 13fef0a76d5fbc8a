/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each instruction of DDI 0487 C6.2 that may be emulated is a row: its name, its bits as the manual
 * prints them, and what it does. Slow; shares nothing with lib/insn_a64.c but struct insn_a64.
 */
#include "tests/fuzz/insn_model.h"

#include <stddef.h>

/*
 * Bits 31..0 as text: 0 and 1 fixed; t, n: Rt, Rn; u: Rt2; m: Rm; i: immediate; o: option;
 * s: S (shift the index). What: l load, s store, p prefetch, then size in bytes, then register
 * width w or x, then + for sign extension. Address: # immediate scaled by size, ~ immediate,
 * < post-index, > pre-index, r register, = literal, 0 base alone.
 */
struct row {
    const char *bits, *what;
    char address;
};

#define IMM12(size, opc, what)                                                                     \
    {                                                                                              \
        size "111001" opc "iiiiiiiiiiiinnnnnttttt", what, '#'                                      \
    }
#define IMM9(size, opc, kind, what, address)                                                       \
    {                                                                                              \
        size "111000" opc "0iiiiiiiii" kind "nnnnnttttt", what, address                            \
    }
#define REG(size, opc, what)                                                                       \
    {                                                                                              \
        size "111000" opc "1mmmmmooos10nnnnnttttt", what, 'r'                                      \
    }
#define RCPC(size, opc, what)                                                                      \
    {                                                                                              \
        size "011001" opc "0iiiiiiiii00nnnnnttttt", what, '~'                                      \
    }
#define PAIR(opc, kind, load, what, address)                                                       \
    {                                                                                              \
        opc "1010" kind load "iiiiiiiuuuuunnnnnttttt", what, address                               \
    }
#define LITERAL(opc, what)                                                                         \
    {                                                                                              \
        opc "011000iiiiiiiiiiiiiiiiiiittttt", what, '='                                            \
    }

/* All forms of one size and opc. */
#define FORMS(size, opc, what)                                                                     \
    IMM12(size, opc, what), IMM9(size, opc, "00", what, '~'), IMM9(size, opc, "01", what, '<'),    \
        IMM9(size, opc, "10", what, '~'), IMM9(size, opc, "11", what, '>'), REG(size, opc, what),  \
        RCPC(size, opc, what)
#define PAIRS(opc, load, what)                                                                     \
    PAIR(opc, "001", load, what, '<'), PAIR(opc, "010", load, what, '#'),                          \
        PAIR(opc, "011", load, what, '>')

static const struct row rows[] = {
    FORMS("00", "00", "s1w"),  /* STRB, STURB, STTRB, STLURB */
    FORMS("00", "01", "l1w"),  /* LDRB ... LDAPURB */
    FORMS("00", "10", "l1x+"), /* LDRSB to X */
    FORMS("00", "11", "l1w+"), /* LDRSB to W */
    FORMS("01", "00", "s2w"),
    FORMS("01", "01", "l2w"),
    FORMS("01", "10", "l2x+"),
    FORMS("01", "11", "l2w+"),
    FORMS("10", "00", "s4w"),
    FORMS("10", "01", "l4w"),
    FORMS("10", "10", "l4x+"), /* LDRSW ... LDAPURSW */
    FORMS("11", "00", "s8x"),
    FORMS("11", "01", "l8x"),
    IMM12("11", "10", "p8"), /* PRFM */
    IMM9("11", "10", "00", "p8", '~'),
    REG("11", "10", "p8"),
    PAIRS("00", "0", "s4w"), /* STP, LDP */
    PAIRS("00", "1", "l4w"),
    PAIRS("01", "1", "l4x+"), /* LDPSW */
    PAIRS("10", "0", "s8x"),
    PAIRS("10", "1", "l8x"),
    PAIR("00", "000", "0", "s4w", '#'), /* STNP, LDNP */
    PAIR("00", "000", "1", "l4w", '#'),
    PAIR("10", "000", "0", "s8x", '#'),
    PAIR("10", "000", "1", "l8x", '#'),
    LITERAL("00", "l4w"),
    LITERAL("01", "l8x"),
    LITERAL("10", "l4x+"),
    LITERAL("11", "p8"),
    { "0000100010011111111111nnnnnttttt", "s1w", '0' }, /* STLRB */
    { "0100100010011111111111nnnnnttttt", "s2w", '0' },
    { "1000100010011111111111nnnnnttttt", "s4w", '0' },
    { "1100100010011111111111nnnnnttttt", "s8x", '0' },
    { "0000100011011111111111nnnnnttttt", "l1w", '0' }, /* LDARB */
    { "0100100011011111111111nnnnnttttt", "l2w", '0' },
    { "1000100011011111111111nnnnnttttt", "l4w", '0' },
    { "1100100011011111111111nnnnnttttt", "l8x", '0' },
    { "0011100010111111110000nnnnnttttt", "l1w", '0' }, /* LDAPRB */
    { "0111100010111111110000nnnnnttttt", "l2w", '0' },
    { "1011100010111111110000nnnnnttttt", "l4w", '0' },
    { "1111100010111111110000nnnnnttttt", "l8x", '0' },
};

static unsigned bit(uint32_t word, int column)
{
    return word >> (31 - column) & 1;
}

static bool matches(const struct row *row, uint32_t word)
{
    for (int i = 0; i < 32; i++) {
        if ((row->bits[i] == '0' && bit(word, i) != 0) ||
            (row->bits[i] == '1' && bit(word, i) != 1)) {
            return false;
        }
    }
    return true;
}

/* The number in the columns of a letter, and how many there are. */
static uint32_t field(const struct row *row, uint32_t word, char letter, int *width)
{
    uint32_t value = 0;

    *width = 0;
    for (int i = 0; i < 32; i++) {
        if (row->bits[i] == letter) {
            value = value * 2 + bit(word, i);
            ++*width;
        }
    }
    return value;
}

static uint8_t number(const struct row *row, uint32_t word, char letter)
{
    int width;

    return (uint8_t)field(row, word, letter, &width);
}

static int64_t immediate(const struct row *row, uint32_t word)
{
    int width;
    int64_t value = field(row, word, 'i', &width);
    int64_t half = width == 0 ? 0 : INT64_C(1) << (width - 1);

    return width == 12 || value < half ? value : value - 2 * half; /* imm12 has no sign */
}

/* Option and S of a register offset: UXTW 2, LSL 3, SXTW 6, SXTX 7. */
static bool set_index(const struct row *row, uint32_t word, struct insn_a64 *out)
{
    uint8_t option = number(row, word, 'o');
    uint8_t size = (uint8_t)(row->what[1] - '0');

    out->address = INSN_A64_REG;
    out->index = number(row, word, 'm');
    out->index_bits = option == 3 || option == 7 ? 64 : 32;
    out->index_signed = option == 6 || option == 7;
    while (number(row, word, 's') != 0 && 1 << out->index_shift < size) {
        out->index_shift++;
    }
    return option == 2 || option == 3 || option == 6 || option == 7;
}

static bool set_address(const struct row *row, uint32_t word, struct insn_a64 *out)
{
    int64_t scale = row->what[1] - '0', imm = immediate(row, word);
    bool is_pair = out->count == 2;

    switch (row->address) {
    case 'r': return set_index(row, word, out);
    case '=':
        out->address = INSN_A64_PC;
        out->base = 0;
        out->offset = imm * 4;
        return true;
    case '<':
    case '>':
        out->writeback = true;
        out->amount = is_pair ? imm * scale : imm;
        out->offset = row->address == '>' ? out->amount : 0;
        return out->base == 31 || (out->base != out->reg && !(is_pair && out->base == out->reg2));
    default: out->offset = row->address == '#' ? imm * scale : imm; return true;
    }
}

static bool apply(const struct row *row, uint32_t word, struct insn_a64 *out)
{
    int pair;

    *out = (struct insn_a64){ .count = 1 };
    out->size = (uint8_t)(row->what[1] - '0');
    out->write = row->what[0] == 's';
    out->wide = row->what[2] == 'x';
    out->sign_extend = row->what[2] != 0 && row->what[3] == '+';
    out->reg = number(row, word, 't');
    out->base = number(row, word, 'n');
    out->reg2 = (uint8_t)field(row, word, 'u', &pair);
    if (pair != 0) {
        out->count = 2;
    }
    if (row->what[0] == 'p') {
        out->count = 0;
    }
    if (out->count == 2 && !out->write && out->reg == out->reg2) {
        return false;
    }
    return set_address(row, word, out);
}

bool insn_model(uint32_t word, struct insn_a64 *out)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (matches(&rows[i], word)) {
            return apply(&rows[i], word, out);
        }
    }
    return false;
}
