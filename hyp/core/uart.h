/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the machine's PL011 that the hypervisor itself uses. Never waits. */
#ifndef HYP_CORE_UART_H
#define HYP_CORE_UART_H

#include <stdbool.h>
#include <stdint.h>

/* Enables FIFOs and receive interrupt; baud rate stays as the firmware left it. base 0: no UART. */
void uart_init(uintptr_t base);
bool uart_put(uint8_t byte);              /* false: transmit FIFO full */
bool uart_get(uint8_t *byte);             /* false: nothing received */
void uart_want_tx_interrupt(bool wanted); /* interrupt when the transmit FIFO has room */
void uart_ack(void);                      /* clears what has been served */

#endif
