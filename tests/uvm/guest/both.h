/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of guest `both` share: its two halves, and what is an architecture's. */
#ifndef TESTS_UVM_GUEST_BOTH_H
#define TESTS_UVM_GUEST_BOTH_H

#include <stdint.h>

#include "guest/include/vitrine-fault.h"

/* What both_handler notes in memory of the program, whose place is its `arg`. */
struct both_seen {
    uint32_t count, class, reason, access, level;
    uint64_t address;
    uint32_t skip; /* go on behind the instruction, else as if the leaf function had returned */
};

enum vg_verdict both_handler(struct vg_context *context, void *arg);

/* ---- The architecture's ---- */

/* Leaf functions without a frame: one access, and the return. */
uint64_t both_read(uint64_t at);
uint64_t both_write(uint64_t at);
uint64_t both_call(uint64_t at);
uint64_t both_undefined(uint64_t unused);
uint64_t both_breakpoint(uint64_t unused);
uint64_t both_privileged(uint64_t unused);

/* An undefined instruction, skipped, between filling registers and looking: 0, or what changed. */
uint64_t both_registers(void);

/* 1.0 / 0.0, in a register. */
double both_divide(double a, double b);

/* Edits the context of a leaf function, of an undefined instruction. */
void both_return(struct vg_context *context);
void both_skip(struct vg_context *context);

#endif
