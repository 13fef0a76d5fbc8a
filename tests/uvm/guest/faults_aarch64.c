/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of aarch64 for the guest `faults`: instructions, registers, floating point, alignment. */
#include "tests/uvm/guest/faults.h"

#include "vitrine-call.h"

/* Exports a function that executes one instruction and returns 1. */
#define INSTRUCTION(name_, ...)                                                                    \
    static int32_t name_(void)                                                                     \
    {                                                                                              \
        __asm__ volatile(__VA_ARGS__);                                                             \
        return 1;                                                                                  \
    }                                                                                              \
    VG_EXPORT(name_, int32_t)

INSTRUCTION(undefined, "udf #0");
INSTRUCTION(bad_opcode, ".inst 0xffffffff");
INSTRUCTION(el0_register, "mrs x0, s3_3_c15_c15_7" : : : "x0"); /* no such register */
INSTRUCTION(breakpoint, "brk #7");
INSTRUCTION(breakpoint_32, ".inst 0xd43fffe0"); /* brk #0xffff */
INSTRUCTION(halt, "hlt #1");                    /* no debugger: undefined */
INSTRUCTION(supervisor_call, "svc #0");         /* not the runtime's own */
INSTRUCTION(hypervisor_call, "hvc #0");
INSTRUCTION(monitor_call, "smc #0");
INSTRUCTION(eret, "eret");
INSTRUCTION(wait, "wfi");
INSTRUCTION(mask, "msr daifset, #2");
INSTRUCTION(read_vbar, "mrs x0, vbar_el1" : : : "x0");
INSTRUCTION(write_ttbr0, "msr ttbr0_el1, xzr");
INSTRUCTION(write_sctlr, "msr sctlr_el1, xzr");
INSTRUCTION(write_tpidrro, "msr tpidrro_el0, xzr");
INSTRUCTION(flush_tlb, "tlbi vmalle1");
INSTRUCTION(cache_by_set, "dc isw, xzr");
INSTRUCTION(cache_by_address, "dc civac, %0" : : "r"(UINT64_C(0x100000)));

/* ---- Alignment ---- */

static uint32_t misaligned(void)
{
    static uint64_t two[2] = { 0x5566778811223344, 2 };
    uint32_t value = 0;

    __asm__ volatile("ldaxr %w0, [%1]" : "+r"(value) : "r"((uint64_t)two | 1) : "memory");
    return value;
}
VG_EXPORT(misaligned, uint32_t);

static void misaligned_stack(void)
{
    __asm__ volatile("mov x9, sp; sub x10, x9, #8; mov sp, x10; str xzr, [sp, #-16]; mov sp, x9"
                     :
                     :
                     : "x9", "x10", "memory");
}
VG_EXPORT(misaligned_stack, void);

static int32_t misaligned_jump(void)
{
    __asm__ volatile("adr x9, 1f; add x9, x9, #2; blr x9; 1: nop" : : : "x9", "x30");
    return 1;
}
VG_EXPORT(misaligned_jump, int32_t);

/* ---- Floating point ---- */

static double divide(double a, double b)
{
    volatile double x = a;
    volatile double y = b;

    return x / y;
}

/* Infinite, where the processor traps none. */
static double fp_div(void)
{
    vg_fp_trap(VG_FP_DIVIDE);
    return divide(1.0, 0.0);
}
VG_EXPORT(fp_div, double);

static uint32_t fp_can_trap(void)
{
    return vg_fp_trap(VG_FP_DIVIDE | VG_FP_INVALID);
}
VG_EXPORT(fp_can_trap, uint32_t);

/* ---- Hanging ---- */

static void loop_forever(void)
{
    for (;;) {
        __asm__ volatile("yield" : : : "memory");
    }
}
VG_EXPORT(loop_forever, void);

/* Faults again and again, in case the host always says skip. */
static void fault_forever(void)
{
    for (;;) {
        __asm__ volatile("udf #0");
    }
}
VG_EXPORT(fault_forever, void);

/* ---- State across a fault ---- */

/* Registers, flags, vectors and the thread pointer survive a fault that somebody resumes behind
 * the instruction; the number of what did not. */
static int32_t survives(void)
{
    uint64_t bad = 0;

    __asm__ volatile("mov x1, #1; mov x8, #8; mov x16, #16; mov x17, #17; mov x18, #18\n\t"
                     "mov x20, #20; mov x28, #28; mov x30, #30; msr tpidr_el0, x30\n\t"
                     "fmov d0, x1; fmov d8, x8; fmov d31, x28; cmp x1, #1\n\t"
                     "udf #0\n\t"
                     "cinc %0, %0, ne\n\t"
                     "cmp x1, #1; cinc %0, %0, ne; cmp x8, #8; cinc %0, %0, ne\n\t"
                     "cmp x16, #16; cinc %0, %0, ne; cmp x17, #17; cinc %0, %0, ne\n\t"
                     "cmp x18, #18; cinc %0, %0, ne; cmp x20, #20; cinc %0, %0, ne\n\t"
                     "cmp x28, #28; cinc %0, %0, ne; cmp x30, #30; cinc %0, %0, ne\n\t"
                     "fmov x9, d0; cmp x9, #1; cinc %0, %0, ne\n\t"
                     "fmov x9, d8; cmp x9, #8; cinc %0, %0, ne\n\t"
                     "fmov x9, d31; cmp x9, #28; cinc %0, %0, ne\n\t"
                     "mrs x9, tpidr_el0; cmp x9, #30; cinc %0, %0, ne; msr tpidr_el0, xzr"
                     : "+r"(bad)
                     :
                     : "x1", "x8", "x9", "x16", "x17", "x18", "x20", "x28", "x30", "d0", "d8",
                       "d31", "cc", "memory");
    return (int32_t)bad;
}
VG_EXPORT(survives, int32_t);
