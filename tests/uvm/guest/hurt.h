/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in which the guest `hurt` harms itself: their numbers, known to guest and test. */
#ifndef TESTS_UVM_GUEST_HURT_H
#define TESTS_UVM_GUEST_HURT_H

/*
 * Of `fault`: one instruction each that can't be executed in user mode. Names are those of x86_64;
 * other architectures do what is most like it, or have no such way.
 */
enum hurt {
    HURT_DIVIDE,
    HURT_DIVIDE_OVERFLOW,
    HURT_BREAKPOINT,
    HURT_UD2,
    HURT_NULL_READ,
    HURT_NULL_WRITE,
    HURT_WRITE_TEXT,
    HURT_WRITE_RODATA,
    HURT_EXEC_DATA,
    HURT_EXEC_HEAP,
    HURT_EXEC_STACK,
    HURT_NONCANONICAL,
    HURT_STACK_SEGMENT,
    HURT_HLT,
    HURT_CLI,
    HURT_IN,
    HURT_READ_SUPERVISOR,
    HURT_WRITE_SUPERVISOR,
    HURT_EXEC_SUPERVISOR,
    HURT_WRITE_INFO,
    HURT_WRITE_GATE,
    HURT_FAR_READ,
    HURT_JUMP_NULL,
    HURT_JUMP_FAR,
    HURT_JUMP_NONCANONICAL,
    HURT_JUMP_MIDDLE,
    HURT_BAD_SELECTOR,
    HURT_RDMSR,
    HURT_MOV_CR3,
    HURT_LIDT,
    HURT_IRET_KERNEL,
    HURT_SINGLE_STEP,
    HURT_ALIGNMENT,
    HURT_SIMD,
    HURT_X87,
    HURT_ICEBP,
    HURT_INT80,
    HURT_SMASH_STACK_POINTER,
    HURT_COUNT
};

/* Of the architecture, where the program has no way of its own; only in the guest. */
extern void (*const hurt_own[HURT_COUNT])(void);

#endif
