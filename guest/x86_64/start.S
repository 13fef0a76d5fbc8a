/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of a micro-VM, and the note by which its host finds everything. Ring 0, emulated here and
 * there: each instruction may cost a microsecond. */
#include "guest/x86_64/frame.h"

/* In: rdi = struct uvm_info, rsp = top of the supervisor's stack. Runs the constructors of the
 * program's ring-0 part. Out: ring 3 at vg_user_start. */
        .section .text.start, "ax"
        .globl  vg_entry
vg_entry:
        xor     %ebp, %ebp
        mov     %rdi, %r12
        lea     __vg_super_init_start(%rip), %rbx
1:      lea     __vg_super_init_end(%rip), %rax
        cmp     %rax, %rbx
        jae     2f
        call    *(%rbx)
        add     $8, %rbx
        jmp     1b
2:      mov     %r12, %rdi
        push    $SEL_USER_DS
        push    INFO_STACK_TOP(%rdi)
        push    $0x202                  /* RFLAGS: IF, without which the host never interrupts */
        push    $SEL_USER_CS
        lea     vg_user_start(%rip), %rax
        push    %rax
        iretq

#include "guest/uvm/note.S"

        .section .note.GNU-stack, "", @progbits
