/* SPDX-License-Identifier: Apache-2.0 */
/* Address kinds as distinct types, so that a guest's address never passes for a machine's. */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
typedef struct { uint64_t v; } gva_t; /* guest virtual */
typedef struct { uint64_t v; } gpa_t; /* guest physical (IPA) */
typedef struct { uint64_t v; } hpa_t; /* machine physical */

static inline gva_t gva(uint64_t v) { return (gva_t){ v }; }
static inline gpa_t gpa(uint64_t v) { return (gpa_t){ v }; }
static inline hpa_t hpa(uint64_t v) { return (hpa_t){ v }; }
/* clang-format on */

#define SIZE_4K UINT64_C(0x1000)
#define SIZE_2M UINT64_C(0x200000)
#define SIZE_1G UINT64_C(0x40000000)

/* `to` is a power of two; align_up wraps to 0 past the top: exclude that before. */
/* clang-format off */
static inline uint64_t align_down(uint64_t v, uint64_t to) { return v & ~(to - 1); }
static inline uint64_t align_up(uint64_t v, uint64_t to) { return (v + to - 1) & ~(to - 1); }
static inline bool is_aligned(uint64_t v, uint64_t to) { return (v & (to - 1)) == 0; }
/* clang-format on */

/* A range is [base, base+size); size 0 or a wrap past 2^64 is not a valid range. */
static inline bool range_is_valid(uint64_t base, uint64_t size)
{
    return size != 0 && size - 1 <= UINT64_MAX - base;
}

/* Both ranges must be valid. */
static inline bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a <= b + (b_size - 1) && b <= a + (a_size - 1);
}

/* Whether valid range (in, in_size) lies inside valid range (out, out_size). */
static inline bool range_contains(uint64_t out, uint64_t out_size, uint64_t in, uint64_t in_size)
{
    return in >= out && in + (in_size - 1) <= out + (out_size - 1);
}

#endif
