/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bit fields of registers by name: FIELD(ESR_EC, 26, 6) declares one, get() and put() use it, so
 * that no function body holds a raw shift or mask.
 */
#ifndef LIB_FIELD_H
#define LIB_FIELD_H

#include <stdint.h>

/* Declares a field: least significant bit and width (1..64) as in the manual. */
#define FIELD(name, lsb, width) enum { name##_LSB = (lsb), name##_WIDTH = (width) }

/* All bits of the field, in place. */
#define field_mask(name) ((UINT64_MAX >> (64 - name##_WIDTH)) << name##_LSB)

/* The field's value in register value x, shifted down. */
#define get(name, x) ((field_mask(name) & (uint64_t)(x)) >> name##_LSB)

/* Register bits with the field set to v; bits of v beyond the field are dropped. */
#define put(name, v) (((uint64_t)(v) << name##_LSB) & field_mask(name))

/* x with the field replaced by v. */
#define with(name, x, v) (((uint64_t)(x) & ~field_mask(name)) | put(name, v))

#define BIT64(n) (UINT64_C(1) << (n))
#define BIT32(n) (UINT32_C(1) << (n))

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Sign-extends the low `bits` (1..64) of v. */
static inline uint64_t sign_extend64(uint64_t v, unsigned bits)
{
    uint64_t sign = BIT64(bits - 1);

    return ((v & (sign | (sign - 1))) ^ sign) - sign;
}

#endif
