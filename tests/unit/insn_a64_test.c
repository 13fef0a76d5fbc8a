/* SPDX-License-Identifier: Apache-2.0 */
/* The A64 load and store decoder against assembled instructions, and over many random words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/field.h"
#include "lib/insn_a64.h"

/* Assembled by clang 14; the fields were written down from the manual. */
static const struct {
    uint32_t word;
    struct insn_a64 want;
} taken[] = {
    /* ldr x3, [x4, #32] */
    { 0xf9401083, { .count = 1, .size = 8, .reg = 3, .wide = true, .base = 4, .offset = 32 } },
    /* ldr w3, [x4, #16380] */
    { 0xb97ffc83, { .count = 1, .size = 4, .reg = 3, .base = 4, .offset = 16380 } },
    /* ldrb w0, [sp, #4095] */
    { 0x397fffe0, { .count = 1, .size = 1, .base = 31, .offset = 4095 } },
    /* ldrh w30, [x29] */
    { 0x794003be, { .count = 1, .size = 2, .reg = 30, .base = 29 } },
    /* ldrsb x1, [x2] */
    { 0x39800041,
      { .count = 1, .size = 1, .reg = 1, .sign_extend = true, .wide = true, .base = 2 } },
    /* ldrsb w1, [x2] */
    { 0x39c00041, { .count = 1, .size = 1, .reg = 1, .sign_extend = true, .base = 2 } },
    /* ldrsh x1, [x2, #2] */
    { 0x79800441,
      { .count = 1,
        .size = 2,
        .reg = 1,
        .sign_extend = true,
        .wide = true,
        .base = 2,
        .offset = 2 } },
    /* ldrsh w1, [x2, #2] */
    { 0x79c00441,
      { .count = 1, .size = 2, .reg = 1, .sign_extend = true, .base = 2, .offset = 2 } },
    /* ldrsw x1, [x2, #4] */
    { 0xb9800441,
      { .count = 1,
        .size = 4,
        .reg = 1,
        .sign_extend = true,
        .wide = true,
        .base = 2,
        .offset = 4 } },
    /* str xzr, [x4, #32760] */
    { 0xf93ffc9f,
      { .count = 1,
        .write = true,
        .size = 8,
        .reg = 31,
        .wide = true,
        .base = 4,
        .offset = 32760 } },
    /* str w7, [sp] */
    { 0xb90003e7, { .count = 1, .write = true, .size = 4, .reg = 7, .base = 31 } },
    /* strb w7, [x8, #1] */
    { 0x39000507, { .count = 1, .write = true, .size = 1, .reg = 7, .base = 8, .offset = 1 } },
    /* strh w7, [x8, #8190] */
    { 0x793ffd07, { .count = 1, .write = true, .size = 2, .reg = 7, .base = 8, .offset = 8190 } },
    /* ldur x1, [x2, #-256] */
    { 0xf8500041, { .count = 1, .size = 8, .reg = 1, .wide = true, .base = 2, .offset = -256 } },
    /* stur w1, [x2, #255] */
    { 0xb80ff041, { .count = 1, .write = true, .size = 4, .reg = 1, .base = 2, .offset = 255 } },
    /* ldursw x1, [x2, #-3] */
    { 0xb89fd041,
      { .count = 1,
        .size = 4,
        .reg = 1,
        .sign_extend = true,
        .wide = true,
        .base = 2,
        .offset = -3 } },
    /* ldr x1, [x2], #-256 */
    { 0xf8500441,
      { .count = 1,
        .size = 8,
        .reg = 1,
        .wide = true,
        .writeback = true,
        .base = 2,
        .amount = -256 } },
    /* ldr w1, [x2, #8]! */
    { 0xb8408c41,
      { .count = 1, .size = 4, .reg = 1, .writeback = true, .base = 2, .amount = 8, .offset = 8 } },
    /* str w1, [sp, #-16]! */
    { 0xb81f0fe1,
      { .count = 1,
        .write = true,
        .size = 4,
        .reg = 1,
        .writeback = true,
        .base = 31,
        .amount = -16,
        .offset = -16 } },
    /* str wzr, [sp], #16 */
    { 0xb80107ff,
      { .count = 1,
        .write = true,
        .size = 4,
        .reg = 31,
        .writeback = true,
        .base = 31,
        .amount = 16 } },
    /* strb w1, [x2], #1 */
    { 0x38001441,
      { .count = 1,
        .write = true,
        .size = 1,
        .reg = 1,
        .writeback = true,
        .base = 2,
        .amount = 1 } },
    /* ldrsh w5, [x6, #-2]! */
    { 0x78dfecc5,
      { .count = 1,
        .size = 2,
        .reg = 5,
        .sign_extend = true,
        .writeback = true,
        .base = 6,
        .amount = -2,
        .offset = -2 } },
    /* ldtr x1, [x2, #-8] */
    { 0xf85f8841, { .count = 1, .size = 8, .reg = 1, .wide = true, .base = 2, .offset = -8 } },
    /* ldtrsb w1, [x2] */
    { 0x38c00841, { .count = 1, .size = 1, .reg = 1, .sign_extend = true, .base = 2 } },
    /* sttrh w1, [x2, #4] */
    { 0x78004841, { .count = 1, .write = true, .size = 2, .reg = 1, .base = 2, .offset = 4 } },
    /* ldr x1, [x2, x3] */
    { 0xf8636841,
      { .count = 1,
        .size = 8,
        .reg = 1,
        .wide = true,
        .base = 2,
        .index = 3,
        .index_bits = 64,
        .address = INSN_A64_REG } },
    /* ldr x1, [x2, x3, lsl #3] */
    { 0xf8637841,
      { .count = 1,
        .size = 8,
        .reg = 1,
        .wide = true,
        .base = 2,
        .index = 3,
        .index_bits = 64,
        .index_shift = 3,
        .address = INSN_A64_REG } },
    /* ldr w1, [x2, w3, uxtw] */
    { 0xb8634841,
      { .count = 1,
        .size = 4,
        .reg = 1,
        .base = 2,
        .index = 3,
        .index_bits = 32,
        .address = INSN_A64_REG } },
    /* str w1, [x2, w3, sxtw #2] */
    { 0xb823d841,
      { .count = 1,
        .write = true,
        .size = 4,
        .reg = 1,
        .base = 2,
        .index = 3,
        .index_bits = 32,
        .index_signed = true,
        .index_shift = 2,
        .address = INSN_A64_REG } },
    /* ldrh w1, [sp, x3, sxtx #1] */
    { 0x7863fbe1,
      { .count = 1,
        .size = 2,
        .reg = 1,
        .base = 31,
        .index = 3,
        .index_bits = 64,
        .index_signed = true,
        .index_shift = 1,
        .address = INSN_A64_REG } },
    /* ldrb w1, [x2, xzr] */
    { 0x387f6841,
      { .count = 1,
        .size = 1,
        .reg = 1,
        .base = 2,
        .index = 31,
        .index_bits = 64,
        .address = INSN_A64_REG } },
    /* ldrsb x9, [x2, w4, sxtw] */
    { 0x38a4c849,
      { .count = 1,
        .size = 1,
        .reg = 9,
        .sign_extend = true,
        .wide = true,
        .base = 2,
        .index = 4,
        .index_bits = 32,
        .index_signed = true,
        .address = INSN_A64_REG } },
    /* ldr w5, .-0x100000 */
    { 0x18800005, { .count = 1, .size = 4, .reg = 5, .offset = -1048576, .address = INSN_A64_PC } },
    /* ldr x5, .+0xffffc */
    { 0x587fffe5,
      { .count = 1,
        .size = 8,
        .reg = 5,
        .wide = true,
        .offset = 1048572,
        .address = INSN_A64_PC } },
    /* ldrsw x5, .+8 */
    { 0x98000045,
      { .count = 1,
        .size = 4,
        .reg = 5,
        .sign_extend = true,
        .wide = true,
        .offset = 8,
        .address = INSN_A64_PC } },
    /* ldp x1, x2, [x3, #-512] */
    { 0xa9600861,
      { .count = 2, .size = 8, .reg = 1, .reg2 = 2, .wide = true, .base = 3, .offset = -512 } },
    /* ldp w1, w2, [x3, #252] */
    { 0x295f8861, { .count = 2, .size = 4, .reg = 1, .reg2 = 2, .base = 3, .offset = 252 } },
    /* stp x1, xzr, [sp, #-16]! */
    { 0xa9bf7fe1,
      { .count = 2,
        .write = true,
        .size = 8,
        .reg = 1,
        .reg2 = 31,
        .wide = true,
        .writeback = true,
        .base = 31,
        .amount = -16,
        .offset = -16 } },
    /* stp w4, w4, [x5], #8 */
    { 0x288110a4,
      { .count = 2,
        .write = true,
        .size = 4,
        .reg = 4,
        .reg2 = 4,
        .writeback = true,
        .base = 5,
        .amount = 8 } },
    /* ldpsw x1, x2, [x3], #-256 */
    { 0x68e00861,
      { .count = 2,
        .size = 4,
        .reg = 1,
        .reg2 = 2,
        .sign_extend = true,
        .wide = true,
        .writeback = true,
        .base = 3,
        .amount = -256 } },
    /* ldpsw x1, x2, [x3, #4] */
    { 0x69408861,
      { .count = 2,
        .size = 4,
        .reg = 1,
        .reg2 = 2,
        .sign_extend = true,
        .wide = true,
        .base = 3,
        .offset = 4 } },
    /* ldnp x1, x2, [x3, #16] */
    { 0xa8410861,
      { .count = 2, .size = 8, .reg = 1, .reg2 = 2, .wide = true, .base = 3, .offset = 16 } },
    /* stnp w1, w2, [x3] */
    { 0x28000861, { .count = 2, .write = true, .size = 4, .reg = 1, .reg2 = 2, .base = 3 } },
    /* ldar x1, [x2] */
    { 0xc8dffc41, { .count = 1, .size = 8, .reg = 1, .wide = true, .base = 2 } },
    /* ldarb w1, [sp] */
    { 0x08dfffe1, { .count = 1, .size = 1, .reg = 1, .base = 31 } },
    /* ldarh w1, [x2] */
    { 0x48dffc41, { .count = 1, .size = 2, .reg = 1, .base = 2 } },
    /* stlr w1, [x2] */
    { 0x889ffc41, { .count = 1, .write = true, .size = 4, .reg = 1, .base = 2 } },
    /* stlrb w1, [x2] */
    { 0x089ffc41, { .count = 1, .write = true, .size = 1, .reg = 1, .base = 2 } },
    /* stlr x1, [x2] */
    { 0xc89ffc41, { .count = 1, .write = true, .size = 8, .reg = 1, .wide = true, .base = 2 } },
    /* ldapr x1, [x2] */
    { 0xf8bfc041, { .count = 1, .size = 8, .reg = 1, .wide = true, .base = 2 } },
    /* ldaprb w1, [x2] */
    { 0x38bfc041, { .count = 1, .size = 1, .reg = 1, .base = 2 } },
    /* ldapur w1, [x2, #-1] */
    { 0x995ff041, { .count = 1, .size = 4, .reg = 1, .base = 2, .offset = -1 } },
    /* ldapursw x1, [x2, #3] */
    { 0x99803041,
      { .count = 1,
        .size = 4,
        .reg = 1,
        .sign_extend = true,
        .wide = true,
        .base = 2,
        .offset = 3 } },
    /* ldapursb w1, [x2] */
    { 0x19c00041, { .count = 1, .size = 1, .reg = 1, .sign_extend = true, .base = 2 } },
    /* stlur x1, [x2, #255] */
    { 0xd90ff041,
      { .count = 1, .write = true, .size = 8, .reg = 1, .wide = true, .base = 2, .offset = 255 } },
    /* prfm pldl1keep, [x1, #8] */
    { 0xf9800420, { .wide = true, .base = 1, .offset = 8 } },
    /* prfum pldl1keep, [x1, #-8] */
    { 0xf89f8020, { .wide = true, .base = 1, .offset = -8 } },
    /* prfm pstl1keep, [x1, x2] */
    { 0xf8a26830,
      { .reg = 16,
        .wide = true,
        .base = 1,
        .index = 2,
        .index_bits = 64,
        .address = INSN_A64_REG } },
    /* prfm pldl1keep, .+16 */
    { 0xd8000080, { .offset = 16, .address = INSN_A64_PC } },
};

