/* SPDX-License-Identifier: Apache-2.0 */
/* What the handler of guest `faults` does on aarch64, and the faults that it raises at EL1. */
#include "tests/uvm/guest/faults.h"

const uint64_t test_user_code = 0x1008; /* the gate's ret */

void test_arch_skip(struct vg_context *context)
{
    enum { INSN_SIZE = 4 };

    context->pc += INSN_SIZE;
}

/* Nothing of flags that user code can set makes an instruction fault. */
void test_arch_step_off(struct vg_context *context)
{
    test_arch_skip(context);
}

void test_arch_fp_mask(struct vg_context *context)
{
    enum { FPCR_ENABLES = 0x9f00 };
    struct vg_fp fp;

    (void)context;
    vg_fp_get(&fp, NULL);
    fp.control &= ~(uint32_t)FPCR_ENABLES;
    vg_fp_put(&fp);
}

/* As if the function that was called returned 7: for calls of what can't run. */
bool test_arch_return(struct vg_context *context)
{
    enum { X30 = 30 };

    context->gpr[0] = 7;
    context->pc = context->gpr[X30];
    return true;
}

void test_arch_raise(unsigned action)
{
    uint64_t scratch;

    switch (action) {
    case TEST_IN_UNDEFINED: __asm__ volatile("udf #0"); break;
    case TEST_IN_BREAKPOINT: __asm__ volatile("brk #0"); break;
    case TEST_IN_PRIVILEGED: __asm__ volatile("mrs %0, vbar_el2" : "=r"(scratch)); break;
    case TEST_IN_CALL: __asm__ volatile("svc #0"); break;
    case TEST_IN_ALIGNMENT:
        __asm__ volatile("ldaxr %w0, [%1]" : "=&r"(scratch) : "r"((uint64_t)&super_variable | 1));
        break;
    case TEST_IN_HLT: __asm__ volatile("hlt #0"); break;
    default: break;
    }
}
