/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of x86_64 for the guest `faults`: instructions, segments, x87 and SSE, registers. */
#include "tests/uvm/guest/faults.h"

#include "vitrine-call.h"

/* ---- Illegal instructions ---- */

/* Exports a function that executes some assembly and returns 1. */
#define INSTRUCTION(name_, ...)                                                                    \
    static int32_t name_(void)                                                                     \
    {                                                                                              \
        __asm__ volatile(__VA_ARGS__);                                                             \
        return 1;                                                                                  \
    }                                                                                              \
    VG_EXPORT(name_, int32_t)

INSTRUCTION(undefined, "ud2");
INSTRUCTION(ud1, "ud1 %%eax, %%eax" : : : "memory");
INSTRUCTION(bad_opcode, ".byte 0x06, 0x90"); /* push es: not in 64-bit mode */
INSTRUCTION(bad_lock, ".byte 0xf0, 0x90");   /* lock nop */
INSTRUCTION(privileged, "hlt");
INSTRUCTION(cli, "cli");
INSTRUCTION(port_in, "in $0xe0, %%al" : : : "rax");
INSTRUCTION(port_out, "out %%al, $0xe0" : : : "memory");
INSTRUCTION(wrmsr, "wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0));
INSTRUCTION(rdmsr, "rdmsr" : : "c"(0xc0000080) : "rax", "rdx");
INSTRUCTION(mov_cr0, "mov %%cr0, %%rax" : : : "rax");
INSTRUCTION(mov_cr3, "mov %0, %%cr3" : : "r"(UINT64_C(0)));
INSTRUCTION(mov_dr7, "mov %0, %%dr7" : : "r"(UINT64_C(0x400)));
INSTRUCTION(lgdt, "lgdt 0x100000");
INSTRUCTION(lidt, "lidt 0x100000");
INSTRUCTION(invlpg, "invlpg 0x100000");
INSTRUCTION(wbinvd, "wbinvd");
INSTRUCTION(swapgs, "swapgs");
INSTRUCTION(iret_kernel, "push $0x10; push %%rsp; push $2; push $8; push $0x1000; iretq"
            :
            :
            : "memory");
INSTRUCTION(int_n, "int $0x80");
INSTRUCTION(int_de, "int $0"); /* not a division: refused by the gate's privilege */
INSTRUCTION(overflow, "int $4");
INSTRUCTION(bad_segment, "mov %0, %%ds" : : "r"(0x48));
INSTRUCTION(kernel_segment, "mov %0, %%ss" : : "r"(0x10));

/* ---- Debug ---- */

INSTRUCTION(int3, "int3");
INSTRUCTION(icebp, ".byte 0xf1");
INSTRUCTION(step, "pushfq; orl $0x100, (%%rsp); popfq; nop; nop" : : : "memory", "cc");

/* ---- Alignment ---- */

/* EFLAGS.AC makes it a fault; it stays set when the host skips, so it is cleared. */
static uint32_t misaligned(void)
{
    static uint32_t two[2] = { 0x11223344, 0x55667788 };
    uint32_t value;

    __asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq\n\t"
                     "mov 1(%1), %0\n\t"
                     "pushfq; andl $~0x40000, (%%rsp); popfq"
                     : "=&r"(value)
                     : "r"(two)
                     : "memory", "cc");
    return value;
}
VG_EXPORT(misaligned, uint32_t);

/* movaps: a general protection fault whatever AC says. */
static void misaligned_sse(void)
{
    static uint8_t bytes[64];

    __asm__ volatile("movaps (%0), %%xmm0" : : "r"((uint64_t)bytes | 1) : "xmm0", "memory");
}
VG_EXPORT(misaligned_sse, void);

/* ---- Floating point: x87 ---- */

/* Each sets up one condition with all exceptions trapping but inexact, and returns 1 afterwards. */
#define X87(name_, trap, ...)                                                                      \
    static int32_t name_(void)                                                                     \
    {                                                                                              \
        vg_fp_trap(trap);                                                                          \
        __asm__ volatile(__VA_ARGS__ "\n\tfwait\n\tfninit" : : : "memory");                        \
        return 1;                                                                                  \
    }                                                                                              \
    VG_EXPORT(name_, int32_t)

enum {
    MOST = VG_FP_INVALID | VG_FP_DIVIDE | VG_FP_OVERFLOW | VG_FP_UNDERFLOW,
    DENORMAL = VG_FP_DENORMAL,
    INEXACT = VG_FP_INEXACT,
};

