/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/core/vuart.c: each register, FIFOs, interrupts, the rate limit, flow control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console_double.h"
#include "hyp/core/console.h"
#include "hyp/core/log.h"
#include "hyp/core/pl011.h"
#include "hyp/core/vuart.h"

static unsigned kicks, flushes;
static bool focus;

void console_kick(struct zone *zone)
{
    assert_non_null(zone);
    kicks++;
}

void console_flush(struct zone *zone)
{
    assert_non_null(zone);
    flushes++;
}

bool console_has_focus(const struct zone *zone)
{
    (void)zone;
    return focus;
}

static struct zone *zone;

static int setup(void **state)
{
    (void)state;
    double_reset();
    zone = &zones[0];
    vuart_init(zone);
    focus = false;
    kicks = 0;
    flushes = 0;
    return 0;
}

static uint32_t take(uint8_t *buf, uint32_t max, bool partial)
{
    const struct vuart_taking taking = { buf, max, partial };

    return vuart_take(zone, &taking);
}

static void drain_all(void)
{
    uint8_t buf[256];

    while (take(buf, sizeof(buf), true) > 0) {
    }
}

static const struct vuart_row *row(const char *name)
{
    for (size_t i = 0; i < vuart_row_count; i++) {
        if (strcmp(vuart_rows[i].name, name) == 0) {
            return &vuart_rows[i];
        }
    }
    fail_msg("no row %s", name);
    return NULL;
}

/* ---- the table ---- */

static void test_table_is_complete(void **state)
{
    bool slots[VUART_SLOT_COUNT] = { false };

    (void)state;
    for (size_t i = 0; i < vuart_row_count; i++) {
        const struct vuart_row *r = &vuart_rows[i];

        assert_true(i == 0 || vuart_rows[i - 1].offset < r->offset);
        assert_int_equal(r->offset % 4, 0);
        assert_true(r->offset < VUART_SIZE);
        assert_true(r->slot <= VUART_SLOT_COUNT);
        if (r->slot != VUART_NO_SLOT) {
            assert_false(slots[r->slot]);
            slots[r->slot] = true;
        }
        assert_int_equal(r->reset & ~r->readable, 0);
        /* What can be written has somewhere to go. */
        assert_true(r->writable == 0 || r->write || r->slot != VUART_NO_SLOT);
    }
    for (size_t i = 0; i < VUART_SLOT_COUNT; i++) {
        assert_true(slots[i]);
    }
}

static void test_reset_values(void **state)
{
    static const struct {
        unsigned offset;
        uint32_t value;
    } expected[] = {
        { 0x000, 0 },    { 0x004, 0 },    { 0x018, 0x97 },  { 0x020, 0 },    { 0x024, 0 },
        { 0x028, 0 },    { 0x02c, 0 },    { 0x030, 0x301 }, { 0x034, 0x12 }, { 0x038, 0 },
        { 0x03c, 0 },    { 0x040, 0 },    { 0x044, 0 },     { 0x048, 0 },    { 0xfe0, 0x11 },
        { 0xfe4, 0x10 }, { 0xfe8, 0x34 }, { 0xfec, 0 },     { 0xff0, 0x0d }, { 0xff4, 0xf0 },
        { 0xff8, 0x05 }, { 0xffc, 0xb1 },
    };

    (void)state;
    assert_int_equal(sizeof(expected) / sizeof(expected[0]), vuart_row_count);
    for (size_t i = 0; i < vuart_row_count; i++) {
        assert_int_equal(expected[i].offset, vuart_rows[i].offset);
        assert_int_equal(guest_rd(zone, expected[i].offset), expected[i].value);
    }
}

