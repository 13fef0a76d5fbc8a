/* SPDX-License-Identifier: Apache-2.0 */
/* Lock and barrier of several vCPUs; the same on all architectures, knows no interrupts. */
#include "vitrine-vcpu.h"

void vg_lock(struct vg_lock *lock)
{
    for (uint32_t turn = 0; __atomic_exchange_n(&lock->word, 1, __ATOMIC_ACQUIRE) != 0; turn++) {
        vg_relax(turn);
    }
}

void vg_unlock(struct vg_lock *lock)
{
    __atomic_store_n(&lock->word, 0, __ATOMIC_RELEASE);
}

/* The last to come begins the next turn; who still waits for this one looks at nothing else. */
void vg_barrier(struct vg_barrier *barrier, uint32_t vcpus)
{
    uint32_t turn = __atomic_load_n(&barrier->turn, __ATOMIC_ACQUIRE);

    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) >= vcpus) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&barrier->turn, turn + 1, __ATOMIC_RELEASE);
        return;
    }
    for (uint32_t spin = 0; __atomic_load_n(&barrier->turn, __ATOMIC_ACQUIRE) == turn; spin++) {
        vg_relax(spin);
    }
}
