/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of a program: what a fault is, and how the program may answer its own. */
#ifndef VITRINE_FAULT_H
#define VITRINE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/fault.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * State of what was interrupted. A handler may edit gpr[], pc, flags, fs_base and gs_base; they are
 * in force when the program goes on. gpr[] is in abi/fault.h's order (x86_64: enum fault_x86_gpr,
 * the stack pointer is among them). Floating-point and vector registers still hold the program's
 * values: vg_fp_read().
 */
struct vg_context {
    uint64_t gpr[FAULT_GPRS];
    uint64_t pc, flags;  /* x86_64: RFLAGS, of which a handler can change the arithmetic flags */
    uint64_t error_code; /* x86_64: pushed by the processor, else 0; aarch64: ESR_EL1 */
    uint64_t address;    /* of the access: CR2, FAR_EL1; 0 when the fault has none */
    uint64_t fs_base, gs_base;
    uint32_t vector; /* x86_64: vector; aarch64: ESR_EL1.EC */
    uint16_t class, reason;
    uint16_t access, level;
    uint32_t depth;     /* 1; greater for a fault inside a handler */
    uint64_t selectors; /* x86_64: cs, ss, ds, es from bit 0, 16 bits each; can't be edited */
};

#ifdef __cplusplus
}
#endif

#endif
