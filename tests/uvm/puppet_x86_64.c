/* SPDX-License-Identifier: Apache-2.0 */
/* The puppet's code for x86_64; runs in the guest only. */
#include "tests/uvm/puppet.h"

#include <elf.h>

/* Entries are slots of 32 bytes in the order of enum puppet_op; rsi is the script's counter. */
__asm__(".pushsection .rodata\n"
        "        .globl puppet_code, puppet_code_end, puppet_vector, puppet_vector_end\n"
        "        .set slot_at, 0\n"
        "        .macro slot\n"
        "        jmp puppet_next\n"
        "        .balign 32, 0xcc\n"
        "        .endm\n"
        "puppet_code:\n"
        "        mov $0x207000, %esi\n" /* PUPPET_SCRIPT */
        "puppet_next:\n"
        "        mov (%rsi), %rax\n"
        "        mov 8(%rsi), %rbx\n"
        "        mov 16(%rsi), %rdx\n"
        "        mov 24(%rsi), %rcx\n"
        "        add $32, %rsi\n"
        "        lea puppet_ops(%rip), %rbp\n"
        "        shl $5, %rax\n"
        "        add %rbp, %rax\n"
        "        mov %rsi, %r8\n"
        "        jmp *%rax\n"
        "        .balign 32, 0xcc\n"
        "puppet_ops:\n"
        "        mov %rbx, %rdi\n" /* COPY */
        "        mov %rdx, %rsi\n"
        "        rep movsq\n"
        "        mov %r8, %rsi\n"
        "        slot\n"
        "        mov %ebx, %edx\n" /* OUT8 */
        "        out %al, %dx\n"
        "        slot\n"
        "        mov %ebx, %edx\n" /* OUT16 */
        "        out %ax, %dx\n"
        "        slot\n"
        "        mov %ebx, %edx\n" /* OUT32 */
        "        out %eax, %dx\n"
        "        slot\n"
        "        mov %ebx, %edx\n" /* IN8 */
        "        in %dx, %al\n"
        "        slot\n"
        "        mov %rbx, %rsi\n" /* GOTO */
        "        slot\n"
        "        hlt\n"
        "        slot\n"
        "        cli\n"
        "        hlt\n"
        "        slot\n"
        "        ud2\n"
        "        slot\n"
        "        int3\n"
        "        slot\n"
        "        vmcall\n"
        "        slot\n"
        "        vmmcall\n"
        "        slot\n"
        "        movq $0, 0x205000\n" /* TRIPLE */
        "        lidt 0x205000\n"
        "        ud2\n"
        "        slot\n"
        "        mov %rbx, %cr3\n"
        "        slot\n"
        "        jmp .\n"
        "        slot\n"
        "        mov %rdx, (%rbx)\n" /* STORE */
        "        slot\n"
        "        mov (%rbx), %rax\n" /* LOAD */
        "        slot\n"
        "        mov %rdx, %rsi\n" /* OUTS */
        "        mov %ebx, %edx\n"
        "        rep outsb\n"
        "        mov %r8, %rsi\n"
        "        slot\n"
        "        push $0x1b\n" /* IRET */
        "        push %rdx\n"
        "        push $2\n"
        "        push $0x23\n"
        "        push %rbx\n"
        "        iretq\n"
        "        slot\n"
        "        mov %ebx, %ecx\n" /* WRMSR */
        "        mov %rdx, %rax\n"
        "        shr $32, %rdx\n"
        "        wrmsr\n"
        "        slot\n"
        "        mov %rbx, %rsp\n" /* STACK */
        "        slot\n"
        "        int $0x80\n"
        "        slot\n"
        "        mov %rbx, %cr0\n"
        "        slot\n"
        "        mov %rbx, %cr4\n"
        "        slot\n"
        "        jmp *%rbx\n"
        "        slot\n"
        "        addps %xmm0, %xmm1\n" /* SSE */
        "        slot\n"
        "        mov %rdx, %rdi\n" /* INS */
        "        mov %ebx, %edx\n"
        "        rep insb\n"
        "        slot\n"
        "        sti\n" /* STI_HLT */
        "        hlt\n"
        "        slot\n"
        "puppet_code_end:\n"
        "puppet_vector: out %al, $0xe1\n"
        "        jmp puppet_vector\n"
        "puppet_vector_end:\n"
        ".popsection\n");

const uint16_t puppet_machine = EM_X86_64;
const uint32_t puppet_stride = 16;
const uint32_t puppet_vector_count = 256;

static const uint8_t ud2[] = { 0x0f, 0x0b };
static const uint8_t load8[] = { 0x48, 0x8b, 0x04, 0x25, 8, 0, 0, 0 };
static const uint8_t iretq[] = { 0x48, 0xcf };
static const uint8_t loop[] = { 0xeb, 0xfe };

const struct puppet_bytes puppet_bad_vector[PUPPET_BAD_VECTORS] = {
    { ud2, sizeof(ud2) },
    { load8, sizeof(load8) },
    { iretq, sizeof(iretq) },
    { loop, sizeof(loop) },
};
