/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts, timers and time of a micro-VM (abi/irq.h): what its vCPUs ask, and delivery. A
 * micro-VM that never asks costs a test of `used` after each exit.
 */
#ifndef HOST_IRQ_H
#define HOST_IRQ_H

#include <pthread.h>

#include "host/alarm.h"
#include "lib/irqctl.h"

struct vcpu;
struct vt_vm;
struct vt_cfg;

/* What a snapshot keeps. */
struct irq_state {
    struct irqctl ctl;
    bool used;
    uint64_t now; /* the guest's ticks when it was taken */
};

struct irq {
    pthread_mutex_t lock; /* of state.ctl: lines are raised from any thread */
    struct irq_state state;
    struct alarm alarm[INTC_VCPUS];
    uint64_t floor_ns;
    uint64_t shift; /* the guest's ticks less the host's */
};

void irq_init(struct vt_vm *vm, const struct vt_cfg *cfg);
void irq_destroy(struct vt_vm *vm);

/* It begins anew, with nothing enabled. */
void irq_reset_vcpu(struct vcpu *vcpu);

/* Around a call, on the vCPU's thread. */
VT_CHECK int irq_begin(struct vcpu *vcpu);
void irq_end(struct vcpu *vcpu);

/* An answer to UVM_PORT_IRQ: RUN_AGAIN or enum vt_err. */
VT_CHECK int irq_request(struct vcpu *vcpu);

/* An answer to UVM_PORT_TAKE, likewise. */
VT_CHECK int irq_take(struct vcpu *vcpu);

/* Before the guest goes on, if state.used: lets it take a line. was_kicked: a signal made it stop.
 * RUN_AGAIN or enum vt_err. */
VT_CHECK int irq_deliver(struct vcpu *vcpu, bool was_kicked);

/* Between calls. Time goes on from where it was saved; at first it begins at 0. */
void irq_save(struct vt_vm *vm, struct irq_state *out);
void irq_load(struct vt_vm *vm, const struct irq_state *state);
void irq_reset(struct vt_vm *vm);

#endif
