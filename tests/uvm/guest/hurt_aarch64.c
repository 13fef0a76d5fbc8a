/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in which the guest `hurt` harms itself that are aarch64's: instructions that fault. */
#include "tests/uvm/guest/hurt.h"

#include <stdint.h>

#define WAY_ASM(name, code)                                                                        \
    static void name(void)                                                                         \
    {                                                                                              \
        __asm__ volatile(code : : : "memory", "cc", "x0", "x1", "x30");                            \
    }

WAY_ASM(breakpoint, "brk #0")
WAY_ASM(undefined, "udf #0")
WAY_ASM(wait, "wfi")
WAY_ASM(mask, "msr daifset, #15")
WAY_ASM(secure_call, "smc #0")
WAY_ASM(hypervisor_call, "hvc #0")
WAY_ASM(supervisor_call, "svc #0")
WAY_ASM(read_control, "mrs x0, sctlr_el1")
WAY_ASM(write_tables, "msr ttbr0_el1, xzr")
WAY_ASM(write_vectors, "msr vbar_el1, xzr")
WAY_ASM(exception_return, "eret")
WAY_ASM(odd_pc, "adr x0, 1f + 2; br x0; 1: nop")
WAY_ASM(odd_exclusive, "mov x0, sp; sub x0, x0, #31; ldxr x1, [x0]")
WAY_ASM(smash_stack_pointer, "mov x0, #16; mov sp, x0; stp x0, x1, [sp, #-16]!")

void (*const hurt_own[HURT_COUNT])(void) = {
    [HURT_BREAKPOINT] = breakpoint,
    [HURT_UD2] = undefined,
    [HURT_HLT] = wait,
    [HURT_CLI] = mask,
    [HURT_IN] = secure_call,
    [HURT_JUMP_MIDDLE] = odd_pc,
    [HURT_RDMSR] = read_control,
    [HURT_MOV_CR3] = write_tables,
    [HURT_LIDT] = write_vectors,
    [HURT_IRET_KERNEL] = exception_return,
    [HURT_ALIGNMENT] = odd_exclusive,
    [HURT_ICEBP] = hypervisor_call,
    [HURT_INT80] = supervisor_call,
    [HURT_SMASH_STACK_POINTER] = smash_stack_pointer,
};
