/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and reasons of x86_64's exceptions: every vector, and what refines five of them. */
#include "guest/x86_64/classify.h"

#include <string.h>

#include "abi/fault.h"
#include "lib/field.h"
#include "tests/unit/unit.h"

#define IS(trap_, class_, reason_)                                                                 \
    do {                                                                                           \
        struct x86_kind kind = x86_classify(trap_);                                                \
        assert_int_equal(kind.class, FAULT_CLASS_##class_);                                        \
        assert_int_equal(kind.reason, FAULT_REASON_##reason_);                                     \
    } while (0)

/* What each vector is when nothing else is known. */
static const struct {
    uint16_t class, reason;
} expected[32] = {
    { FAULT_CLASS_ARITHMETIC, FAULT_REASON_DIVIDE },
    { FAULT_CLASS_DEBUG, FAULT_REASON_BREAKPOINT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_NMI },
    { FAULT_CLASS_DEBUG, FAULT_REASON_BREAKPOINT },
    { FAULT_CLASS_ARITHMETIC, FAULT_REASON_OVERFLOW },
    { FAULT_CLASS_ARITHMETIC, FAULT_REASON_BOUND },
    { FAULT_CLASS_ILLEGAL, FAULT_REASON_UNDEFINED },
    { FAULT_CLASS_FLOAT, FAULT_REASON_FP_UNAVAILABLE },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_DOUBLE_FAULT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_SEGMENT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_SEGMENT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_SEGMENT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_PROTECTION },
    { FAULT_CLASS_MEMORY, FAULT_REASON_NOT_PRESENT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_FLOAT, FAULT_REASON_FP_OTHER },
    { FAULT_CLASS_MEMORY, FAULT_REASON_ALIGNMENT },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_MACHINE_CHECK },
    { FAULT_CLASS_FLOAT, FAULT_REASON_FP_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_PROTECTION },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_PROTECTION },
    { FAULT_CLASS_SYSTEM, FAULT_REASON_OTHER },
};

static void test_every_vector(void **state)
{
    (void)state;
    for (uint32_t vector = 0; vector < 256; vector++) {
        struct x86_trap trap = { .vector = vector, .user = true };
        struct x86_kind kind = x86_classify(&trap);

        assert_int_equal(kind.class, vector < 32 ? expected[vector].class : FAULT_CLASS_SYSTEM);
        assert_int_equal(kind.reason,
                         vector < 32 ? expected[vector].reason : FAULT_REASON_INTERRUPT);
        if (x86_plain_kind(vector) != NULL) {
            assert_int_equal(x86_plain_kind(vector)->reason, kind.reason);
        }
        trap.user = false;
        assert_int_equal(x86_classify(&trap).reason, kind.reason);
    }
    assert_int_equal(x86_plain_kind(UINT32_MAX)->reason, FAULT_REASON_INTERRUPT);
    assert_null(x86_plain_kind(14));
}

static void test_page_faults(void **state)
{
    static const struct {
        uint64_t error;
        uint16_t reason, access;
    } rows[] = {
        { 0x00, FAULT_REASON_NOT_PRESENT, FAULT_ACCESS_READ },
        { 0x04, FAULT_REASON_NOT_PRESENT, FAULT_ACCESS_READ },
        { 0x06, FAULT_REASON_NOT_PRESENT, FAULT_ACCESS_WRITE },
        { 0x14, FAULT_REASON_NOT_PRESENT, FAULT_ACCESS_EXEC },
        { 0x01, FAULT_REASON_PERMISSION, FAULT_ACCESS_READ },
        { 0x05, FAULT_REASON_PERMISSION, FAULT_ACCESS_READ },
        { 0x07, FAULT_REASON_PERMISSION, FAULT_ACCESS_WRITE },
        { 0x25, FAULT_REASON_PERMISSION, FAULT_ACCESS_READ }, /* protection key */
        { 0x15, FAULT_REASON_FETCH, FAULT_ACCESS_EXEC },
        { 0x11, FAULT_REASON_FETCH, FAULT_ACCESS_EXEC },
        { 0x09, FAULT_REASON_RESERVED, FAULT_ACCESS_READ },
        { 0x0f, FAULT_REASON_RESERVED, FAULT_ACCESS_WRITE },
        { 0x08, FAULT_REASON_RESERVED, FAULT_ACCESS_READ }, /* as QEMU gives it */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct x86_trap trap = { .vector = 14, .error_code = rows[i].error, .address = 0x5000 };
        struct x86_kind kind = x86_classify(&trap);

        assert_int_equal(kind.class, FAULT_CLASS_MEMORY);
        assert_int_equal(kind.reason, rows[i].reason);
        assert_int_equal(kind.access, rows[i].access);
    }
}

static void test_stack_guard(void **state)
{
    struct x86_trap trap = { .vector = 14, .error_code = 6, .guard_start = 0x5000 };

    (void)state;
    trap.guard_end = 0x7000;
    trap.address = 0x4fff;
    IS(&trap, MEMORY, NOT_PRESENT);
    trap.address = 0x5000;
    IS(&trap, MEMORY, STACK_OVERFLOW);
    trap.address = 0x6fff;
    IS(&trap, MEMORY, STACK_OVERFLOW);
    assert_int_equal(x86_classify(&trap).access, FAULT_ACCESS_WRITE);
    trap.address = 0x7000;
    IS(&trap, MEMORY, NOT_PRESENT);
    trap.address = 0x6000;
    trap.error_code = 7; /* present: not the guard, whatever the address */
    IS(&trap, MEMORY, PERMISSION);
}

