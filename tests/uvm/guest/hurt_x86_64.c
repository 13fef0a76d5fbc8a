/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in which the guest `hurt` harms itself that are x86_64's: instructions that fault. */
#include "tests/uvm/guest/hurt.h"

#include <stdint.h>

#define NONCANONICAL UINT64_C(0x8000000000000000)

static const uint64_t constant = 7;
static const uint32_t two[2] = { 1, 2 };
static const uint32_t mxcsr = 0x1d80; /* all masked but divide by zero */
static const uint16_t x87_control = 0x37b;

/* clang-format off */
#define WAY_ASM(name, code, ...) \
    static void name(void) \
    { \
        __asm__ volatile(code : : __VA_ARGS__ \
                         : "memory", "cc", "rax", "rcx", "rdx", "rsi", "rdi"); \
    }

WAY_ASM(divide, "xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx", "i"(0))
WAY_ASM(divide_overflow, "mov $2, %%edx; mov $1, %%ecx; div %%ecx", "i"(0))
WAY_ASM(breakpoint, "int3", "i"(0))
WAY_ASM(ud2, "ud2", "i"(0))
WAY_ASM(stack_segment, "push %%rbp; mov %0, %%rbp; mov (%%rbp), %%rax; pop %%rbp",
        "r"(NONCANONICAL))
WAY_ASM(hlt, "hlt", "i"(0))
WAY_ASM(cli, "cli", "i"(0))
WAY_ASM(in, "in $0x60, %%al", "i"(0))
WAY_ASM(jump_middle, "jmp 1f + 1; 1: .byte 0xb8, 0x0f, 0x0b, 0, 0", "i"(0))
WAY_ASM(bad_selector, "mov %0, %%ds", "r"(0x1234))
WAY_ASM(rdmsr, "mov $0xc0000080, %%ecx; rdmsr", "i"(0))
WAY_ASM(mov_cr3, "mov %0, %%cr3", "r"(UINT64_C(0)))
WAY_ASM(lidt, "lidt %0", "m"(constant))
WAY_ASM(iret_kernel, "mov %%rsp, %%rax; push $0x10; push %%rax; push $2; push $8\n\t"
                     "lea 1f(%%rip), %%rax; push %%rax; iretq; 1:", "i"(0))
WAY_ASM(single_step, "pushfq; orq $0x100, (%%rsp); popfq; nop; nop", "i"(0))
WAY_ASM(alignment, "pushfq; orq $0x40000, (%%rsp); popfq; movl 1(%0), %%eax\n\t"
                   "pushfq; andq $~0x40000, (%%rsp); popfq", "r"(two))
WAY_ASM(icebp, ".byte 0xf1", "i"(0))
WAY_ASM(int80, "int $0x80", "i"(0))
WAY_ASM(smash_stack_pointer, "mov $0x10, %%rsp; push %%rax", "i"(0))
/* Division by zero unmasked, then done. */
WAY_ASM(simd, "ldmxcsr %0; pxor %%xmm0, %%xmm0; mov $0x3f800000, %%eax; movd %%eax, %%xmm1\n\t"
              "divss %%xmm0, %%xmm1", "m"(mxcsr))
WAY_ASM(x87, "fninit; fldcw %0; fldz; fld1; fdivp; fwait", "m"(x87_control))

/* clang-format on */

void (*const hurt_own[HURT_COUNT])(void) = {
    [HURT_DIVIDE] = divide,
    [HURT_DIVIDE_OVERFLOW] = divide_overflow,
    [HURT_BREAKPOINT] = breakpoint,
    [HURT_UD2] = ud2,
    [HURT_STACK_SEGMENT] = stack_segment,
    [HURT_HLT] = hlt,
    [HURT_CLI] = cli,
    [HURT_IN] = in,
    [HURT_JUMP_MIDDLE] = jump_middle,
    [HURT_BAD_SELECTOR] = bad_selector,
    [HURT_RDMSR] = rdmsr,
    [HURT_MOV_CR3] = mov_cr3,
    [HURT_LIDT] = lidt,
    [HURT_IRET_KERNEL] = iret_kernel,
    [HURT_SINGLE_STEP] = single_step,
    [HURT_ALIGNMENT] = alignment,
    [HURT_SIMD] = simd,
    [HURT_X87] = x87,
    [HURT_ICEBP] = icebp,
    [HURT_INT80] = int80,
    [HURT_SMASH_STACK_POINTER] = smash_stack_pointer,
};
