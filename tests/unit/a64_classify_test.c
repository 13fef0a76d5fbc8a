/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and reasons of aarch64's exceptions: every EC, every fault status code. */
#include "guest/aarch64/classify.h"

#include "abi/fault.h"
#include "lib/field.h"
#include "tests/unit/unit.h"

FIELD(ESR_EC, 26, 6);

static struct a64_kind of(uint64_t ec, uint64_t iss)
{
    return a64_classify(put(ESR_EC, ec) | iss, false);
}

static void test_every_class(void **state)
{
    (void)state;
    for (uint64_t ec = 0; ec < 64; ec++) {
        for (uint64_t iss = 0; iss < 0x1000; iss++) {
            struct a64_kind kind = of(ec, iss);

            assert_true(kind.class > FAULT_CLASS_NONE && kind.class < FAULT_CLASS_COUNT);
            assert_true(kind.reason > FAULT_REASON_NONE && kind.reason < FAULT_REASON_COUNT);
            assert_true(kind.access <= FAULT_ACCESS_EXEC);
        }
        assert_int_equal(a64_vector(put(ESR_EC, ec) | BIT64(25) | 7), ec);
    }
    assert_int_equal(of(0x3f, 0).reason, FAULT_REASON_OTHER);
    assert_int_equal(of(0x15, 0).class, FAULT_CLASS_SYSTEM);
    assert_int_equal(of(0x3c, 1).reason, FAULT_REASON_BREAKPOINT);
    assert_int_equal(of(0x18, 1).reason, FAULT_REASON_PRIVILEGED);
    assert_int_equal(of(0, 0).class, FAULT_CLASS_ILLEGAL);
}

static void test_aborts(void **state)
{
    enum { WRITE = 0x40, CACHE = 0x100, NO_FAR = 0x400 };

    (void)state;
    for (uint64_t level = 0; level < 4; level++) {
        assert_int_equal(of(0x25, 0x04 | level).reason, FAULT_REASON_NOT_PRESENT);
        assert_int_equal(of(0x25, 0x0c | level).reason, FAULT_REASON_PERMISSION);
        assert_int_equal(of(0x21, 0x0c | level).reason, FAULT_REASON_FETCH);
        assert_int_equal(of(0x21, 0x04 | level).reason, FAULT_REASON_NOT_PRESENT);
        assert_int_equal(of(0x24, 0x00 | level).reason, FAULT_REASON_RESERVED);
    }
    assert_int_equal(of(0x25, 0x10).reason, FAULT_REASON_NO_MEMORY);
    assert_int_equal(of(0x25, 0x21).reason, FAULT_REASON_ALIGNMENT);
    assert_int_equal(of(0x25, 0x3f).reason, FAULT_REASON_OTHER);
    assert_int_equal(of(0x25, 5).access, FAULT_ACCESS_READ);
    assert_int_equal(of(0x25, 5 | WRITE).access, FAULT_ACCESS_WRITE);
    assert_int_equal(of(0x25, 5 | WRITE | CACHE).access, FAULT_ACCESS_READ);
    assert_int_equal(of(0x21, 5).access, FAULT_ACCESS_EXEC);
    assert_true(of(0x25, 5).has_address);
    assert_false(of(0x25, 0x10 | NO_FAR).has_address);
    assert_false(of(0, 0).has_address);
    assert_true(of(0x22, 0).has_address);
    assert_int_equal(of(0x35, WRITE).access, FAULT_ACCESS_WRITE);
}

static void test_guard(void **state)
{
    uint64_t esr = put(ESR_EC, 0x25);

    (void)state;
    assert_int_equal(a64_classify(esr | 7, true).reason, FAULT_REASON_STACK_OVERFLOW);
    assert_int_equal(a64_classify(esr | 0xf, true).reason, FAULT_REASON_PERMISSION);
}

static void test_floating_point(void **state)
{
    enum { VALID = 1 << 23 };

    (void)state;
    assert_int_equal(of(0x07, 0).reason, FAULT_REASON_FP_UNAVAILABLE);
    assert_int_equal(of(0x2c, 2).reason, FAULT_REASON_FP_OTHER);
    assert_int_equal(of(0x2c, VALID | 2).reason, FAULT_REASON_FP_DIVIDE);
    assert_int_equal(of(0x2c, VALID | 0x9f).reason, FAULT_REASON_FP_INVALID);
    assert_int_equal(of(0x2c, VALID | 0x14).reason, FAULT_REASON_FP_OVERFLOW);
    assert_int_equal(of(0x2c, VALID | 0x80).reason, FAULT_REASON_FP_DENORMAL);
}

static void test_privileged(void **state)
{
    static const uint32_t privileged[] = {
        0xd538c000, /* mrs x0, vbar_el1 */
        0xd518c000, /* msr vbar_el1, x0 */
        0xd508871f, /* tlbi vmalle1 */
        0xd4000002, /* hvc #0 */
        0xd4024683, /* smc #0x1234 */
        0xd69f03e0, /* eret */
        0xd69f0bff, /* eretaa */
    };
    static const uint32_t others[] = {
        0x00000000, /* udf #0 */
        0xd53bd040, /* mrs x0, tpidr_el0 */
        0xd4000001, /* svc #0 */
        0xd4200020, /* brk #1 */
        0xd65f03c0, /* ret */
        0xffffffff,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(privileged); i++) {
        assert_true(a64_is_privileged(privileged[i]));
    }
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        assert_false(a64_is_privileged(others[i]));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class), cmocka_unit_test(test_aborts),
        cmocka_unit_test(test_guard),       cmocka_unit_test(test_floating_point),
        cmocka_unit_test(test_privileged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
