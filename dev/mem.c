/* SPDX-License-Identifier: Apache-2.0 */
/* Guest addresses to pointers, only within the ranges that the zone has. */
#include "dev/mem.h"

#include "lib/addr.h"

uint8_t *mem_piece(const struct mem *mem, uint64_t gpa, uint64_t *size)
{
    for (size_t i = 0; i < mem->count; i++) {
        const struct mem_range *range = &mem->range[i];
        uint64_t offset = gpa - range->gpa;

        if (gpa >= range->gpa && offset < range->size) {
            *size = *size < range->size - offset ? *size : range->size - offset;
            return range->at + offset;
        }
    }
    return NULL;
}

uint8_t *mem_at(const struct mem *mem, uint64_t gpa, uint64_t size, uint64_t align)
{
    uint64_t got = size;
    uint8_t *at = mem_piece(mem, gpa, &got);

    return at && got == size && is_aligned((uintptr_t)at, align) ? at : NULL;
}

bool mem_copy(const struct mem *mem, void *to, uint64_t gpa, size_t size)
{
    uint8_t *next = to;

    while (size != 0) {
        uint64_t got = size;
        const uint8_t *at = mem_piece(mem, gpa, &got);

        if (!at) {
            return false;
        }
        copy_once(next, at, (size_t)got);
        next += got;
        gpa += got;
        size -= (size_t)got;
    }
    return true;
}
