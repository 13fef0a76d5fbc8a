/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every system register and system instruction there can be, 8 bytes each: the instruction and a
 * return. Tables are indexed by op1:CRn:CRm:op2 (14 bits), those of registers by op0 - 2 above.
 * In: x0 value (writes xzr). Out: x0 the value read; the argument where xzr is read.
 */
        .macro  table name, base, count
        .balign 8
        .globl  \name
\name:
        .set    number, 0
        .rept   \count
        .inst   \base | number << 5
        ret
        .set    number, number + 1
        .endr
        .endm

        .section .text.regs, "ax"
        table   regs_mrs, 0xd5300000, 0x8000
        table   regs_mrs_zero, 0xd530001f, 0x8000
        table   regs_msr_zero, 0xd510001f, 0x8000
        table   regs_sys_zero, 0xd508001f, 0x4000
        table   regs_sysl, 0xd5280000, 0x4000
