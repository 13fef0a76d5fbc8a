/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of the benchmark guest (EL1, MMU off, any 4 KiB aligned address), its vectors, and what
 * must be counted to the instruction.
 */
                        .section .text.start, "ax"
                        .global _start
_start:                 b       1f                      /* arm64 Image header, for loaders */
                        .long   0
                        .quad   0                       /* text offset */
                        .quad   image_end - _start
                        .quad   0xa                     /* 4 KiB pages, anywhere */
                        .quad   0, 0, 0
                        .ascii  "ARM\x64"
                        .long   0
1:                      mrs     x19, cntvct_el0
                        msr     daifset, #0xf
                        adrp    x1, first_tick
                        str     x19, [x1, :lo12:first_tick]
                        adrp    x20, cpu_areas
                        add     x20, x20, :lo12:cpu_areas
                        adrp    x1, stack0_top
                        add     x1, x1, :lo12:stack0_top
                        bl      cpu_setup
                        bl      bench_main

                        .text
/* secondary_entry: in: x0 = struct cpu_area of this CPU. */
                        .global secondary_entry
secondary_entry:        msr     daifset, #0xf
                        mov     x20, x0
                        ldr     x1, [x20, #16]
                        bl      cpu_setup
                        mov     x0, x20
                        bl      bench_secondary

/* cpu_setup: in: x20 = cpu_area, x1 = stack. */
cpu_setup:              mov     sp, x1
                        msr     tpidr_el1, x20
                        adrp    x1, vectors
                        add     x1, x1, :lo12:vectors
                        msr     vbar_el1, x1
                        isb
                        ret

/* uint64_t send_on_tick(uint64_t sgi1r): five instructions a turn, so all phases come by. */
                        .global send_on_tick
send_on_tick:           nop
                        mrs     x1, cntvct_el0
                        mrs     x2, cntvct_el0
                        cmp     x1, x2
                        b.eq    send_on_tick
                        msr     s3_0_c12_c11_5, x0      /* ICC_SGI1R_EL1 */
                        isb
                        mov     x0, x2
                        ret

.macro unexpected       number
                        .balign 0x80
                        mov     x0, #\number
                        b       bench_die
.endm

                        .balign 0x800
vectors:                unexpected 0
                        unexpected 1
                        unexpected 2
                        unexpected 3
                        /* synchronous: skipped while probing, x16 and x17 are lost */
                        .balign 0x80
                        adrp    x16, probing
                        ldr     w17, [x16, :lo12:probing]
                        cbz     w17, 1f
                        adrp    x16, skipped
                        str     w17, [x16, :lo12:skipped]
                        mrs     x16, elr_el1
                        add     x16, x16, #4
                        msr     elr_el1, x16
                        eret
1:                      mov     x0, #4
                        b       bench_die
                        /* interrupt: the stamp is the 4th instruction, sled apart */
                        .balign 0x80
                        sub     sp, sp, #160
                        stp     x0, x1, [sp]
                        mrs     x0, tpidr_el1
                        ldr     x1, [x0, #8]
                        br      x1
                        unexpected 6
                        unexpected 7
                        unexpected 8
                        unexpected 9
                        unexpected 10
                        unexpected 11
                        unexpected 12
                        unexpected 13
                        unexpected 14
                        unexpected 15

                        .rept   15
                        nop
                        .endr
                        .global sled_end
sled_end:               isb
                        mrs     x1, cntvct_el0
                        stp     x2, x3, [sp, #16]
                        stp     x4, x5, [sp, #32]
                        stp     x6, x7, [sp, #48]
                        stp     x8, x9, [sp, #64]
                        stp     x10, x11, [sp, #80]
                        stp     x12, x13, [sp, #96]
                        stp     x14, x15, [sp, #112]
                        stp     x16, x17, [sp, #128]
                        stp     x18, x30, [sp, #144]
                        bl      irq_handler
                        ldp     x18, x30, [sp, #144]
                        ldp     x16, x17, [sp, #128]
                        ldp     x14, x15, [sp, #112]
                        ldp     x12, x13, [sp, #96]
                        ldp     x10, x11, [sp, #80]
                        ldp     x8, x9, [sp, #64]
                        ldp     x6, x7, [sp, #48]
                        ldp     x4, x5, [sp, #32]
                        ldp     x2, x3, [sp, #16]
                        ldp     x0, x1, [sp]
                        add     sp, sp, #160
                        eret
