/* SPDX-License-Identifier: Apache-2.0 */
/* A stack machine for expressions that a debugger's user wrote; it reads its target only. */
#include "gdb/agent.h"

#include <string.h>

#include "gdb/print.h"
#include "lib/field.h"

#define OPCODES    0x35u
#define WORD_BITS  64u
#define BYTE_RANGE 256u

struct machine {
    const struct agent_env *env;
    const uint8_t *code;
    size_t len, pc;
    uint64_t stack[AGENT_STACK];
    unsigned depth;
    uint64_t operand; /* of the instruction */
    bool ended;
};

typedef bool op_fn(struct machine *m);

struct op {
    bool known;
    uint8_t operand;      /* bytes */
    uint8_t pops, pushes; /* words of the stack */
    bool jumps;
    op_fn *fn;
};

static uint64_t *top(struct machine *m, unsigned below)
{
    return &m->stack[m->depth - 1 - below];
}

/* ---- Arithmetic: two operands, the second on top; the result takes the first's place ---- */

static bool op_add(struct machine *m)
{
    *top(m, 1) += *top(m, 0);
    return true;
}

static bool op_sub(struct machine *m)
{
    *top(m, 1) -= *top(m, 0);
    return true;
}

static bool op_mul(struct machine *m)
{
    *top(m, 1) *= *top(m, 0);
    return true;
}

/* The one quotient that does not fit would be a fault of this machine. */
static bool divides_signed(const struct machine *m, int64_t *a, int64_t *b)
{
    *a = (int64_t)m->stack[m->depth - 2];
    *b = (int64_t)m->stack[m->depth - 1];
    return *b != 0 && !(*b == -1 && *a == INT64_MIN);
}

static bool op_div_signed(struct machine *m)
{
    int64_t a, b;
    bool good = divides_signed(m, &a, &b);

    *top(m, 1) = good ? (uint64_t)(a / b) : 0;
    return good;
}

static bool op_rem_signed(struct machine *m)
{
    int64_t a, b;
    bool good = divides_signed(m, &a, &b);

    *top(m, 1) = good ? (uint64_t)(a % b) : 0;
    return good;
}

static bool op_div_unsigned(struct machine *m)
{
    bool good = *top(m, 0) != 0;

    *top(m, 1) = good ? *top(m, 1) / *top(m, 0) : 0;
    return good;
}

static bool op_rem_unsigned(struct machine *m)
{
    bool good = *top(m, 0) != 0;

    *top(m, 1) = good ? *top(m, 1) % *top(m, 0) : 0;
    return good;
}

static bool op_lsh(struct machine *m)
{
    *top(m, 1) = *top(m, 0) < WORD_BITS ? *top(m, 1) << *top(m, 0) : 0;
    return true;
}

static bool op_rsh_unsigned(struct machine *m)
{
    *top(m, 1) = *top(m, 0) < WORD_BITS ? *top(m, 1) >> *top(m, 0) : 0;
    return true;
}

/* Without relying on what C leaves to the compiler. */
static bool op_rsh_signed(struct machine *m)
{
    uint64_t fill = *top(m, 1) > INT64_MAX ? UINT64_MAX : 0;

    *top(m, 1) ^= fill;
    (void)op_rsh_unsigned(m);
    *top(m, 1) ^= fill;
    return true;
}

static bool op_log_not(struct machine *m)
{
    *top(m, 0) = *top(m, 0) == 0;
    return true;
}

static bool op_bit_and(struct machine *m)
{
    *top(m, 1) &= *top(m, 0);
    return true;
}

static bool op_bit_or(struct machine *m)
{
    *top(m, 1) |= *top(m, 0);
    return true;
}

static bool op_bit_xor(struct machine *m)
{
    *top(m, 1) ^= *top(m, 0);
    return true;
}

static bool op_bit_not(struct machine *m)
{
    *top(m, 0) = ~*top(m, 0);
    return true;
}

static bool op_equal(struct machine *m)
{
    *top(m, 1) = *top(m, 1) == *top(m, 0);
    return true;
}

static bool op_less_signed(struct machine *m)
{
    *top(m, 1) = (int64_t)*top(m, 1) < (int64_t)*top(m, 0);
    return true;
}

static bool op_less_unsigned(struct machine *m)
{
    *top(m, 1) = *top(m, 1) < *top(m, 0);
    return true;
}

static bool op_ext(struct machine *m)
{
    if (m->operand != 0 && m->operand < WORD_BITS) {
        *top(m, 0) = sign_extend64(*top(m, 0), (unsigned)m->operand);
    }
    return m->operand != 0;
}

static bool op_zero_ext(struct machine *m)
{
    if (m->operand < WORD_BITS) {
        *top(m, 0) &= BIT64(m->operand) - 1;
    }
    return true;
}

/* ---- Memory and registers ---- */

