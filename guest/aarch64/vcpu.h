/* SPDX-License-Identifier: Apache-2.0 */
/* Per-vCPU data: found by TPIDR_EL1; start.S and vectors.S read the first fields. */
#ifndef GUEST_AARCH64_VCPU_H
#define GUEST_AARCH64_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "vitrine-guest.h"

struct vcpu_timer {
    uint64_t deadline, period; /* ticks; period 0: once */
    void (*fn)(const struct vg_expiry *);
    void *arg;
};

/* Owner: the vCPU itself, except fn and arg, which its starter writes while it is off. */
struct vcpu {
    uint64_t stack, exc_stack; /* tops */
    uint64_t gic_frame;        /* registers of its private interrupts, 0 until found */
    uint32_t id;
    void (*fn)(void *arg);
    void *arg;
    struct vcpu_timer timer[VG_TIMER_COUNT];
};

/* The calling vCPU. */
struct vcpu *vcpu_this(void);

/* Whether the page at `at` lies between two stacks. */
bool vcpu_is_guard_page(uint64_t at);

#endif