static void set_insn(struct x86_trap *trap, const void *bytes, size_t len)
{
    memset(trap->insn, 0, sizeof(trap->insn));
    memcpy(trap->insn, bytes, len);
    trap->insn_len = (uint8_t)len;
}

#define INSN(trap_, text_) set_insn(trap_, text_, sizeof(text_) - 1)

static void test_privileged(void **state)
{
    static const char *const yes[] = {
        "\xf4",         "\xfa",         "\xfb",         "\xe4\x60",     "\xec",
        "\x6c",         "\xf3\x6e",     "\x66\x6d",     "\x0f\x06",     "\x0f\x08",
        "\x0f\x09",     "\x0f\x30",     "\x0f\x32",     "\x0f\x20\xc0", "\x0f\x22\xd8",
        "\x0f\x23\xf8", "\x48\x0f\x07", "\x0f\x01\x16", "\x0f\x01\x1e", "\x0f\x01\x3e",
        "\x0f\x01\xf8", "\x0f\x01\xd1", "\x0f\x01\xf0",
    };
    static const char *const no[] = {
        "\x90",         "\xcf", "\x8e\xd8", "\x0f\x0b", "\x0f\x28\x01", "\x0f\x01\xd0",
        "\x0f\x01\x06", "\x0f", "\x66",     "\x8b\xf4", "\x0f\x01",     "\x41\x0f\x01\xc8",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(yes) + ARRAY_COUNT(no); i++) {
        bool is = i < ARRAY_COUNT(yes);
        const char *insn = is ? yes[i] : no[i - ARRAY_COUNT(yes)];
        struct x86_trap trap = { .vector = 13, .user = true };

        set_insn(&trap, insn, strlen(insn));
        assert_int_equal(x86_classify(&trap).reason,
                         is ? FAULT_REASON_PRIVILEGED : FAULT_REASON_PROTECTION);
        trap.user = false; /* ring 0 may: something else was wrong */
        IS(&trap, SYSTEM, PROTECTION);
    }
}

static void test_privileged_with_zero_bytes(void **state)
{
    struct x86_trap trap = { .vector = 13, .user = true };

    (void)state;
    INSN(&trap, "\x0f\x00\xd0"); /* lldt */
    IS(&trap, ILLEGAL, PRIVILEGED);
    INSN(&trap, "\x0f\x00\xd8"); /* ltr */
    IS(&trap, ILLEGAL, PRIVILEGED);
    INSN(&trap, "\x0f\x00\xc0"); /* sldt */
    IS(&trap, SYSTEM, PROTECTION);
    INSN(&trap, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66");
    IS(&trap, SYSTEM, PROTECTION);
}

static void test_selectors(void **state)
{
    struct x86_trap trap = { .vector = 13, .user = true, .error_code = 0x48 };

    (void)state;
    INSN(&trap, "\xf4");
    IS(&trap, SYSTEM, SEGMENT);
    trap.error_code = 0x80 * 8 + 2; /* int 0x80 */
    IS(&trap, ILLEGAL, PRIVILEGED);
}

static void test_debug(void **state)
{
    struct x86_trap trap = { .vector = 1, .dr6 = 0xffff4ff0 };

    (void)state;
    IS(&trap, DEBUG, STEP);
    trap.dr6 = 0xffff0ff2;
    IS(&trap, DEBUG, HW_BREAKPOINT);
    trap.dr7 = BIT64(20);
    IS(&trap, DEBUG, WATCHPOINT);
    trap.dr6 = 0xffff0ff1;
    IS(&trap, DEBUG, HW_BREAKPOINT);
    trap.dr6 = 0xffff0ff8;
    trap.dr7 = BIT64(29);
    IS(&trap, DEBUG, WATCHPOINT);
    trap.dr6 = 0xffff0ff0;
    IS(&trap, DEBUG, BREAKPOINT);
}

static const uint16_t fp_reasons[] = {
    FAULT_REASON_FP_INVALID,  FAULT_REASON_FP_DENORMAL,  FAULT_REASON_FP_DIVIDE,
    FAULT_REASON_FP_OVERFLOW, FAULT_REASON_FP_UNDERFLOW, FAULT_REASON_FP_INEXACT,
};

static void test_floating_point(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(fp_reasons); i++) {
        uint32_t masks = 0x3f & ~BIT32(i);
        struct x86_trap simd = { .vector = 19, .mxcsr = 0x3f | masks << 7 };
        struct x86_trap x87 = { .vector = 16, .fcw = (uint16_t)(0x340 | masks), .fsw = 0xbf };

        assert_int_equal(x86_classify(&simd).reason, fp_reasons[i]);
        assert_int_equal(x86_classify(&simd).class, FAULT_CLASS_FLOAT);
        assert_int_equal(x86_classify(&x87).reason, fp_reasons[i]);
        x87.fsw |= 0x40;
        assert_int_equal(x86_classify(&x87).reason, i == 0 ? FAULT_REASON_FP_STACK : fp_reasons[i]);
        simd.mxcsr |= 0x1f80;
        assert_int_equal(x86_classify(&simd).reason, FAULT_REASON_FP_OTHER);
        x87.fcw |= 0x3f;
        assert_int_equal(x86_classify(&x87).reason, FAULT_REASON_FP_OTHER);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_vector),
        cmocka_unit_test(test_page_faults),
        cmocka_unit_test(test_stack_guard),
        cmocka_unit_test(test_privileged),
        cmocka_unit_test(test_privileged_with_zero_bytes),
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_debug),
        cmocka_unit_test(test_floating_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
