/* SPDX-License-Identifier: Apache-2.0 */
/* Reads fuzz input and reports broken invariants; knows nothing of the code under test. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

uint8_t fuzz_u8(struct fuzz_in *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->data++;
}

uint16_t fuzz_u16(struct fuzz_in *in)
{
    uint16_t low = fuzz_u8(in);

    return (uint16_t)(low | fuzz_u8(in) << 8);
}

uint32_t fuzz_u32(struct fuzz_in *in)
{
    uint32_t low = fuzz_u16(in);

    return low | (uint32_t)fuzz_u16(in) << 16;
}

uint64_t fuzz_u64(struct fuzz_in *in)
{
    uint64_t low = fuzz_u32(in);

    return low | (uint64_t)fuzz_u32(in) << 32;
}

uint64_t fuzz_word(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);

    if (how < 0x40) {
        return how;
    }
    if (how < 0x80) {
        return UINT64_C(1) << (how & 0x3f);
    }
    if (how < 0xc0) {
        return UINT64_MAX >> (how & 0x3f);
    }
    return how < 0xe0 ? fuzz_u32(in) : fuzz_u64(in);
}

void fuzz_broken(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, what);
    abort();
}
