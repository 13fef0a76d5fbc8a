/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion and bounds of values in the call area; never trusts an offset or a length. */
#include "host/value.h"

#include <string.h>

#include "host/signature.h"
#include "lib/addr.h"

#define DATA_ALIGN 8u

/* Whether [offset, offset + len) and, for a string, its final 0 lie in the data. */
static bool in_bounds(const struct value_data *data, uint32_t type, uint64_t offset, uint64_t len)
{
    uint64_t end = type == CALL_STR ? 1 : 0;

    return offset <= data->size && len <= data->size - offset && end <= data->size - offset - len;
}

static int put_data(struct value_data *data, uint32_t type, const struct vt_value *in,
                    struct call_value *out)
{
    uint64_t at = align_up(data->used, DATA_ALIGN);

    if (in->data == NULL && in->len != 0) {
        return VT_ERR_INVALID;
    }
    if (in->len > UINT32_MAX || !in_bounds(data, type, at, in->len)) {
        return VT_ERR_TOO_BIG;
    }
    if (in->len != 0) {
        memmove(data->bytes + at, in->data, in->len); /* it may be the last call's result */
    }
    data->used = at + in->len;
    if (type == CALL_STR) {
        data->bytes[data->used++] = 0;
    }
    out->len = (uint32_t)in->len;
    out->bits = at;
    return VT_OK;
}

static uint64_t bits_of_float(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

int value_put(struct value_data *data, uint32_t type, const struct vt_value *in,
              struct call_value *out)
{
    struct call_value v = { .type = type, .bits = in->u };
    int err = VT_OK;

    if (in->type != type) {
        return VT_ERR_SIGNATURE;
    }
    switch (type) {
    case CALL_I32: err = in->i == (int32_t)in->i ? VT_OK : VT_ERR_INVALID; break;
    case CALL_U32: err = in->u == (uint32_t)in->u ? VT_OK : VT_ERR_INVALID; break;
    case CALL_BOOL: err = in->u <= 1 ? VT_OK : VT_ERR_INVALID; break;
    case CALL_F32: v.bits = bits_of_float(in->f32); break;
    case CALL_STR:
    case CALL_BYTES: err = put_data(data, type, in, &v); break;
    case CALL_VOID: v.bits = 0; break;
    default: break;
    }
    if (err == VT_OK) {
        *out = v;
    }
    return err;
}

bool value_take(const struct value_data *data, uint32_t type, struct call_value in,
                struct vt_value *out)
{
    struct vt_value v = { .type = type };
    uint32_t low = (uint32_t)in.bits;

    if (in.type != type) {
        return false;
    }
    switch (type) {
    case CALL_I32: v.i = (int32_t)low; break;
    case CALL_U32: v.u = low; break;
    case CALL_BOOL: v.u = in.bits != 0; break;
    case CALL_F32: memcpy(&v.f32, &low, sizeof(low)); break;
    case CALL_VOID: break;
    case CALL_STR:
    case CALL_BYTES:
        if (!in_bounds(data, type, in.bits, in.len) ||
            (type == CALL_STR && data->bytes[in.bits + in.len] != 0)) {
            return false;
        }
        v.data = data->bytes + in.bits;
        v.len = in.len;
        break;
    default: v.u = in.bits; break;
    }
    *out = v;
    return true;
}
