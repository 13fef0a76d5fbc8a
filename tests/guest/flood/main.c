/* SPDX-License-Identifier: Apache-2.0 */
/* A test guest that writes to its console without end and never looks whether there is room. */
#include "vitrine-guest.h"

#define UART_DR 0u

void guest_main(void)
{
    static const char line[] = "flood 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789\r\n";
    uint64_t uart = vg_boot()->uart_gpa;

    vg_puts("flood: begins\n");
    for (;;) {
        for (uint32_t i = 0; line[i] != '\0'; i++) {
            vg_mmio_wr32(uart + UART_DR, (uint8_t)line[i]);
        }
    }
}
