/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests the console as a whole (console.c, console_cmd.c with the real log, vuart and uart): lines
 * of several zones on one UART, floods, a slow UART, input, commands, the crash path.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console_double.h"
#include "hyp/core/console.h"
#include "hyp/core/console_cmd.h"
#include "hyp/core/log.h"
#include "hyp/core/pl011.h"

#define HYP "\033[1m[hyp]\033[0m "
#define Z0  "\033[32m[linux0]\033[0m "
#define Z1  "\033[36m[linux1]\033[0m "

static bool tx_interrupt_wanted(void)
{
    return (wire_reg(PL011_IMSC) & PL011_INT_TX) != 0;
}

/* Serves the console's interrupt as long as the UART raises it for transmission. */
static unsigned serve(unsigned room, unsigned most)
{
    unsigned count = 0;

    while (tx_interrupt_wanted() && count < most) {
        wire_room(room);
        console_interrupt();
        count++;
    }
    return count;
}

static int setup(void **state)
{
    static char rest[64];

    (void)state;
    while (log_crash_take((uint8_t *)rest, sizeof(rest)) > 0) {
    }
    double_reset();
    log_set_level(LOG_INFO);
    vuart_init(&zones[0]);
    vuart_init(&zones[1]);
    console_init(&pcpus[0], UART_BASE);
    serve(UINT32_MAX, 10);
    wire_clear();
    return 0;
}

static void type(const char *keys)
{
    wire_type(keys, strlen(keys));
    console_interrupt();
    serve(UINT32_MAX, 100);
}

static const char *said(const char *keys)
{
    wire_clear();
    type(keys);
    return wire.out;
}

/* ---- output ---- */

static void test_early_log_comes_out_at_init(void **state)
{
    (void)state;
    assert_int_equal(machine.pirq, UART_INTID);
    LOG_SAY0("hello");
    assert_string_equal(wire.out, HYP "hello\r\n");
    assert_false(tx_interrupt_wanted());
}

static void test_lines_of_zones_do_not_mix(void **state)
{
    static const char one[] = "line of zero\n", two[] = "line of one!\n";

    (void)state;
    for (unsigned i = 0; one[i] != 0; i++) {
        char a[2] = { one[i], 0 }, b[2] = { two[i], 0 };

        guest_puts(&zones[0], a);
        guest_puts(&zones[1], b);
    }
    assert_string_equal(wire.out, Z0 "line of zero\r\n" Z1 "line of one!\r\n");
}

static void test_prompt_appears_after_the_alarm(void **state)
{
    (void)state;
    guest_puts(&zones[0], "login: ");
    guest_puts(&zones[1], "silent: ");
    assert_string_equal(wire.out, "");
    machine.now = machine.alarm;
    vuart_alarm(&zones[0]);
    vuart_alarm(&zones[1]);
    assert_string_equal(wire.out, Z0 "login: ");
    guest_puts(&zones[1], "x\n");
    assert_string_equal(wire.out, Z0 "login: \r\n" Z1 "silent: x\r\n");
    guest_puts(&zones[0], "root\n");
    assert_string_equal(wire.out, Z0 "login: \r\n" Z1 "silent: x\r\n" Z0 "root\r\n");
}

static void test_long_line_stays_whole(void **state)
{
    char text[1001];

    (void)state;
    memset(text, 'x', sizeof(text) - 2);
    text[999] = '\n';
    text[1000] = 0;
    guest_puts(&zones[1], text);
    serve(UINT32_MAX, 100);
    assert_int_equal(wire.out_used, strlen(Z1) + 1001);
}