static const uint32_t refused[] = {
    0x3dc00020, /* ldr q0, [x1] */
    0xfd000420, /* str d0, [x1, #8] */
    0xbc404420, /* ldr s0, [x1], #4 */
    0x3c626820, /* ldr b0, [x1, x2] */
    0x5c000040, /* ldr d0, .+8 */
    0xad400440, /* ldp q0, q1, [x2] */
    0x6dbf07e0, /* stp d0, d1, [sp, #-16]! */
    0x7c400020, /* ldur h0, [x1] */
    0x4c407000, /* ld1 {v0.16b}, [x0] */
    0x0d000c00, /* st1 {v0.b}[3], [x0] */
    0x885f7c20, /* ldxr w0, [x1] */
    0x88027c20, /* stxr w2, w0, [x1] */
    0xc85ffc20, /* ldaxr x0, [x1] */
    0xc802fc20, /* stlxr w2, x0, [x1] */
    0xc87f0440, /* ldxp x0, x1, [x2] */
    0xc8230440, /* stxp w3, x0, x1, [x2] */
    0x88df7c20, /* ldlar w0, [x1] */
    0x889f7c20, /* stllr w0, [x1] */
    0x88a07c41, /* cas w0, w1, [x2] */
    0xc8e0fc41, /* casal x0, x1, [x2] */
    0x48207c82, /* casp x0, x1, x2, x3, [x4] */
    0xb8200041, /* ldadd w0, w1, [x2] */
    0xf8e01041, /* ldclral x0, x1, [x2] */
    0xb8208041, /* swp w0, w1, [x2] */
    0xb820305f, /* stset w0, [x2] */
    0x38204041, /* ldsmaxb w0, w1, [x2] */
    0xf8200420, /* ldraa x0, [x1] */
    0xf8a01c20, /* ldrab x0, [x1, #8]! */
    0xd9200820, /* stg x0, [x1] */
    0xd9a01c3f, /* st2g sp, [x1, #16]! */
    0xd9600020, /* ldg x0, [x1] */
    0x69000440, /* stgp x0, x1, [x2] */
    0xd9e00020, /* ldgm x0, [x1] */
    0xd50b7420, /* dc zva, x0 */
    0xd50b7e20, /* dc civac, x0 */
    0xd50b7520, /* ic ivau, x0 */
    0xd503201f, /* nop */
    0xd4000001, /* svc #0 */
    0xd4000002, /* hvc #0 */
    0xd5380000, /* mrs x0, midr_el1 */
    0x8b020020, /* add x0, x1, x2 */
    0x14000000, /* b . */
    0xd65f03c0, /* ret */
    0xf83fd100, /* ld64b x0, [x8] */
    0xf83f9100, /* st64b x0, [x8] */
    0x1d010440, /* cpyp [x0]!, [x1]!, x2! */
    0x19c20420, /* setp [x0]!, x1!, x2 */
    0xf8408421, /* ldr x1, [x1], #8: unpredictable */
    0xf8408c21, /* ldr x1, [x1, #8]!: unpredictable */
    0xf8008421, /* str x1, [x1], #8: unpredictable */
    0xa8c10821, /* ldp x1, x2, [x1], #16: unpredictable */
    0xa8c10422, /* ldp x2, x1, [x1], #16: unpredictable */
    0xa8810422, /* stp x2, x1, [x1], #16: unpredictable */
    0xa9400441, /* ldp x1, x1, [x2]: unpredictable */
    0xb9c00000, /* opc 3 of size 2 */
    0xf9c00000, /* opc 3 of size 3 */
    0xf8800400, /* prefetch with post-index */
    0xf8800800, /* prefetch unprivileged */
    0xf8800c00, /* prefetch with pre-index */
    0xf8600800, /* register offset, option 0 */
    0xf860a800, /* register offset, option 5 */
    0xe9400000, /* pair opc 3 */
    0x69000000, /* STPSW */
    0x68400000, /* no-allocate LDPSW */
    0x88c0fc00, /* LDAR, Rs not ones */
    0x88df8000, /* LDAR, Rt2 not ones */
    0xd9800000, /* LDAPUR with opc 2 of size 3 */
};

