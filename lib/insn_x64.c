/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths of x86-64 instructions by table; never reads behind the bytes it was given. */
#include "lib/insn_x64.h"

#include <stdbool.h>

#include "lib/field.h"

#define LENGTH_MAX 15u

FIELD(MODRM_RM, 0, 3);
FIELD(MODRM_REG, 3, 3);
FIELD(MODRM_MOD, 6, 2);
FIELD(SIB_BASE, 0, 3);
FIELD(REX_W, 3, 1);
FIELD(REX_FIXED, 4, 4);
FIELD(VEX_MAP, 0, 5);
FIELD(EVEX_MAP, 0, 3);
FIELD(EVEX_ZERO, 3, 1);
FIELD(EVEX_ONE, 2, 1); /* of the byte after */

#define REX_VALUE 4u

#define OP_VEX2 0xc5u
#define OP_VEX3 0xc4u

/*
 * What follows an opcode, one letter each:
 * .  nothing          m  ModRM             r  ModRM that names registers, whatever its mod
 * b  imm8             M  ModRM, imm8       g  ModRM, imm8 when reg is 0 or 1
 * z  imm16 or 32      Z  ModRM, imm16/32   G  ModRM, imm16/32 when reg is 0 or 1
 * w  imm16            e  imm16, imm8       v  imm16, 32 or 64   o  address of 32 or 64 bits
 * j  rel32            q  ModRM whose reg is 0
 * x  no instruction   p  prefix            R  REX   V  VEX or EVEX
 * E  escape to 0f     T  to 0f38           A  to 0f3a
 */
/* clang-format off */
static const char one_byte[] =
    "mmmmbzxxmmmmbzxE" "mmmmbzxxmmmmbzxx" "mmmmbzpxmmmmbzpx" "mmmmbzpxmmmmbzpx"
    "RRRRRRRRRRRRRRRR" "................" "xxVmppppzZbM...." "bbbbbbbbbbbbbbbb"
    "MZxMmmmmmmmmmmmq" "..........x....." "oooo....bz......" "bbbbbbbbvvvvvvvv"
    "MMw.VVMZe.w..bx." "mmmmxxx.mmmmmmmm" "bbbbbbbbjjxb...." "p.pp..gG......mm";

static const char two_bytes[] =
    "mmmmx.....x.xm.M" "mmmmmmmmmmmmmmmm" "rrrrxxxxmmmmmmmm" "......x.TxAxxxxx"
    "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "MMMMmmm.mmxxmmmm"
    "jjjjjjjjjjjjjjjj" "mmmmmmmmmmmmmmmm" "...mMmxx...mMmmm" "mmmmmmmmmmMmmmmm"
    "mmMmMMMm........" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm" "mmmmmmmmmmmmmmmm";
/* clang-format on */

_Static_assert(sizeof(one_byte) == 257 && sizeof(two_bytes) == 257, "256 opcodes each");

struct decoder {
    const uint8_t *bytes;
    size_t count;
    size_t at;
    bool cut; /* more bytes were needed than there are */
    bool operand16, address32, wide, legacy;
};

static uint8_t next(struct decoder *d)
{
    if (d->at >= d->count) {
        d->cut = true;
        return 0;
    }
    return d->bytes[d->at++];
}

static void skip(struct decoder *d, size_t size)
{
    if (size > d->count - d->at) {
        d->cut = true;
    } else {
        d->at += size;
    }
}

/* ModRM with what it asks for; returns its reg field. */
static unsigned modrm(struct decoder *d, bool registers)
{
    uint8_t m = next(d);
    unsigned mod = (unsigned)get(MODRM_MOD, m);
    unsigned base = (unsigned)get(MODRM_RM, m);

    if (!registers && mod != 3) {
        if (base == 4) {
            base = (unsigned)get(SIB_BASE, next(d));
        }
        if (mod == 2 || (mod == 0 && base == 5)) {
            skip(d, 4);
        } else if (mod == 1) {
            skip(d, 1);
        }
    }
    return (unsigned)get(MODRM_REG, m);
}

static size_t imm_size(const struct decoder *d)
{
    return d->operand16 && !d->wide ? 2 : 4;
}