static void test_slow_uart_continues_by_interrupt(void **state)
{
    unsigned interrupts;

    (void)state;
    wire_room(0);
    guest_puts(&zones[0], "zero zero zero zero\n");
    guest_puts(&zones[1], "one one one one one\n");
    LOG_SAY0("hyp");
    assert_string_equal(wire.out, "");
    assert_true(tx_interrupt_wanted());
    interrupts = serve(4, 1000);
    assert_in_range(interrupts, 20, 40);
    assert_non_null(strstr(wire.out, Z0 "zero zero zero zero\r\n"));
    assert_non_null(strstr(wire.out, Z1 "one one one one one\r\n"));
    assert_non_null(strstr(wire.out, HYP "hyp\r\n"));
    assert_false(tx_interrupt_wanted());
}

static void test_interrupt_work_is_bounded(void **state)
{
    (void)state;
    wire_room(0);
    for (unsigned i = 0; i < 60; i++) {
        guest_puts(&zones[1], "flood flood flood flood flood flood flood\n");
    }
    wire_room(UINT32_MAX);
    console_interrupt();
    /* A quarter of the visit's budget, and the chunk that overran it, with prefixes. */
    assert_in_range(wire.out_used, 1, 512);
    assert_true(tx_interrupt_wanted());
    serve(UINT32_MAX, 100);
    assert_false(tx_interrupt_wanted());
}

/* zone `flooder` has filled its ring; the other zone and the log have a line each. */
static void flood_against(uint32_t flooder, const char *important)
{
    wire_clear();
    wire_room(0);
    for (unsigned i = 0; i < 95; i++) {
        guest_puts(&zones[flooder], "flood flood flood flood flood flood flood\n");
    }
    guest_puts(&zones[1 - flooder], "important\n");
    LOG_SAY0("log");
    serve(16, 40); /* 640 bytes: the flood has 95 lines of 65 */
    assert_non_null(strstr(wire.out, important));
    assert_non_null(strstr(wire.out, HYP "log\r\n"));
    serve(16, 10000);
}

static void test_flood_of_one_leaves_room_for_others(void **state)
{
    (void)state;
    flood_against(1, Z0 "important\r\n");
    flood_against(0, Z1 "important\r\n");
}

static void test_incomplete_line_waits_for_its_end(void **state)
{
    (void)state;
    wire_room(0);
    guest_puts(&zones[1], "one\ntwo, and");
    serve(UINT32_MAX, 100);
    assert_string_equal(wire.out, Z1 "one\r\n");
    guest_puts(&zones[1], " three\n");
    assert_string_equal(wire.out, Z1 "one\r\n" Z1 "two, and three\r\n");
}

static void test_flood_without_newline_is_cut_in_turn(void **state)
{
    const char *at;

    (void)state;
    wire_room(0);
    for (unsigned i = 0; i < 3000; i++) {
        guest_puts(&zones[1], "x");
    }
    guest_puts(&zones[0], "important\n");
    serve(16, 10000);
    at = strstr(wire.out, Z0 "important\r\n");
    assert_non_null(at);
    assert_true(at - wire.out < 800);
}

static void kick_of_another_cpu(void)
{
    guest_puts(&zones[1], "two\n"); /* finds the console taken */
}

static void test_kick_between_last_look_and_unlock(void **state)
{
    (void)state;
    wire_room(3);
    guest_puts(&zones[0], "one\n");
    assert_true(tx_interrupt_wanted());
    wire_room(UINT32_MAX);
    wire.on_mask = kick_of_another_cpu; /* work is done, the interrupt is being masked */
    console_interrupt();
    assert_string_equal(wire.out, Z0 "one\r\n" Z1 "two\r\n");
}

/* Three CPUs at once: when all are done, either everything is out or the interrupt will do it. */
#define STRESS_LINES 300u

static _Atomic unsigned stress_done;

static void *stress_zone(void *arg)
{
    static const char text[] = "a line of some length\n";

    for (unsigned i = 0; i < STRESS_LINES; i++) {
        for (const char *at = text; *at != 0; at++) {
            while (guest_rd(arg, PL011_FR) & PL011_FR_TXFF) {
            }
            guest_wr(arg, PL011_DR, (uint8_t)*at);
        }
    }
    atomic_fetch_add(&stress_done, 1);
    return NULL;
}

