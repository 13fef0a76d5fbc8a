/* SPDX-License-Identifier: Apache-2.0 */
/* Types packed in a call_signature: result in the lowest nibble, then the arguments. */
#ifndef HOST_SIGNATURE_H
#define HOST_SIGNATURE_H

#include <stdbool.h>

#include "abi/call.h"
#include "lib/field.h"

/* Nibble n: 0 is the result, 1.. the arguments. */
static inline uint32_t signature_type(call_signature s, unsigned n)
{
    return (uint32_t)(s / BIT64(4 * n) % 16);
}

static inline unsigned signature_args(call_signature s)
{
    unsigned count = 0;

    while (count < CALL_MAX_ARGS && signature_type(s, count + 1) != CALL_VOID) {
        count++;
    }
    return count;
}

/* Known types, none behind the end. */
static inline bool signature_is_valid(call_signature s)
{
    unsigned count = signature_args(s);

    for (unsigned n = 0; n < 16; n++) {
        if (signature_type(s, n) >= CALL_TYPE_COUNT ||
            (n > count && signature_type(s, n) != CALL_VOID)) {
            return false;
        }
    }
    return true;
}

static inline bool type_has_data(uint32_t type)
{
    return type == CALL_STR || type == CALL_BYTES;
}

#endif
