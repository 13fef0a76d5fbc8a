/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket lock between physical CPUs. Critical sections are short, bounded, and never nested but
 * as docs/locking.md lists; interrupts are always masked in the hypervisor.
 */
#ifndef HYP_CORE_LOCK_H
#define HYP_CORE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lock {
    _Atomic uint16_t next;  /* ticket handed out next */
    _Atomic uint16_t owner; /* ticket being served */
};

void lock_take(struct lock *lock);
bool lock_try(struct lock *lock);
void lock_give(struct lock *lock);

#endif
