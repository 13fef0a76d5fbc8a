/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the machine's PL011 (Arm DDI 0183); never changes its baud rate, never waits unbounded. */
#include "hyp/core/uart.h"

#include "hw.h"
#include "hyp/core/pl011.h"

#define LCR_WLEN_8 3u

/* Of the receiver half full: the timeout interrupt brings the rest. Transmitter a quarter full. */
#define IFLS_RX_HALF    2u
#define IFLS_TX_QUARTER 1u

#define IMSC_QUIET   (PL011_INT_RX | PL011_INT_RT)
#define ERROR_INTS   (PL011_INT_FE | PL011_INT_PE | PL011_INT_BE | PL011_INT_OE)
#define CR_ON        (PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE)
#define POLLS_WEDGED 16u

/* Set once at boot, then constant: no lock. */
static uintptr_t uart;

/* The crash path found no room within UART_POLLS: from then on it does not wait that long. */
static bool wedged;

/* The transmit interrupt is unmasked: a device write less for most calls. */
static bool tx_wanted;

/* What the firmware sends is let out first: LCR_H may only change while the UART is disabled. */
static void wait_idle(void)
{
    for (unsigned i = 0; i < UART_POLLS; i++) {
        if (!(mmio_rd32(uart, PL011_FR) & PL011_FR_BUSY)) {
            return;
        }
        cpu_relax();
    }
}

static void enable_fifo(void)
{
    uint32_t lcr = mmio_rd32(uart, PL011_LCR_H);

    if (get(PL011_LCR_FEN, lcr) && get(PL011_LCR_WLEN, lcr) == LCR_WLEN_8) {
        return;
    }
    wait_idle();
    mmio_wr32(uart, PL011_CR, 0);
    lcr = (uint32_t)with(PL011_LCR_FEN, lcr, 1);
    lcr = (uint32_t)with(PL011_LCR_WLEN, lcr, LCR_WLEN_8);
    mmio_wr32(uart, PL011_LCR_H, lcr);
}

void uart_init(uintptr_t base)
{
    uart = base;
    wedged = false;
    tx_wanted = false;
    if (!base) {
        return;
    }
    mmio_wr32(uart, PL011_IMSC, 0);
    enable_fifo();
    mmio_wr32(uart, PL011_CR, mmio_rd32(uart, PL011_CR) | CR_ON);
    mmio_wr32(uart, PL011_IFLS,
              (uint32_t)(put(PL011_IFLS_RX, IFLS_RX_HALF) | put(PL011_IFLS_TX, IFLS_TX_QUARTER)));
    mmio_wr32(uart, PL011_DMACR, 0);
    mmio_wr32(uart, PL011_ICR, ERROR_INTS | IMSC_QUIET);
    mmio_wr32(uart, PL011_IMSC, IMSC_QUIET);
}

bool uart_put(uint8_t byte)
{
    if (!uart) {
        return true;
    }
    if (mmio_rd32(uart, PL011_FR) & PL011_FR_TXFF) {
        return false;
    }
    mmio_wr32(uart, PL011_DR, byte);
    return true;
}

bool uart_put_polled(uint8_t byte)
{
    unsigned polls = wedged ? POLLS_WEDGED : UART_POLLS;

    for (unsigned i = 0; i < polls; i++) {
        if (uart_put(byte)) {
            wedged = false;
            return true;
        }
        cpu_relax();
    }
    wedged = true;
    return false;
}

bool uart_get(uint8_t *byte)
{
    if (!uart || mmio_rd32(uart, PL011_FR) & PL011_FR_RXFE) {
        return false;
    }
    *byte = (uint8_t)mmio_rd32(uart, PL011_DR);
    return true;
}

/*
 * The raw interrupt is never cleared by ICR: it then stays asserted while the FIFO is below its
 * trigger level, so unmasking it while there is room interrupts at once (DDI 0183 2.8.2).
 */
void uart_want_tx_interrupt(bool wanted)
{
    if (uart && wanted != tx_wanted) {
        tx_wanted = wanted;
        mmio_wr32(uart, PL011_IMSC, wanted ? IMSC_QUIET | PL011_INT_TX : IMSC_QUIET);
    }
}

void uart_ack(void)
{
    if (uart) {
        mmio_wr32(uart, PL011_ICR, ERROR_INTS);
    }
}
