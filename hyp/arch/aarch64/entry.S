/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exception vectors, entry into a guest and the way back: arch_vcpu_enter() is a C call that
 * returns with the guest's registers saved. FP and SIMD registers are never touched.
 */
#include "frame.h"

/* Four words of each vector lead to one of two places; .org stops the build when one overflows. */
.macro vector_crash     number
                        .org    vectors + \number * 0x80
                        msr     cntvoff_el2, x0         /* scratch: no guest runs now */
                        mov     x0, #\number
                        b       crash_entry
.endm

.macro vector_exit      number, kind
                        .org    vectors + \number * 0x80
                        stp     x0, x1, [sp, #-16]!
                        mov     x1, #\kind
                        b       guest_exit
.endm

                        .section .vectors, "ax"
                        .balign 2048
                        .global vectors
vectors:                vector_crash 0                  /* current EL, SP_EL0: never used */
                        vector_crash 1
                        vector_crash 2
                        vector_crash 3
                        vector_crash 4                  /* current EL: a bug of ours */
                        vector_crash 5
                        vector_crash 6
                        vector_crash 7
                        vector_exit 8, 0                /* guest, AArch64: enum exit_vector */
                        vector_exit 9, 1
                        vector_exit 10, 2
                        vector_exit 11, 3
                        vector_exit 12, 0               /* guest, AArch32 at EL0 */
                        vector_exit 13, 1
                        vector_exit 14, 2
                        vector_exit 15, 3
                        .org    vectors + 0x800

                        .text
/*
 * void arch_vcpu_enter(struct vcpu *vcpu, struct arch_syndrome *why)
 * In: x0, x1. Interrupts are masked in EL2 and stay so. Returns when the guest has left.
 */
                        .global arch_vcpu_enter
arch_vcpu_enter:        sub     sp, sp, #ENTER_SIZE
                        save_own
                        stp     x0, x1, [sp, #ENTER_ARGS]
                        ldp     x2, x3, [x0, #VCPU_PC]
                        msr     elr_el2, x2
                        msr     spsr_el2, x3
                        load_guest
                        eret
                        dsb     nsh                     /* no speculation past eret */
                        isb

/*
 * guest_exit: in: x1 = enum exit_vector, the guest's x0 and x1 on the stack, below what
 * arch_vcpu_enter left there.
 */
guest_exit:             ldr     x0, [sp, #(16 + ENTER_ARGS)]
                        save_guest
                        ldp     x2, x3, [sp], #16
                        stp     x2, x3, [x0, #VCPU_X]
                        mrs     x2, elr_el2
                        mrs     x3, spsr_el2
                        stp     x2, x3, [x0, #VCPU_PC]
                        ldr     x2, [sp, #(ENTER_ARGS + 8)]
                        str     w1, [x2, #WHY_VECTOR]
                        mrs     x3, esr_el2
                        mrs     x4, far_el2
                        stp     x3, x4, [x2, #WHY_ESR]
                        mrs     x3, hpfar_el2
                        str     x3, [x2, #WHY_HPFAR]
                        load_own
                        add     sp, sp, #ENTER_SIZE
                        ret

/*
 * void vcpu_reset_fp(void): the FP and SIMD registers of a guest that begins; the only place where
 * the hypervisor touches them. A leaf; clobbers v0 to v31.
 */
                        .arch_extension simd
                        .global vcpu_reset_fp
vcpu_reset_fp:          msr     fpcr, xzr
                        msr     fpsr, xzr
                        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
                        movi    v\n\().2d, #0
                        .endr
                        .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
                        movi    v\n\().2d, #0
                        .endr
                        ret

/*
 * uint64_t probe_s12e1r(uint64_t va), probe_s12e0r: PAR_EL1 after AT S12E1R or S12E0R of a guest's
 * address. An external abort on the guest's own tables is taken by the AT as an exception of EL2
 * (DDI 0487, AArch64.AT), not reported in PAR_EL1: crash_report() knows the two instructions and
 * returns, and the answer is PAR_EL1.F. Leaves: nothing is on the stack.
 */
                        .global probe_s12e1r, probe_s12e0r, probe_insn1, probe_insn0
probe_s12e1r:
probe_insn1:            at      s12e1r, x0
                        b       1f
probe_s12e0r:
probe_insn0:            at      s12e0r, x0
1:                      isb
                        mrs     x0, par_el1
                        ret

/*
 * crash_entry: in: x0 = vector number, the real x0 in CNTVOFF_EL2. Saves everything on the
 * emergency stack, which is known good, and never returns.
 */
crash_entry:            msr     vpidr_el2, x0
                        mrs     x0, tpidr_el2
                        cbz     x0, 1f
                        ldr     x0, [x0, #PCPU_EMERGENCY_TOP]
                        b       2f
1:                      ldr     x0, =boot_emergency_top
2:                      sub     x0, x0, #CRASH_SIZE
                        save_crash
                        mov     x1, sp
                        str     x1, [x0, #CRASH_SP]
                        mov     sp, x0
                        mrs     x1, cntvoff_el2
                        str     x1, [x0]
                        mrs     x1, elr_el2
                        mrs     x2, spsr_el2
                        stp     x1, x2, [x0, #CRASH_ELR]
                        mrs     x1, esr_el2
                        mrs     x2, far_el2
                        stp     x1, x2, [x0, #CRASH_ESR]
                        mrs     x1, hpfar_el2
                        mrs     x2, vpidr_el2
                        stp     x1, x2, [x0, #CRASH_HPFAR]
                        bl      crash_report

/* Only for a probe: back to its caller, whose registers are as they were. */
                        ldr     x0, [sp, #CRASH_SP]
                        load_probe
                        mov     sp, x0
                        mov     x0, #1
                        ret
