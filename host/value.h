/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values between struct vt_value of the program and struct call_value in the call area. Pure:
 * works on a plain buffer of data; each field of the guest's is read once, by the caller's copy.
 */
#ifndef HOST_VALUE_H
#define HOST_VALUE_H

#include "host/include/vitrine.h"

/* The data part of a call area. */
struct value_data {
    uint8_t *bytes;
    uint64_t size;
    uint64_t used; /* what value_put() adds goes behind */
};

/*
 * Puts *in as `type`. VT_ERR_SIGNATURE: another type; VT_ERR_INVALID: a value that does not fit its
 * type, or no data; VT_ERR_TOO_BIG.
 */
VT_CHECK int value_put(struct value_data *data, uint32_t type, const struct vt_value *in,
                       struct call_value *out);

/* Takes a copy of the guest's value, which should be of `type`; out points into data. false: it is
 * of another type or out of bounds. */
VT_CHECK bool value_take(const struct value_data *data, uint32_t type, struct call_value in,
                         struct vt_value *out);

#endif