static void *stress_log(void *arg)
{
    for (unsigned i = 0; i < STRESS_LINES; i++) {
        LOG_SAY0("from the log");
    }
    atomic_fetch_add(&stress_done, 1);
    return arg;
}

static unsigned occurrences(const char *text)
{
    unsigned count = 0;

    for (const char *at = strstr(wire.out, text); at; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

static void test_no_line_is_lost_between_cpus(void **state)
{
    pthread_t threads[3];

    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        wire_clear();
        wire_room(UINT32_MAX);
        atomic_store(&stress_done, 0);
        assert_int_equal(pthread_create(&threads[0], NULL, stress_zone, &zones[0]), 0);
        assert_int_equal(pthread_create(&threads[1], NULL, stress_zone, &zones[1]), 0);
        assert_int_equal(pthread_create(&threads[2], NULL, stress_log, NULL), 0);
        while (atomic_load(&stress_done) < 3) {
            if (tx_interrupt_wanted()) {
                console_interrupt(); /* the console's CPU */
            }
        }
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        }
        serve(UINT32_MAX, 1000);
        assert_int_equal(occurrences(Z0 "a line of some length\r\n"), STRESS_LINES);
        assert_int_equal(occurrences(Z1 "a line of some length\r\n"), STRESS_LINES);
        assert_int_equal(occurrences(HYP "from the log\r\n"), STRESS_LINES);
        machine.now += 2 * RATE; /* the zones' tokens come back */
    }
}

static void test_without_uart_rings_run_dry(void **state)
{
    (void)state;
    console_init(&pcpus[0], 0);
    for (unsigned i = 0; i < 1000; i++) {
        guest_puts(&zones[0], "nobody listens\n");
        LOG_SAY0("nor here");
    }
    assert_int_equal(zones[0].vuart.dropped, 0);
    assert_string_equal(wire.out, "");
    assert_string_equal(said("\001z"), "");
}

static void test_finish_is_bounded(void **state)
{
    (void)state;
    wire_room(0);
    LOG_SAY0("last words");
    wire_room(UINT32_MAX);
    console_finish();
    assert_string_equal(wire.out, HYP "last words\r\n");
}

/* ---- input and commands ---- */

