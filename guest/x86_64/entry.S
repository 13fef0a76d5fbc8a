/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a vector to C and back: to a fast handler with few registers saved, or with all of them to
 * vg_exception(). Only plain instructions: some back ends emulate ring 0.
 */
#include "guest/x86_64/frame.h"

        .section .text.entry, "ax"
/*
 * In: vector, error code, and the processor's frame on the stack. A fast handler gets these and the
 * registers that C may change, as struct vg_fast; when there is none or it returns false, all goes
 * the whole way.
 */
        .globl  vg_save_and_call
vg_save_and_call:
        push    %rax
        mov     8(%rsp), %rax
        mov     FAST_TABLE_GVA(,%rax,8), %rax
        test    %rax, %rax
        jnz     1f
        pop     %rax
        jmp     save_all
1:      push    %rcx
        cmpq    $VECTOR_UD, 16(%rsp)
        jne     3f
        lea     vg_service_insn(%rip), %rcx     /* the runtime's own is never a handler's */
        cmp     %rcx, 32(%rsp)
        je      2f
3:      push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        mov     %rsp, %rdi
        cld
        call    *%rax
        test    %al, %al
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        jz      2f
        pop     %rcx
        pop     %rax
        add     $TRAP_VECTOR_SIZE, %rsp
        iretq
2:      pop     %rcx
        pop     %rax
        jmp     save_all

/* In: as above. Back to what was interrupted. */
save_all:
        sub     $CONTEXT_SIZE, %rsp
        mov     %rax, CONTEXT_RAX(%rsp)
        mov     %rbx, CONTEXT_RBX(%rsp)
        mov     %rcx, CONTEXT_RCX(%rsp)
        mov     %rdx, CONTEXT_RDX(%rsp)
        mov     %rsi, CONTEXT_RSI(%rsp)
        mov     %rdi, CONTEXT_RDI(%rsp)
        mov     %rbp, CONTEXT_RBP(%rsp)
        mov     %r8, CONTEXT_R8(%rsp)
        mov     %r9, CONTEXT_R8 + 8(%rsp)
        mov     %r10, CONTEXT_R8 + 16(%rsp)
        mov     %r11, CONTEXT_R8 + 24(%rsp)
        mov     %r12, CONTEXT_R8 + 32(%rsp)
        mov     %r13, CONTEXT_R8 + 40(%rsp)
        mov     %r14, CONTEXT_R8 + 48(%rsp)
        mov     %r15, CONTEXT_R8 + 56(%rsp)
        mov     %rsp, %rdi
        cld
        call    vg_exception
        mov     CONTEXT_RAX(%rsp), %rax
        mov     CONTEXT_RBX(%rsp), %rbx
        mov     CONTEXT_RCX(%rsp), %rcx
        mov     CONTEXT_RDX(%rsp), %rdx
        mov     CONTEXT_RSI(%rsp), %rsi
        mov     CONTEXT_RDI(%rsp), %rdi
        mov     CONTEXT_RBP(%rsp), %rbp
        mov     CONTEXT_R8(%rsp), %r8
        mov     CONTEXT_R8 + 8(%rsp), %r9
        mov     CONTEXT_R8 + 16(%rsp), %r10
        mov     CONTEXT_R8 + 24(%rsp), %r11
        mov     CONTEXT_R8 + 32(%rsp), %r12
        mov     CONTEXT_R8 + 40(%rsp), %r13
        mov     CONTEXT_R8 + 48(%rsp), %r14
        mov     CONTEXT_R8 + 56(%rsp), %r15
        add     $CONTEXT_SIZE + TRAP_VECTOR_SIZE, %rsp
        iretq

        .section .note.GNU-stack, "", @progbits