static void test_masks_of_stored_registers(void **state)
{
    static const struct {
        const char *name;
        uint32_t mask;
    } stored[] = {
        { "ILPR", 0xff }, { "IBRD", 0xffff }, { "FBRD", 0x3f },  { "LCR_H", 0xfe },
        { "CR", 0xff01 }, { "IFLS", 0x3f },   { "IMSC", 0x7ff }, { "DMACR", 0x7 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
        unsigned offset = row(stored[i].name)->offset;

        guest_wr(zone, offset, UINT32_MAX);
        assert_int_equal(guest_rd(zone, offset), stored[i].mask);
        guest_wr(zone, offset, 0);
        assert_int_equal(guest_rd(zone, offset), 0);
    }
    vuart_reset(zone);
    test_reset_values(state);
}

static void test_read_only_and_unlisted(void **state)
{
    static const unsigned fixed[] = { PL011_FR, PL011_RIS, PL011_MIS, PL011_ID, 0xffc };

    (void)state;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        uint32_t before = guest_rd(zone, fixed[i]);

        guest_wr(zone, fixed[i], UINT32_MAX);
        assert_int_equal(guest_rd(zone, fixed[i]), before);
    }
    for (unsigned offset = 0; offset < VUART_SIZE; offset++) {
        bool listed = false;

        for (size_t i = 0; i < vuart_row_count; i++) {
            listed = listed || vuart_rows[i].offset == offset;
        }
        if (!listed) {
            guest_wr(zone, offset, UINT32_MAX);
            assert_int_equal(guest_rd(zone, offset), 0);
        }
    }
    test_reset_values(state);
}

static void test_access_widths(void **state)
{
    static const struct {
        uint8_t size;
        bool taken;
        uint64_t value;
    } widths[] = { { 1, true, 0x34 }, { 2, true, 0x1234 }, { 4, true, 0x1234 }, { 8, false, 0 } };

    (void)state;
    guest_wr(zone, PL011_IBRD, 0x1234);
    for (size_t i = 0; i < 4; i++) {
        struct mmio_access access = { .offset = PL011_IBRD, .size = widths[i].size };

        assert_int_equal(vuart_access(&zone->vcpus[0], &access), widths[i].taken);
        assert_int_equal(access.value, widths[i].value);
        access.write = true;
        access.value = 0x1234;
        assert_int_equal(vuart_access(&zone->vcpus[0], &access), widths[i].taken);
    }
}

static void test_only_emulated_consoles_are_registered(void **state)
{
    (void)state;
    assert_int_equal(zone->dev_count, 1);
    assert_int_equal(zone->dev[0].gpa, zone->plan->vuart_gpa);
    assert_int_equal(zone->dev[0].size, VUART_SIZE);
    vuart_init(&zones[2]);
    assert_int_equal(zones[2].dev_count, 0);
    vuart_reset(&zones[2]);
    vuart_alarm(&zones[2]);
}

/* ---- receiving ---- */

static void test_receive_and_flags(void **state)
{
    (void)state;
    assert_true(vuart_receive(zone, 'a'));
    assert_true(vuart_receive(zone, 'b'));
    assert_int_equal(guest_rd(zone, PL011_FR) & PL011_FR_RXFE, 0);
    assert_int_equal(guest_rd(zone, PL011_DR), 'a');
    assert_int_equal(guest_rd(zone, PL011_DR), 'b');
    assert_int_equal(guest_rd(zone, PL011_FR) & PL011_FR_RXFE, PL011_FR_RXFE);
    assert_int_equal(guest_rd(zone, PL011_DR), 0);
}

static void test_receive_interrupt_line(void **state)
{
    (void)state;
    assert_true(vuart_receive(zone, 'a'));
    assert_int_equal(machine.line_changes, 0); /* masked */
    guest_wr(zone, PL011_IMSC, PL011_INT_RT);
    assert_true(machine.line[0]);
    assert_int_equal(machine.line_intid, zone->plan->vuart_intid);
    assert_int_equal(machine.line_changes, 1);
    assert_int_equal(guest_rd(zone, PL011_MIS), PL011_INT_RT);
    assert_true(vuart_receive(zone, 'b'));
    assert_int_equal(machine.line_changes, 1); /* told only when it changes */
    guest_wr(zone, PL011_ICR, PL011_INT_RT);
    assert_true(machine.line[0]); /* a level: bytes are still there */
    (void)guest_rd(zone, PL011_DR);
    (void)guest_rd(zone, PL011_DR);
    assert_false(machine.line[0]);
    assert_int_equal(machine.line_changes, 2);
}

static void test_receive_trigger_levels(void **state)
{
    static const uint8_t levels[8] = { 4, 8, 16, 24, 28, 1, 1, 1 };

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        vuart_reset(zone);
        guest_wr(zone, PL011_IFLS, i * 8);
        guest_wr(zone, PL011_LCR_H, 0x70);
        for (unsigned n = 1; n <= 32; n++) {
            assert_true(vuart_receive(zone, 'x'));
            assert_int_equal((guest_rd(zone, PL011_RIS) & PL011_INT_RX) != 0, n >= levels[i]);
        }
    }
    vuart_reset(zone); /* FIFO off: each byte */
    assert_true(vuart_receive(zone, 'x'));
    assert_int_equal(guest_rd(zone, PL011_RIS), PL011_INT_RX | PL011_INT_RT);
}

