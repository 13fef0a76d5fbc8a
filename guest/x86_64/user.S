/* SPDX-License-Identifier: Apache-2.0 */
/* Ring 3's first instructions and the loop of calls. May use everything that the processor has. */
#include "guest/x86_64/frame.h"

/* In: rsp = top of the user stack. Every turn of the loop is one call by the host. */
        .section .text.user_start, "ax"
        .globl  vg_user_start
vg_user_start:
        xor     %ebp, %ebp
        call    vg_user_init
call_loop:
        mov     INFO_GVA + INFO_STACK_TOP, %rsp
        xor     %ebp, %ebp
        cld
        fninit
        ldmxcsr mxcsr_initial(%rip)
        call    vg_user_call
        mov     $GATE_GVA, %eax
        call    *%rax
        jmp     call_loop

/* First code of another vCPU: rdi, rsi = arguments of vg_vcpu_main(), rsp = top of its stack. */
        .globl  vg_vcpu_entry
vg_vcpu_entry:
        xor     %ebp, %ebp
        call    vg_vcpu_main

/* int vg_service(service, arg[4]): ring 0 takes rdi, rsi, rdx, rcx, r8 and answers in rax. */
        .section .text.service, "ax"
        .globl  vg_service
vg_service:
        push    %rbp
        mov     %rsp, %rbp
        mov     8(%rsi), %rdx
        mov     16(%rsi), %rcx
        mov     24(%rsi), %r8
        mov     (%rsi), %rsi
        .globl  vg_service_insn
        .hidden vg_service_insn
vg_service_insn:
        ud2
        pop     %rbp
        ret

        .section .rodata, "a"
        .balign 4
mxcsr_initial:
        .long   0x1f80                  /* all exceptions masked, round to nearest */

        .section .note.GNU-stack, "", @progbits
