/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcpy and friends for the hypervisor: eight bytes at a time where both sides are aligned, since
 * zones are loaded and scrubbed with them.
 */
#include "hyp/core/string.h"

#include <stdint.h>

#define WORD sizeof(uint64_t)

/* Ascending, so that it also serves a memmove to a lower address. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    if ((((uintptr_t)to | (uintptr_t)from) % WORD) == 0) {
        for (; size >= WORD; size -= WORD, to += WORD, from += WORD) {
            *(uint64_t *)(void *)to = *(const uint64_t *)(const void *)from;
        }
    }
    for (; size != 0; size--) {
        *to++ = *from++;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    copy_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if ((uintptr_t)t - (uintptr_t)f >= size) {
        copy_up(t, f, size);
        return to;
    }
    while (size != 0) {
        size--;
        t[size] = f[size];
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *t = to;
    uint64_t word = (unsigned char)value * UINT64_C(0x0101010101010101);

    for (; size != 0 && (uintptr_t)t % WORD != 0; size--) {
        *t++ = (unsigned char)value;
    }
    for (; size >= 4 * WORD; size -= 4 * WORD, t += 4 * WORD) {
        uint64_t *w = (uint64_t *)(void *)t;

        w[0] = word;
        w[1] = word;
        w[2] = word;
        w[3] = word;
    }
    for (; size != 0; size--) {
        *t++ = (unsigned char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size != 0; size--, x++, y++) {
        if (*x != *y) {
            return *x < *y ? -1 : 1;
        }
    }
    return 0;
}
