/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver of the machine's PL011 that the hypervisor itself uses. Never waits, but for the bounded
 * polling of the crash path. Without a UART (base 0) everything written is dropped.
 */
#ifndef HYP_CORE_UART_H
#define HYP_CORE_UART_H

#include <stdbool.h>
#include <stdint.h>

/* Enables FIFOs and the receive interrupt; the baud rate stays as the firmware left it. */
void uart_init(uintptr_t base);

/* Transmits a byte. false: FIFO full. Under the console's lock, or while crashing. */
bool uart_put(uint8_t byte);

/* As uart_put(), but polls for room at most UART_POLLS times; false: given up. */
bool uart_put_polled(uint8_t byte);

/* Takes a received byte. false: nothing there. On the console's CPU only. */
bool uart_get(uint8_t *byte);

/* Interrupt while the transmit FIFO has room. Under the console's lock. */
void uart_want_tx_interrupt(bool wanted);

/* Clears the error interrupts; reading and writing clear the others. */
void uart_ack(void);

/* About 10 ms and more of device reads: a FIFO at 115200 baud takes a byte each 0.09 ms. */
#define UART_POLLS 100000u

#endif
