/* SPDX-License-Identifier: Apache-2.0 */
/* State that a life could leave to the next: registers that the guests' runtime leaves alone. */

        .section .text.state, "ax"
        .arch   armv8-a+fp+simd
        .globl  state_left, state_poison

        .macro  each_system_register do
        .irp    reg, contextidr_el1, tpidr_el0, tpidrro_el0, afsr0_el1, afsr1_el1, cntkctl_el1, \
                cntv_cval_el0, cntp_cval_el0, par_el1, dbgbvr0_el1, dbgwvr0_el1, mdccint_el1
        \do     \reg
        .endr
        .endm

        .macro  look reg
        mrs     x1, \reg
        orr     x0, x0, x1
        .endm

        .macro  poison reg
        msr     \reg, x0
        .endm

/* Out: x0: all bits that are set in any of them. Clobbers x1. */
state_left:
        mov     x0, #0
        each_system_register look
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        umov    x1, v\n\().d[0]
        orr     x0, x0, x1
        umov    x1, v\n\().d[1]
        orr     x0, x0, x1
        .endr
        .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        umov    x1, v\n\().d[0]
        orr     x0, x0, x1
        umov    x1, v\n\().d[1]
        orr     x0, x0, x1
        .endr
        look    fpcr
        look    fpsr
        ret

/* In: x0, not 0, written to all of them. */
state_poison:
        each_system_register poison
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        dup     v\n\().2d, x0
        .endr
        .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        dup     v\n\().2d, x0
        .endr
        msr     fpcr, x0
        msr     fpsr, x0
        ret
