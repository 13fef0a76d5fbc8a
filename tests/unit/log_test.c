/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/core/log.c: line building, levels, overflow of the ring, the budget of a guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console_double.h"
#include "hyp/core/console.h"
#include "hyp/core/log.h"

static unsigned kicks;

void console_kick(struct zone *zone)
{
    assert_null(zone);
    kicks++;
}

/* vuart.c is linked for console_double.c only. */
void console_flush(struct zone *zone)
{
    (void)zone;
}

bool console_has_focus(const struct zone *zone)
{
    (void)zone;
    return false;
}

static char text[2 * LOG_RING];

static const char *taken(void)
{
    uint32_t used = 0;
    uint32_t count;

    do {
        count = log_take((uint8_t *)text + used, 100);
        used += count;
    } while (count > 0);
    text[used] = 0;
    return text;
}

static int setup(void **state)
{
    (void)state;
    double_reset();
    log_set_level(LOG_INFO);
    (void)taken();
    kicks = 0;
    return 0;
}

static void test_build_each_kind(void **state)
{
    char buf[LOG_LINE_MAX];
    const struct log_arg args[] = { LOG_HEX("h", UINT64_MAX),
                                    LOG_HEX("z", 0),
                                    LOG_DEC("d", UINT64_MAX),
                                    LOG_STR("s", "abc"),
                                    LOG_STR("", "bare"),
                                    LOG_STR("n", NULL),
                                    LOG_END };
    size_t used = log_build(buf, sizeof(buf), "text", args);

    (void)state;
    assert_string_equal(buf,
                        "text h=0xffffffffffffffff z=0x0 d=18446744073709551615 s=abc bare n=-");
    assert_int_equal(used, strlen(buf));
}

static void test_build_cuts_at_every_size(void **state)
{
    const struct log_arg args[] = { LOG_HEX("value", 0x1234), LOG_STR("s", "abc"), LOG_END };
    static const char whole[] = "text value=0x1234 s=abc";

    (void)state;
    for (size_t size = 1; size <= sizeof(whole); size++) {
        char buf[sizeof(whole) + 1];

        memset(buf, 'x', sizeof(buf));
        assert_int_equal(log_build(buf, size, "text", args), size - 1);
        assert_memory_equal(buf, whole, size - 1);
        assert_int_equal(buf[size - 1], 0);
        assert_int_equal(buf[size], 'x');
    }
}

static void test_build_stops_at_max_args(void **state)
{
    char buf[LOG_LINE_MAX];
    struct log_arg args[LOG_MAX_ARGS + 2];

    (void)state;
    for (size_t i = 0; i < LOG_MAX_ARGS + 2; i++) {
        args[i] = LOG_DEC("", i);
    }
    (void)log_build(buf, sizeof(buf), "t", args);
    assert_string_equal(buf, "t 0 1 2 3 4 5 6 7 8 9 10 11");
}

static void test_build_tames_control_characters(void **state)
{
    char buf[LOG_LINE_MAX];
    const struct log_arg args[] = { LOG_STR("s", "a\033[2J\n\xff"), LOG_END };

    (void)state;
    (void)log_build(buf, sizeof(buf), "t", args);
    assert_string_equal(buf, "t s=a?[2J??");
}

static void test_line_has_time_and_level(void **state)
{
    (void)state;
    machine.now = 1 * RATE + 234567;
    LOG(LOG_WARN, "unknown register", LOG_HEX("enc", 0x1f));
    assert_string_equal(taken(), "[    1.234567] W unknown register enc=0x1f\n");
    assert_int_equal(kicks, 1);
}

static void test_time_of_extreme_rates(void **state)
{
    (void)state;
    machine.rate = 0;
    LOG0(LOG_ERROR, "no rate");
    assert_non_null(strstr(taken(), "] E no rate\n"));
    machine.rate = UINT64_C(1000000000);
    machine.now = UINT64_C(123456789) * machine.rate + 999999999;
    LOG0(LOG_ERROR, "x");
    assert_string_equal(taken(), "[123456789.999999] E x\n");
}

