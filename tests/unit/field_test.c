/* SPDX-License-Identifier: Apache-2.0 */
/* Tests lib/field.h and lib/addr.h, pure arithmetic that all other parts rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "lib/field.h"

FIELD(LOW, 0, 1);
FIELD(MIDDLE, 26, 6);
FIELD(TOP, 63, 1);
FIELD(WHOLE, 0, 64);

static void test_get_reads_only_the_field(void **state)
{
    (void)state;
    assert_int_equal(get(LOW, UINT64_C(0xfffffffffffffffe)), 0);
    assert_int_equal(get(MIDDLE, UINT64_C(0x92000000)), 0x24);
    assert_int_equal(get(TOP, UINT64_C(1) << 63), 1);
    assert_true(get(WHOLE, UINT64_MAX) == UINT64_MAX);
}

static void test_put_drops_bits_beyond_the_field(void **state)
{
    (void)state;
    assert_true(put(MIDDLE, 0x7f) == UINT64_C(0xfc000000));
    assert_true(put(TOP, 3) == UINT64_C(1) << 63);
    assert_true(put(WHOLE, UINT64_MAX) == UINT64_MAX);
}

static void test_with_keeps_the_rest(void **state)
{
    (void)state;
    assert_true(with(MIDDLE, UINT64_MAX, 0) == ~UINT64_C(0xfc000000));
    assert_true(with(LOW, 0, 1) == 1);
}

static void test_sign_extend(void **state)
{
    (void)state;
    assert_true(sign_extend64(0x100, 9) == UINT64_C(0xffffffffffffff00));
    assert_true(sign_extend64(0x0ff, 9) == 0xff);
    assert_true(sign_extend64(UINT64_MAX, 64) == UINT64_MAX);
}

static void test_ranges_at_the_top_of_memory(void **state)
{
    (void)state;
    assert_false(range_is_valid(0, 0));
    assert_true(range_is_valid(UINT64_MAX, 1));
    assert_false(range_is_valid(UINT64_MAX, 2));
    assert_true(range_is_valid(0, UINT64_MAX));
    assert_true(ranges_overlap(UINT64_MAX, 1, UINT64_MAX - 1, 2));
    assert_false(ranges_overlap(0, SIZE_4K, SIZE_4K, SIZE_4K));
    assert_true(range_contains(0, SIZE_4K, SIZE_4K - 1, 1));
    assert_false(range_contains(0, SIZE_4K, SIZE_4K - 1, 2));
}

static void test_alignment(void **state)
{
    (void)state;
    assert_true(align_down(SIZE_2M + 1, SIZE_2M) == SIZE_2M);
    assert_true(align_up(SIZE_2M + 1, SIZE_2M) == 2 * SIZE_2M);
    assert_true(is_aligned(SIZE_1G, SIZE_2M));
    assert_false(is_aligned(SIZE_4K, SIZE_2M));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_reads_only_the_field),
        cmocka_unit_test(test_put_drops_bits_beyond_the_field),
        cmocka_unit_test(test_with_keeps_the_rest),
        cmocka_unit_test(test_sign_extend),
        cmocka_unit_test(test_ranges_at_the_top_of_memory),
        cmocka_unit_test(test_alignment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