static void assert_same(const struct insn_a64 *a, const struct insn_a64 *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->write, b->write);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->sign_extend, b->sign_extend);
    assert_int_equal(a->writeback, b->writeback);
    assert_int_equal(a->base, b->base);
    assert_true(a->amount == b->amount);
    assert_int_equal(a->address, b->address);
    assert_true(a->offset == b->offset);
    assert_int_equal(a->index, b->index);
    assert_int_equal(a->index_bits, b->index_bits);
    assert_int_equal(a->index_signed, b->index_signed);
    assert_int_equal(a->index_shift, b->index_shift);
    if (a->count) {
        assert_int_equal(a->reg, b->reg);
        assert_int_equal(a->reg2, b->reg2);
        assert_int_equal(a->wide, b->wide);
    }
}

static void test_assembled_loads_and_stores(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
        struct insn_a64 insn;

        if (!insn_a64_decode(taken[i].word, &insn)) {
            fail_msg("refused %08x", taken[i].word);
        }
        assert_same(&insn, &taken[i].want);
    }
}

static void test_what_is_not_emulated_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        struct insn_a64 insn;

        if (insn_a64_decode(refused[i], &insn)) {
            fail_msg("took %08x", refused[i]);
        }
    }
}

/* DDI 0487, C4.1: loads and stores are x1x0 in bits 28:25; bit 26 there means SIMD and FP. */
FIELD(OP_LOAD_STORE_1, 27, 1);
FIELD(OP_LOAD_STORE_0, 25, 1);
FIELD(OP_SIMD, 26, 1);

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed ^ (*seed >> 15);
}

