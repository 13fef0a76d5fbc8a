/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the guest with fast handlers share. */
#ifndef TESTS_UVM_GUEST_FAST_H
#define TESTS_UVM_GUEST_FAST_H

#include "vitrine-fault.h"

/* What a fast handler does, by rax or x0 at the fault. */
enum fast_action { FAST_SKIP = 1, FAST_PASS, FAST_REGISTERS, FAST_FLAGS };

/* A handler for the fault of fast_ask(): arg is a vector, plus 256 to remove its fast handler. */
enum vg_verdict fast_switch(struct vg_context *context, void *arg);

/* Of the architecture: faults that have a fast handler, and that which asks for one. */
extern const uint32_t fast_vector, fast_switch_vector;

/* Raises it; what fast_switch() leaves in the first register. */
uint64_t fast_ask(void);

#endif
