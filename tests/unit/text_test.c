/* SPDX-License-Identifier: Apache-2.0 */
/* Fault records as text: what people look for is there, any bytes and any buffer are survived. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "host/include/vitrine.h"

static struct fault_record overflow(void)
{
    struct fault_record r = {
        .arch = FAULT_ARCH_X86_64,
        .class = FAULT_CLASS_MEMORY,
        .reason = FAULT_REASON_STACK_OVERFLOW,
        .access = FAULT_ACCESS_WRITE,
        .vector = 14,
        .error_code = 6,
        .address = 0xeeff8,
        .pc = 0x201234,
        .instructions = 0x9048,
        .map_name = "stack guard",
        .map_start = 0xe0000,
        .map_size = 0x10000,
        .backtrace_count = 2,
        .backtrace = { 0x20aaaa, 0x20bbbb },
    };

    r.gpr[FAULT_R15] = 0xfeed;
    return r;
}

static void test_says(void **state)
{
    static const char *const parts[] = {
        "memory fault: stack overflow write, vector 14, error code 0x6, in user mode",
        "0xeeff8",
        "stack guard 0xe0000+0x10000 ---",
        "0x201234",
        "48 90 00",
        "0x20aaaa 0x20bbbb",
        "r15 0x000000000000feed",
    };
    struct fault_record r = overflow();
    char text[2048];
    int len = vt_fault_text(&r, text, sizeof(text));

    (void)state;
    assert_int_equal(len, strlen(text));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_non_null(strstr(text, parts[i]));
    }
}

static void test_says_aarch64(void **state)
{
    struct fault_record r = overflow();
    char text[4096];

    (void)state;
    r.arch = FAULT_ARCH_AARCH64;
    r.vector = 0x24;
    r.fp_valid = 1;
    r.fp_status = 0x11;
    r.gpr[31] = 0xbeef;
    (void)vt_fault_text(&r, text, sizeof(text));
    assert_non_null(strstr(text, "vector 36"));
    assert_non_null(strstr(text, "sp  0x000000000000beef\n"));
    assert_non_null(strstr(text, "fpcr 0x0 fpsr 0x11"));
}

/* Each size of buffer, the sanitizer looking: the same length, always ended, cut where it must. */
static void test_sizes(void **state)
{
    struct fault_record r = overflow();
    char whole[2048];
    int len = vt_fault_text(&r, whole, sizeof(whole));

    (void)state;
    assert_int_equal(vt_fault_text(&r, NULL, 0), len);
    for (size_t size = 1; size <= (size_t)len + 1; size++) {
        char *text = malloc(size);

        assert_non_null(text);
        assert_int_equal(vt_fault_text(&r, text, size), len);
        assert_int_equal(strlen(text), size - 1);
        assert_memory_equal(text, whole, size - 1);
        free(text);
    }
}

static void test_hostile(void **state)
{
    struct fault_record r;
    char text[4096];

    (void)state;
    memset(&r, 0xff, sizeof(r));
    assert_in_range(vt_fault_text(&r, text, sizeof(text)), 100, sizeof(text) - 1);
    memset(&r, 'A', sizeof(r)); /* a name without end */
    assert_in_range(vt_fault_text(&r, text, sizeof(text)), 100, sizeof(text) - 1);
    assert_int_equal(vt_fault_text(NULL, text, sizeof(text)), VT_ERR_INVALID);
}

/* The tables have a name for every number (their sizes are checked when they are compiled). */
static void test_names(void **state)
{
    struct fault_record r = overflow();
    char text[2048];

    (void)state;
    for (uint16_t reason = 0; reason < FAULT_REASON_COUNT; reason++) {
        r.reason = reason;
        assert_true(vt_fault_text(&r, text, sizeof(text)) > 0);
        assert_null(strstr(text, "(null)"));
    }
    for (uint16_t class = 0; class < FAULT_CLASS_COUNT; class ++) {
        r.class = class;
        assert_true(vt_fault_text(&r, text, sizeof(text)) > 0);
        assert_null(strstr(text, "(null)"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says),  cmocka_unit_test(test_says_aarch64),
        cmocka_unit_test(test_sizes), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