/* Instructions with a group in ModRM's reg. */
static bool group(struct decoder *d, char kind)
{
    unsigned reg = modrm(d, false);

    if (kind == 'q') {
        return reg == 0;
    }
    if (reg <= 1) {
        skip(d, kind == 'g' ? 1 : imm_size(d));
    }
    return true;
}

/* What follows an opcode; false: no instruction. */
static bool operands(struct decoder *d, char kind)
{
    switch (kind) {
    case '.': return true;
    case 'm': (void)modrm(d, false); return true;
    case 'r': (void)modrm(d, true); return true;
    case 'M':
        (void)modrm(d, false);
        skip(d, 1);
        return true;
    case 'Z':
        (void)modrm(d, false);
        skip(d, imm_size(d));
        return true;
    case 'b': skip(d, 1); return true;
    case 'w': skip(d, 2); return true;
    case 'e': skip(d, 3); return true;
    case 'j': skip(d, 4); return true;
    case 'z': skip(d, imm_size(d)); return true;
    case 'v': skip(d, d->wide ? 8 : imm_size(d)); return true;
    case 'o': skip(d, d->address32 ? 4 : 8); return true;
    case 'g':
    case 'G':
    case 'q': return group(d, kind);
    default: return false;
    }
}

/* An opcode in map 1 (0f), 2 (0f38), 3 (0f3a), or 5 and 6 of EVEX. */
static bool vector_opcode(struct decoder *d, unsigned map)
{
    uint8_t op = next(d);

    switch (map) {
    case 1: return two_bytes[op] != 'T' && two_bytes[op] != 'A' && operands(d, two_bytes[op]);
    case 2:
    case 5:
    case 6: return operands(d, 'm');
    case 3: return operands(d, 'M');
    default: return false;
    }
}

/* VEX and EVEX allow none of the prefixes that they hold themselves. */
static bool vector(struct decoder *d, uint8_t op)
{
    uint8_t first = next(d);
    uint8_t second;

    if (d->legacy || op == OP_VEX2) {
        return !d->legacy && vector_opcode(d, 1);
    }
    second = next(d);
    if (op == OP_VEX3) {
        return vector_opcode(d, (unsigned)get(VEX_MAP, first));
    }
    (void)next(d);
    return get(EVEX_ZERO, first) == 0 && get(EVEX_ONE, second) == 1 &&
           vector_opcode(d, (unsigned)get(EVEX_MAP, first));
}

static bool escape(struct decoder *d)
{
    char kind = two_bytes[next(d)];

    if (kind == 'T' || kind == 'A') {
        (void)next(d);
        return operands(d, kind == 'T' ? 'm' : 'M');
    }
    return operands(d, kind);
}

static void prefix(struct decoder *d, uint8_t byte)
{
    switch (byte) {
    case 0x66: d->operand16 = true; break;
    case 0x67: d->address32 = true; break;
    default: break;
    }
    d->legacy = d->legacy || byte == 0x66 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3;
}

/* Passes prefixes, and REX where it counts: directly before the opcode. */
static uint8_t opcode(struct decoder *d)
{
    uint8_t op = next(d);

    while (!d->cut && (one_byte[op] == 'p' || one_byte[op] == 'R')) {
        d->wide = get(REX_FIXED, op) == REX_VALUE && get(REX_W, op) != 0;
        if (one_byte[op] == 'p') {
            prefix(d, op);
        } else if (d->at < d->count && (one_byte[d->bytes[d->at]] == 'V')) {
            d->legacy = true;
        }
        op = next(d);
    }
    return op;
}

unsigned insn_x64_length(const uint8_t *bytes, size_t count)
{
    struct decoder d = { .bytes = bytes, .count = count < LENGTH_MAX ? count : LENGTH_MAX };
    uint8_t op = opcode(&d);
    char kind = one_byte[op];
    bool ok;

    if (kind == 'E') {
        ok = escape(&d);
    } else if (kind == 'V') {
        ok = vector(&d, op);
    } else {
        ok = operands(&d, kind);
    }
    return ok && !d.cut ? (unsigned)d.at : 0;
}
