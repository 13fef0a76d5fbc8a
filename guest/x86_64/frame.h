/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout shared by assembly and C: struct vg_context as vectors.S saves it, what the processor
 * pushes above it, and fields of struct uvm_info; exception.c proves all by _Static_assert.
 */
#ifndef GUEST_X86_64_FRAME_H
#define GUEST_X86_64_FRAME_H

/* struct vg_context: gpr[] in the order of enum fault_x86_gpr. */
#define CONTEXT_RAX  0
#define CONTEXT_RBX  8
#define CONTEXT_RCX  16
#define CONTEXT_RDX  24
#define CONTEXT_RSI  32
#define CONTEXT_RDI  40
#define CONTEXT_RBP  48
#define CONTEXT_R8   64
#define CONTEXT_SIZE 328

/* Above it: the vector and an error code (0 where the vector has none), then the processor's. */
#define TRAP_VECTOR_SIZE 16

/* Bytes of code a vector; all the same, so that the host can compute where each begins. */
#define VECTOR_STRIDE 32
#define VECTOR_COUNT  256
#define VECTOR_UD     6

/* abi/uvm.h, whose header assembly can't include. */
#define GATE_GVA       0x1000
#define INFO_GVA       0x2000
#define FAST_TABLE_GVA 0x8800
#define INFO_STACK_TOP 72
#define INFO_STACK_LOW 80
#define INFO_STACK_PTE 96
#define INFO_XSAVE_LEN 112
#define INFO_XSAVE_SET 120
#define IRQ_GATE       0x1010
#define PORT_IRQ       0xe4
#define PORT_BREAK     0xe6
#define PORT_STEP      0xe7
#define DEBUG_GVA      0x87ff
#define PORT_GATE      0xe0
#define SEL_USER_DS    0x1b
#define SEL_USER_CS    0x23

/* abi/irq.h: struct irq_area at a fixed address. */
#define AREA_BLOCKED 0xd008
#define AREA_RUNNING 0xd00c
#define AREA_WAITING 0xd010
#define AREA_PC      0xd020
#define AREA_FLAGS   0xd028
#define BLOCK_ALL    16

/* What a function may leave unsaved below its stack pointer. */
#define RED_ZONE 128

/* What upcall.S has pushed below the frame pointer: 14 registers and the flags. */
#define UPCALL_FRAME 120

/* The header of an XSAVE area, behind the legacy region. */
#define XSAVE_HEADER 512

/* Bits of a page fault's error code. */
#define PF_PRESENT 0x01
#define PF_FETCH   0x10

#endif
