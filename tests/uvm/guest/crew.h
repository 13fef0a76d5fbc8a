/* SPDX-License-Identifier: Apache-2.0 */
/* What guests with several vCPUs do with all of them. */
#ifndef TESTS_UVM_GUEST_CREW_H
#define TESTS_UVM_GUEST_CREW_H

#include "vitrine-vcpu.h"

/* Waits until the vCPUs from `first` on, below `end`, are off. */
static inline void wait_off(uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        for (uint32_t turn = 0; vg_vcpu_is_on((uint32_t)i); turn++) {
            vg_relax(turn);
        }
    }
}

/* Starts all others at fn(number); negative: one did not start. */
static inline int64_t start_all(void (*fn)(void *arg))
{
    for (uint32_t i = 1; i < vg_vcpu_count(); i++) {
        int err = vg_vcpu_start(i, fn, (void *)(uint64_t)i);

        if (err != 0) {
            return err;
        }
    }
    return 0;
}

#endif
