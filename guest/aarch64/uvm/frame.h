/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout shared by assembly and C: struct vg_context as vectors.S saves it, and fields of struct
 * uvm_info; exception.c proves all by _Static_assert.
 */
#ifndef GUEST_AARCH64_UVM_FRAME_H
#define GUEST_AARCH64_UVM_FRAME_H

/* struct vg_context: x0..x30, sp; then what C fills, and the number of the vector. */
#define CONTEXT_X0    0
#define CONTEXT_SP    248
#define CONTEXT_PC    256
#define CONTEXT_FLAGS 264
#define FRAME_VECTOR  328
#define FRAME_SIZE    336

#define VECTOR_STRIDE 128
#define VECTOR_COUNT  16
#define VECTOR_DOUBLE 16 /* not one of the 16: the supervisor's stack was full */

/* abi/uvm.h, whose header assembly can't include. */
#define GATE_GVA       0x1000
#define INFO_GVA       0x2000
#define IRQ_AREA       0xd000
#define AREA_PC        0x20 /* and flags */
#define CALL_GVA       0x100000
#define IMAGE_GVA      0x200000
#define STACK0_TOP     0x20000
#define STACK_DF_TOP   0x12000
#define INFO_STACK_TOP 72
#define INFO_STACK_PTE 96

/* All of the supervisor's stack has both of these address bits set, the guard below it one. */
#define STACK0_BIT_HIGH 16
#define STACK0_BIT_LOW  15

#define SPSR_USER 0x40 /* EL0, all but interrupts masked */

/* What a zone's other vCPUs begin with: pc, sp, x0, x1. */
#define ENTRY_SIZE 32

/* Page tables of a zone, up to the call area; the first is the root. */
#define ZONE_TABLES 0x28000

#endif