static void test_receive_overrun(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VUART_RX_SIZE; i++) {
        assert_true(vuart_receive(zone, (uint8_t)i));
    }
    assert_int_equal(guest_rd(zone, PL011_FR) & PL011_FR_RXFF, PL011_FR_RXFF);
    assert_int_equal(guest_rd(zone, PL011_RSR), 0);
    assert_false(vuart_receive(zone, 'x'));
    assert_int_equal(zone->vuart.overruns, 1);
    assert_int_equal(guest_rd(zone, PL011_RSR), PL011_RSR_OE);
    assert_int_equal(guest_rd(zone, PL011_RIS) & PL011_INT_OE, PL011_INT_OE);
    assert_int_equal(guest_rd(zone, PL011_DR), PL011_DR_OE | 0);
    assert_int_equal(guest_rd(zone, PL011_DR), 1);
    guest_wr(zone, PL011_RSR, 0);
    assert_int_equal(guest_rd(zone, PL011_RSR), 0);
    guest_wr(zone, PL011_ICR, PL011_INT_OE);
    assert_int_equal(guest_rd(zone, PL011_RIS) & PL011_INT_OE, 0);
}

/* ---- transmitting ---- */

static void test_transmit_takes_whole_lines(void **state)
{
    uint8_t buf[64];

    (void)state;
    guest_puts(zone, "one\ntwo\nthr");
    assert_int_equal(kicks, 2);
    assert_int_equal(take(buf, sizeof(buf), false), 4);
    assert_memory_equal(buf, "one\n", 4);
    assert_int_equal(take(buf, sizeof(buf), false), 4);
    assert_int_equal(take(buf, sizeof(buf), false), 0);
    assert_int_equal(take(buf, sizeof(buf), true), 3);
    assert_memory_equal(buf, "thr", 3);
    assert_int_equal(take(buf, sizeof(buf), false), 0);
    guest_puts(zone, "ee\n");
    assert_int_equal(take(buf, 2, false), 2);
    assert_int_equal(take(buf, 2, false), 1);
}

static void test_transmit_long_line_goes_at_half(void **state)
{
    uint8_t buf[64];

    (void)state;
    for (unsigned i = 0; i < VUART_TX_SIZE / 2 - 1; i++) {
        guest_wr(zone, PL011_DR, 'x');
    }
    assert_int_equal(kicks, 0);
    assert_int_equal(take(buf, sizeof(buf), false), 0);
    guest_wr(zone, PL011_DR, 'x');
    assert_int_equal(kicks, 1);
    assert_int_equal(take(buf, sizeof(buf), false), sizeof(buf));
}

static void test_incomplete_line_of_focus_is_flushed(void **state)
{
    (void)state;
    guest_puts(zone, "login: ");
    assert_true(machine.alarm == UINT64_MAX);
    focus = true;
    guest_puts(zone, "x");
    assert_true(machine.alarm == machine.now + RATE / VUART_FLUSH_PART);
    machine.now += 5;
    guest_puts(zone, "y"); /* counts from the first byte */
    machine.now = machine.alarm - 1;
    vuart_alarm(zone);
    assert_int_equal(flushes, 0);
    machine.now = machine.alarm;
    vuart_alarm(zone);
    assert_int_equal(flushes, 1);
    assert_true(machine.alarm == UINT64_MAX);
    assert_true(pcpus[0].alarm_vuart == UINT64_MAX);
    guest_puts(zone, "z\n"); /* complete: the alarm finds nothing to do */
    machine.now += RATE;
    vuart_alarm(zone);
    assert_int_equal(flushes, 1);
}

