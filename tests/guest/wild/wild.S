/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to break oneself. In: x0 an address without memory. They don't return. */

        .section .text.wild, "ax"
        .globl  wild_vectors, wild_jump, wild_tables, wild_stack

/* An exception whose vector cannot be fetched, whose vector cannot be fetched, ... */
wild_vectors:
        msr     vbar_el1, x0
        isb
        .inst   0x00000000
        ret

/* MMU off first: with it on, the address is not executable in our own tables. */
wild_jump:
        mrs     x1, sctlr_el1
        bic     x1, x1, #1
        msr     sctlr_el1, x1
        isb
        br      x0

wild_tables:
        msr     ttbr0_el1, x0
        tlbi    vmalle1
        dsb     nsh
        isb
        ret

wild_stack:
        msr     spsel, #1
        mov     sp, x0
        .inst   0x00000000
        ret
