/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the guest with fast handlers share. */
#ifndef TESTS_UVM_GUEST_FAST_H
#define TESTS_UVM_GUEST_FAST_H

#include "vitrine-fault.h"

/* What a fast handler does, by rax at the fault. */
enum fast_action { FAST_SKIP = 1, FAST_PASS, FAST_REGISTERS, FAST_FLAGS };

/* A handler for the #GP of `set`: arg is a vector, plus 256 to remove its fast handler. */
enum vg_verdict fast_switch(struct vg_context *context, void *arg);

#endif
