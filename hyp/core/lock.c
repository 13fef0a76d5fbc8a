/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket lock: first come, first served, so that no CPU can starve another. */
#include "hyp/core/lock.h"

#include "hw.h"

void lock_take(struct lock *lock)
{
    uint16_t ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

    while (atomic_load_explicit(&lock->owner, memory_order_acquire) != ticket) {
        cpu_relax();
    }
}

bool lock_try(struct lock *lock)
{
    uint16_t ticket = atomic_load_explicit(&lock->owner, memory_order_relaxed);
    uint16_t expected = ticket;

    return atomic_compare_exchange_strong_explicit(&lock->next, &expected, (uint16_t)(ticket + 1),
                                                   memory_order_acquire, memory_order_relaxed);
}

void lock_give(struct lock *lock)
{
    uint16_t owner = atomic_load_explicit(&lock->owner, memory_order_relaxed);

    atomic_store_explicit(&lock->owner, (uint16_t)(owner + 1), memory_order_release);
}
