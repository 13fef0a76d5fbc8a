/* SPDX-License-Identifier: Apache-2.0 */
/* What the library's files tell each other; a program includes only vitrine-guest.h. */
#ifndef GUEST_INTERNAL_H
#define GUEST_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vitrine-guest.h"

/* Takes what was found at entry (info NULL: QEMU virt's defaults). Runs with caches off. */
void boot_take(const struct boot_info *info);

/* Takes pending interrupts, calls their handlers. Interrupts masked. */
void gic_dispatch(void);

void vcpu_init(void);
void timer_init_cpu(void);
void console_init(void);

/* Output that takes no lock: for a dying zone. */
void console_puts_unlocked(const char *text);
void console_break_lock(void);

/* Ends the zone at once, whatever state it is in. */
_Noreturn void zone_off(void);

#endif
