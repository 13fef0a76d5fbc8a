/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 16 exception vectors: save the whole general context, call guest_exception(), restore.
 * The program runs on SP_EL0; exceptions use SP_EL1, so that a bad stack can be reported.
 */
#include "guest/aarch64/frame.h"

/* Saves and loads are mirrored line by line. In: sp = frame; x0, x1 saved before / loaded after. */
        .macro  save_rest
        stp     x2, x3, [sp, #FRAME_X + 16]
        stp     x4, x5, [sp, #FRAME_X + 32]
        stp     x6, x7, [sp, #FRAME_X + 48]
        stp     x8, x9, [sp, #FRAME_X + 64]
        stp     x10, x11, [sp, #FRAME_X + 80]
        stp     x12, x13, [sp, #FRAME_X + 96]
        stp     x14, x15, [sp, #FRAME_X + 112]
        stp     x16, x17, [sp, #FRAME_X + 128]
        stp     x18, x19, [sp, #FRAME_X + 144]
        stp     x20, x21, [sp, #FRAME_X + 160]
        stp     x22, x23, [sp, #FRAME_X + 176]
        stp     x24, x25, [sp, #FRAME_X + 192]
        stp     x26, x27, [sp, #FRAME_X + 208]
        stp     x28, x29, [sp, #FRAME_X + 224]
        str     x30, [sp, #FRAME_X + 240]
        .endm

        .macro  load_rest
        ldp     x2, x3, [sp, #FRAME_X + 16]
        ldp     x4, x5, [sp, #FRAME_X + 32]
        ldp     x6, x7, [sp, #FRAME_X + 48]
        ldp     x8, x9, [sp, #FRAME_X + 64]
        ldp     x10, x11, [sp, #FRAME_X + 80]
        ldp     x12, x13, [sp, #FRAME_X + 96]
        ldp     x14, x15, [sp, #FRAME_X + 112]
        ldp     x16, x17, [sp, #FRAME_X + 128]
        ldp     x18, x19, [sp, #FRAME_X + 144]
        ldp     x20, x21, [sp, #FRAME_X + 160]
        ldp     x22, x23, [sp, #FRAME_X + 176]
        ldp     x24, x25, [sp, #FRAME_X + 192]
        ldp     x26, x27, [sp, #FRAME_X + 208]
        ldp     x28, x29, [sp, #FRAME_X + 224]
        ldr     x30, [sp, #FRAME_X + 240]
        .endm

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