static bool read_le(struct machine *m, unsigned size)
{
    uint8_t bytes[sizeof(uint64_t)] = { 0 };
    uint64_t value = 0;

    if (m->env->ops->read_mem == NULL ||
        m->env->ops->read_mem(m->env->ctx, *top(m, 0), bytes, size) != size) {
        return false;
    }
    for (unsigned i = size; i > 0; i--) {
        value = value * BYTE_RANGE + bytes[i - 1];
    }
    *top(m, 0) = value;
    return true;
}

static bool op_ref8(struct machine *m)
{
    return read_le(m, sizeof(uint8_t));
}

static bool op_ref16(struct machine *m)
{
    return read_le(m, sizeof(uint16_t));
}

static bool op_ref32(struct machine *m)
{
    return read_le(m, sizeof(uint32_t));
}

static bool op_ref64(struct machine *m)
{
    return read_le(m, sizeof(uint64_t));
}

static bool op_reg(struct machine *m)
{
    const struct dbg_arch *arch = m->env->ops->arch;
    uint8_t bytes[DBG_REG_BYTES_MAX] = { 0 };
    uint64_t value = 0;

    if (m->operand >= arch->reg_count || m->env->ops->read_reg == NULL ||
        !m->env->ops->read_reg(m->env->ctx, m->env->thread, (unsigned)m->operand, bytes)) {
        return false;
    }
    for (unsigned i = sizeof(value); i > 0; i--) {
        value = value * BYTE_RANGE + bytes[i - 1];
    }
    m->stack[m->depth++] = value;
    return true;
}

/* ---- The stack and the way ---- */

static bool op_const(struct machine *m)
{
    m->stack[m->depth++] = m->operand;
    return true;
}

static bool op_dup(struct machine *m)
{
    m->stack[m->depth] = *top(m, 0);
    m->depth++;
    return true;
}

static bool op_pop(struct machine *m)
{
    m->depth--;
    return true;
}

static bool op_swap(struct machine *m)
{
    uint64_t was = *top(m, 0);

    *top(m, 0) = *top(m, 1);
    *top(m, 1) = was;
    return true;
}

static bool op_pick(struct machine *m)
{
    if (m->operand >= m->depth) {
        return false;
    }
    m->stack[m->depth] = *top(m, (unsigned)m->operand);
    m->depth++;
    return true;
}

/* a b c => c a b */
static bool op_rot(struct machine *m)
{
    uint64_t c = *top(m, 0);

    *top(m, 0) = *top(m, 1);
    *top(m, 1) = *top(m, 2);
    *top(m, 2) = c;
    return true;
}

static bool op_goto(struct machine *m)
{
    m->pc = (size_t)m->operand;
    return true;
}

static bool op_if_goto(struct machine *m)
{
    m->depth--;
    if (m->stack[m->depth] != 0) {
        m->pc = (size_t)m->operand;
    }
    return true;
}

static bool op_end(struct machine *m)
{
    m->ended = true;
    return true;
}

/* numargs in the upper byte of the operand, the format's length below; the format follows. */
FIELD(PRINTF_LEN, 0, 16);
FIELD(PRINTF_ARGS, 16, 8);

static bool op_printf(struct machine *m)
{
    size_t len = get(PRINTF_LEN, m->operand);
    unsigned count = (unsigned)get(PRINTF_ARGS, m->operand);
    struct print_args args = { .env = m->env, .count = count };

    if (m->depth < count + 2 || len == 0 || len > m->len - m->pc || m->code[m->pc + len - 1] != 0) {
        return false;
    }
    m->depth -= 2; /* channel and function, of which there are none */
    for (unsigned i = 0; i < count && i < PRINT_ARGS_MAX; i++) {
        args.value[i] = *top(m, i);
    }
    m->depth -= count;
    print_format((const char *)m->code + m->pc, &args);
    m->pc += len;
    return count <= PRINT_ARGS_MAX;
}

