/* SPDX-License-Identifier: Apache-2.0 */
/* x86_64 for stale_test. */
#include "lib/field.h"
#include "tests/uvm/stale.h"

FIELD(PTE_WRITE, 1, 1);

static uint64_t writable(uint64_t entry)
{
    return with(PTE_WRITE, entry, 1);
}

const struct stale_arch stale_arch = {
    .top_lsb = 39,
    .code = { 0x48, 0x89, 0x04, 0x25, 0x00, 0x31, 0x20, 0x00, /* mov %rax, PUPPET_USER + 0x100 */
              0xcc },
    .code_len = 9,
    .vector = { 0x48, 0xc7, 0x04, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, /* movq $entry, place */
                0xe6, 0xe0,                                     /* out %al, $0xe0 */
                0xeb, 0xfc },
    .vector_len = 16,
    .place_at = 4,
    .entry_at = 8,
    .operand = 4,
    .writable = writable,
};
