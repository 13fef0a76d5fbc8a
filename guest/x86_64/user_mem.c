/* SPDX-License-Identifier: Apache-2.0 */
/* guest/mem.c for ring 3, which is native: by the processor's own string instructions. */
#include <stddef.h>
#include <stdint.h>

enum { SHORT = 16 }; /* bytes below which these take longer to start than a loop takes */

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

/* Upwards: right for what overlaps, too, when `to` is lower. */
static void copy(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= SHORT) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
        return;
    }
    for (size_t i = 0; i < size; i++) {
        to[i] = from[i];
    }
}

/* Downwards, a word at a time; the direction flag stays as handlers expect it. */
static void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
    while (size >= sizeof(uint64_t)) {
        uint64_t word;

        size -= sizeof(word);
        __asm__ volatile("mov (%1), %0" : "=r"(word) : "r"(from + size) : "memory");
        __asm__ volatile("mov %0, (%1)" : : "r"(word), "r"(to + size) : "memory");
    }
    while (size > 0) {
        size--;
        to[size] = from[size];
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    copy(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        copy(to, from, size);
    } else {
        copy_down(to, from, size);
    }
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint8_t *t = to;

    if (size >= SHORT) {
        __asm__ volatile("rep stosb" : "+D"(t), "+c"(size) : "a"(byte) : "memory");
        return to;
    }
    for (size_t i = 0; i < size; i++) {
        t[i] = (uint8_t)byte;
    }
    return to;
}
