/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point environment of programs, at EL0. */
#include <stddef.h>

#include "guest/aarch64/hw.h"
#include "lib/field.h"
#include "vitrine-fault.h"

/* FPCR's enable bits: in the order of enum vg_fp_exception's. */
static const uint8_t enable_bit[] = { 8, 15, 9, 10, 11, 12 };

unsigned vg_fp_trap(unsigned exceptions)
{
    uint64_t wanted = 0, now;
    unsigned enabled = 0;

    for (unsigned i = 0; i < ARRAY_COUNT(enable_bit); i++) {
        wanted |= (exceptions & BIT32(i)) != 0 ? BIT64(enable_bit[i]) : 0;
    }
    wr_fpsr(0);
    wr_fpcr(wanted);
    now = rd_fpcr(); /* bits of what the core can't trap stay 0 */
    for (unsigned i = 0; i < ARRAY_COUNT(enable_bit); i++) {
        enabled |= (now & BIT64(enable_bit[i])) != 0 ? BIT32(i) : 0;
    }
    return enabled;
}