static void test_full_ring_is_flow_control(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VUART_TX_SIZE; i++) {
        assert_int_equal(guest_rd(zone, PL011_FR) & PL011_FR_TXFF, 0);
        guest_wr(zone, PL011_DR, 'x');
    }
    assert_int_equal(guest_rd(zone, PL011_FR) & PL011_FR_TXFF, PL011_FR_TXFF);
    assert_int_equal(zone->vuart.dropped, 0);
    guest_wr(zone, PL011_DR, 'x');
    assert_int_equal(zone->vuart.dropped, 1);
    guest_wr(zone, PL011_IMSC, PL011_INT_TX);
    assert_false(machine.line[0]);
    drain_all();
    assert_true(machine.line[0]); /* room: the transition raises it */
    assert_int_equal(guest_rd(zone, PL011_FR) & (PL011_FR_TXFF | PL011_FR_TXFE), PL011_FR_TXFE);
}

static void test_transmit_interrupt_like_hardware(void **state)
{
    (void)state;
    guest_wr(zone, PL011_IMSC, PL011_INT_TX);
    assert_false(machine.line[0]); /* nothing sent yet, DDI 0183 2.8.2 */
    guest_wr(zone, PL011_DR, 'x');
    assert_true(machine.line[0]);
    guest_wr(zone, PL011_ICR, PL011_INT_TX);
    assert_false(machine.line[0]);
    guest_wr(zone, PL011_DR, 'x');
    assert_true(machine.line[0]);
    guest_wr(zone, PL011_IMSC, 0);
    assert_false(machine.line[0]);
}

/* Linux writes half a FIFO per interrupt without looking at FR. */
static void test_transmit_interrupt_promises_a_fifo(void **state)
{
    (void)state;
    guest_wr(zone, PL011_IMSC, PL011_INT_TX);
    for (unsigned i = 0; i < 200000; i++) {
        if (i % 1000 == 0) {
            drain_all();
            machine.now += RATE / 1000;
            vuart_alarm(zone);
        }
        for (unsigned n = 0; machine.line[0] && n < PL011_FIFO_DEPTH / 2; n++) {
            guest_wr(zone, PL011_DR, 'x');
        }
        if (i == 0) {
            guest_wr(zone, PL011_DR, 'x'); /* start */
        }
    }
    assert_int_equal(zone->vuart.dropped, 0);
}

static void test_disabled_uart_does_not_transmit(void **state)
{
    static const uint32_t off[] = { 0, PL011_CR_UARTEN, PL011_CR_TXE };
    uint8_t buf[8];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        guest_wr(zone, PL011_CR, off[i]);
        guest_puts(zone, "x\n");
        assert_int_equal(take(buf, sizeof(buf), true), 0);
        assert_int_equal(zone->vuart.dropped, 2 * (i + 1));
    }
}

/* ---- the rate limit ---- */

/* Sends as an obedient guest for `seconds`, a thousand looks a second. Returns the bytes sent. */
static uint32_t send_for(unsigned seconds)
{
    uint32_t sent = 0;

    for (unsigned i = 0; i < seconds * 1000; i++) {
        machine.now += RATE / 1000;
        while (!(guest_rd(zone, PL011_FR) & PL011_FR_TXFF)) {
            guest_wr(zone, PL011_DR, 'x');
            sent++;
            drain_all();
        }
    }
    return sent;
}

static void test_rate_over_time(void **state)
{
    uint32_t sent;

    (void)state;
    sent = send_for(4);
    assert_in_range(sent, VUART_BURST + 4 * VUART_RATE - 1024, VUART_BURST + 4 * VUART_RATE);
    assert_int_equal(zone->vuart.dropped, 0);
    machine.now += 100 * RATE; /* idle: never more than the burst comes back */
    sent = send_for(1);
    assert_in_range(sent, VUART_BURST + VUART_RATE - 1024, VUART_BURST + VUART_RATE + 64);
}

static void test_rate_with_awkward_clocks(void **state)
{
    static const uint64_t rates[] = { 1, 32767, 62500000, 1000000000 };

    (void)state;
    for (unsigned r = 0; r < 4; r++) {
        uint32_t sent = 0;

        (void)setup(NULL);
        machine.rate = rates[r];
        machine.now = 0;
        zone->vuart.tokens = 0;
        zone->vuart.tokens_at = 0;
        for (unsigned i = 0; i < 1000; i++) {
            machine.now = rates[r] * (i + 1) / 1000;
            while (!(guest_rd(zone, PL011_FR) & PL011_FR_TXFF)) {
                guest_wr(zone, PL011_DR, 'x');
                sent++;
                drain_all();
            }
        }
        assert_in_range(sent, VUART_RATE - 1024, VUART_RATE);
    }
    machine.rate = 0;
    machine.now += 1;
    (void)guest_rd(zone, PL011_FR); /* no division by it */
}

