/* SPDX-License-Identifier: Apache-2.0 */
/* How guest `both` goes on after a fault, on x86_64. */
#include "tests/uvm/guest/both.h"

enum { UD2_SIZE = 2 };

void both_return(struct vg_context *context)
{
    const uint64_t *top = (const uint64_t *)context->gpr[FAULT_RSP];

    if (vg_is_user((uint64_t)top, sizeof(*top), true)) {
        context->pc = *top;
        context->gpr[FAULT_RSP] += sizeof(*top);
    }
}

void both_skip(struct vg_context *context)
{
    context->pc += UD2_SIZE;
}
