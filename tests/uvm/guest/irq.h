/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest irq needs of its architecture. */
#ifndef TESTS_UVM_GUEST_IRQ_H
#define TESTS_UVM_GUEST_IRQ_H

#include <stdint.h>

/* In a handler: changes floating-point registers, and how they are rounded. */
void irq_disturb(void);

/* Fills all registers and waits until *count is no longer below `until`. Result: 0, or which of
 * them have changed. */
uint64_t irq_wait_filled(volatile uint64_t *count, uint64_t until);

#endif
