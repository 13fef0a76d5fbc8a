/* SPDX-License-Identifier: Apache-2.0 */
/* What stale_test needs of an architecture: code, and how a page-table entry says writable. */
#ifndef TESTS_UVM_STALE_H
#define TESTS_UVM_STALE_H

#include <stddef.h>
#include <stdint.h>

enum { STALE_CODE_MAX = 64 };

struct stale_arch {
    unsigned top_lsb; /* of the address bits that choose an entry of the first table */
    /* User code that writes to PUPPET_USER + 0x100, then breaks. */
    uint8_t code[STALE_CODE_MAX];
    size_t code_len;
    /* Of vectors: writes a page-table entry, exits by the gate again and again. Both operands are
     * put in as `operand` bytes. */
    uint8_t vector[STALE_CODE_MAX];
    size_t vector_len, place_at, entry_at, operand;
    uint64_t (*writable)(uint64_t entry);
};

extern const struct stale_arch stale_arch;

#endif
