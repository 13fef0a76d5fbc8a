/* SPDX-License-Identifier: Apache-2.0 */
/* aarch64 for stale_test. */
#include "lib/field.h"
#include "tests/uvm/stale.h"

FIELD(DESC_READ_ONLY, 7, 1);

static uint64_t writable(uint64_t entry)
{
    return with(DESC_READ_ONLY, entry, 0);
}

const struct stale_arch stale_arch = {
    .top_lsb = 30,
    .code = { 0x01, 0x20, 0x86, 0xd2,   /* mov x1, #0x3100 */
              0x01, 0x04, 0xa0, 0xf2,   /* movk x1, #0x20, lsl #16 */
              0x20, 0x00, 0x00, 0xf9,   /* str x0, [x1] */
              0x00, 0x00, 0x20, 0xd4 }, /* brk #0 */
    .code_len = 16,
    .vector = { 0xc0, 0x00, 0x00, 0x58, /* ldr x0, entry */
                0xe1, 0x00, 0x00, 0x58, /* ldr x1, place */
                0x20, 0x00, 0x00, 0xf9, /* str x0, [x1] */
                0x07, 0x00, 0x98, 0xd2, /* mov x7, #UVM_EXIT_GVA */
                0xff, 0x80, 0x03, 0xf9, /* str xzr, [x7, #8 * UVM_PORT_GATE] */
                0xff, 0xff, 0xff, 0x17 },
    .vector_len = 40,
    .entry_at = 24,
    .place_at = 32,
    .operand = 8,
    .writable = writable,
};
