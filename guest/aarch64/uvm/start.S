/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of a micro-VM or of a bare zone, and the note by which a host finds everything. */
#include "guest/aarch64/uvm/frame.h"

/* Zeros [start, end), both multiples of 16. Clobbers x9, x10. */
        .macro  zero start, end
        adrp    x9, \start
        add     x9, x9, :lo12:\start
        adrp    x10, \end
        add     x10, x10, :lo12:\end
        bl      zero_range
        .endm

/* What was written there without caches may be cached with older content. Clobbers x9, x10. */
        .macro  invalidate start, end
        adrp    x9, \start
        add     x9, x9, :lo12:\start
        adrp    x10, \end
        add     x10, x10, :lo12:\end
        bl      invalidate_range
        .endm

/*
 * In: as abi/uvm.h says, or, with the MMU off, as abi/boot.h says. Runs the constructors of the
 * program's supervisor part. Out: EL0 at vg_user_start.
 */
        .section .text.start, "ax"
        .globl  vg_entry
vg_entry:
        mrs     x9, sctlr_el1
        tbz     x9, #0, zone_entry
super_start:
        mov     x29, xzr
        adrp    x19, __vg_super_init_start
        add     x19, x19, :lo12:__vg_super_init_start
        adrp    x20, __vg_super_init_end
        add     x20, x20, :lo12:__vg_super_init_end
1:      cmp     x19, x20
        b.hs    2f
        ldr     x0, [x19], #8
        blr     x0
        b       1b
2:      mov     x0, #INFO_GVA
        ldr     x0, [x0, #INFO_STACK_TOP]
        msr     sp_el0, x0
        adrp    x0, vg_user_start
        add     x0, x0, :lo12:vg_user_start
        msr     elr_el1, x0
        mov     x0, #SPSR_USER
        msr     spsr_el1, x0
        mov     x0, #STACK0_TOP
        mov     sp, x0
        mov     x0, xzr
        eret

/* In: x1 = struct boot_info, EL1h, MMU and caches off. RAM begins at 0. */
zone_entry:
        msr     daifset, #15
        mov     x20, x1
        mov     x9, #GATE_GVA
        mov     x10, #IMAGE_GVA
        bl      zero_range
        zero    __vg_super_bss_start, __vg_super_bss_end
        zero    __vg_bss_start, __vg_bss_end
        mov     x0, #STACK0_TOP
        mov     sp, x0
        mov     x29, xzr
        mov     x0, x20
        bl      zone_build
        mov     x9, #GATE_GVA
        mov     x10, #IMAGE_GVA
        bl      invalidate_range
        invalidate __vg_super_bss_start, __vg_super_bss_end
        invalidate __vg_bss_start, __vg_bss_end
        dsb     sy
        ldr     x9, =ZONE_TABLES
        bl      mmu_on
        bl      zone_start
        b       super_start

/*
 * Another vCPU of a zone. In: x0 = what it has to itself, EL1h, MMU and caches off. Out: EL0 as
 * zone_vcpu.c has put at the top of its stack.
 */
        .globl  zone_vcpu_entry
zone_vcpu_entry:
        msr     daifset, #15
        ldr     x9, =ZONE_TABLES
        add     x9, x9, x0
        bl      mmu_on
        mov     x0, #STACK0_TOP
        sub     sp, x0, #ENTRY_SIZE
        mov     x29, xzr
        bl      zone_irq_init_cpu
        ldp     x0, x1, [sp], #16
        msr     elr_el1, x0
        msr     sp_el0, x1
        mov     x0, #SPSR_USER
        msr     spsr_el1, x0
        msr     fpcr, xzr
        msr     fpsr, xzr
        msr     tpidr_el0, xzr
        msr     tpidrro_el0, xzr
        ldp     x0, x1, [sp], #16
        .irp    n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 29, 30
        mov     x\n, xzr
        .endr
        eret

/* In: x9 = root table. Clobbers x10. */
mmu_on:
        msr     ttbr0_el1, x9
        ldr     x9, =0x040044ff         /* UVM_A64_MAIR */
        msr     mair_el1, x9
        ldr     x9, =0x00803519         /* UVM_A64_TCR */
        mrs     x10, id_aa64mmfr0_el1
        and     x10, x10, #7
        cmp     x10, #5                 /* 48 bits */
        b.ls    1f
        mov     x10, #5
1:      bfi     x9, x10, #32, #3        /* IPS */
        msr     tcr_el1, x9
        ldr     x9, =0x00300000         /* UVM_A64_CPACR */
        msr     cpacr_el1, x9
        mov     x9, #3                  /* UVM_A64_CNTKCTL */
        msr     cntkctl_el1, x9
        adrp    x9, vg_vectors
        add     x9, x9, :lo12:vg_vectors
        msr     vbar_el1, x9
        ic      iallu
        tlbi    vmalle1
        dsb     nsh
        isb
        ldr     x9, =0x30d4d81d         /* UVM_A64_SCTLR */
        msr     sctlr_el1, x9
        isb
        ret

zero_range:
        cmp     x9, x10
        b.hs    1f
        stp     xzr, xzr, [x9], #16
        b       zero_range
1:      ret

invalidate_range:
        cmp     x9, x10
        b.hs    1f
        dc      ivac, x9
        add     x9, x9, #16
        b       invalidate_range
1:      ret

#include "guest/uvm/note.S"

        .section .note.GNU-stack, "", @progbits
