/* SPDX-License-Identifier: Apache-2.0 */
/* setjmp() and longjmp(), and how window_map() asks ring 0. User mode, System V x86-64 ABI. */

/* In: rdi = jmp_buf: rbx rbp r12 r13 r14 r15 rsp rip mxcsr fcw. Out: 0. */
        .section .text.setjmp, "ax"
        .globl  setjmp
setjmp:
        mov     %rbx, (%rdi)
        mov     %rbp, 8(%rdi)
        mov     %r12, 16(%rdi)
        mov     %r13, 24(%rdi)
        mov     %r14, 32(%rdi)
        mov     %r15, 40(%rdi)
        lea     8(%rsp), %rax           /* as it is behind the return */
        mov     %rax, 48(%rdi)
        mov     (%rsp), %rax
        mov     %rax, 56(%rdi)
        stmxcsr 64(%rdi)
        fnstcw  68(%rdi)
        xor     %eax, %eax
        ret

/* In: rdi = jmp_buf, esi = value. Goes on behind setjmp() with the value, 1 in place of 0. */
        .section .text.longjmp, "ax"
        .globl  longjmp
longjmp:
        mov     %esi, %eax
        cmp     $1, %eax
        adc     $0, %eax
        mov     (%rdi), %rbx
        mov     8(%rdi), %rbp
        mov     16(%rdi), %r12
        mov     24(%rdi), %r13
        mov     32(%rdi), %r14
        mov     40(%rdi), %r15
        mov     48(%rdi), %rsp
        ldmxcsr 64(%rdi)
        fldcw   68(%rdi)
        jmp     *56(%rdi)

/* int window_map(window, piece, frame, pages): ring 0 takes rdi rsi rdx rcx and answers in rax. */
        .section .text.window_map, "ax"
        .globl  window_map, window_map_insn
        .hidden window_map_insn
window_map:
        push    %rbp
        mov     %rsp, %rbp
window_map_insn:
        ud2
        pop     %rbp
        ret

        .section .note.GNU-stack, "", @progbits
