/* SPDX-License-Identifier: Apache-2.0 */
/* The register lists of entry.S: each save list stands beside the load list that mirrors it. */
#ifndef HYP_ARCH_AARCH64_FRAME_H
#define HYP_ARCH_AARCH64_FRAME_H

#include "layout.h"

/*
 * The guest's registers, sp holds the vCPU. What C may change, and x29; the vectors have saved x0
 * and x1.
 */
.macro save_guest
                        stp     x2, x3, [sp, #(VCPU_X + 16)]
                        stp     x4, x5, [sp, #(VCPU_X + 32)]
                        stp     x6, x7, [sp, #(VCPU_X + 48)]
                        stp     x8, x9, [sp, #(VCPU_X + 64)]
                        stp     x10, x11, [sp, #(VCPU_X + 80)]
                        stp     x12, x13, [sp, #(VCPU_X + 96)]
                        stp     x14, x15, [sp, #(VCPU_X + 112)]
                        stp     x16, x17, [sp, #(VCPU_X + 128)]
                        stp     x29, x30, [sp, #(VCPU_X + 232)]
                        str     x18, [sp, #(VCPU_X + 144)]
.endm

.macro load_guest
                        ldp     x2, x3, [sp, #(VCPU_X + 16)]
                        ldp     x4, x5, [sp, #(VCPU_X + 32)]
                        ldp     x6, x7, [sp, #(VCPU_X + 48)]
                        ldp     x8, x9, [sp, #(VCPU_X + 64)]
                        ldp     x10, x11, [sp, #(VCPU_X + 80)]
                        ldp     x12, x13, [sp, #(VCPU_X + 96)]
                        ldp     x14, x15, [sp, #(VCPU_X + 112)]
                        ldp     x16, x17, [sp, #(VCPU_X + 128)]
                        ldp     x29, x30, [sp, #(VCPU_X + 232)]
                        ldr     x18, [sp, #(VCPU_X + 144)]
                        ldp     x0, x1, [sp, #VCPU_X]
.endm

/* The rest, which C keeps. */
.macro save_kept
                        stp     x19, x20, [sp, #(VCPU_X + 152)]
                        stp     x21, x22, [sp, #(VCPU_X + 168)]
                        stp     x23, x24, [sp, #(VCPU_X + 184)]
                        stp     x25, x26, [sp, #(VCPU_X + 200)]
                        stp     x27, x28, [sp, #(VCPU_X + 216)]
.endm

.macro load_kept
                        ldp     x19, x20, [sp, #(VCPU_X + 152)]
                        ldp     x21, x22, [sp, #(VCPU_X + 168)]
                        ldp     x23, x24, [sp, #(VCPU_X + 184)]
                        ldp     x25, x26, [sp, #(VCPU_X + 200)]
                        ldp     x27, x28, [sp, #(VCPU_X + 216)]
.endm

/* Of a crash frame at sp: what a function must keep, and the return address. */
.macro load_probe
                        ldp     x18, x19, [sp, #144]
                        ldp     x20, x21, [sp, #160]
                        ldp     x22, x23, [sp, #176]
                        ldp     x24, x25, [sp, #192]
                        ldp     x26, x27, [sp, #208]
                        ldp     x28, x29, [sp, #224]
                        ldr     x30, [sp, #240]
.endm

/* x1..x30 of a crash at x0; load_probe is all that ever loads from it. */
.macro save_crash
                        str     x1, [x0, #8]
                        stp     x2, x3, [x0, #16]
                        stp     x4, x5, [x0, #32]
                        stp     x6, x7, [x0, #48]
                        stp     x8, x9, [x0, #64]
                        stp     x10, x11, [x0, #80]
                        stp     x12, x13, [x0, #96]
                        stp     x14, x15, [x0, #112]
                        stp     x16, x17, [x0, #128]
                        stp     x18, x19, [x0, #144]
                        stp     x20, x21, [x0, #160]
                        stp     x22, x23, [x0, #176]
                        stp     x24, x25, [x0, #192]
                        stp     x26, x27, [x0, #208]
                        stp     x28, x29, [x0, #224]
                        str     x30, [x0, #240]
.endm

#endif
