/* SPDX-License-Identifier: Apache-2.0 */
/* Locks that spin. A lock's word counts readers; the largest number is one writer. */
#include "vitrine-wasmtime.h"

enum { FREE = 0, READER = 1 };

#define WRITER UINTPTR_MAX

static void take(uintptr_t *lock)
{
    uintptr_t expected = FREE;

    while (!__atomic_compare_exchange_n(lock, &expected, WRITER, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        expected = FREE;
    }
}

static void leave(uintptr_t *lock)
{
    __atomic_store_n(lock, FREE, __ATOMIC_RELEASE);
}

void wasmtime_sync_lock_acquire(uintptr_t *lock)
{
    take(lock);
}

void wasmtime_sync_lock_release(uintptr_t *lock)
{
    leave(lock);
}

void wasmtime_sync_lock_free(uintptr_t *lock)
{
    (void)lock;
}

void wasmtime_sync_rwlock_read(uintptr_t *lock)
{
    uintptr_t readers = __atomic_load_n(lock, __ATOMIC_RELAXED);

    /* What the exchange finds in place of the expected is tried next, but never a writer's. */
    do {
        while (readers == WRITER) {
            readers = __atomic_load_n(lock, __ATOMIC_RELAXED);
        }
    } while (!__atomic_compare_exchange_n(lock, &readers, readers + READER, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
}

void wasmtime_sync_rwlock_read_release(uintptr_t *lock)
{
    (void)__atomic_sub_fetch(lock, READER, __ATOMIC_RELEASE);
}

void wasmtime_sync_rwlock_write(uintptr_t *lock)
{
    take(lock);
}

void wasmtime_sync_rwlock_write_release(uintptr_t *lock)
{
    leave(lock);
}

void wasmtime_sync_rwlock_free(uintptr_t *lock)
{
    (void)lock;
}
