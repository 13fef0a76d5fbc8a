/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16 vectors: the first touch of a stack page is answered here, all else with the whole general
 * context saved by vg_exception(). The supervisor runs on SP_EL1, the program on SP_EL0. Floating
 * point is never touched.
 */
#include "guest/aarch64/save.h"
#include "guest/aarch64/uvm/frame.h"

#define EC_SHIFT      26
#define EC_DATA_LOWER 0x24              /* data abort from EL0; from EL1 it is one more */
#define FSC_TYPE      0x3c
#define FSC_TRANSLATION 4

        .macro  at number
        .org    vg_vectors + \number * VECTOR_STRIDE
        .endm

        .macro  save number
        stp     x0, x1, [sp, #CONTEXT_X0]
        mov     x0, #\number
        b       save_and_call
        .endm

/* Whether there is stack for a frame is found out without touching it. */
        .macro  check_stack
        sub     sp, sp, #FRAME_SIZE
        add     sp, sp, x0              /* sp = new sp + x0 */
        sub     x0, sp, x0              /* x0 = new sp */
        tbz     x0, #STACK0_BIT_LOW, stack_full
        tbz     x0, #STACK0_BIT_HIGH, stack_full
        sub     x0, sp, x0
        sub     sp, sp, x0
        .endm

/* A data abort that is a translation fault may be the first touch of a stack page. */
        .macro  look_at_stack class
        stp     x0, x1, [sp, #CONTEXT_X0]
        mrs     x0, esr_el1
        lsr     x1, x0, #EC_SHIFT
        cmp     x1, #\class
        b.eq    stack_touch
        .endm

        .section .text.vectors, "ax"
        .balign 2048
        .globl  vg_vectors
vg_vectors:
        .irp    n, 0, 1, 2, 3
        at      \n
        check_stack
        save    \n
        .endr

        at      4
        check_stack
        look_at_stack EC_DATA_LOWER + 1
        mov     x0, #4
        b       save_and_call
        .irp    n, 5, 6, 7
        at      \n
        check_stack
        save    \n
        .endr

        at      8
        sub     sp, sp, #FRAME_SIZE
        look_at_stack EC_DATA_LOWER
        mov     x0, #8
        b       save_and_call
        .irp    n, 9, 10, 11, 12, 13, 14, 15
        at      \n
        sub     sp, sp, #FRAME_SIZE
        save    \n
        .endr
        at      16

        .section .text.entry, "ax"
/*
 * In: x0 ESR_EL1, sp frame with x0, x1 saved. A page of the user stack that has not been touched
 * becomes valid: its entry waits complete but for bit 0.
 */
stack_touch:
        and     x0, x0, #FSC_TYPE
        cmp     x0, #FSC_TRANSLATION
        b.ne    1f
        mrs     x0, far_el1
        stp     x2, x3, [sp, #CONTEXT_X0 + 16]
        mov     x1, #INFO_GVA
        ldp     x2, x3, [x1, #INFO_STACK_TOP]   /* and stack_limit */
        cmp     x0, x2
        b.hs    2f
        subs    x0, x0, x3
        b.lo    2f
        ldr     x1, [x1, #INFO_STACK_PTE]
        lsr     x0, x0, #12
        ldr     x2, [x1, x0, lsl #3]
        orr     x2, x2, #1
        str     x2, [x1, x0, lsl #3]
        dsb     ishst
        ldp     x2, x3, [sp, #CONTEXT_X0 + 16]
        ldp     x0, x1, [sp, #CONTEXT_X0]
        add     sp, sp, #FRAME_SIZE
        eret
2:      ldp     x2, x3, [sp, #CONTEXT_X0 + 16]
1:      mrs     x0, esr_el1
        lsr     x0, x0, #EC_SHIFT
        cmp     x0, #EC_DATA_LOWER
        mov     x0, #8
        b.eq    save_and_call
        mov     x0, #4

/* In: x0 vector number, sp frame with x0, x1 saved. Back to what was interrupted. */
save_and_call:
        save_rest
        str     x0, [sp, #FRAME_VECTOR]
        add     x1, sp, #FRAME_SIZE
        str     x1, [sp, #CONTEXT_SP]
call:   mov     x0, sp
        bl      vg_exception
        ldp     x0, x1, [sp, #CONTEXT_PC]
        msr     elr_el1, x0
        msr     spsr_el1, x1
        load_rest
        ldp     x0, x1, [sp, #CONTEXT_X0]
        add     sp, sp, #FRAME_SIZE
        eret

/* In: sp = the lower end of a frame that has no room, plus x0's value; x0 = that lower end. */
stack_full:
        sub     x0, sp, x0
        msr     tpidrro_el0, x0
        sub     x0, sp, x0
        add     x0, x0, #FRAME_SIZE
        msr     tpidr_el1, x0
        ldr     x0, =STACK_DF_TOP - FRAME_SIZE
        mov     sp, x0
        mrs     x0, tpidrro_el0
        stp     x0, x1, [sp, #CONTEXT_X0]
        save_rest
        mov     x0, #VECTOR_DOUBLE
        str     x0, [sp, #FRAME_VECTOR]
        mrs     x0, tpidr_el1
        str     x0, [sp, #CONTEXT_SP]
        b       call

        .section .note.GNU-stack, "", @progbits
