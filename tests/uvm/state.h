/* SPDX-License-Identifier: Apache-2.0 */
/* What state_test needs to know of an architecture. */
#ifndef TESTS_UVM_STATE_H
#define TESTS_UVM_STATE_H

#include <stdint.h>

enum { STATE_SETS = 4, STATE_VECTORS = 2 };

struct state_arch {
    const char *sets[STATE_SETS]; /* functions of the guest that fill registers; NULL: no more */
    /* The same of registers that not every processor has, by the bit of the guest's `features`. */
    struct {
        const char *function;
        uint64_t feature;
    } vectors[STATE_VECTORS];
    unsigned insn_size, result, sp; /* of the faulting instruction; in gpr[] */
    uint64_t flags_asked;           /* of all that a callback can write: what it tries */
    uint64_t flags_system;          /* may not change by that */
    uint64_t flags_set;             /* is set by that */
};

extern const struct state_arch state_arch;

#endif
