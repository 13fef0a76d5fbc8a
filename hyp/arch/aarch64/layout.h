/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things lie in the hypervisor's own 39-bit address space, and constants that assembly and C
 * share; offsets into structures are proved in cpu.c. Included by assembly: constants only.
 */
#ifndef HYP_ARCH_AARCH64_LAYOUT_H
#define HYP_ARCH_AARCH64_LAYOUT_H

/* All but the boot image lies in one 1 GiB region, so that one level 2 table serves it. */
#define VA_BASE       0x4000000000
#define VA_IMAGE      VA_BASE                /* code and data, 4 KiB pages, W^X */
#define VA_STACKS     (VA_BASE + 0x200000)   /* a slot per CPU */
#define VA_DEVICES    (VA_BASE + 0x400000)   /* GIC, UART */
#define VA_WINDOWS    (VA_BASE + 0x4000000)  /* a 2 MiB window into RAM per CPU */
#define VA_CONTROL    (VA_BASE + 0x6000000)  /* zone0's control region, read-write */
#define VA_POOL       (VA_BASE + 0x8000000)  /* boot pool, read-write */
#define VA_BLOBS      (VA_BASE + 0x40000000) /* the whole boot image, read-only */
#define VA_BLOBS_SIZE 0xc0000000

/* A CPU's slot: guard, stack, guard, emergency stack, guard to the next slot. */
#define STACK_SLOT       0x10000
#define STACK_OFFSET     0x4000
#define STACK_SIZE       0x4000
#define EMERGENCY_OFFSET 0xc000
#define EMERGENCY_SIZE   0x1000

/* struct arch_vcpu */
#define VCPU_X       0
#define VCPU_PC      248 /* pc, pstate */
#define VCPU_HOST_SP 264 /* where guest_enter() has its frame */

#define FAST_MORE 8 /* fast_exit() wants the rest of the registers */

/* struct arch_pcpu */
#define PCPU_STACK_TOP     0
#define PCPU_EMERGENCY_TOP 8

/* Registers that crash entry saves: x0..x30, sp, elr, spsr, esr, far, hpfar, vector. */
#define CRASH_SP    248
#define CRASH_ELR   256
#define CRASH_ESR   272
#define CRASH_HPFAR 288
#define CRASH_SIZE  304

/* Values for the first use of the MMU; mmu.c explains them. */
#define MAIR_VALUE  0xff00 /* 0: Device-nGnRnE, 1: Normal write-back */
#define SCTLR_VALUE 0x30cd183f

#endif
