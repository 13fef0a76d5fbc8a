/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instruction per function. In: x0 base address, x1 value. Out: x0 what was loaded, where that
 * makes sense. Clobbers x2..x4, x16, v0..v3.
 */

        .macro  one name, instruction:vararg
        .globl  \name
\name:
        \instruction
        ret
        .endm

        .section .text.insn, "ax"
        .arch   armv8.1-a+lse+simd

        one     insn_ldr, ldr x0, [x0]
        one     insn_str, str x1, [x0]
        one     insn_ldrb, ldrb w0, [x0]
        one     insn_strb, strb w1, [x0]
        one     insn_ldrh, ldrh w0, [x0]
        one     insn_strh, strh w1, [x0]
        one     insn_ldrw, ldr w0, [x0]
        one     insn_strw, str w1, [x0]
        one     insn_ldrsw, ldrsw x0, [x0]
        one     insn_ldp, ldp x0, x2, [x0]
        one     insn_stp, stp x1, x1, [x0]
        one     insn_ldxr, ldxr x0, [x0]
        one     insn_ldxp, ldxp x0, x2, [x0]
        one     insn_ldar, ldar x0, [x0]
        one     insn_stlr, stlr x1, [x0]
        one     insn_swp, swp x1, x2, [x0]
        one     insn_cas, cas x1, x2, [x0]
        one     insn_ldadd, ldadd x1, x2, [x0]
        one     insn_ldr_q, ldr q0, [x0]
        one     insn_str_q, str q0, [x0]
        one     insn_ldp_q, ldp q0, q1, [x0]
        one     insn_ld1, ld1 {v0.4s - v3.4s}, [x0]
        one     insn_st1, st1 {v0.4s - v3.4s}, [x0]
        one     insn_ldr_post, ldr w2, [x0], #4
        one     insn_str_post, str w1, [x0], #4
        one     insn_ldr_pre, ldr w2, [x0, #4]!
        one     insn_ldtr, ldtr x0, [x0]
        one     insn_sttr, sttr x1, [x0]
        one     insn_dc_zva, dc zva, x0
        one     insn_dc_ivac, dc ivac, x0
        one     insn_dc_cvac, dc cvac, x0
        one     insn_dc_civac, dc civac, x0
        one     insn_dc_cvau, dc cvau, x0
        one     insn_ic_ivau, ic ivau, x0
        one     insn_prfm, prfm pstl1keep, [x0]
        one     insn_at_s1e1r, at s1e1r, x0
        one     insn_at_s1e1w, at s1e1w, x0
        one     insn_dc_isw, dc isw, x1
        one     insn_dc_csw, dc csw, x1
        one     insn_dc_cisw, dc cisw, x1
        one     insn_ic_iallu, ic ialluis

/* The store needs a monitor, which the load next to it takes elsewhere. */
        .globl  insn_stxr
insn_stxr:
        adrp    x3, scratch
        add     x3, x3, :lo12:scratch
        ldxr    x4, [x3]
        stxr    w2, x1, [x0]
        ret

        .globl  insn_tlbi_va
insn_tlbi_va:
        lsr     x2, x0, #12
        tlbi    vaae1is, x2
        dsb     ish
        ret

        .globl  insn_tlbi_all
insn_tlbi_all:
        tlbi    vmalle1is
        dsb     ish
        isb
        ret

/* Calls x0. A fault on the fetch returns behind the call, see attack.c. */
        .globl  insn_exec
insn_exec:
        mov     x16, x30
        blr     x0
        mov     x30, x16
        ret

        .section .bss.insn, "aw", %nobits
        .balign 64
scratch:
        .skip   64
