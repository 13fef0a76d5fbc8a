/* SPDX-License-Identifier: Apache-2.0 */
/* How often a vCPU has left its guest, and what for. */
#ifndef HYP_CORE_EXITS_H
#define HYP_CORE_EXITS_H

#include <stdint.h>

struct trap;
struct vcpu;
struct zone;

/* By what the guest did or what came; an exit counts once, whatever the answer was. */
enum exit_class {
    EXITS_HVC,       /* hypercall, or the architecture's only kind of firmware call */
    EXITS_SMC,       /* the other kind of firmware call */
    EXITS_REG,       /* system register */
    EXITS_READ,      /* of an emulated device, or where nothing is */
    EXITS_WRITE,     /* the same */
    EXITS_INTERRUPT, /* of the machine */
    EXITS_WAIT,      /* for an interrupt, where trapped */
    EXITS_FAULT,     /* memory that it may not use so, and aborts of the machine */
    EXITS_OTHER,     /* undefined instructions */
    EXITS_COUNT,
};

/* A decoded trap on its way to its handler; interrupts have been counted by the architecture. */
void exits_count_trap(struct vcpu *vcpu, const struct trap *trap);

/* The zone starts: back to 0. All vCPUs are off. */
void exits_clear(const struct zone *zone);

/* The name of a decimal number in struct log_arg. */
const char *exits_name(enum exit_class class);

#endif
