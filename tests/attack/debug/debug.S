/* SPDX-License-Identifier: Apache-2.0 */
/* Debug registers by number, code to be stepped through, and registers that zones don't have. */

        .section .text.debug, "ax"
        .arch   armv8-a
        .globl  debug_set_breakpoint, debug_set_watchpoint, debug_target, debug_touch, debug_stepped
        .globl  debug_stepped_nops
        .globl  debug_unmask, debug_mask

/* In: x0 number (0..15), x1 value, x2 control; control is written last. Clobbers x3. */
        .macro  setter name, op_value, op_control
\name:
        adr     x3, 1f
        add     x3, x3, x0, lsl #4
        br      x3
1:
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        .inst   0xd5100001 | \n << 8 | \op_value << 5   /* msr s2_0_c0_cN_value, x1 */
        .inst   0xd5100002 | \n << 8 | \op_control << 5 /* msr s2_0_c0_cN_control, x2 */
        isb
        ret
        .endr
        .endm
        setter  debug_set_breakpoint, 4, 5
        setter  debug_set_watchpoint, 6, 7

debug_target:
        nop
        ret

/* In: x0 address. */
debug_touch:
        ldr     x0, [x0]
        ret

/* PSTATE.D */
debug_unmask:
        msr     daifclr, #8
        isb
        ret
debug_mask:
        msr     daifset, #8
        isb
        ret

/*
 * Instructions that EL2 emulates, skips or refuses, among those that it never sees. In: x0 address
 * of a device register. Clobbers x0..x3.
 */
debug_stepped:
        mov     x2, x30
        mov     x1, x0
        msr     daifclr, #8
        nop
        movz    w0, #0x8400, lsl #16    /* PSCI_VERSION */
        hvc     #0
        nop
        movz    w0, #0x8400, lsl #16
        smc     #0
        ldr     w0, [x1]                /* with a syndrome */
        nop
        ldr     w0, [x1], #4            /* without */
        mrs     x0, s3_0_c0_c4_0        /* ID_AA64PFR0_EL1 */
        msr     s3_0_c1_c0_1, xzr       /* ACTLR_EL1 */
        dc      cisw, xzr
        nop
        msr     daifset, #8
        mov     x30, x2
        ret

/* As many instructions, with NOPs for what EL2 does. */
debug_stepped_nops:
        mov     x2, x30
        mov     x1, x0
        msr     daifclr, #8
        .rept   13
        nop
        .endr
        msr     daifset, #8
        mov     x30, x2
        ret

/* Registers of performance monitors, trace, profiling, activity monitors: read, then write. */
        .macro  hidden_pair reg
        mrs     x0, \reg
        ret
        msr     \reg, x1
        ret
        .endm

        .balign 16
        .globl  debug_hidden, debug_hidden_end
debug_hidden:
        .irp    reg, s3_3_c9_c12_0, s3_3_c9_c12_1, s3_3_c9_c12_2, s3_3_c9_c12_3, s3_3_c9_c12_5
        hidden_pair \reg                /* PMCR, PMCNTENSET, PMCNTENCLR, PMOVSCLR, PMSELR */
        .endr
        .irp    reg, s3_3_c9_c13_0, s3_3_c9_c13_1, s3_3_c9_c13_2, s3_3_c9_c14_0, s3_3_c9_c14_3
        hidden_pair \reg                /* PMCCNTR, PMXEVTYPER, PMXEVCNTR, PMUSERENR, PMOVSSET */
        .endr
        .irp    reg, s3_0_c9_c14_1, s3_0_c9_c14_2, s3_3_c14_c8_0, s3_3_c14_c12_0, s3_3_c14_c15_7
        hidden_pair \reg                /* PMINTENSET, -CLR, PMEVCNTR0, PMEVTYPER0, PMCCFILTR */
        .endr
        .irp    reg, s3_0_c1_c2_1, s3_0_c9_c11_0, s3_0_c9_c9_0, s3_0_c9_c10_0, s3_3_c13_c2_0
        hidden_pair \reg                /* TRFCR, TRBLIMITR, PMSCR, PMBLIMITR, AMCR */
        .endr
        .irp    reg, s2_1_c0_c1_0, s2_1_c0_c4_0, s2_1_c7_c15_6, s2_1_c9_c0_0, s3_4_c1_c1_1
        hidden_pair \reg                /* TRCPRGCTLR, TRCCONFIGR, TRCCLAIMSET, BRBCR, MDCR_EL2 */
        .endr
debug_hidden_end:
