/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and timers of a guest and the requests that concern them. Any argument may be hostile. */
#include "lib/irqctl.h"

#include <stddef.h>

#include "lib/field.h"

void irqctl_reset_vcpu(struct irqctl *c, unsigned vcpu)
{
    for (unsigned i = 0; i < IRQ_TIMERS; i++) {
        c->timer[vcpu][i] = (struct irqctl_timer){ .is_armed = false };
    }
    intc_reset_vcpu(&c->intc, vcpu);
}

void irqctl_reset(struct irqctl *c)
{
    for (unsigned i = 0; i < INTC_VCPUS; i++) {
        irqctl_reset_vcpu(c, i);
    }
    intc_reset(&c->intc);
}

/* ---- Timers ---- */

static uint64_t due(const struct irqctl_timer *t)
{
    return t->has_fired && t->earliest > t->deadline ? t->earliest : t->deadline;
}

uint64_t irqctl_due(const struct irqctl *c, unsigned vcpu)
{
    uint64_t at = UINT64_MAX;

    for (unsigned i = 0; i < IRQ_TIMERS; i++) {
        const struct irqctl_timer *t = &c->timer[vcpu][i];

        at = t->is_armed && due(t) < at ? due(t) : at;
    }
    return at;
}

/* A periodic one goes on at its first deadline that is still ahead: user code counts those that
 * are over by itself. */
static void fire(struct irqctl_timer *t, uint64_t now, uint64_t floor)
{
    uint64_t over = now - t->deadline;

    t->has_fired = true;
    t->earliest = now + floor;
    if (t->period == 0 || t->period > UINT64_MAX - now) {
        t->is_armed = false;
    } else {
        t->deadline = now - over % t->period + t->period;
    }
}

bool irqctl_expire(struct irqctl *c, unsigned vcpu, uint64_t now, uint64_t floor)
{
    static const uint32_t lines[IRQ_TIMERS] = { IRQ_TIMER_VIRT, IRQ_TIMER_PHYS };
    bool any = false;

    for (unsigned i = 0; i < IRQ_TIMERS; i++) {
        struct irqctl_timer *t = &c->timer[vcpu][i];

        if (t->is_armed && due(t) <= now) {
            fire(t, now, floor);
            (void)intc_pend(&c->intc, vcpu, lines[i]);
            any = true;
        }
    }
    return any;
}

/* ---- Requests ---- */

static bool serve_enable(struct irqctl *c, const struct irqctl_ask *a)
{
    return intc_enable(&c->intc, a->vcpu, a->arg[0]);
}

static bool serve_disable(struct irqctl *c, const struct irqctl_ask *a)
{
    return intc_disable(&c->intc, a->vcpu, a->arg[0]);
}

static bool serve_urgency(struct irqctl *c, const struct irqctl_ask *a)
{
    return intc_set_urgency(&c->intc, a->vcpu, a->arg[0], a->arg[1]);
}

static bool serve_pend(struct irqctl *c, const struct irqctl_ask *a)
{
    return intc_pend(&c->intc, a->vcpu, a->arg[0]);
}

static bool serve_send(struct irqctl *c, const struct irqctl_ask *a)
{
    return a->arg[0] < a->vcpu_count && intc_send(&c->intc, a->arg[0], a->arg[1]);
}

static bool serve_timer(struct irqctl *c, const struct irqctl_ask *a)
{
    struct irqctl_timer *t = c->timer[a->vcpu];

    if (a->arg[0] >= IRQ_TIMERS) {
        return false;
    }
    t[a->arg[0]].is_armed = true;
    t[a->arg[0]].deadline = a->arg[1];
    t[a->arg[0]].period = a->arg[2];
    return true;
}

static bool serve_stop(struct irqctl *c, const struct irqctl_ask *a)
{
    if (a->arg[0] >= IRQ_TIMERS) {
        return false;
    }
    c->timer[a->vcpu][a->arg[0]].is_armed = false;
    return true;
}

/* NULL: not here. */
static bool (*const requests[])(struct irqctl *c, const struct irqctl_ask *a) = {
    [IRQ_REQUEST_NONE] = NULL,
    [IRQ_REQUEST_CLOCK] = NULL,
    [IRQ_REQUEST_ENABLE] = serve_enable,
    [IRQ_REQUEST_DISABLE] = serve_disable,
    [IRQ_REQUEST_URGENCY] = serve_urgency,
    [IRQ_REQUEST_PEND] = serve_pend,
    [IRQ_REQUEST_STATE] = NULL,
    [IRQ_REQUEST_SEND] = serve_send,
    [IRQ_REQUEST_TIMER] = serve_timer,
    [IRQ_REQUEST_STOP] = serve_stop,
    [IRQ_REQUEST_NEXT] = NULL,
    [IRQ_REQUEST_WAIT] = NULL,
};
_Static_assert(ARRAY_COUNT(requests) == IRQ_REQUEST_COUNT, "a request has no row");

bool irqctl_serve(struct irqctl *c, const struct irqctl_ask *ask, uint64_t *result)
{
    if (ask->request == IRQ_REQUEST_STATE) {
        *result = intc_state(&c->intc, ask->vcpu, ask->arg[0]);
        return true;
    }
    if (ask->request >= ARRAY_COUNT(requests) || requests[ask->request] == NULL) {
        return false;
    }
    *result = requests[ask->request](c, ask) ? 0 : IRQ_BAD;
    return true;
}

/* ---- Delivery ---- */

uint32_t irqctl_urgency(const struct irqctl *c, unsigned vcpu)
{
    uint32_t line = intc_next(&c->intc, vcpu);

    return line == IRQ_NONE ? 0 : intc_urgency(&c->intc, vcpu, line);
}

void irqctl_take(struct irqctl *c, unsigned vcpu, uint64_t blocked, volatile struct irq_area *area)
{
    uint32_t line = intc_next(&c->intc, vcpu);

    if (line != IRQ_NONE && intc_urgency(&c->intc, vcpu, line) <= blocked) {
        line = IRQ_NONE;
    }
    if (line != IRQ_NONE) {
        area->urgency = intc_urgency(&c->intc, vcpu, line);
        intc_take(&c->intc, vcpu, line);
    }
    area->line = line;
}
