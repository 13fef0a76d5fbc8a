/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of a micro-VM in user mode, as the runtime's files share them. */
#ifndef GUEST_UVM_IRQ_H
#define GUEST_UVM_IRQ_H

#include "abi/irq.h"
#include "vitrine-irq.h"

/* A timer of this vCPU. */
struct user_timer {
    void (*fn)(const struct vg_expiry *);
    void *arg;
    uint64_t deadline, period; /* period 0: once */
    uint64_t is_armed, is_enabled;
    uint64_t armings; /* how often it was armed */
};

/* The page that host and user mode share, of this vCPU: behind the host's words come our own. */
struct user_irq {
    struct irq_area host;
    struct user_timer timer[VG_TIMER_COUNT];
};

static inline volatile struct irq_area *irq_area(void)
{
    return (volatile struct irq_area *)IRQ_GVA;
}

static inline struct user_timer *irq_timer(enum vg_timer timer)
{
    return &((struct user_irq *)IRQ_GVA)->timer[timer];
}

/* Asks the host. Any context; what comes meanwhile waits. */
uint64_t irq_ask(enum irq_request request, uint64_t arg0, uint64_t arg1, uint64_t arg2);

/* ---- The architecture's ---- */

/* upcall.S: not to be called. */
void vg_upcall(void);

/* user_irq.c: the counter that is time, when uvm_info.tick_offset is added. */
uint64_t irq_counter(void);

/* Rounding and exceptions of floating point become those that C promises to a handler; what they
 * were comes back by the value. */
uint64_t irq_fp_begin(void);
void irq_fp_end(uint64_t outer);

/* Runs the handler of the line that came, and of all that wait; everything is blocked. */
void vg_irq_run(void);

#endif