static void check_invariants(uint32_t word, const struct insn_a64 *insn)
{
    assert_true(get(OP_LOAD_STORE_1, word) && !get(OP_LOAD_STORE_0, word));
    assert_false(get(OP_SIMD, word));
    assert_true(insn->count <= 2);
    assert_true(insn->reg < 32 && insn->reg2 < 32 && insn->base < 32 && insn->index < 32);
    if (insn->count) {
        assert_true(insn->size == 1 || insn->size == 2 || insn->size == 4 || insn->size == 8);
        assert_int_equal(insn->reg, word & 31);
        assert_false(insn->write && insn->sign_extend);
        assert_true(insn->wide || insn->size < 8);
    }
    if (insn->count == 2) {
        assert_true(insn->size >= 4);
        assert_true(insn->write || insn->reg != insn->reg2);
    }
    if (insn->writeback) {
        assert_int_not_equal(insn->count, 0);
        assert_true(insn->amount >= -512 && insn->amount < 512);
        assert_true(insn->base == 31 || insn->base != insn->reg);
        assert_true(insn->base == 31 || insn->count == 1 || insn->base != insn->reg2);
    }
}

static void test_random_words_keep_the_invariants(void **state)
{
    uint32_t seed = 2024, hits = 0;

    (void)state;
    for (unsigned i = 0; i < 4000000; i++) {
        uint32_t word = next_random(&seed);
        struct insn_a64 insn;

        if (insn_a64_decode(word, &insn)) {
            check_invariants(word, &insn);
            hits++;
        }
    }
    assert_true(hits > 100000);
}

static void test_targets(void **state)
{
    const struct insn_a64 imm = { .offset = -8 };
    const struct insn_a64 pc = { .address = INSN_A64_PC, .offset = 16 };
    struct insn_a64 reg = { .address = INSN_A64_REG, .index_bits = 32, .index_shift = 2 };

    (void)state;
    assert_true(insn_a64_target(&imm, 0x100, 0x1000, 5) == 0xff8);
    assert_true(insn_a64_target(&pc, 0x100, 0x1000, 5) == 0x110);
    assert_true(insn_a64_target(&reg, 0, 0x1000, 0xaaaaffffffff) == 0x1000 + 0x3fffffffcull);
    reg.index_signed = true;
    assert_true(insn_a64_target(&reg, 0, 0x1000, 0xaaaaffffffff) == 0xffc);
    reg.index_bits = 64;
    assert_true(insn_a64_target(&reg, 0, 0, 0x4000000000000001) == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assembled_loads_and_stores),
        cmocka_unit_test(test_what_is_not_emulated_is_refused),
        cmocka_unit_test(test_random_words_keep_the_invariants),
        cmocka_unit_test(test_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
