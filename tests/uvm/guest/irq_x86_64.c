/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers may change, and an interrupted program must keep; the guest irq's part. */
#include "tests/uvm/guest/irq.h"

void irq_disturb(void)
{
    uint32_t mxcsr = 0x7f80; /* towards zero */

    __asm__ volatile("ldmxcsr %0\n\tfninit\n\tfld1\n\tfld1\n\tfaddp\n\tfstp %%st\n\t"
                     "pcmpeqd %%xmm0, %%xmm0\n\tpcmpeqd %%xmm7, %%xmm7\n\t"
                     "pcmpeqd %%xmm15, %%xmm15"
                     :
                     : "m"(mxcsr)
                     : "xmm0", "xmm7", "xmm15");
}

uint64_t irq_wait_filled(volatile uint64_t *count, uint64_t until)
{
    uint64_t wrong;

    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n\t"
        "push %%rbp\n\t"
        "mov $0x2001, %%ebp; mov $0x2002, %%ecx; mov $0x2003, %%edx; mov $0x2004, %%esi\n\t"
        "mov $0x2006, %%r8d; mov $0x2007, %%r9d; mov $0x2008, %%r10d; mov $0x2009, %%r11d\n\t"
        "mov $0x200a, %%r12d; mov $0x200b, %%r13d; mov $0x200c, %%r14d; mov $0x200d, %%r15d\n\t"
        "movq %%rcx, %%xmm0; movq %%rdx, %%xmm7; movq %%rsi, %%xmm15\n\t"
        "fninit; fldpi; push %%rbx; mov %%rsp, %%rax\n\t"
        "1: cmp %%rdi, (%%rbx)\n\t" /* sets CF until it is reached */
        "jb 1b\n\t"
        "sub %%rsp, %%rax; pop %%rbx\n\t"
        "sub $0x2001, %%rbp; or %%rbp, %%rax; sub $0x2006, %%r8; or %%r8, %%rax\n\t"
        "sub $0x2007, %%r9; or %%r9, %%rax; sub $0x2008, %%r10; or %%r10, %%rax\n\t"
        "sub $0x2009, %%r11; or %%r11, %%rax; sub $0x200a, %%r12; or %%r12, %%rax\n\t"
        "sub $0x200b, %%r13; or %%r13, %%rax; sub $0x200c, %%r14; or %%r14, %%rax\n\t"
        "sub $0x200d, %%r15; or %%r15, %%rax\n\t"
        "movq %%xmm0, %%r8; xor %%rcx, %%r8; or %%r8, %%rax\n\t"
        "movq %%xmm7, %%r8; xor %%rdx, %%r8; or %%r8, %%rax\n\t"
        "movq %%xmm15, %%r8; xor %%rsi, %%r8; or %%r8, %%rax\n\t"
        "xor $0x2002, %%rcx; or %%rcx, %%rax; xor $0x2003, %%rdx; or %%rdx, %%rax\n\t"
        "xor $0x2004, %%rsi; or %%rsi, %%rax\n\t"
        "push %%rbx; stmxcsr (%%rsp); pop %%rcx; mov %%ecx, %%ecx; and $0x7fc0, %%ecx\n\t"
        "xor $0x1f80, %%ecx; or %%rcx, %%rax\n\t"
        "fldpi; fcomip; setne %%cl; movzx %%cl, %%ecx; or %%rcx, %%rax; fstp %%st\n\t"
        "pop %%rbp\n\t"
        "lea 128(%%rsp), %%rsp"
        : "=&a"(wrong)
        : "b"(count), "D"(until)
        : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm7",
          "xmm15", "cc", "memory");
    return wrong;
}
