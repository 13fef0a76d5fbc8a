/* SPDX-License-Identifier: Apache-2.0 */
/* From ESR_EL1 to class, reason and access. Pure. */
#ifndef GUEST_AARCH64_CLASSIFY_H
#define GUEST_AARCH64_CLASSIFY_H

#include <stdbool.h>
#include <stdint.h>

struct a64_kind {
    uint16_t class, reason, access;
    bool has_address; /* FAR_EL1 is valid */
};

/* guard: the address lies in a page below a stack. */
struct a64_kind a64_classify(uint64_t esr, bool guard);

/* Whether an instruction that EL0 found undefined is one of higher levels. */
bool a64_is_privileged(uint32_t insn);

/* ESR_EL1.EC, the exception's class as the architecture numbers it. */
uint32_t a64_vector(uint64_t esr);

#endif
