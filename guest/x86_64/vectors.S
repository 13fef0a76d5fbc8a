/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 256 vectors: the gate and the first touch of a stack page are answered here, all else saves
 * the general registers and calls vg_exception(). Only plain instructions: some back ends emulate
 * ring 0. Interrupts are masked throughout; FS and GS are not used, so their bases stay the user's.
 */
#include "guest/x86_64/frame.h"

        .macro  vector number
        .org    vg_vectors + \number * VECTOR_STRIDE, 0xcc
        push    $0
        push    $\number
        jmp     save_and_call
        .endm

        .macro  vector_error number
        .org    vg_vectors + \number * VECTOR_STRIDE, 0xcc
        push    $\number
        jmp     save_and_call
        .endm

        .section .text.vectors, "ax"
        .balign 64
        .globl  vg_vectors
vg_vectors:
        vector  0
        vector  1
        vector  2

/* #BP: the gate, if it is an int3. The exit changes no register; rip is behind it already. */
        .org    vg_vectors + 3 * VECTOR_STRIDE, 0xcc
        cmpq    $GATE_GVA + 1, (%rsp)
        jne     1f
        out     %al, $PORT_GATE
        iretq
1:      push    $0
        push    $3
        jmp     save_and_call

        vector  4
        vector  5

/* #UD: the gate, if it is a ud2; rip goes on after its two bytes. */
        .org    vg_vectors + 6 * VECTOR_STRIDE, 0xcc
        cmpq    $GATE_GVA, (%rsp)
        jne     1f
        out     %al, $PORT_GATE
        addq    $2, (%rsp)
        iretq
1:      push    $0
        push    $6
        jmp     save_and_call

        vector  7
        vector_error 8
        vector  9
        .irp    n, 10, 11, 12, 13
        vector_error \n
        .endr
        .org    vg_vectors + 14 * VECTOR_STRIDE, 0xcc
        jmp     page_fault
        vector  15
        vector  16
        vector_error 17
        vector  18
        vector  19
        vector  20
        vector_error 21
        .irp    n, 22, 23, 24, 25, 26, 27, 28
        vector  \n
        .endr
        vector_error 29
        vector_error 30
        .set    number, 31
        .rept   VECTOR_COUNT - 31
        .org    vg_vectors + number * VECTOR_STRIDE, 0xcc
        push    $0
        push    $number
        jmp     save_and_call
        .set    number, number + 1
        .endr
        .org    vg_vectors + VECTOR_COUNT * VECTOR_STRIDE, 0xcc

/*
 * #PF. In: error code and the processor's frame on the stack. A page of the user stack that is not
 * present, and not fetched from, becomes present: its entry waits complete but for bit 0.
 */
page_fault:
        testb   $(PF_PRESENT | PF_FETCH), (%rsp)
        jnz     1f
        push    %rax
        push    %rcx
        mov     INFO_GVA + INFO_STACK_TOP, %rcx
        mov     %cr2, %rax
        cmp     %rcx, %rax
        jae     2f
        sub     INFO_GVA + INFO_STACK_LOW, %rax
        jb      2f
        mov     INFO_GVA + INFO_STACK_PTE, %rcx
        shr     $12, %rax
        orb     $1, (%rcx,%rax,8)
        pop     %rcx
        pop     %rax
        add     $8, %rsp
        iretq
2:      pop     %rcx
        pop     %rax
1:      push    $14

/* In: vector, error code, and the processor's frame on the stack. Back to what was interrupted. */
save_and_call:
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
