/* SPDX-License-Identifier: Apache-2.0 */
/* HVC and SMC with every 64th immediate, and the first code of a vCPU that turns itself off. */

        .macro  table name, base
        .balign 8
        .globl  \name
\name:
        .set    number, 0
        .rept   1024
        .inst   \base | (number * 64 + (number & 63)) << 5
        ret
        .set    number, number + 1
        .endr
        .endm

        .section .text.calls, "ax"
        table   calls_hvc, 0xd4000002
        table   calls_smc, 0xd4000003

/*
 * In: x0 function, x1 the instruction's address, x2 eight values for x1..x8; all other registers
 * are filled with their number. Out: x0 how many of x1..x30 changed, x1 the answer.
 * Clobbers nothing else: callee-saved registers are kept on the stack.
 */
        .globl  calls_checked
calls_checked:
        sub     sp, sp, #128
        stp     x19, x20, [sp]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     x1, x2, [sp, #96]
        mov     x18, x1
        mov     x9, x2
        ldp     x1, x2, [x9]
        ldp     x3, x4, [x9, #16]
        ldp     x5, x6, [x9, #32]
        ldp     x7, x8, [x9, #48]
        .irp    n, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
        mov     x\n, #(0x5e00 + \n)
        .endr
        blr     x18
        str     x0, [sp, #112]
        mov     x30, #0
        ldr     x0, [sp, #96]
        cmp     x0, x18
        cinc    x30, x30, ne
        .irp    n, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
        mov     x0, #(0x5e00 + \n)
        cmp     x\n, x0
        cinc    x30, x30, ne
        .endr
        ldr     x9, [sp, #104]
        .irp    n, 1, 2, 3, 4, 5, 6, 7, 8
        ldr     x0, [x9], #8
        cmp     x\n, x0
        cinc    x30, x30, ne
        .endr
        mov     x0, x30
        ldr     x1, [sp, #112]
        ldp     x19, x20, [sp]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        add     sp, sp, #128
        ret

/* A vCPU's whole life, MMU off: counts itself in the word of x0, and CPU_OFF. In: x0. */
        .globl  calls_short_life
calls_short_life:
        ldr     x1, [x0]
        add     x1, x1, #1
        str     x1, [x0]
        dsb     sy
        movz    w0, #0x8400, lsl #16
        movk    w0, #2
        hvc     #0
        b       .
