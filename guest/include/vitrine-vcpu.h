/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several virtual CPUs, for bare zones and for micro-VMs: start, stop, lock, barrier. vCPU 0 runs
 * first; it starts the others. All may be called on any vCPU. In a micro-VM this is for user mode,
 * and vCPU 0 is the one that takes the host's calls: when its function returns the others are
 * parked, and go on where they were with the next call.
 */
#ifndef VITRINE_VCPU_H
#define VITRINE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VG_MAX_VCPUS 16u

/* The calling vCPU, and how many there are, on or off. */
uint32_t vg_vcpu_id(void);
uint32_t vg_vcpu_count(void);

/*
 * Starts a vCPU at fn(arg) on its own, empty stack, interrupts unmasked; returning from fn turns it
 * off. All that was written before is seen by fn. Returns 0 or a negative number: there is no such
 * vCPU (-2), it is on already (-4), the host lacks what it takes (-6). In a bare zone one caller at
 * a time.
 */
int vg_vcpu_start(uint32_t vcpu, void (*fn)(void *arg), void *arg);

/*
 * Turns the calling vCPU off. Never returns. In a micro-VM not on vCPU 0: that ends the call with
 * an error.
 */
#ifdef __cplusplus
[[noreturn]] void vg_vcpu_off(void);
#else
_Noreturn void vg_vcpu_off(void);
#endif

/* Whether a vCPU is on. One that turns itself off may be seen on for a moment after its end. */
bool vg_vcpu_is_on(uint32_t vcpu);

/*
 * Spinlock, unlocked when zero. Not for use in interrupt handlers unless always taken masked. One
 * that waits long lets others have the processor. vg_lock() never returns when this vCPU has it.
 */
struct vg_lock {
    uint32_t word;
};

void vg_lock(struct vg_lock *lock);
void vg_unlock(struct vg_lock *lock);

/*
 * Barrier, ready when zero: vg_barrier() returns when `vcpus` vCPUs have come to it; it can be used
 * again at once. What one wrote before it, all see after it. All must give the same number.
 */
struct vg_barrier {
    uint32_t arrived, turn;
};

void vg_barrier(struct vg_barrier *barrier, uint32_t vcpus);

/* In a loop that waits for another vCPU; `turn` counts from 0 for each wait. */
void vg_relax(uint32_t turn);

#ifdef __cplusplus
}
#endif

#endif
