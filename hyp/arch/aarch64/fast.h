/* SPDX-License-Identifier: Apache-2.0 */
/* What entry.S asks for before it leaves a guest. */
#ifndef HYP_ARCH_AARCH64_FAST_H
#define HYP_ARCH_AARCH64_FAST_H

#include <stdint.h>

#include "layout.h"

struct vcpu;

/* The guest's registers that guest_exit has not saved when it calls fast_exit(). */
enum { FAST_KEPT_FIRST = 19, FAST_KEPT_COUNT = 10 };

/* Answers: back into the guest; the same again with all registers saved; leave (FAST_MORE: no). */
#define FAST_RESUME        UINT64_C(0)
#define FAST_LEAVE(vector) ((uint64_t)(vector) + 1)

/* Answers a synchronous exit: one of the above. */
uint64_t fast_sync(struct vcpu *vcpu);

/* Answers another exit (enum exit_vector). */
uint64_t fast_exit(struct vcpu *vcpu, uint32_t vector);

/* After FAST_MORE, with all registers in the vCPU. */
uint64_t fast_exit_all(struct vcpu *vcpu);

#endif
