/* SPDX-License-Identifier: Apache-2.0 */
/* Fault records of hostile guests: each field that the host relies on, out of range. */
#include "tests/unit/unit.h"

#include "host/arch.h"
#include "host/record.h"

static struct fault_record good(void)
{
    struct fault_record r = {
        .magic = FAULT_MAGIC,
        .version = FAULT_VERSION,
        .size = sizeof(r),
        .arch = FAULT_ARCH_X86_64,
        .class = FAULT_CLASS_MEMORY,
        .reason = FAULT_REASON_NOT_PRESENT,
        .vector = 14,
    };

    return r;
}

static void test_good(void **state)
{
    struct fault_record r = good();

    (void)state;
    assert_true(record_is_valid(&r, &arch_x86_64));
    r.backtrace_count = UINT32_MAX; /* the host's own field */
    r.address = UINT64_MAX;
    assert_true(record_is_valid(&r, &arch_x86_64));
}

#define BAD(field, value)                                                                          \
    do {                                                                                           \
        struct fault_record bad = good();                                                          \
        bad.field = (value);                                                                       \
        assert_false(record_is_valid(&bad, &arch_x86_64));                                         \
    } while (0)

static void test_bad(void **state)
{
    (void)state;
    BAD(magic, 0);
    BAD(version, FAULT_VERSION + 1);
    BAD(size, sizeof(struct fault_record) - 1);
    BAD(arch, FAULT_ARCH_AARCH64);
    BAD(level, FAULT_LEVEL_SUPERVISOR + 1);
    BAD(class, FAULT_CLASS_NONE);
    BAD(class, FAULT_CLASS_COUNT);
    BAD(class, UINT16_MAX);
    BAD(reason, FAULT_REASON_NONE);
    BAD(reason, FAULT_REASON_COUNT);
    BAD(access, FAULT_ACCESS_EXEC + 1);
    BAD(vector, 256);
}

static void test_aarch64(void **state)
{
    struct fault_record r = good();

    (void)state;
    r.arch = FAULT_ARCH_AARCH64;
    r.vector = 0x24;
    assert_true(record_is_valid(&r, &arch_aarch64));
    r.vector = 256;
    assert_false(record_is_valid(&r, &arch_aarch64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_aarch64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
