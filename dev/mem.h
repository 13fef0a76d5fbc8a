/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's memory as its back end has it: ranges of guest addresses, each mapped somewhere. The
 * zone runs meanwhile and may change any byte at any time, so that what is checked is copied first
 * and once. Nothing here ever forms a pointer outside of the ranges.
 */
#ifndef DEV_MEM_H
#define DEV_MEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* [gpa, gpa + size) lies at `at`; the range is valid (lib/addr.h). */
struct mem_range {
    uint64_t gpa, size;
    uint8_t *at;
};

/* The ranges do not overlap. */
struct mem {
    const struct mem_range *range;
    size_t count;
};

/* The memory from gpa on, at most *size bytes (> 0), fewer when a range ends; NULL: none there. */
uint8_t *mem_piece(const struct mem *mem, uint64_t gpa, uint64_t *size);

/* All `size` bytes in one range, and at an address that is a multiple of `align`; or NULL. */
uint8_t *mem_at(const struct mem *mem, uint64_t gpa, uint64_t size, uint64_t align);

/* Copies once from as many ranges as it takes; false: not all of it is memory. */
bool mem_copy(const struct mem *mem, void *to, uint64_t gpa, size_t size);

/* A copy that is not read a second time, whatever the compiler thinks of it. */
static inline void copy_once(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    atomic_signal_fence(memory_order_seq_cst);
}

/* Fields of rings, aligned, little-endian as the host is. */
static inline uint16_t load16(const uint8_t *from)
{
    return atomic_load_explicit((const _Atomic uint16_t *)(const void *)from, memory_order_acquire);
}

static inline void store16(uint8_t *to, uint16_t value)
{
    atomic_store_explicit((_Atomic uint16_t *)(void *)to, value, memory_order_release);
}

static inline void store32(uint8_t *to, uint32_t value)
{
    atomic_store_explicit((_Atomic uint32_t *)(void *)to, value, memory_order_relaxed);
}

#endif
