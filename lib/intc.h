/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller of a micro-VM: which lines are enabled and pending, and which one a vCPU
 * is to take. Pure; the caller has the lock. Arguments may be a guest's: what has no meaning is
 * refused.
 */
#ifndef LIB_INTC_H
#define LIB_INTC_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/irq.h"

#define INTC_VCPUS 16u

/* Of one vCPU: its own lines below IRQ_SHARED, and which of the shared ones are routed to it. */
struct intc_vcpu {
    uint64_t enabled; /* a bit a line */
    uint64_t pending; /* below IRQ_SHARED */
    uint8_t urgency[IRQ_SHARED];
};

struct intc {
    uint64_t level;   /* shared lines that the host holds up */
    uint64_t pending; /* shared lines that came up, or were pended, and were not taken since */
    uint8_t urgency[IRQ_LINES - IRQ_SHARED];
    struct intc_vcpu vcpu[INTC_VCPUS];
};

void intc_reset(struct intc *c);
/* A vCPU's own state as it was at first; shared lines that came to it are disabled. */
void intc_reset_vcpu(struct intc *c, unsigned vcpu);

/* false: there is no such line, urgency or vCPU. */
bool intc_enable(struct intc *c, unsigned vcpu, uint64_t line);
bool intc_disable(struct intc *c, unsigned vcpu, uint64_t line);
bool intc_set_urgency(struct intc *c, unsigned vcpu, uint64_t line, uint64_t urgency);
bool intc_pend(struct intc *c, unsigned vcpu, uint64_t line);
bool intc_send(struct intc *c, uint64_t vcpu, uint64_t line);

/* Of shared lines only, by the host. A line that goes up is pending once, even if it goes down
 * before it was taken; while it is up it is pending again after each time. */
bool intc_raise(struct intc *c, uint64_t line);
bool intc_lower(struct intc *c, uint64_t line);

/* IRQ_STATE_ bits, or IRQ_BAD. */
uint64_t intc_state(const struct intc *c, unsigned vcpu, uint64_t line);

/* Whom an enabled line comes to: a vCPU, or INTC_VCPUS: to none. */
unsigned intc_target(const struct intc *c, uint64_t line);

/* The most urgent line that is enabled and pending, the lowest among equals; IRQ_NONE: none. */
uint32_t intc_next(const struct intc *c, unsigned vcpu);

/* Of a line that intc_next() gave. */
uint32_t intc_urgency(const struct intc *c, unsigned vcpu, uint32_t line);

/* The vCPU takes it: it is no longer pending unless the host holds it up. */
void intc_take(struct intc *c, unsigned vcpu, uint32_t line);

#endif