/* Opcodes that have no row, and those with known == false, are refused: floating point, tracing. */
static const struct op ops[OPCODES] = {
    [0x02] = { true, 0, 2, 1, .fn = op_add },
    [0x03] = { true, 0, 2, 1, .fn = op_sub },
    [0x04] = { true, 0, 2, 1, .fn = op_mul },
    [0x05] = { true, 0, 2, 1, .fn = op_div_signed },
    [0x06] = { true, 0, 2, 1, .fn = op_div_unsigned },
    [0x07] = { true, 0, 2, 1, .fn = op_rem_signed },
    [0x08] = { true, 0, 2, 1, .fn = op_rem_unsigned },
    [0x09] = { true, 0, 2, 1, .fn = op_lsh },
    [0x0a] = { true, 0, 2, 1, .fn = op_rsh_signed },
    [0x0b] = { true, 0, 2, 1, .fn = op_rsh_unsigned },
    [0x0e] = { true, 0, 1, 1, .fn = op_log_not },
    [0x0f] = { true, 0, 2, 1, .fn = op_bit_and },
    [0x10] = { true, 0, 2, 1, .fn = op_bit_or },
    [0x11] = { true, 0, 2, 1, .fn = op_bit_xor },
    [0x12] = { true, 0, 1, 1, .fn = op_bit_not },
    [0x13] = { true, 0, 2, 1, .fn = op_equal },
    [0x14] = { true, 0, 2, 1, .fn = op_less_signed },
    [0x15] = { true, 0, 2, 1, .fn = op_less_unsigned },
    [0x16] = { true, 1, 1, 1, .fn = op_ext },
    [0x17] = { true, 0, 1, 1, .fn = op_ref8 },
    [0x18] = { true, 0, 1, 1, .fn = op_ref16 },
    [0x19] = { true, 0, 1, 1, .fn = op_ref32 },
    [0x1a] = { true, 0, 1, 1, .fn = op_ref64 },
    [0x20] = { true, 2, 1, 0, .jumps = true, .fn = op_if_goto },
    [0x21] = { true, 2, 0, 0, .jumps = true, .fn = op_goto },
    [0x22] = { true, 1, 0, 1, .fn = op_const },
    [0x23] = { true, 2, 0, 1, .fn = op_const },
    [0x24] = { true, 4, 0, 1, .fn = op_const },
    [0x25] = { true, 8, 0, 1, .fn = op_const },
    [0x26] = { true, 2, 0, 1, .fn = op_reg },
    [0x27] = { true, 0, 0, 0, .fn = op_end },
    [0x28] = { true, 0, 1, 2, .fn = op_dup },
    [0x29] = { true, 0, 1, 0, .fn = op_pop },
    [0x2a] = { true, 1, 1, 1, .fn = op_zero_ext },
    [0x2b] = { true, 0, 2, 2, .fn = op_swap },
    [0x32] = { true, 1, 0, 1, .fn = op_pick },
    [0x33] = { true, 0, 3, 3, .fn = op_rot },
    [0x34] = { true, 3, 2, 0, .fn = op_printf },
};

/* ---- All ---- */

static const struct op *op_at(struct agent_code code, size_t pc)
{
    const struct op *op = code.bytes[pc] < OPCODES ? &ops[code.bytes[pc]] : NULL;

    return op != NULL && op->known && code.len - pc - 1 >= op->operand ? op : NULL;
}

/* Operands have their highest byte first. */
static uint64_t operand_at(const uint8_t *bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        value = value * BYTE_RANGE + bytes[i];
    }
    return value;
}

/* Bytes of the instruction, or 0. */
static size_t length_at(struct agent_code code, size_t pc)
{
    const struct op *op = op_at(code, pc);
    size_t length;

    if (op == NULL) {
        return 0;
    }
    length = 1u + op->operand;
    if (op->fn == op_printf) {
        length += get(PRINTF_LEN, operand_at(code.bytes + pc + 1, op->operand));
    }
    return length <= code.len - pc ? length : 0;
}

bool agent_check(struct agent_code code)
{
    bool begins[AGENT_CODE_MAX] = { false };

    if (code.len == 0 || code.len > AGENT_CODE_MAX) {
        return false;
    }
    for (size_t pc = 0; pc < code.len;) {
        size_t length = length_at(code, pc);

        if (length == 0) {
            return false;
        }
        begins[pc] = true;
        pc += length;
    }
    for (size_t pc = 0; pc < code.len; pc += length_at(code, pc)) {
        const struct op *op = op_at(code, pc);
        uint64_t target = operand_at(code.bytes + pc + 1, op->operand);

        if (op->jumps && (target >= code.len || !begins[target])) {
            return false;
        }
    }
    return true;
}

static bool step(struct machine *m)
{
    const struct agent_code code = { m->code, m->len };
    const struct op *op = m->pc < m->len ? op_at(code, m->pc) : NULL;

    if (op == NULL || m->depth < op->pops || m->depth - op->pops + op->pushes > AGENT_STACK) {
        return false;
    }
    m->operand = operand_at(m->code + m->pc + 1, op->operand);
    m->pc += 1u + op->operand;
    if (!op->fn(m)) {
        return false;
    }
    /* What has two operands leaves its result in the lower one's place. */
    if (op->pops == 2 && op->pushes == 1) {
        m->depth--;
    }
    return true;
}

bool agent_run(struct agent_code code, const struct agent_env *env, uint64_t *result)
{
    struct machine m = { .env = env, .code = code.bytes, .len = code.len };

    for (unsigned n = 0; n < AGENT_STEPS_MAX && !m.ended; n++) {
        if (!step(&m)) {
            return false;
        }
    }
    *result = m.ended && m.depth > 0 ? m.stack[m.depth - 1] : 0;
    return m.ended;
}