static void test_focus_is_zone0_and_input_goes_there(void **state)
{
    (void)state;
    assert_true(console_has_focus(&zones[0]));
    type("ls\x03\r");
    assert_int_equal(guest_rd(&zones[0], PL011_DR), 'l');
    assert_int_equal(guest_rd(&zones[0], PL011_DR), 's');
    assert_int_equal(guest_rd(&zones[0], PL011_DR), 3);
    assert_int_equal(guest_rd(&zones[0], PL011_DR), '\r');
    assert_int_equal(guest_rd(&zones[1], PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE);
}

static void test_focus_changes(void **state)
{
    (void)state;
    guest_puts(&zones[1], "login: ");
    assert_string_equal(said("\0012x"), HYP "input: linux1\r\n" Z1 "login: ");
    assert_true(console_has_focus(&zones[1]));
    assert_false(console_has_focus(&zones[0]));
    assert_int_equal(guest_rd(&zones[1], PL011_DR), 'x');
    assert_non_null(strstr(said("\0010y"), "input: hyp"));
    assert_false(console_has_focus(&zones[1]));
    assert_int_equal(guest_rd(&zones[1], PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE);
    assert_non_null(strstr(said("\0013y"), "input: tick (has no console here)"));
    assert_non_null(strstr(said("\0019"), "no zone with this number"));
    assert_non_null(strstr(said("\0011"), "input: linux0\r\n"));
}

static void test_exits_of_each_vcpu(void **state)
{
    const char *out;

    (void)state;
    zones[0].vcpus[0].exits[EXITS_READ] = 12;
    zones[1].vcpus[0].exits[EXITS_OTHER] = UINT64_MAX;
    out = said("\001t");
    assert_non_null(strstr(out,
                           HYP "exits zone=linux0 vcpu=0 hvc=0 smc=0 reg=0 read=12 write=0 irq=0 "
                               "wait=0 fault=0 other=0\r\n"));
    assert_non_null(strstr(out, "exits zone=linux1 vcpu=0 hvc=0"));
    assert_non_null(strstr(out, "other=18446744073709551615\r\n"));
}

static void test_literal_escape(void **state)
{
    (void)state;
    type("\001ab");
    assert_int_equal(guest_rd(&zones[0], PL011_DR), 1);
    assert_int_equal(guest_rd(&zones[0], PL011_DR), 'b');
}

static void test_help_names_every_command_and_zone(void **state)
{
    const char *out = said("\001?");

    (void)state;
    for (size_t i = 0; i < console_cmd_count; i++) {
        assert_non_null(strstr(out, console_cmds[i].help));
    }
    for (unsigned i = 0; i < ZONES; i++) {
        assert_non_null(strstr(out, the_plan->zone[i].name));
    }
    assert_non_null(strstr(out, "input: linux0"));
    assert_null(strstr(out, "lost"));
}

static void test_status(void **state)
{
    const char *out;

    (void)state;
    zones[1].starts = 7;
    zones[1].vuart.dropped = 42;
    machine.state[2] = ZONE_OFF;
    out = said("\001z");
    assert_non_null(strstr(out, "zone 2 linux1 running last-stop=none starts=7 cpus-on=0 cpus=1 "
                                "dropped=42"));
    assert_non_null(strstr(out, "zone 3 tick off"));
}

static void test_log_level_cycles(void **state)
{
    (void)state;
    assert_non_null(strstr(said("\001l"), "log level: debug"));
    assert_non_null(strstr(said("\001l"), "log level: error"));
    assert_non_null(strstr(said("\001l"), "log level: warning"));
    assert_non_null(strstr(said("\001l"), "log level: info"));
}

static void test_reset_stop_start(void **state)
{
    (void)state;
    type("\0012\001r");
    assert_ptr_equal(machine.stopped, &zones[1]);
    assert_int_equal(machine.stop_reason, STOP_RESET);
    type("\001k");
    assert_int_equal(machine.stop_reason, STOP_OPERATOR);
    machine.stopped = NULL;
    machine.state[1] = ZONE_OFF;
    assert_non_null(strstr(said("\001k"), "zone is off"));
    assert_non_null(strstr(said("\001r"), "zone is off"));
    assert_null(machine.stopped);
    assert_non_null(strstr(said("\001s"), "start zone=linux1"));
    assert_ptr_equal(machine.started, &zones[1]);
    machine.start_answer = ERR_BUSY;
    assert_non_null(strstr(said("\001s"), "not off"));
    type("\0010");
    machine.started = NULL;
    assert_non_null(strstr(said("\001s"), "no zone is chosen"));
    assert_non_null(strstr(said("\001r"), "no zone is chosen"));
    assert_null(machine.started);
}

static void test_power_off(void **state)
{
    (void)state;
    assert_non_null(strstr(said("\001x"), "power off"));
    assert_int_equal(machine.offs, 1);
}

static void test_unknown_command(void **state)
{
    (void)state;
    assert_non_null(strstr(said("\001q"), "no such command"));
    assert_non_null(strstr(said("\001\xff"), "no such command"));
    assert_int_equal(guest_rd(&zones[0], PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE);
}

static void test_input_flood_is_told_once(void **state)
{
    char keys[50];

    (void)state;
    memset(keys, 'k', sizeof(keys));
    for (unsigned i = 0; i < 20; i++) {
        wire_type(keys, sizeof(keys));
        console_interrupt();
    }
    assert_int_equal(zones[0].vuart.overruns, 20 * sizeof(keys) - VUART_RX_SIZE);
    assert_non_null(strstr(wire.out, "input is dropped"));
    assert_null(strstr(strstr(wire.out, "input is dropped") + 1, "input is dropped"));
}

static void test_command_table(void **state)
{
    bool seen[256] = { false };

    (void)state;
    for (size_t i = 0; i < console_cmd_count; i++) {
        const struct console_cmd *cmd = &console_cmds[i];

        assert_true(cmd->first <= cmd->last);
        assert_non_null(cmd->fn);
        assert_int_equal(cmd->keys[0], cmd->first);
        assert_true(strlen(cmd->help) > 0);
        for (int key = cmd->first; key <= cmd->last; key++) {
            assert_false(seen[key]);
            seen[key] = true;
        }
    }
    for (const char *key = "?0123456789aklrstxz"; *key != 0; key++) {
        assert_true(seen[(unsigned char)*key]);
    }
}

/* ---- crash: the last test, since a crash is for good ---- */

static void test_crash_takes_the_uart(void **state)
{
    size_t used;

    (void)state;
    wire_room(7);
    guest_puts(&zones[0], "half\n"); /* stops inside a line */
    LOG_SAY0("logged before");
    wire_room(UINT32_MAX);
    console_crash_begin();
    console_crash_puts("crash: ");
    console_crash_puts("x0 = 1\nx1 = 2\n");
    assert_string_equal(wire.out, Z0 "half\r\n" HYP "logged before\r\n" HYP "crash: x0 = 1\r\n" HYP
                                     "x1 = 2\r\n");
    used = wire.out_used;
    console_crash_begin();
    guest_puts(&zones[0], "a zone still runs\n");
    LOG_SAY0("and logs");
    console_interrupt();
    assert_int_equal(wire.out_used, used);
    wire_room(0);
    console_crash_puts("a UART that is stuck does not hang the crash path\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_early_log_comes_out_at_init, setup),
        cmocka_unit_test_setup(test_lines_of_zones_do_not_mix, setup),
        cmocka_unit_test_setup(test_prompt_appears_after_the_alarm, setup),
        cmocka_unit_test_setup(test_long_line_stays_whole, setup),
        cmocka_unit_test_setup(test_slow_uart_continues_by_interrupt, setup),
        cmocka_unit_test_setup(test_interrupt_work_is_bounded, setup),
        cmocka_unit_test_setup(test_flood_of_one_leaves_room_for_others, setup),
        cmocka_unit_test_setup(test_flood_without_newline_is_cut_in_turn, setup),
        cmocka_unit_test_setup(test_incomplete_line_waits_for_its_end, setup),
        cmocka_unit_test_setup(test_kick_between_last_look_and_unlock, setup),
        cmocka_unit_test_setup(test_no_line_is_lost_between_cpus, setup),
        cmocka_unit_test_setup(test_without_uart_rings_run_dry, setup),
        cmocka_unit_test_setup(test_finish_is_bounded, setup),
        cmocka_unit_test_setup(test_focus_is_zone0_and_input_goes_there, setup),
        cmocka_unit_test_setup(test_focus_changes, setup),
        cmocka_unit_test_setup(test_exits_of_each_vcpu, setup),
        cmocka_unit_test_setup(test_literal_escape, setup),
        cmocka_unit_test_setup(test_help_names_every_command_and_zone, setup),
        cmocka_unit_test_setup(test_status, setup),
        cmocka_unit_test_setup(test_log_level_cycles, setup),
        cmocka_unit_test_setup(test_reset_stop_start, setup),
        cmocka_unit_test_setup(test_power_off, setup),
        cmocka_unit_test_setup(test_unknown_command, setup),
        cmocka_unit_test_setup(test_input_flood_is_told_once, setup),
        cmocka_unit_test_setup(test_command_table, setup),
        cmocka_unit_test_setup(test_crash_takes_the_uart, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
