/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of vCPU 0 and of the others: stacks, bss, memory map on, then C. Nothing here reads memory
 * that was written with caches on while they are still off.
 */
#include "guest/aarch64/frame.h"

        .section .text.start, "ax"

/*
 * vCPU 0. In: x0 device tree, x1 boot_info or 0, EL1h, MMU and caches off, interrupts masked.
 * Keeps them in x19, x20 until guest_start(). Clobbers everything.
 */
        .globl  _start
_start:
        msr     daifset, #15
        mov     x19, x0
        mov     x20, x1
        adrp    x0, __bss_start
        add     x0, x0, :lo12:__bss_start
        adrp    x1, __bss_end
        add     x1, x1, :lo12:__bss_end
1:      stp     xzr, xzr, [x0], #16
        cmp     x0, x1
        b.lo    1b

        adrp    x0, vcpu_stacks + PAGE_SIZE + STACK_SIZE
        mov     sp, x0
        mov     x0, x19
        mov     x1, x20
        bl      guest_early

        /* Lines of what was just written without caches may be cached with older content. */
        adrp    x0, __bss_start
        adrp    x1, __bss_end
        add     x1, x1, :lo12:__bss_end
1:      dc      ivac, x0
        add     x0, x0, #16
        cmp     x0, x1
        b.lo    1b
        dsb     sy

        bl      mmu_on
        adrp    x0, vcpu_table
        add     x0, x0, :lo12:vcpu_table
        bl      vcpu_enter_stacks
        bl      guest_start
        b       .

/*
 * Other vCPUs, started by PSCI CPU_ON. In: x0 = its struct vcpu (context id), state as above.
 */
        .globl  secondary_start
secondary_start:
        msr     daifset, #15
        mov     x19, x0
        bl      mmu_on
        mov     x0, x19
        bl      vcpu_enter_stacks
        bl      vcpu_main
        b       .

/*
 * In: x0 = struct vcpu. Out: its exception stack is SP_EL1, its own stack is SP_EL0 and in use,
 * TPIDR_EL1 = x0, vectors in place. Clobbers x1.
 */
vcpu_enter_stacks:
        msr     tpidr_el1, x0
        adrp    x1, vectors
        add     x1, x1, :lo12:vectors
        msr     vbar_el1, x1
        ldr     x1, [x0, #VCPU_EXC_STACK]
        mov     sp, x1
        ldr     x1, [x0, #VCPU_STACK]
        msr     spsel, #0
        mov     sp, x1
        mov     x29, xzr
        isb
        ret

/*
 * Turns on the map that mmu_build() has made: identity, write-back RAM. Clobbers x9, x10.
 * TCR_EL1: T0SZ 25 (39 bits, level 1 first), 4 KiB, inner shareable write-back, TTBR1 off.
 */
mmu_on:
        adrp    x9, mmu_level1
        add     x9, x9, :lo12:mmu_level1
        msr     ttbr0_el1, x9
        /* Attr0 normal write-back, 1 normal non-cacheable, 2 device nGnRnE, 3 device nGnRE */
        mov     x9, #0x44ff
        movk    x9, #0x0400, lsl #16
        msr     mair_el1, x9
        ldr     x9, =0x00803519           /* EPD1, SH0 3, ORGN0 1, IRGN0 1, T0SZ 25 */
        mrs     x10, id_aa64mmfr0_el1
        and     x10, x10, #7
        cmp     x10, #5
        b.ls    1f
        mov     x10, #5
1:      bfi     x9, x10, #32, #3
        msr     tcr_el1, x9
        ic      iallu
        tlbi    vmalle1
        dsb     nsh
        isb
        ldr     x10, =0x30d0180d          /* RES1, I, SA, C, M */
        msr     sctlr_el1, x10
        isb
        ret
