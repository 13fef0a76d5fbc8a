/* SPDX-License-Identifier: Apache-2.0 */
/* Faulting instructions of guest `both` for aarch64. */
#include "tests/uvm/guest/both.h"

#define LEAF(name, instruction)                                                                    \
    __asm__(".pushsection .text." #name ", \"ax\"\n"                                               \
            ".globl " #name "\n"                                                                   \
            ".hidden " #name "\n" #name ":\n\t" instruction "\n\tret\n"                            \
            ".popsection")

LEAF(both_read, "ldr x0, [x0]");
LEAF(both_write, "str x0, [x0]");
LEAF(both_call, "br x0");
LEAF(both_undefined, "udf #0");
LEAF(both_breakpoint, "brk #1");
LEAF(both_privileged, "mrs x0, vbar_el1");

uint64_t both_registers(void)
{
    static uint64_t thread;
    uint64_t bad;

    __asm__ volatile("msr tpidr_el0, %1\n\t"
                     "mov x9, #9; mov x19, #19; mov x28, #28; mov x30, #30\n\t"
                     "fmov d0, #1.5; fmov d15, #2.0; fmov d31, #3.0\n\t"
                     "cmp xzr, xzr\n\t"
                     "udf #0\n\t"
                     "cset %0, ne\n\t"
                     "sub x9, x9, #9; sub x19, x19, #19; sub x28, x28, #28; sub x30, x30, #30\n\t"
                     "orr %0, %0, x9; orr %0, %0, x19; orr %0, %0, x28; orr %0, %0, x30\n\t"
                     "fadd d0, d0, d0; fsub d0, d0, d31; fmov x9, d0; orr %0, %0, x9\n\t"
                     "fmov d0, #2.0; fsub d0, d0, d15; fmov x9, d0; orr %0, %0, x9\n\t"
                     "mrs x9, tpidr_el0; sub x9, x9, %1; orr %0, %0, x9"
                     : "=&r"(bad)
                     : "r"(&thread)
                     : "x9", "x19", "x28", "x30", "d0", "d15", "d31", "cc", "memory");
    return bad;
}

double both_divide(double a, double b)
{
    double result;

    __asm__ volatile("fdiv %d0, %d1, %d2" : "=w"(result) : "w"(a), "w"(b));
    return result;
}