static void test_levels(void **state)
{
    (void)state;
    for (unsigned set = 0; set < LOG_LEVEL_COUNT; set++) {
        log_set_level((enum log_level)set);
        assert_int_equal(log_get_level(), set);
        for (unsigned at = 0; at < LOG_LEVEL_COUNT; at++) {
            LOG0((enum log_level)at, "x");
            assert_int_equal(taken()[0] != 0, at <= set);
        }
        assert_true(strlen(log_level_name((enum log_level)set)) > 1);
    }
    LOG0(LOG_LEVEL_COUNT, "no such level");
    assert_string_equal(taken(), "");
    log_set_level((enum log_level)77);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_set_level(LOG_ERROR);
    LOG_SAY("input:", LOG_STR("", "linux1"));
    assert_string_equal(taken(), "input: linux1\n");
}

static void test_overflow_is_counted_and_told(void **state)
{
    unsigned lines = 0;
    const char *at;

    (void)state;
    /* Lines of 32 bytes with their newline fill the ring exactly. */
    for (unsigned i = 0; i < LOG_RING / 32 + 7; i++) {
        LOG_SAY0("0123456789012345678901234567890");
    }
    for (at = taken(); *at == '0'; at += 32) {
        lines++;
    }
    assert_int_equal(lines, LOG_RING / 32);
    assert_int_equal(*at, 0);
    LOG_SAY0("again");
    assert_string_equal(taken(), "lines of this log were lost here count=7\nagain\n");
    LOG_SAY0("once");
    assert_string_equal(taken(), "once\n");
}

static void test_take_ends_at_a_newline(void **state)
{
    uint8_t buf[64];

    (void)state;
    LOG_SAY0("one");
    LOG_SAY0("two");
    assert_int_equal(log_take(buf, 2), 2);
    assert_int_equal(log_take(buf, sizeof(buf)), 2);
    assert_int_equal(log_take(buf, sizeof(buf)), 4);
    assert_memory_equal(buf, "two\n", 4);
    assert_int_equal(log_take(buf, sizeof(buf)), 0);
}

static void test_crash_take_needs_no_lock(void **state)
{
    uint8_t buf[4];

    (void)state;
    LOG_SAY0("abcdef");
    assert_int_equal(log_crash_take(buf, sizeof(buf)), 4);
    assert_memory_equal(buf, "abcd", 4);
    assert_string_equal(taken(), "ef\n");
}

static unsigned allowed_of(struct vcpu *vcpu, unsigned tries)
{
    unsigned allowed = 0;

    for (unsigned i = 0; i < tries; i++) {
        allowed += log_guest(vcpu);
    }
    return allowed;
}

static void test_guest_budget(void **state)
{
    struct vcpu vcpu = { .zone = &zones[1], .id = 3 };

    (void)state;
    machine.now = 100 * machine.rate;
    assert_int_equal(allowed_of(&vcpu, 1000), LOG_GUEST_BUDGET - 1);
    assert_non_null(strstr(taken(), "W too many messages: some are dropped zone=linux1 "));
    assert_int_equal(kicks, 1);
    /* Only time fills it again. */
    machine.now += LOG_GUEST_SECONDS * machine.rate - 1;
    assert_int_equal(allowed_of(&vcpu, 1000), 0);
    machine.now += 1;
    assert_int_equal(allowed_of(&vcpu, 1000), LOG_GUEST_BUDGET - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_build_each_kind, setup),
        cmocka_unit_test_setup(test_build_cuts_at_every_size, setup),
        cmocka_unit_test_setup(test_build_stops_at_max_args, setup),
        cmocka_unit_test_setup(test_build_tames_control_characters, setup),
        cmocka_unit_test_setup(test_line_has_time_and_level, setup),
        cmocka_unit_test_setup(test_time_of_extreme_rates, setup),
        cmocka_unit_test_setup(test_levels, setup),
        cmocka_unit_test_setup(test_overflow_is_counted_and_told, setup),
        cmocka_unit_test_setup(test_take_ends_at_a_newline, setup),
        cmocka_unit_test_setup(test_crash_take_needs_no_lock, setup),
        cmocka_unit_test_setup(test_guest_budget, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
