/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers may change, and an interrupted program must keep; the guest irq's part. */
#include "tests/uvm/guest/irq.h"

void irq_disturb(void)
{
    uint64_t towards_zero = 0xc00000;

    __asm__ volatile("msr fpcr, %0\n\tmovi v0.16b, #1\n\tmovi v15.16b, #2\n\t"
                     "movi v16.16b, #3\n\tmovi v31.16b, #4"
                     :
                     : "r"(towards_zero)
                     : "v0", "v15", "v16", "v31");
}

uint64_t irq_wait_filled(volatile uint64_t *count, uint64_t until)
{
    register volatile uint64_t *at __asm__("x0") = count;
    register uint64_t end __asm__("x1") = until;

    __asm__ volatile(
        "stp x29, x30, [sp, #-16]!\n\t"
        "mov x5, #0x705; mov x6, #0x706\n\t"
        "mov x7, #0x707; mov x8, #0x708\n\t"
        "mov x9, #0x709; mov x10, #0x70a\n\t"
        "mov x11, #0x70b; mov x12, #0x70c\n\t"
        "mov x13, #0x70d; mov x14, #0x70e\n\t"
        "mov x15, #0x70f; mov x16, #0x710\n\t"
        "mov x17, #0x711; mov x18, #0x712\n\t"
        "mov x19, #0x713; mov x20, #0x714\n\t"
        "mov x21, #0x715; mov x22, #0x716\n\t"
        "mov x23, #0x717; mov x24, #0x718\n\t"
        "mov x25, #0x719; mov x26, #0x71a\n\t"
        "mov x27, #0x71b; mov x28, #0x71c\n\t"
        "mov x29, #0x71d; mov x30, #0x71e\n\t"
        "fmov d0, x5; mov v0.d[1], x6; fmov d15, x7; mov v15.d[1], x8\n\t"
        "fmov d16, x9; mov v16.d[1], x10; fmov d31, x11; mov v31.d[1], x12\n\t"
        "mov x2, sp; mrs x3, fpcr\n\t"
        "1: ldr x4, [%0]; cmp x4, %1; b.lo 1b\n\t"
        "mov x4, sp; sub x2, x2, x4; mrs x4, fpcr; sub x3, x3, x4; orr x2, x2, x3\n\t"
        "umov x3, v0.d[0]; sub x3, x3, x5; orr x2, x2, x3\n\t"
        "umov x3, v0.d[1]; sub x3, x3, x6; orr x2, x2, x3\n\t"
        "umov x3, v15.d[0]; sub x3, x3, x7; orr x2, x2, x3\n\t"
        "umov x3, v15.d[1]; sub x3, x3, x8; orr x2, x2, x3\n\t"
        "umov x3, v16.d[0]; sub x3, x3, x9; orr x2, x2, x3\n\t"
        "umov x3, v16.d[1]; sub x3, x3, x10; orr x2, x2, x3\n\t"
        "umov x3, v31.d[0]; sub x3, x3, x11; orr x2, x2, x3\n\t"
        "umov x3, v31.d[1]; sub x3, x3, x12; orr x2, x2, x3\n\t"
        "sub x5, x5, #0x705; orr x2, x2, x5; sub x6, x6, #0x706; orr x2, x2, x6\n\t"
        "sub x7, x7, #0x707; orr x2, x2, x7; sub x8, x8, #0x708; orr x2, x2, x8\n\t"
        "sub x9, x9, #0x709; orr x2, x2, x9; sub x10, x10, #0x70a; orr x2, x2, x10\n\t"
        "sub x11, x11, #0x70b; orr x2, x2, x11; sub x12, x12, #0x70c; orr x2, x2, x12\n\t"
        "sub x13, x13, #0x70d; orr x2, x2, x13; sub x14, x14, #0x70e; orr x2, x2, x14\n\t"
        "sub x15, x15, #0x70f; orr x2, x2, x15; sub x16, x16, #0x710; orr x2, x2, x16\n\t"
        "sub x17, x17, #0x711; orr x2, x2, x17; sub x18, x18, #0x712; orr x2, x2, x18\n\t"
        "sub x19, x19, #0x713; orr x2, x2, x19; sub x20, x20, #0x714; orr x2, x2, x20\n\t"
        "sub x21, x21, #0x715; orr x2, x2, x21; sub x22, x22, #0x716; orr x2, x2, x22\n\t"
        "sub x23, x23, #0x717; orr x2, x2, x23; sub x24, x24, #0x718; orr x2, x2, x24\n\t"
        "sub x25, x25, #0x719; orr x2, x2, x25; sub x26, x26, #0x71a; orr x2, x2, x26\n\t"
        "sub x27, x27, #0x71b; orr x2, x2, x27; sub x28, x28, #0x71c; orr x2, x2, x28\n\t"
        "sub x29, x29, #0x71d; orr x2, x2, x29; sub x30, x30, #0x71e; orr x2, x2, x30\n\t"
        "ldp x29, x30, [sp], #16\n\t"
        "mov %1, x2"
        : "+r"(at), "+r"(end)
        :
        : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
          "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
          "x30", "v0", "v15", "v16", "v31", "cc", "memory");
    return end;
}
