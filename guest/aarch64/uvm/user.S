/* SPDX-License-Identifier: Apache-2.0 */
/* EL0's first instructions and the loop of calls. May use everything that the processor has. */
#include "guest/aarch64/uvm/frame.h"

/* In: sp = top of the user stack. Every turn of the loop is one call by the host. */
        .section .text.user_start, "ax"
        .globl  vg_user_start
vg_user_start:
        mov     x29, xzr
        bl      vg_user_init
call_loop:
        mov     x0, #INFO_GVA
        ldr     x0, [x0, #INFO_STACK_TOP]
        mov     sp, x0
        mov     x29, xzr
        msr     fpcr, xzr
        msr     fpsr, xzr
        bl      vg_user_call
        mov     x0, #GATE_GVA
        blr     x0
        b       call_loop

/* First code of another vCPU: x0, x1 = arguments of vg_vcpu_main(), sp = top of its stack. */
        .globl  vg_vcpu_entry
vg_vcpu_entry:
        mov     x29, xzr
        mov     x30, xzr
        b       vg_vcpu_main

/* int vg_service(service, arg[4]): EL1 takes x0..x4 and answers in x0. */
        .section .text.service, "ax"
        .globl  vg_service
vg_service:
        ldp     x3, x4, [x1, #16]
        ldp     x1, x2, [x1]
        .globl  vg_service_insn
        .hidden vg_service_insn
vg_service_insn:
        svc     #0
        ret

/* The end of an upcall, by a jump: EL1 goes on where the area says. */
        .globl  vg_return_insn
        .hidden vg_return_insn
vg_return_insn:
        svc     #0

        .section .note.GNU-stack, "", @progbits
