/* SPDX-License-Identifier: Apache-2.0 */
/* Console output of a bare zone, PL011 (Arm DDI 0183): as the hypervisor or a board left it. */
#include "guest/aarch64/hw.h"
#include "guest/aarch64/uvm/zone.h"
#include "lib/field.h"

#define UART_DR 0x000u
#define UART_FR 0x018u

FIELD(FR_TX_FULL, 5, 1);

static void put_byte(uint64_t uart, uint8_t byte)
{
    while (get(FR_TX_FULL, hw_mmio_rd32(uart + UART_FR)) != 0) {
    }
    hw_mmio_wr32(uart + UART_DR, byte);
}

void zone_print(const char *text, size_t len)
{
    uint64_t uart = zone_boot()->uart_gpa;

    for (size_t i = 0; i < len && uart != 0; i++) {
        if (text[i] == '\n') {
            put_byte(uart, '\r');
        }
        put_byte(uart, (uint8_t)text[i]);
    }
}
