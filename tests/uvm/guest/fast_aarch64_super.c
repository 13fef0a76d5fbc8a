/* SPDX-License-Identifier: Apache-2.0 */
/* Fast handlers of the test guest, at EL1. */
#include "tests/uvm/guest/fast.h"

enum { VECTORS = 256, INSN_SIZE = 4, CARRY = 1 << 29 };

static bool answer(struct vg_fast *fault)
{
    fault->pc += INSN_SIZE;
    switch (fault->x[0]) {
    case FAST_PASS: return false; /* with what was edited: nothing of it counts */
    case FAST_REGISTERS:
        fault->x[0] = fault->vector;
        fault->x[1] = fault->x[11] + fault->x[7];
        return true;
    case FAST_FLAGS: fault->flags |= CARRY; return true;
    default: return true;
    }
}

enum vg_verdict fast_switch(struct vg_context *context, void *arg)
{
    uint64_t vector = (uint64_t)arg % VECTORS;

    context->pc += INSN_SIZE;
    context->gpr[0] = (uint64_t)vg_fast_set((uint32_t)vector,
                                            (uint64_t)arg < VECTORS ? answer : NULL) +
                      (vg_fast_set(VECTORS, answer) == VG_ERR_INVALID ? 1 : 0);
    return VG_RESUME;
}
VG_HANDLER(fast_switch);
