/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the guest irq tell each other. */
#ifndef TESTS_UVM_GUEST_IRQ_H
#define TESTS_UVM_GUEST_IRQ_H

#include <stdint.h>

/* ---- The architecture's ---- */

/* In a handler: changes floating-point registers, and how they are rounded. */
void irq_disturb(void);

/* Fills all registers and waits until *count is no longer below `until`. Result: 0, or which of
 * them have changed. */
uint64_t irq_wait_filled(volatile uint64_t *count, uint64_t until);

/* ---- irq.c: exported, and called by irq_claims.c ---- */

uint64_t start(uint64_t us);
uint64_t stop(void);
uint64_t counted(void);
uint64_t too_early(void);
uint64_t spin(uint64_t us);
uint64_t await(uint64_t n);
uint64_t once(uint64_t us);
uint64_t storm(uint64_t times);
uint64_t now_us(void);
uint64_t masked(uint64_t us);
uint64_t masked_wait(void);
uint64_t priorities(void);
uint64_t nested(void);
uint64_t send_self(uint64_t sgi);
uint64_t refused(void);
uint64_t handler_stack(void);
uint64_t preserved(uint64_t rounds);
uint64_t ping_pong(uint64_t rounds);

#endif
