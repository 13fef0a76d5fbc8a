/* SPDX-License-Identifier: Apache-2.0 */
/* Moves the parts of an XSAVE area to where debuggers look for them. */
#include "host/xstate.h"

#include <string.h>

#include "lib/field.h"

#define LEGACY_SIZE 512u
#define HEADER_SIZE 64u
#define BASE_SIZE   (LEGACY_SIZE + HEADER_SIZE)
#define XCR0_LEGACY UINT64_C(3) /* x87 and SSE */

/* Intel's layout; ascending. */
static const struct {
    unsigned component;
    uint32_t offset, size;
} rows[] = {
    { 2, 576, 256 },   /* AVX */
    { 5, 1088, 64 },   /* opmask */
    { 6, 1152, 512 },  /* upper halves of ZMM0-15 */
    { 7, 1664, 1024 }, /* ZMM16-31 */
    { 9, 2688, 8 },    /* PKRU */
};

void xstate_convert(const struct xstate_area *area, struct xstate_note *out)
{
    memset(out, 0, sizeof(*out));
    if (area->size < BASE_SIZE) {
        return;
    }
    memcpy(out->bytes, area->bytes, BASE_SIZE);
    out->size = BASE_SIZE;
    out->xcr0 = area->xcr0 & XCR0_LEGACY;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        uint32_t from = area->offset[rows[i].component];

        if ((area->xcr0 & BIT64(rows[i].component)) == 0 || from < BASE_SIZE || from > area->size ||
            area->size - from < rows[i].size) {
            continue;
        }
        memcpy(out->bytes + rows[i].offset, area->bytes + from, rows[i].size);
        out->size = rows[i].offset + rows[i].size;
        out->xcr0 |= BIT64(rows[i].component);
    }
}
