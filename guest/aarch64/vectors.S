/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16 exception vectors: save the whole general context, call guest_exception(), restore.
 * The program runs on SP_EL0; exceptions use SP_EL1, so that a bad stack can be reported.
 */
#include "guest/aarch64/frame.h"
#include "guest/aarch64/save.h"

/* Exception while the program's stack was in use. */
        .macro  vector number
        .org    vectors + \number * 0x80
        sub     sp, sp, #FRAME_SIZE
        stp     x0, x1, [sp, #FRAME_X]
        mov     x0, #\number
        b       save_and_call
        .endm

/*
 * Exception inside a handler, or from where nothing should come: fatal, so the exception stack is
 * taken anew from its top. TPIDR_EL0 serves as scratch.
 */
        .macro  vector_fatal number
        .org    vectors + \number * 0x80
        msr     tpidr_el0, x0
        mrs     x0, tpidr_el1
        ldr     x0, [x0, #VCPU_EXC_STACK]
        mov     sp, x0
        mrs     x0, tpidr_el0
        sub     sp, sp, #FRAME_SIZE
        stp     x0, x1, [sp, #FRAME_X]
        mov     x0, #\number
        b       save_and_call
        .endm

        .section .text.vectors, "ax"
        .balign 2048
        .globl  vectors
vectors:
        vector 0
        vector 1
        vector 2
        vector 3
        vector_fatal 4
        vector_fatal 5
        vector_fatal 6
        vector_fatal 7
        vector_fatal 8
        vector_fatal 9
        vector_fatal 10
        vector_fatal 11
        vector_fatal 12
        vector_fatal 13
        vector_fatal 14
        vector_fatal 15
        .org    vectors + 0x800

/* In: x0 vector number, sp frame with x0, x1 saved; interrupts masked. Returns to the program. */
save_and_call:
        save_rest
        mrs     x2, sp_el0
        mrs     x3, elr_el1
        mrs     x4, spsr_el1
        mrs     x5, esr_el1
        mrs     x6, far_el1
        stp     x2, x3, [sp, #FRAME_SP]
        stp     x4, x5, [sp, #FRAME_PSTATE]
        str     x6, [sp, #FRAME_ADDRESS]
        mov     x1, sp
        bl      guest_exception
        ldp     x2, x3, [sp, #FRAME_SP]
        ldr     x4, [sp, #FRAME_PSTATE]
        msr     sp_el0, x2
        msr     elr_el1, x3
        msr     spsr_el1, x4
        load_rest
        ldp     x0, x1, [sp, #FRAME_X]
        add     sp, sp, #FRAME_SIZE
        eret
