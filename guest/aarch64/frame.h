/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout shared by assembly and C: struct vg_frame as vectors.S saves it, and the fields of struct
 * vcpu that start.S and vectors.S read; exception.c and vcpu.c prove them by _Static_assert.
 */
#ifndef GUEST_AARCH64_FRAME_H
#define GUEST_AARCH64_FRAME_H

#define FRAME_X        0
#define FRAME_SP       248
#define FRAME_PC       256
#define FRAME_PSTATE   264
#define FRAME_SYNDROME 272
#define FRAME_ADDRESS  280
#define FRAME_SIZE     288

#define VCPU_STACK     0
#define VCPU_EXC_STACK 8

/* Each stack has an unmapped page below it. */
#define PAGE_SIZE      4096
#define STACK_SIZE     16384
#define EXC_STACK_SIZE 8192
#define STACK_STRIDE   (STACK_SIZE + EXC_STACK_SIZE + 2 * PAGE_SIZE)

#endif
