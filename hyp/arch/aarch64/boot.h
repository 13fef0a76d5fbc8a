/* SPDX-License-Identifier: Apache-2.0 */
/* Between start.S and the C code of booting. */
#ifndef HYP_ARCH_AARCH64_BOOT_H
#define HYP_ARCH_AARCH64_BOOT_H

#include <stdint.h>

struct pcpu;
struct plan;

/* start.S calls these, each once per CPU, and they never return. */
_Noreturn void boot_main(void);
_Noreturn void secondary_main(struct pcpu *cpu);

/* MMU off, at the load address: the machine started us at another exception level than EL2. */
_Noreturn void early_wrong_level(void);

/* The same: EL2 has only the mode for hosts with user space in EL0 (E2H = 1). */
_Noreturn void early_wrong_mode(void);

/* Continues in fn(arg) on another stack, for ever. */
_Noreturn void stack_switch_call(uintptr_t top, void (*fn)(void *arg), void *arg);

/* Polled, bounded output on a PL011; works with the MMU on or off. */
void early_puts(uintptr_t uart, const char *text);

/* dma.c: devices are quiet before any memory is given to a zone. Returns why that cannot be. */
const char *dma_init(const struct plan *plan);

#endif
