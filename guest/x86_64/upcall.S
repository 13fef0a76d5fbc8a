/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the host lets user code go on when an interrupt comes (abi/irq.h). Saves all that the
 * interrupted code has, runs the handlers, brings it back and goes on there: without an exit, and
 * without ring 0.
 */
#include "guest/x86_64/frame.h"

        .section .text.upcall, "ax"
/* In: all registers the interrupted code's, but rip and flags, which lie in the area; blocked. */
        .globl  vg_upcall
vg_upcall:
        lea     -RED_ZONE(%rsp), %rsp
        pushq   AREA_PC
        push    %rbp
        mov     %rsp, %rbp              /* so that backtraces lead into what is interrupted */
        push    %rax
        push    %rcx
        push    %rdx
        push    %rbx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        pushq   AREA_FLAGS
1:      sub     INFO_GVA + INFO_XSAVE_LEN, %rsp
        and     $-64, %rsp
        mov     INFO_GVA + INFO_XSAVE_SET, %eax
        mov     INFO_GVA + INFO_XSAVE_SET + 4, %edx
        test    %eax, %eax
        jz      2f
        xor     %ecx, %ecx
        mov     %rcx, XSAVE_HEADER + 0(%rsp)
        mov     %rcx, XSAVE_HEADER + 8(%rsp)
        mov     %rcx, XSAVE_HEADER + 16(%rsp)
        mov     %rcx, XSAVE_HEADER + 24(%rsp)
        mov     %rcx, XSAVE_HEADER + 32(%rsp)
        mov     %rcx, XSAVE_HEADER + 40(%rsp)
        mov     %rcx, XSAVE_HEADER + 48(%rsp)
        mov     %rcx, XSAVE_HEADER + 56(%rsp)
        xsave64 (%rsp)
        call    run
        xrstor64 (%rsp)
        jmp     3f
2:      fxsave64 (%rsp)
        call    run
        fxrstor64 (%rsp)
3:      lea     -UPCALL_FRAME(%rbp), %rsp
        mov     AREA_RUNNING, %eax
        mov     %eax, AREA_BLOCKED
        cmp     AREA_WAITING, %eax
        jb      4f
        popfq
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rbx
        pop     %rdx
        pop     %rcx
        pop     %rax
        pop     %rbp
        ret     $RED_ZONE
4:      movl    $BLOCK_ALL, AREA_BLOCKED /* it came too late for vg_irq_run() */
        jmp     1b

/* The handlers, with the environment that C expects. In: rsp 8 below a multiple of 64. Out:
 * eax, edx as XRSTOR wants them. */
run:
        sub     $8, %rsp
        cld
        fninit
        call    vg_irq_run
        mov     INFO_GVA + INFO_XSAVE_SET, %eax
        mov     INFO_GVA + INFO_XSAVE_SET + 4, %edx
        add     $8, %rsp
        ret

        .section .note.GNU-stack, "", @progbits
