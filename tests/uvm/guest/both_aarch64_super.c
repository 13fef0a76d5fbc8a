/* SPDX-License-Identifier: Apache-2.0 */
/* How guest `both` goes on after a fault, on aarch64. */
#include "tests/uvm/guest/both.h"

enum { X30 = 30, INSN_SIZE = 4 };

void both_return(struct vg_context *context)
{
    context->pc = context->gpr[X30];
}

void both_skip(struct vg_context *context)
{
    context->pc += INSN_SIZE;
}
