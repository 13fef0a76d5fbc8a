/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction per function. In: x0 base, x1 value. Out: x0 value, x1 base. Clobbers x2, x3. */

/* name, instruction on x2 (base) and x3 (value) */
        .macro  one name, instruction:vararg
        .globl  \name
\name:
        mov     x2, x0
        mov     x3, x1
        \instruction
        mov     x0, x3
        mov     x1, x2
        ret
        .endm

        .section .text.probe, "ax"
        .arch   armv8.1-a+lse

        one     probe_ldr, ldr w3, [x2]
        one     probe_str, str w3, [x2]
        one     probe_str_post, str w3, [x2], #4
        one     probe_ldr_pre, ldr w3, [x2, #4]!
        one     probe_ldp, ldp w3, w4, [x2]
        one     probe_stp, stp w3, w3, [x2]
        one     probe_ldxr, ldxr w3, [x2]
        one     probe_swp, swp w3, w3, [x2]
        one     probe_ldr_unaligned, ldr w3, [x2, #1]
        one     probe_dc_zva, dc zva, x2
        one     probe_dc_isw, dc isw, xzr
        one     probe_brk, brk #7
        one     probe_svc, svc #7
        one     probe_undefined, .inst 0x00000000

/* System registers by encoding, so that any assembler takes them. */
        one     probe_unallocated, mrs x3, s3_3_c14_c15_0
        one     probe_impdef, mrs x3, s3_3_c15_c15_7
        one     probe_reserved_id, mrs x3, s3_0_c0_c7_7
        one     probe_pmcr, mrs x3, s3_3_c9_c12_0
        one     probe_pmccntr, mrs x3, s3_3_c9_c13_0
        one     probe_zcr, mrs x3, s3_0_c1_c2_0
        one     probe_cpacr, msr s3_0_c1_c0_2, x3
        one     probe_rdvl, .inst 0x04bf5000 /* rdvl x0, #0: SVE */
        one     probe_icc_sgi0r, msr s3_0_c12_c11_7, x3
        one     probe_vbar_el2, mrs x3, s3_4_c12_c0_0
        one     probe_mdscr, msr s2_0_c0_c2_2, x3
        one     probe_oslar, msr s2_0_c1_c0_4, x3
        one     probe_dbgbcr, mrs x3, s2_0_c0_c0_5
        one     probe_cntpoff, mrs x3, s3_4_c14_c0_6
        one     probe_trblimitr, mrs x3, s3_0_c9_c11_0
        one     probe_id_pfr0, mrs x3, s3_0_c0_c4_0
        one     probe_id_pfr1, mrs x3, s3_0_c0_c4_1
        one     probe_id_dfr0, mrs x3, s3_0_c0_c5_0
        one     probe_id_isar1, mrs x3, s3_0_c0_c6_1
        one     probe_ctr, mrs x3, s3_3_c0_c0_1
        one     probe_midr, mrs x3, s3_0_c0_c0_0
        one     probe_actlr, mrs x3, s3_0_c1_c0_1

/* Calls: x3 is the function number, the answer goes there. SMCCC lets them change x0..x17. */
        .macro  one_call name, instruction:vararg
        .globl  \name
\name:
        mov     x0, x1
        \instruction
        mov     x1, xzr
        ret
        .endm
        one_call probe_smc, smc #0
        one_call probe_hvc_imm, hvc #77
