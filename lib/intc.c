/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller of a micro-VM: lines, their urgency and their vCPU. No I/O, no lock. */
#include "lib/intc.h"

#include <string.h>

#include "lib/field.h"

static bool is_shared(uint64_t line)
{
    return line >= IRQ_SHARED && line < IRQ_LINES;
}

static uint8_t *urgency_of(struct intc *c, unsigned vcpu, uint64_t line)
{
    return is_shared(line) ? &c->urgency[line - IRQ_SHARED] : &c->vcpu[vcpu].urgency[line];
}

void intc_reset_vcpu(struct intc *c, unsigned vcpu)
{
    struct intc_vcpu *v = &c->vcpu[vcpu];

    v->enabled = 0;
    v->pending = 0;
    memset(v->urgency, IRQ_URGENCY_DEFAULT, sizeof(v->urgency));
}

void intc_reset(struct intc *c)
{
    c->level = 0;
    c->pending = 0;
    memset(c->urgency, IRQ_URGENCY_DEFAULT, sizeof(c->urgency));
    for (unsigned i = 0; i < INTC_VCPUS; i++) {
        intc_reset_vcpu(c, i);
    }
}

bool intc_enable(struct intc *c, unsigned vcpu, uint64_t line)
{
    if (line >= IRQ_LINES) {
        return false;
    }
    for (unsigned i = 0; i < INTC_VCPUS && is_shared(line); i++) {
        c->vcpu[i].enabled &= ~BIT64(line);
    }
    c->vcpu[vcpu].enabled |= BIT64(line);
    return true;
}

bool intc_disable(struct intc *c, unsigned vcpu, uint64_t line)
{
    if (line >= IRQ_LINES) {
        return false;
    }
    for (unsigned i = 0; i < INTC_VCPUS; i++) {
        if (i == vcpu || is_shared(line)) {
            c->vcpu[i].enabled &= ~BIT64(line);
        }
    }
    return true;
}

bool intc_set_urgency(struct intc *c, unsigned vcpu, uint64_t line, uint64_t urgency)
{
    if (line >= IRQ_LINES || urgency == 0 || urgency > IRQ_URGENCY_ALL) {
        return false;
    }
    *urgency_of(c, vcpu, line) = (uint8_t)urgency;
    return true;
}

bool intc_pend(struct intc *c, unsigned vcpu, uint64_t line)
{
    if (line >= IRQ_LINES) {
        return false;
    }
    if (is_shared(line)) {
        c->pending |= BIT64(line);
    } else {
        c->vcpu[vcpu].pending |= BIT64(line);
    }
    return true;
}

bool intc_send(struct intc *c, uint64_t vcpu, uint64_t line)
{
    return vcpu < INTC_VCPUS && line < IRQ_SENT && intc_pend(c, (unsigned)vcpu, line);
}

bool intc_raise(struct intc *c, uint64_t line)
{
    if (!is_shared(line)) {
        return false;
    }
    if ((c->level & BIT64(line)) == 0) {
        c->pending |= BIT64(line);
    }
    c->level |= BIT64(line);
    return true;
}

bool intc_lower(struct intc *c, uint64_t line)
{
    if (!is_shared(line)) {
        return false;
    }
    c->level &= ~BIT64(line);
    return true;
}

/* All that is pending for the vCPU if it is enabled. */
static uint64_t pending(const struct intc *c, unsigned vcpu)
{
    return c->vcpu[vcpu].pending | c->pending | c->level;
}

uint64_t intc_state(const struct intc *c, unsigned vcpu, uint64_t line)
{
    uint64_t state = 0;

    if (line >= IRQ_LINES) {
        return IRQ_BAD;
    }
    if ((pending(c, vcpu) & BIT64(line)) != 0) {
        state |= IRQ_STATE_PENDING;
    }
    for (unsigned i = 0; i < INTC_VCPUS; i++) {
        if ((i == vcpu || is_shared(line)) && (c->vcpu[i].enabled & BIT64(line)) != 0) {
            state |= IRQ_STATE_ENABLED;
        }
    }
    return state;
}

unsigned intc_target(const struct intc *c, uint64_t line)
{
    unsigned vcpu = 0;

    while (vcpu < INTC_VCPUS && (!is_shared(line) || (c->vcpu[vcpu].enabled & BIT64(line)) == 0)) {
        vcpu++;
    }
    return vcpu;
}

uint32_t intc_urgency(const struct intc *c, unsigned vcpu, uint32_t line)
{
    return is_shared(line) ? c->urgency[line - IRQ_SHARED] : c->vcpu[vcpu].urgency[line];
}

uint32_t intc_next(const struct intc *c, unsigned vcpu)
{
    uint64_t ready = pending(c, vcpu) & c->vcpu[vcpu].enabled;
    uint32_t best = IRQ_NONE;

    for (uint32_t line = 0; ready != 0 && line < IRQ_LINES; line++) {
        if ((ready & BIT64(line)) != 0 &&
            (best == IRQ_NONE || intc_urgency(c, vcpu, line) > intc_urgency(c, vcpu, best))) {
            best = line;
        }
    }
    return best;
}

void intc_take(struct intc *c, unsigned vcpu, uint32_t line)
{
    c->vcpu[vcpu].pending &= ~BIT64(line);
    c->pending &= ~BIT64(line);
}
