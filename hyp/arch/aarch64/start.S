/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry from the boot loader and of secondary CPUs: from MMU off to C with the hypervisor's own
 * tables. Position independent until the jump to the linked address.
 */
#include "layout.h"

                        .section .head, "ax"

/* The arm64 Image header (Linux Documentation/arm64/booting). plan build fills in the size. */
                        .global _start
_start:                 b       boot_entry
                        .long   0
                        .quad   0                       /* text_offset */
                        .quad   0                       /* image_size */
                        .quad   0xa                     /* 4 KiB pages, any 2 MiB aligned address */
                        .quad   0, 0, 0
                        .ascii  "ARM\x64"
                        .long   0

/* struct plan_hyp_header follows: boot.c, section .head_info */

/*
 * boot_entry: first CPU. In: nothing of the loader's registers is used. MMU off, any EL.
 * Uses the boot stack inside the image until main switches to the CPU's own.
 */
                        .text
boot_entry:             msr     daifset, #0xf
                        msr     spsel, #1
                        adrp    x0, boot_stack_top
                        mov     sp, x0
                        mrs     x19, CurrentEL
                        cmp     x19, #(2 << 2)
                        b.ne    1f
                        mov     x0, #(1 << 31)          /* HCR_EL2: RW, E2H = 0 */
                        msr     hcr_el2, x0
                        isb
                        mrs     x0, hcr_el2
                        tbnz    x0, #34, 2f             /* E2H is 1 for ever: no FEAT_E2H0 */
                        adrp    x0, _start              /* where we were really loaded */
                        bl      mmu_boot_tables
                        msr     tpidr_el2, xzr
                        bl      mmu_on
                        ldr     x0, =boot_stack_top
                        mov     sp, x0
                        mov     x29, xzr
                        mov     x30, xzr
                        ldr     x1, =boot_main
                        adrp    x0, _start              /* linked address now */
                        br      x1
1:                      b       early_wrong_level
2:                      b       early_wrong_mode

/*
 * secondary_entry: a CPU that PSCI CPU_ON starts. In: x0 = its struct pcpu (linked address).
 */
                        .global secondary_entry
secondary_entry:        msr     daifset, #0xf
                        msr     spsel, #1
                        mov     x20, x0
                        msr     tpidr_el2, x0
                        bl      mmu_on
                        ldr     x1, [x20, #PCPU_STACK_TOP]
                        mov     sp, x1
                        mov     x0, x20
                        mov     x29, xzr
                        mov     x30, xzr
                        ldr     x1, =secondary_main
                        br      x1

/*
 * mmu_on: turns the MMU on with the tables that hold an identity page for this code, goes to the
 * linked address of its caller, and drops the identity page. In: x30 in machine addresses.
 * Clobbers x0..x6. A leaf without stack: caches are off.
 */
mmu_on:                 mov     x0, #(1 << 31)          /* HCR_EL2: RW, E2H = 0 */
                        msr     hcr_el2, x0
                        isb
                        mrs     x0, id_aa64mmfr0_el1
                        and     x0, x0, #0xf            /* PARange */
                        cmp     x0, #5                  /* 48 bits: more needs other tables */
                        mov     x1, #5
                        csel    x0, x0, x1, ls
                        ldr     x1, =0x80803519         /* RES1, SH0/ORGN0/IRGN0 = 3/1/1, T0SZ 25 */
                        orr     x1, x1, x0, lsl #16
                        msr     tcr_el2, x1
                        mov     x1, #MAIR_VALUE
                        msr     mair_el2, x1
                        adrp    x2, boot_root
                        msr     ttbr0_el2, x2
                        adrp    x3, own_root            /* as a machine address: MMU still off */
                        ldr     x4, =vectors
                        msr     vbar_el2, x4
                        adrp    x5, _start
                        ldr     x6, =_start
                        sub     x6, x6, x5              /* linked minus machine address */
                        add     x30, x30, x6
                        tlbi    alle2
                        dsb     nsh
                        isb
                        ldr     x1, =SCTLR_VALUE
                        msr     sctlr_el2, x1
                        isb
                        ldr     x1, =1f
                        br      x1
1:                      ic      iallu
                        msr     ttbr0_el2, x3
                        isb
                        tlbi    alle2
                        dsb     nsh
                        isb
                        ret

/*
 * stack_switch_call(top, fn, arg): continues in fn(arg) on another stack, for ever.
 */
                        .global stack_switch_call
stack_switch_call:      mov     sp, x0
                        mov     x0, x2
                        mov     x29, xzr
                        mov     x30, xzr
                        br      x1

                        .section .boot_stack, "aw"
                        .balign 4096
                        .skip   0x3000
boot_stack_top:
                        .skip   0x1000                  /* crash before the first pcpu exists */
                        .global boot_emergency_top
boot_emergency_top:
