/* SPDX-License-Identifier: Apache-2.0 */
/* Config structs of callers, which begin with their size and may be older or newer than ours. */
#ifndef HOST_CONFIG_H
#define HOST_CONFIG_H

#include <stddef.h>
#include <string.h>

#include "host/include/vitrine.h"

/*
 * Copies *in (which begins with its own size; NULL: all defaults) to *out of `size` bytes; what *in
 * lacks is 0. VT_ERR_INVALID when it is too small, or when what we do not know is not 0.
 */
static inline int config_copy(void *out, size_t size, const void *in)
{
    size_t given = 0;

    memset(out, 0, size);
    if (in == NULL) {
        return VT_OK;
    }
    memcpy(&given, in, sizeof(given));
    if (given < sizeof(given) || given > 4096) {
        return VT_ERR_INVALID;
    }
    for (size_t i = size; i < given; i++) {
        if (((const unsigned char *)in)[i] != 0) {
            return VT_ERR_INVALID;
        }
    }
    memcpy(out, in, given < size ? given : size);
    return VT_OK;
}

#endif
