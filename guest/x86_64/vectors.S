/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 256 vectors: the gate and the first touch of a stack page are answered here, all else by
 * entry.S. Only plain instructions: some back ends emulate ring 0. Interrupts are masked;
 * FS and GS are not used, so their bases stay the user's.
 */
#include "guest/x86_64/frame.h"

        .macro  vector number
        .org    vg_vectors + \number * VECTOR_STRIDE, 0xcc
        push    $0
        push    $\number
        jmp     vg_save_and_call
        .endm

        .macro  vector_error number
        .org    vg_vectors + \number * VECTOR_STRIDE, 0xcc
        push    $\number
        jmp     vg_save_and_call
        .endm

        .section .text.vectors, "ax"
        .balign 64
        .globl  vg_vectors
vg_vectors:
        vector  0

/* #DB: a debugger's step, if there is one; it may say that it is not (abi/uvm.h). */
        .org    vg_vectors + 1 * VECTOR_STRIDE, 0xcc
        cmpb    $0, DEBUG_GVA
        je      1f
        out     %al, $PORT_STEP
        iretq
1:      push    $0
        push    $1
        jmp     vg_save_and_call

        vector  2

/* #BP: the gate, if it is an int3. The exit changes no register; rip is behind it already. */
        .org    vg_vectors + 3 * VECTOR_STRIDE, 0xcc
        cmpq    $GATE_GVA + 1, (%rsp)
        jne     breakpoint
        out     %al, $PORT_GATE
        iretq

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
        jmp     vg_save_and_call

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
        jmp     vg_save_and_call
        .set    number, number + 1
        .endr
        .org    vg_vectors + VECTOR_COUNT * VECTOR_STRIDE, 0xcc

        .section .text.entry, "ax"
/* #BP that is no call of the host: a request about interrupts, a debugger's, or the program's. */
breakpoint:
        cmpq    $IRQ_GATE + 1, (%rsp)
        jne     1f
        out     %al, $PORT_IRQ
        iretq
1:      cmpb    $0, DEBUG_GVA
        je      2f
        out     %al, $PORT_BREAK
        iretq
2:      push    $0
        push    $3
        jmp     vg_save_and_call

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
        jmp     vg_save_and_call

        .section .note.GNU-stack, "", @progbits
