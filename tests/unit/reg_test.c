/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up and access rules of the register table, on a small table of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

static bool plus_one(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    access->value = (access->write ? access->value : row->value) + 1;
    return true;
}

const struct reg_row arch_regs[] = {
    { .enc = 2, .last = 2, .kind = REG_RAZ_WI },
    { .enc = 4, .last = 7, .kind = REG_RO, .value = 44 },
    { .enc = 8, .last = 8, .kind = REG_RO, .value = 88, .fn = plus_one },
    { .enc = 9, .last = 9, .kind = REG_RW, .slot = 3, .mask = 0xf0 },
    { .enc = 20, .last = 20, .kind = REG_FN, .value = 7, .fn = plus_one },
    { .enc = 30, .last = 40, .kind = REG_UNDEF },
};
const size_t arch_reg_count = ARRAY_COUNT(arch_regs);

static struct vcpu vcpu;

static void test_find_all(void **state)
{
    (void)state;
    for (size_t count = 0; count <= arch_reg_count; count++) {
        for (uint32_t enc = 0; enc < 64; enc++) {
            const struct reg_row *want = NULL;

            for (size_t i = 0; i < count; i++) {
                if (enc >= arch_regs[i].enc && enc <= arch_regs[i].last) {
                    want = &arch_regs[i];
                }
            }
            assert_ptr_equal(reg_find(arch_regs, count, enc), want);
        }
    }
}

static bool rd(uint32_t enc, uint64_t *value)
{
    struct reg_access access = { .enc = enc };
    bool done = reg_access(&vcpu, &access);

    *value = access.value;
    return done;
}

static bool wr(uint32_t enc, uint64_t value)
{
    struct reg_access access = { .enc = enc, .write = true, .value = value };

    return reg_access(&vcpu, &access);
}

static void test_kinds(void **state)
{
    uint64_t value;

    (void)state;
    assert_true(rd(2, &value) && value == 0);
    assert_true(wr(2, 1));
    assert_true(rd(6, &value) && value == 44);
    assert_false(wr(6, 1));
    assert_true(rd(8, &value) && value == 89);
    assert_false(wr(8, 1));
    vcpu.arch.shadow[3] = 0x105;
    assert_true(wr(9, UINT64_MAX));
    assert_true(rd(9, &value) && value == 0x1f5);
    assert_true(wr(9, 0));
    assert_true(rd(9, &value) && value == 0x105);
    assert_true(rd(20, &value) && value == 8);
    assert_true(wr(20, 1));
    assert_false(rd(35, &value));
    assert_false(wr(35, 0));
}

static void test_unknown_is_undefined(void **state)
{
    uint64_t value;

    (void)state;
    assert_false(rd(3, &value));
    assert_false(wr(3, 0));
    assert_false(rd(UINT32_MAX, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_all),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_unknown_is_undefined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
