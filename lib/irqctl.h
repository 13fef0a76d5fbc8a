/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind abi/irq.h, for a host and for a supervisor that plays one: lines, timers, and
 * the answers to requests that concern nothing else. Pure; the caller has a lock and a clock.
 */
#ifndef LIB_IRQCTL_H
#define LIB_IRQCTL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/irq.h"
#include "lib/intc.h"

/* Deadlines are in the guest's ticks. */
struct irqctl_timer {
    bool is_armed, has_fired;
    uint64_t deadline, period; /* period 0: once */
    uint64_t earliest;         /* by the floor, when it has fired */
};

struct irqctl {
    struct intc intc;
    struct irqctl_timer timer[INTC_VCPUS][IRQ_TIMERS];
};

struct irqctl_ask {
    unsigned vcpu, vcpu_count; /* who asks; how many there are */
    uint32_t request;
    uint64_t arg[IRQ_ARGS];
};

void irqctl_reset(struct irqctl *c);
void irqctl_reset_vcpu(struct irqctl *c, unsigned vcpu);

/* false: a request that needs more than this, or that has no meaning. */
bool irqctl_serve(struct irqctl *c, const struct irqctl_ask *ask, uint64_t *result);

/* Of the most urgent line that is pending; 0: none is. */
uint32_t irqctl_urgency(const struct irqctl *c, unsigned vcpu);

/* Into the shared words: the next line that is more urgent than `blocked`, or IRQ_NONE. */
void irqctl_take(struct irqctl *c, unsigned vcpu, uint64_t blocked, volatile struct irq_area *area);

/* When a timer is to fire next, not before the floor allows; UINT64_MAX: none is armed. */
uint64_t irqctl_due(const struct irqctl *c, unsigned vcpu);

/* What is due becomes pending; whether anything was. floor: ticks from one firing to the next. */
bool irqctl_expire(struct irqctl *c, unsigned vcpu, uint64_t now, uint64_t floor);

#endif
