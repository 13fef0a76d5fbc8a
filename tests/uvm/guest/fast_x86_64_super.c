/* SPDX-License-Identifier: Apache-2.0 */
/* Fast handlers of the test guest, in ring 0. */
#include "tests/uvm/guest/fast.h"

enum { VECTORS = 256, CARRY = 1 };

static bool answer(struct vg_fast *fault)
{
    fault->pc += 2;
    switch (fault->rax) {
    case FAST_PASS: fault->pc -= 2; return false;
    case FAST_REGISTERS:
        fault->rax = fault->vector + fault->error_code;
        fault->rcx = fault->r11 + fault->rdi;
        return true;
    case FAST_FLAGS: fault->flags |= CARRY; return true;
    default: return true;
    }
}

enum vg_verdict fast_switch(struct vg_context *context, void *arg)
{
    uint64_t vector = (uint64_t)arg % VECTORS;

    context->pc += 2;
    context->gpr[FAULT_RAX] = (uint64_t)vg_fast_set((uint32_t)vector,
                                                    (uint64_t)arg < VECTORS ? answer : NULL) +
                              (vg_fast_set(VECTORS, answer) == VG_ERR_INVALID ? 1 : 0);
    return VG_RESUME;
}
VG_HANDLER(fast_switch);
