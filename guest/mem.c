/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that compilers call in freestanding code; bytewise, as some runs uncached. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    for (size_t i = 0; i < size; i++) {
        t[i] = f[i];
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if (t < f) {
        for (size_t i = 0; i < size; i++) {
            t[i] = f[i];
        }
    } else {
        for (size_t i = size; i > 0; i--) {
            t[i - 1] = f[i - 1];
        }
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint8_t *t = to;

    for (size_t i = 0; i < size; i++) {
        t[i] = (uint8_t)byte;
    }
    return to;
}
