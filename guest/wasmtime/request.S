/* SPDX-License-Identifier: Apache-2.0 */
/* How ring 3 asks ring 0 for the area, and what ring 0 lets it do at a fault. x86-64, user mode. */

/* int64_t area_request(what, at, pages, from): ring 0 takes rdi rsi rdx rcx and answers in rax. */
        .section .text.area_request, "ax"
        .globl  area_request, area_request_insn
        .hidden area_request_insn
area_request:
        push    %rbp
        mov     %rsp, %rbp
area_request_insn:
        ud2
        pop     %rbp
        ret

/*
 * In: rdi rsi rdx rcx = arguments of area_fault(), rsp = top of the stack of traps, all else as at
 * the fault and to be kept: what C may change by here, the rest by area_fault() itself. Ring 0 puts
 * back the four arguments, rsp, rip and flags.
 */
        .section .text.area_upcall, "ax"
        .globl  area_upcall, area_resume_insn, area_decline_insn
        .hidden area_upcall, area_resume_insn, area_decline_insn
area_upcall:
        push    %rax
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        sub     $520, %rsp              /* 512 of FXSAVE, and its alignment */
        fxsave64 (%rsp)
        call    area_fault
        fxrstor64 (%rsp)
        test    %al, %al
        lea     520(%rsp), %rsp
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rax
        jz      area_decline_insn
area_resume_insn:
        ud2
area_decline_insn:
        ud2

        .section .note.GNU-stack, "", @progbits
