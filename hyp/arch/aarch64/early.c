/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of a machine that cannot even start: runs with the MMU off at the load address too, so it
 * uses no pointer that the linker made.
 */
#include "abi/plan.h"
#include "boot.h"
#include "hw.h"
#include "lib/field.h"

#define EARLY_POLLS 100000u /* a byte at 115200 baud takes far less */

enum { UART_DR = 0x00, UART_FR = 0x18 };
FIELD(UART_FR_TXFF, 5, 1);

void early_puts(uintptr_t uart, const char *text)
{
    for (; *text != 0; text++) {
        for (unsigned i = 0; i < EARLY_POLLS; i++) {
            if (get(UART_FR_TXFF, mmio_rd32(uart, UART_FR)) == 0) {
                break;
            }
            cpu_relax();
        }
        mmio_wr32(uart, UART_DR, (uint8_t)*text);
    }
}

static _Noreturn void refuse(const char *text)
{
    extern char image_end[];
    const struct plan *plan = (const struct plan *)((uintptr_t)image_end);

    if (plan->magic == PLAN_MAGIC && plan->board.uart_hpa != 0) {
        early_puts(plan->board.uart_hpa, "\r\nvitrine: cannot start: ");
        early_puts(plan->board.uart_hpa, text);
    }
    for (;;) {
        wfi();
    }
}

_Noreturn void early_wrong_level(void)
{
    refuse("not entered at EL2; start the machine with its virtualization extension (QEMU: -M "
           "virt,virtualization=on)\r\n");
}

_Noreturn void early_wrong_mode(void)
{
    refuse("HCR_EL2.E2H of this CPU cannot be 0 (no FEAT_E2H0), which is not supported\r\n");
}