static void test_flood_drops_its_own_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VUART_BURST + 100; i++) {
        guest_wr(zone, PL011_DR, 'x'); /* time stands still */
        drain_all();
    }
    assert_int_equal(zone->vuart.dropped, 100);
}

static void test_alarm_returns_the_transmit_interrupt(void **state)
{
    uint64_t waited;

    (void)state;
    guest_wr(zone, PL011_IMSC, PL011_INT_TX);
    for (unsigned i = 0; i < VUART_BURST; i++) {
        guest_wr(zone, PL011_DR, 'x');
        drain_all();
    }
    assert_false(machine.line[0]);
    assert_true(machine.alarm < UINT64_MAX);
    waited = machine.alarm - machine.now;
    assert_in_range(waited, RATE * (VUART_RESUME - 64) / VUART_RATE,
                    RATE * VUART_RESUME / VUART_RATE + 1);
    machine.now += waited / 2;
    vuart_alarm(zone); /* early: armed anew */
    assert_false(machine.line[0]);
    assert_true(machine.alarm < UINT64_MAX);
    machine.now = machine.alarm;
    vuart_alarm(zone);
    assert_true(machine.line[0]);
    assert_true(machine.alarm == UINT64_MAX);
    assert_true(zone->vuart.tokens >= VUART_RESUME);
}

static void test_clock_of_another_cpu_behind(void **state)
{
    (void)state;
    machine.now += 10;
    zone->vuart.tokens = 5;
    zone->vuart.tokens_at = machine.now + 3;
    (void)guest_rd(zone, PL011_FR);
    assert_int_equal(zone->vuart.tokens, 5);
}

static void test_reset_of_a_busy_uart(void **state)
{
    uint8_t buf[8];
    uint32_t tokens;

    (void)state;
    guest_wr(zone, PL011_IMSC, 0x7ff);
    guest_puts(zone, "last");
    assert_true(vuart_receive(zone, 'a'));
    assert_true(machine.line[0]);
    tokens = zone->vuart.tokens;
    vuart_reset(zone);
    assert_false(machine.line[0]);
    assert_int_equal(flushes, 1);
    assert_int_equal(zone->vuart.tokens, tokens); /* no new burst per reset */
    test_reset_values(state);
    assert_int_equal(take(buf, sizeof(buf), true), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_table_is_complete, setup),
        cmocka_unit_test_setup(test_reset_values, setup),
        cmocka_unit_test_setup(test_masks_of_stored_registers, setup),
        cmocka_unit_test_setup(test_read_only_and_unlisted, setup),
        cmocka_unit_test_setup(test_access_widths, setup),
        cmocka_unit_test_setup(test_only_emulated_consoles_are_registered, setup),
        cmocka_unit_test_setup(test_receive_and_flags, setup),
        cmocka_unit_test_setup(test_receive_interrupt_line, setup),
        cmocka_unit_test_setup(test_receive_trigger_levels, setup),
        cmocka_unit_test_setup(test_receive_overrun, setup),
        cmocka_unit_test_setup(test_transmit_takes_whole_lines, setup),
        cmocka_unit_test_setup(test_transmit_long_line_goes_at_half, setup),
        cmocka_unit_test_setup(test_incomplete_line_of_focus_is_flushed, setup),
        cmocka_unit_test_setup(test_full_ring_is_flow_control, setup),
        cmocka_unit_test_setup(test_transmit_interrupt_like_hardware, setup),
        cmocka_unit_test_setup(test_transmit_interrupt_promises_a_fifo, setup),
        cmocka_unit_test_setup(test_disabled_uart_does_not_transmit, setup),
        cmocka_unit_test_setup(test_rate_over_time, setup),
        cmocka_unit_test_setup(test_rate_with_awkward_clocks, setup),
        cmocka_unit_test_setup(test_flood_drops_its_own_bytes, setup),
        cmocka_unit_test_setup(test_alarm_returns_the_transmit_interrupt, setup),
        cmocka_unit_test_setup(test_clock_of_another_cpu_behind, setup),
        cmocka_unit_test_setup(test_reset_of_a_busy_uart, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
