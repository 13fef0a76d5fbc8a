/* SPDX-License-Identifier: Apache-2.0 */
/* Faulting instructions of guest `both` for x86_64. */
#include "tests/uvm/guest/both.h"

#define LEAF(name, instruction)                                                                    \
    __asm__(".pushsection .text." #name ", \"ax\"\n"                                               \
            ".globl " #name "\n"                                                                   \
            ".hidden " #name "\n" #name ":\n\t" instruction "\n\tret\n"                            \
            ".popsection")

LEAF(both_read, "mov (%rdi), %rax");
LEAF(both_write, "mov %rdi, (%rdi)");
LEAF(both_call, "jmp *%rdi");
LEAF(both_undefined, "ud2");
LEAF(both_breakpoint, "int3");
LEAF(both_privileged, "mov %cr3, %rax");

uint64_t both_registers(void)
{
    uint64_t bad;

    __asm__ volatile("mov $9, %%r9d; mov $12, %%r12d; mov $15, %%r15d; mov $3, %%ebx\n\t"
                     "movq %%r9, %%xmm0; movq %%r15, %%xmm15; stc\n\t"
                     "ud2\n\t"
                     "sbb %0, %0; inc %0\n\t"
                     "sub $9, %%r9; or %%r9, %0; sub $12, %%r12; or %%r12, %0\n\t"
                     "sub $15, %%r15; or %%r15, %0; sub $3, %%rbx; or %%rbx, %0\n\t"
                     "movq %%xmm0, %%r9; sub $9, %%r9; or %%r9, %0\n\t"
                     "movq %%xmm15, %%r9; sub $15, %%r9; or %%r9, %0"
                     : "=&a"(bad)
                     :
                     : "r9", "r12", "r15", "rbx", "xmm0", "xmm15", "cc", "memory");
    return bad;
}

double both_divide(double a, double b)
{
    __asm__ volatile("divsd %1, %0" : "+x"(a) : "x"(b));
    return a;
}
