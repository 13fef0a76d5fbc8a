/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, timers and interrupts of guests: the same functions for bare guests of aarch64 and for
 * programs of micro-VMs, so that one source serves both.
 *
 * Unless a function says otherwise: it may be called on any vCPU, from the program and from
 * interrupt handlers, it does not block, and it cannot fail. "Ticks" are those of vg_now().
 *
 * Handlers are functions of the program. In a micro-VM they run in user mode, on the stack of what
 * they interrupt, at full speed, with floating point (what they interrupt finds its own as it was),
 * and may call functions of the host; in a bare guest floating point is not saved. A fault in one
 * is a fault like any other. Micro-VMs know 64 interrupts: 0..15 sent between vCPUs, 27 and 30 the
 * timers, 32..63 those that the host raises by vt_irq_raise(), in a zone the zone's own. Nothing is
 * delivered while no call of the host runs; what comes then waits for the next call. Not for fault
 * handlers, which run in supervisor mode.
 */
#ifndef VITRINE_IRQ_H
#define VITRINE_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Interrupts that can have a handler: below this number; in micro-VMs below 64. */
#define VG_MAX_INTID 288u

/* ---- Time ---- */

/*
 * Monotonic time, and ticks per second. A zone's is the virtual counter, a micro-VM's the
 * processor's clock, read without an exit. After a restore, and in a clone, time goes on from where
 * it was when the snapshot was taken.
 */
uint64_t vg_now(void);
uint64_t vg_tick_rate(void);

/* Ticks to nanoseconds without overflow for spans below 580 years. */
uint64_t vg_ticks_to_ns(uint64_t ticks);

/* Micro-VMs: nanoseconds since 1970, UTC, as the host knew it when the call began; 0 in a zone,
 * where nobody knows. */
uint64_t vg_wall_ns(void);

/* Passes the time, spinning; up to an hour. */
void vg_delay_us(uint64_t microseconds);

enum vg_timer { VG_TIMER_VIRT, VG_TIMER_PHYS, VG_TIMER_COUNT };

/* A timer's expiry: its deadline, and the time at which the handler was reached. */
struct vg_expiry {
    uint64_t deadline, now;
    void *arg;
};

/*
 * Arms the calling vCPU's own timer: once at `deadline` (at once if that is past), or one period
 * from now and every period (not 0) after that. Periodic is drift free and catches up: a deadline
 * is never dropped, one that is late is delivered late. `fn` runs in interrupt context on this
 * vCPU. Arming replaces what was armed before.
 *
 * The host of a micro-VM sets a floor (vt_cfg.timer_floor_ns): a timer interrupts no more often.
 * Deadlines that are closer together are delivered together, one call of `fn` for each. The timers
 * go on while no call of the host runs, and in the next one catch up.
 */
void vg_timer_once(enum vg_timer timer, uint64_t deadline, void (*fn)(const struct vg_expiry *),
                   void *arg);
void vg_timer_periodic(enum vg_timer timer, uint64_t period, void (*fn)(const struct vg_expiry *),
                       void *arg);
void vg_timer_cancel(enum vg_timer timer);

/* ---- Interrupts ---- */

/*
 * Handler of an interrupt, called with interrupts masked on the vCPU that took it; NULL removes.
 * Returns 0, or a negative number when there is no such intid. Per zone or micro-VM, not per vCPU:
 * set it before the interrupt is enabled. Software-generated interrupts are 0..15. A line that the
 * host holds up comes again and again until the host lowers it.
 */
int vg_irq_handler(uint32_t intid, void (*fn)(uint32_t intid, void *arg), void *arg);

/*
 * Enables or disables at the controller; private interrupts (below 32) for the calling vCPU, others
 * for all, and they come to the vCPU that enabled them last.
 */
void vg_irq_enable(uint32_t intid);
void vg_irq_disable(uint32_t intid);

/*
 * Micro-VMs: which of several pending interrupts comes first, 0 (first) to 15; 8 at the beginning.
 * A handler that unmasks by vg_irq_restore(true) is interrupted by those of a lower number only.
 * Returns 0, or a negative number when intid or priority has no meaning.
 */
int vg_irq_priority(uint32_t intid, uint32_t priority);

/* Whether the controller shows it enabled or pending. */
bool vg_irq_is_enabled(uint32_t intid);
bool vg_irq_is_pending(uint32_t intid);

/* Makes an interrupt pending by software. */
void vg_irq_pend(uint32_t intid);

/* Sends software-generated interrupt `sgi` (0..15) to one vCPU. */
void vg_irq_send(uint32_t vcpu, uint32_t sgi);

/* Masks on the calling vCPU and returns whether they were unmasked; restores by that value. */
bool vg_irq_mask(void);
void vg_irq_restore(bool unmasked);

/* Sleeps until an interrupt is pending, masked or not. */
void vg_wait(void);

#ifdef __cplusplus
}
#endif

#endif
