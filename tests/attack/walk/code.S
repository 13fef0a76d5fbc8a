/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that are copied into a page of their own, and a call of them. Each page's code: one
 * access without syndrome by x0, value x1, and a return; the two differ in all that EL2 decodes.
 */

        .section .text.walk, "ax"
        .globl  walk_load, walk_store, walk_pair, walk_call

        .balign 8
walk_load:
        ldr     w1, [x0], #4
        ret
        .balign 8
walk_store:
        str     w1, [x0], #8
        ret
        .balign 8
walk_pair:
        ldp     w1, w3, [x0]
        ret

/* In: x0 base, x1 value, x2 code. Out: x0, x1 as the code leaves them. Clobbers x3, x16. */
walk_call:
        mov     x16, x30
        blr     x2
        mov     x30, x16
        ret
