/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instruction decoder against a second one that is written by instruction: both accept the same
 * words and say the same, and target addresses agree with arithmetic done in another way.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/insn_model.h"

static void check_ranges(const struct insn_a64 *insn)
{
    FUZZ_CHECK(insn->count <= 2 && insn->reg < 32 && insn->reg2 < 32);
    FUZZ_CHECK(insn->base < 32 && insn->index < 32 && insn->index_shift <= 3);
    FUZZ_CHECK(insn->count == 0 || insn->size == 1 || insn->size == 2 || insn->size == 4 ||
               insn->size == 8);
    FUZZ_CHECK(!(insn->write && insn->sign_extend));
    FUZZ_CHECK(insn->writeback || insn->amount == 0);
}

static void check_same(const struct insn_a64 *a, const struct insn_a64 *b)
{
    FUZZ_CHECK(a->count == b->count && a->address == b->address && a->offset == b->offset);
    FUZZ_CHECK(a->reg == b->reg && a->writeback == b->writeback && a->amount == b->amount);
    FUZZ_CHECK(a->address == INSN_A64_PC || a->base == b->base);
    if (a->address == INSN_A64_REG) {
        FUZZ_CHECK(a->index == b->index && a->index_bits == b->index_bits);
        FUZZ_CHECK(a->index_bits == 64 || a->index_signed == b->index_signed);
        FUZZ_CHECK(a->index_shift == b->index_shift);
    }
    if (a->count != 0) {
        FUZZ_CHECK(a->size == b->size && a->write == b->write);
        FUZZ_CHECK(a->wide == b->wide && a->sign_extend == b->sign_extend);
        FUZZ_CHECK(a->count == 1 || a->reg2 == b->reg2);
    }
}

static void check_target(const struct insn_a64 *insn, struct fuzz_in *in)
{
    uint64_t pc = fuzz_word(in), base = fuzz_word(in), index = fuzz_word(in), want;

    switch (insn->address) {
    case INSN_A64_PC: want = pc + (uint64_t)insn->offset; break;
    case INSN_A64_REG:
        if (insn->index_bits == 32) {
            index = insn->index_signed ? (uint64_t)(int64_t)(int32_t)index : (uint32_t)index;
        }
        want = base + (index << insn->index_shift);
        break;
    case INSN_A64_IMM:
    default: want = base + (uint64_t)insn->offset; break;
    }
    FUZZ_CHECK(insn_a64_target(insn, pc, base, fuzz_word(in)) == want ||
               insn->address == INSN_A64_REG);
    if (insn->address == INSN_A64_REG) {
        FUZZ_CHECK(insn_a64_target(insn, pc, base, index) == want);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    while (in.left >= 4) {
        uint32_t word = fuzz_u32(&in);
        struct insn_a64 real, model;
        bool is_known;

        memset(&real, 0xa5, sizeof(real));
        is_known = insn_a64_decode(word, &real);
        FUZZ_CHECK(is_known == insn_model(word, &model));
        if (is_known) {
            check_ranges(&real);
            check_same(&real, &model);
            check_target(&real, &in);
        }
    }
    return 0;
}
