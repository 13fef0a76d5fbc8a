/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/core/uart.c on a PL011 of plain storage: set-up, FIFO flags, interrupts, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hw.h"
#include "hyp/core/pl011.h"
#include "hyp/core/uart.h"

#define BASE 0x9000000u

static uint8_t page[0x1000];
static uint32_t sent[8]; /* offsets written, in order */
static unsigned sent_count;
static unsigned polls;

static void on_access(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    (void)value;
    assert_int_equal(size, 4);
    if (write && sent_count < 8) {
        sent[sent_count++] = (uint32_t)offset;
    }
    polls += !write && offset == PL011_FR;
}

static uint32_t reg(unsigned offset)
{
    uint32_t value;

    memcpy(&value, page + offset, sizeof(value));
    return value;
}

static void set(unsigned offset, uint32_t value)
{
    memcpy(page + offset, &value, sizeof(value));
}

static int setup(void **state)
{
    const struct fake_mmio range = { BASE, sizeof(page), page, on_access };

    (void)state;
    fake_reset();
    fake_mmio_add(&range);
    memset(page, 0, sizeof(page));
    sent_count = 0;
    set(PL011_IBRD, 13);
    set(PL011_FBRD, 1);
    return 0;
}

static void test_init_from_reset_state(void **state)
{
    (void)state;
    set(PL011_CR, 0x300); /* as QEMU leaves it without firmware */
    uart_init(BASE);
    assert_int_equal(reg(PL011_LCR_H), 0x70);
    assert_int_equal(reg(PL011_CR), 0x301);
    assert_int_equal(reg(PL011_IMSC), PL011_INT_RX | PL011_INT_RT);
    assert_int_equal(reg(PL011_IBRD), 13);
    assert_int_equal(reg(PL011_FBRD), 1);
    /* Interrupts are masked first; the UART is disabled before LCR_H. */
    assert_int_equal(sent[0], PL011_IMSC);
    assert_int_equal(sent[1], PL011_CR);
    assert_int_equal(sent[2], PL011_LCR_H);
}

static void test_init_keeps_a_good_line_setting(void **state)
{
    (void)state;
    set(PL011_LCR_H, 0x76);
    set(PL011_CR, 0xf01);
    uart_init(BASE);
    assert_int_equal(reg(PL011_LCR_H), 0x76);
    assert_int_equal(reg(PL011_CR), 0xf01);
    for (unsigned i = 0; i < sent_count; i++) {
        assert_int_not_equal(sent[i], PL011_LCR_H);
    }
}

static void test_init_of_a_uart_that_stays_busy(void **state)
{
    (void)state;
    set(PL011_FR, PL011_FR_BUSY);
    polls = 0;
    uart_init(BASE);
    assert_int_equal(polls, UART_POLLS);
    assert_int_equal(reg(PL011_CR), 0x301);
}

static void test_put_and_get(void **state)
{
    uint8_t byte = 0;

    (void)state;
    uart_init(BASE);
    assert_true(uart_put('x'));
    assert_int_equal(reg(PL011_DR), 'x');
    set(PL011_FR, PL011_FR_TXFF);
    assert_false(uart_put('y'));
    assert_int_equal(reg(PL011_DR), 'x');
    set(PL011_FR, PL011_FR_RXFE);
    assert_false(uart_get(&byte));
    set(PL011_FR, 0);
    set(PL011_DR, 0xf00 | 'z'); /* error flags are not data */
    assert_true(uart_get(&byte));
    assert_int_equal(byte, 'z');
}

static void test_interrupts(void **state)
{
    (void)state;
    uart_init(BASE);
    uart_want_tx_interrupt(true);
    assert_int_equal(reg(PL011_IMSC), PL011_INT_RX | PL011_INT_RT | PL011_INT_TX);
    sent_count = 0;
    uart_want_tx_interrupt(true);
    assert_int_equal(sent_count, 0);
    uart_want_tx_interrupt(false);
    assert_int_equal(reg(PL011_IMSC), PL011_INT_RX | PL011_INT_RT);
    uart_ack();
    /* TX must keep its level: see uart_want_tx_interrupt(). */
    assert_int_equal(reg(PL011_ICR) & (PL011_INT_TX | PL011_INT_RX | PL011_INT_RT), 0);
}

static void test_polling_is_bounded(void **state)
{
    (void)state;
    uart_init(BASE);
    set(PL011_FR, PL011_FR_TXFF);
    polls = 0;
    assert_false(uart_put_polled('x'));
    assert_int_equal(polls, UART_POLLS);
    polls = 0;
    assert_false(uart_put_polled('x')); /* wedged: no second long wait */
    assert_true(polls < 100);
    set(PL011_FR, 0);
    assert_true(uart_put_polled('x'));
    set(PL011_FR, PL011_FR_TXFF);
    polls = 0;
    assert_false(uart_put_polled('x'));
    assert_int_equal(polls, UART_POLLS);
}

static void test_no_uart(void **state)
{
    uint8_t byte;

    (void)state;
    uart_init(0);
    assert_true(uart_put('x'));
    assert_true(uart_put_polled('x'));
    assert_false(uart_get(&byte));
    uart_want_tx_interrupt(true);
    uart_ack();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_init_from_reset_state, setup),
        cmocka_unit_test_setup(test_init_keeps_a_good_line_setting, setup),
        cmocka_unit_test_setup(test_init_of_a_uart_that_stays_busy, setup),
        cmocka_unit_test_setup(test_put_and_get, setup),
        cmocka_unit_test_setup(test_interrupts, setup),
        cmocka_unit_test_setup(test_polling_is_bounded, setup),
        cmocka_unit_test_setup(test_no_uart, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