X87(fp_div_x87, MOST, "fld1; fldz; fdivrp");
X87(fp_invalid_x87, MOST, "fldz; fldz; fdivrp");
X87(fp_stack_x87, MOST, "fstp %%st(0)");
X87(fp_inexact_x87, INEXACT, "fld1; fldpi; fdivrp");
X87(fp_overflow_x87, MOST,
    "pushq $0x7ffe; movabs $0x8000000000000000, %%rax; push %%rax; fldt (%%rsp);"
    "fld %%st(0); fmulp; add $16, %%rsp");
X87(fp_underflow_x87, MOST,
    "pushq $1; movabs $0x8000000000000000, %%rax; push %%rax; fldt (%%rsp);"
    "fld %%st(0); fmulp; add $16, %%rsp");
X87(fp_denormal_x87, DENORMAL, "push $1; fldl (%%rsp); fld1; faddp; pop %%rax");

/* ---- Floating point: SSE ---- */

static double sse(double a, double b, char op)
{
    volatile double x = a;
    volatile double y = b;

    switch (op) {
    case '/': return x / y;
    case '*': return x * y;
    default: return x + y;
    }
}

#define SSE(name_, trap, a, op, b)                                                                 \
    static double name_(void)                                                                      \
    {                                                                                              \
        vg_fp_trap(trap);                                                                          \
        return sse(a, b, op);                                                                      \
    }                                                                                              \
    VG_EXPORT(name_, double)

SSE(fp_div_sse, MOST, 1.0, '/', 0.0);
SSE(fp_invalid_sse, MOST, 0.0, '/', 0.0);
SSE(fp_overflow_sse, MOST, 1e308, '*', 1e308);
SSE(fp_underflow_sse, MOST, 1e-300, '*', 1e-300);
SSE(fp_inexact_sse, INEXACT, 1.0, '/', 3.0);
SSE(fp_denormal_sse, DENORMAL, 4e-320, '+', 1.0);

/* ---- Other ---- */

/* Through the frame pointer: #SS. */
static void noncanonical_stack(void)
{
    __asm__ volatile("push %%rbp\n\t"
                     "mov %0, %%rbp\n\t"
                     "movb $1, (%%rbp)\n\t"
                     "pop %%rbp"
                     :
                     : "r"(UINT64_C(0x8000000000000000))
                     : "memory");
}
VG_EXPORT(noncanonical_stack, void);

static void loop_forever(void)
{
    for (;;) {
        __asm__ volatile("pause" : : : "memory");
    }
}
VG_EXPORT(loop_forever, void);

/* Faults again and again, in case the host always says skip. */
static void fault_forever(void)
{
    for (;;) {
        __asm__ volatile("ud2");
    }
}
VG_EXPORT(fault_forever, void);

/* ---- State across a fault ---- */

/* Registers, flags, vectors and FS survive a fault that somebody resumes after the ud2; the number
 * of what did not. */
static int32_t survives(void)
{
    int32_t bad = 0;

    __asm__ volatile("mov $0x1111, %%r12; mov $0x2222, %%r13; mov $0x3333, %%r14\n\t"
                     "mov $0x4444, %%r15; mov $0x5555, %%rbx\n\t"
                     "movq %%r12, %%xmm0; movq %%r13, %%xmm15; fld1; fldpi\n\t"
                     "mov $0x6666, %%eax; wrfsbase %%rax; stc\n\t"
                     "ud2\n\t"
                     "jc 1f; inc %0\n\t"
                     "1: cmp $0x1111, %%r12; je 1f; inc %0\n\t"
                     "1: cmp $0x2222, %%r13; je 1f; inc %0\n\t"
                     "1: cmp $0x3333, %%r14; je 1f; inc %0\n\t"
                     "1: cmp $0x4444, %%r15; je 1f; inc %0\n\t"
                     "1: cmp $0x5555, %%rbx; je 1f; inc %0\n\t"
                     "1: cmp $0x6666, %%rax; je 1f; inc %0\n\t"
                     "1: rdfsbase %%rcx; cmp $0x6666, %%rcx; je 1f; inc %0\n\t"
                     "1: movq %%xmm0, %%rcx; cmp $0x1111, %%rcx; je 1f; inc %0\n\t"
                     "1: movq %%xmm15, %%rcx; cmp $0x2222, %%rcx; je 1f; inc %0\n\t"
                     "1: fldpi; fcomip; fstp %%st(0); je 1f; inc %0\n\t"
                     "1: fld1; fcomip; fstp %%st(0); je 1f; inc %0\n\t"
                     "1: xor %%eax, %%eax; wrfsbase %%rax"
                     : "+S"(bad)
                     :
                     : "rax", "rbx", "rcx", "r12", "r13", "r14", "r15", "xmm0", "xmm15", "cc",
                       "memory", "st", "st(1)");
    return bad;
}
VG_EXPORT(survives, int32_t);
