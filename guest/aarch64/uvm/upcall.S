/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where EL1 lets user code go on when an interrupt comes (abi/irq.h). Saves all that the
 * interrupted code has, runs the handlers, and has EL1 go on there: EL0 has no instruction that
 * sets all registers and pc.
 */
#include "guest/aarch64/save.h"
#include "guest/aarch64/uvm/frame.h"

/* The frame: x0..x30, x29 and pc as backtraces want them, flags, FPSR, FPCR, q0..q31. */
#define SAVED_RECORD 256
#define SAVED_FLAGS  272
#define SAVED_FPSR   280
#define SAVED_FPCR   288
#define SAVED_Q0     304
#define SAVED_SIZE   816

        .macro  vectors op
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        \op     q\n, [sp, #SAVED_Q0 + 16 * \n]
        .endr
        .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        \op     q\n, [sp, #SAVED_Q0 + 16 * \n]
        .endr
        .endm

        .section .text.upcall, "ax"
/* In: all registers the interrupted code's, but pc and flags, which lie in the area; blocked. */
        .globl  vg_upcall
vg_upcall:
        sub     sp, sp, #SAVED_SIZE
        stp     x0, x1, [sp]
        save_rest
        mov     x0, #IRQ_AREA
        ldp     x1, x2, [x0, #AREA_PC]
        stp     x29, x1, [sp, #SAVED_RECORD]
        add     x29, sp, #SAVED_RECORD  /* so that backtraces lead into what is interrupted */
        mrs     x3, fpsr
        mrs     x4, fpcr
        stp     x2, x3, [sp, #SAVED_FLAGS]
        str     x4, [sp, #SAVED_FPCR]
        vectors str
        bl      vg_irq_run
        vectors ldr
        ldp     x2, x3, [sp, #SAVED_FLAGS]
        ldr     x4, [sp, #SAVED_FPCR]
        msr     fpsr, x3
        msr     fpcr, x4
        mov     x0, #IRQ_AREA
        ldr     x1, [sp, #SAVED_RECORD + 8]
        stp     x1, x2, [x0, #AREA_PC]
        load_rest
        ldp     x0, x1, [sp]
        add     sp, sp, #SAVED_SIZE
        b       vg_return_insn

        .section .note.GNU-stack, "", @progbits
