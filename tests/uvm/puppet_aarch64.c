/* SPDX-License-Identifier: Apache-2.0 */
/* The puppet's code for aarch64; runs in the guest only. */
#include "tests/uvm/puppet.h"

#include <elf.h>

/*
 * Entries are slots of 32 bytes in the order of enum puppet_op; x5 is the script's counter, x2 to
 * x4 are the entry's a to c. A port is a place in the exit page.
 */
__asm__(".pushsection .rodata\n"
        "        .globl puppet_code, puppet_code_end, puppet_vector, puppet_vector_end\n"
        "        .macro slot\n"
        "        b puppet_next\n"
        "        .balign 32\n"
        "        .endm\n"
        "        .macro place\n"
        "        mov x7, #0xc000\n" /* UVM_EXIT_GVA */
        "        ubfiz x2, x2, #3, #9\n"
        "        .endm\n"
        "        .balign 32\n"
        "puppet_code:\n"
        "        movz x5, #0x7000\n" /* PUPPET_SCRIPT */
        "        movk x5, #0x20, lsl #16\n"
        "puppet_next:\n"
        "        ldp x1, x2, [x5]\n"
        "        ldp x3, x4, [x5, #16]\n"
        "        add x5, x5, #32\n"
        "        adr x6, puppet_ops\n"
        "        add x6, x6, x1, lsl #5\n"
        "        br x6\n"
        "        .balign 32\n"
        "puppet_ops:\n"
        "        cbz x4, puppet_next\n" /* COPY */
        "        ldr x7, [x3], #8\n"
        "        str x7, [x2], #8\n"
        "        sub x4, x4, #1\n"
        "        b puppet_ops\n"
        "        slot\n"
        "        place\n" /* OUT8 */
        "        strb wzr, [x7, x2]\n"
        "        slot\n"
        "        place\n" /* OUT16 */
        "        strh wzr, [x7, x2]\n"
        "        slot\n"
        "        place\n" /* OUT32 */
        "        str wzr, [x7, x2]\n"
        "        slot\n"
        "        place\n" /* IN8 */
        "        ldrb w0, [x7, x2]\n"
        "        slot\n"
        "        mov x5, x2\n" /* GOTO */
        "        slot\n"
        "        wfi\n" /* HLT */
        "        slot\n"
        "        msr daifset, #15\n" /* CLI_HLT */
        "        wfi\n"
        "        slot\n"
        "        udf #0\n"
        "        slot\n"
        "        brk #0\n"
        "        slot\n"
        "        mov x0, x2\n" /* VMCALL */
        "        hvc #0\n"
        "        slot\n"
        "        mov x0, x2\n" /* VMMCALL */
        "        smc #0\n"
        "        slot\n"
        "        msr vbar_el1, xzr\n" /* TRIPLE: no end of faults */
        "        isb\n"
        "        udf #0\n"
        "        slot\n"
        "        msr ttbr0_el1, x2\n" /* CR3 */
        "        isb\n"
        "        tlbi vmalle1\n"
        "        dsb ish\n"
        "        isb\n"
        "        slot\n"
        "        b .\n"
        "        slot\n"
        "        str x3, [x2]\n" /* STORE */
        "        dsb ish\n"
        "        isb\n"
        "        slot\n"
        "        ldr x0, [x2]\n" /* LOAD */
        "        slot\n"
        "        place\n" /* OUTS: KVM can't decode it */
        "        add x7, x7, x2\n"
        "        stp xzr, xzr, [x7]\n"
        "        slot\n"
        "        msr elr_el1, x2\n" /* IRET */
        "        msr sp_el0, x3\n"
        "        msr spsr_el1, xzr\n"
        "        eret\n"
        "        slot\n"
        "        cbz x2, 1f\n" /* WRMSR: MDSCR_EL1; a of 0: the virtual timer */
        "        msr mdscr_el1, x3\n"
        "        isb\n"
        "        b puppet_next\n"
        "1:      msr cntv_ctl_el0, x3\n"
        "        lsr x3, x3, #8\n" /* QEMU 7.2 hangs when it and the offset overflow */
        "        msr cntv_cval_el0, x3\n"
        "        slot\n"
        "        mov sp, x2\n" /* STACK */
        "        slot\n"
        "        svc #0\n"
        "        slot\n"
        "        msr sctlr_el1, x2\n" /* CR0 */
        "        isb\n"
        "        slot\n"
        "        msr tcr_el1, x2\n" /* CR4 */
        "        isb\n"
        "        slot\n"
        "        br x2\n"
        "        slot\n"
        "        fadd d0, d0, d1\n" /* SSE */
        "        slot\n"
        "        place\n" /* INS */
        "        add x7, x7, x2\n"
        "        ldp x0, x1, [x7]\n"
        "        slot\n"
        "        msr daifclr, #15\n" /* STI_HLT */
        "        wfi\n"
        "        slot\n"
        "puppet_code_end:\n"
        "        .balign 4\n"
        "puppet_vector:\n"
        "        mov x7, #0xc000\n"
        "        str xzr, [x7, #0x708]\n" /* UVM_PORT_FAULT */
        "        b puppet_vector\n"
        "puppet_vector_end:\n"
        ".popsection\n");

const uint16_t puppet_machine = EM_AARCH64;
const uint32_t puppet_stride = 128;
const uint32_t puppet_vector_count = 16;

static const uint8_t udf[] = { 0, 0, 0, 0 };
static const uint8_t load8[] = { 0xe0, 0x83, 0x5f, 0xf8 }; /* ldr x0, [sp, #-8] */
static const uint8_t eret[] = { 0xe0, 0x03, 0x9f, 0xd6 };
static const uint8_t loop[] = { 0x00, 0x00, 0x00, 0x14 };

const struct puppet_bytes puppet_bad_vector[PUPPET_BAD_VECTORS] = {
    { udf, sizeof(udf) },
    { load8, sizeof(load8) },
    { eret, sizeof(eret) },
    { loop, sizeof(loop) },
};
