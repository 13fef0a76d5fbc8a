/* SPDX-License-Identifier: Apache-2.0 */
/* What the handler of guest `faults` does on x86_64, and the faults that it raises in ring 0. */
#include "tests/uvm/guest/faults.h"

const uint64_t test_user_code = 0x1002; /* the gate's ret, or what is behind it */

void test_arch_skip(struct vg_context *context)
{
    enum { UD2_SIZE = 2 };

    context->pc += UD2_SIZE;
}

void test_arch_step_off(struct vg_context *context)
{
    enum { TF_AND_AC = 0x40100 };

    context->flags &= ~(uint64_t)TF_AND_AC;
}

void test_arch_fp_mask(struct vg_context *context)
{
    enum { ALL = 0x3f, MXCSR_ALL = 0x1f80 };
    struct vg_fp fp;

    (void)context;
    vg_fp_get(&fp, NULL);
    fp.control |= ALL;
    fp.simd |= MXCSR_ALL;
    vg_fp_put(&fp);
}

/* As if the function that stands at rbp returned 7. */
bool test_arch_return(struct vg_context *context)
{
    const uint64_t *frame = (const uint64_t *)context->gpr[FAULT_RBP];

    if (!vg_is_user((uint64_t)frame, 2 * sizeof(*frame), true)) {
        return false;
    }
    context->gpr[FAULT_RAX] = 7;
    context->gpr[FAULT_RSP] = (uint64_t)(frame + 2);
    context->gpr[FAULT_RBP] = frame[0];
    context->pc = frame[1];
    return true;
}

void test_arch_raise(unsigned action)
{
    uint64_t scratch;

    switch (action) {
    case TEST_IN_DIV0:
        __asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx"
                         :
                         :
                         : "rax", "rcx", "rdx", "cc");
        break;
    case TEST_IN_UNDEFINED: __asm__ volatile("ud2"); break;
    case TEST_IN_BREAKPOINT: __asm__ volatile("int3"); break;
    case TEST_IN_INT_N: __asm__ volatile("int $0x80"); break;
    case TEST_IN_SSE: __asm__ volatile("pxor %xmm0, %xmm0"); break;
    case TEST_IN_X87: __asm__ volatile("fld1; fstp %st(0)"); break;
    case TEST_IN_PRIVILEGED:
        __asm__ volatile("rdmsr" : "=a"(scratch) : "c"(0x12345678) : "rdx");
        break;
    case TEST_IN_SEGMENT: __asm__ volatile("mov %0, %%ds" : : "r"(0x48)); break;
    case TEST_IN_STEP:
        __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" : : : "memory", "cc");
        break;
    case TEST_IN_HLT: __asm__ volatile("hlt"); break;
    default: break;
    }
}
