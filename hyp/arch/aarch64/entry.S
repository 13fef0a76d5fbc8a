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
                        stp     x0, x1, [sp, #VCPU_X]
                        mov     x1, #\kind
                        b       guest_exit
.endm

/* answer: calls a function of fast.c on the stack of guest_enter's caller. In: sp = vCPU. */
.macro answer           function
                        mov     x0, sp
                        ldr     x29, [sp, #VCPU_HOST_SP]
                        mov     sp, x29
                        bl      \function
                        ldr     x1, [sp, #16]
                        mov     sp, x1
.endm

/* Synchronous exits are many: no branch and no argument more than needed. */
.macro vector_sync      number
                        .org    vectors + \number * 0x80
                        stp     x0, x1, [sp, #VCPU_X]
                        save_guest
                        answer  fast_sync
                        cbz     x0, .Lresume
                        b       guest_leave
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
                        vector_sync 8                   /* guest, AArch64: enum exit_vector */
                        vector_exit 9, 1
                        vector_exit 10, 2
                        vector_exit 11, 3
                        vector_sync 12                  /* guest, AArch32 at EL0 */
                        vector_exit 13, 1
                        vector_exit 14, 2
                        vector_exit 15, 3
                        .org    vectors + 0x800

                        .text
/*
 * guest_enter: in: x0 = vCPU. Called by hw_guest_enter(), which keeps nothing in x0..x28. The vCPU
 * holds the stack pointer, and its address is the stack pointer while the guest runs. Interrupts
 * are masked in EL2 and stay so. Returns when the guest has left: x0 = enum exit_vector.
 */
                        .global guest_enter
guest_enter:            stp     x29, x30, [sp, #-32]!   /* a frame, for backtraces too */
                        str     x0, [sp, #16]
                        mov     x1, sp
                        str     x1, [x0, #VCPU_HOST_SP]
                        ldp     x2, x3, [x0, #VCPU_PC]
                        msr     elr_el2, x2
                        msr     spsr_el2, x3
                        mov     sp, x0
1:                      load_kept
.Lresume:               load_guest
                        eret
                        dsb     nsh                     /* no speculation past eret */
                        isb

/*
 * guest_exit: in: x1 = enum exit_vector, sp = vCPU, which has the guest's x0 and x1 already. The
 * guest's x19..x28 stay where they are while fast_exit() answers if it can: then the guest goes on.
 */
guest_exit:             save_guest
                        answer  fast_exit               /* 0: resume, else what to leave with + 1 */
                        cbz     x0, .Lresume
/* guest_leave: in: x0 = what fast.c said, sp = vCPU. */
guest_leave:            save_kept
                        cmp     x0, #FAST_MORE
                        b.ne    3f
                        answer  fast_exit_all
                        cbz     x0, 1b
3:                      mrs     x2, elr_el2
                        mrs     x3, spsr_el2
                        stp     x2, x3, [sp, #VCPU_PC]
                        ldr     x1, [sp, #VCPU_HOST_SP]
                        mov     sp, x1
                        ldp     x29, x30, [sp], #32
                        sub     x0, x0, #1
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
