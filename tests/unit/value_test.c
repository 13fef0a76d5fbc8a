/* SPDX-License-Identifier: Apache-2.0 */
/* Values in the call area: round trips, limits of types, offsets and lengths of hostile guests. */
#include "tests/unit/unit.h"

#include <string.h>

#include "host/signature.h"
#include "host/value.h"

static uint8_t bytes[64];

static struct value_data fresh(void)
{
    struct value_data data = { .bytes = bytes, .size = sizeof(bytes) };

    memset(bytes, 0xee, sizeof(bytes));
    return data;
}

static int put_one(uint32_t type, struct vt_value in, struct call_value *out)
{
    struct value_data data = fresh();

    in.type = type;
    return value_put(&data, type, &in, out);
}

static void test_numbers(void **state)
{
    struct value_data data = fresh();
    struct call_value v;
    struct vt_value back;

    (void)state;
    assert_int_equal(put_one(CALL_I32, (struct vt_value){ .i = INT32_MIN }, &v), VT_OK);
    assert_true(v.bits == (uint64_t)(int64_t)INT32_MIN);
    assert_true(value_take(&data, CALL_I32, v, &back));
    assert_true(back.i == INT32_MIN);
    assert_int_equal(put_one(CALL_I32, (struct vt_value){ .i = INT64_C(1) << 31 }, &v),
                     VT_ERR_INVALID);
    assert_int_equal(put_one(CALL_U32, (struct vt_value){ .u = UINT32_MAX }, &v), VT_OK);
    assert_int_equal(put_one(CALL_U32, (struct vt_value){ .u = UINT64_C(1) << 32 }, &v),
                     VT_ERR_INVALID);
    assert_int_equal(put_one(CALL_BOOL, (struct vt_value){ .u = 2 }, &v), VT_ERR_INVALID);
    assert_int_equal(put_one(CALL_F32, (struct vt_value){ .f32 = -0.5F }, &v), VT_OK);
    assert_true(v.bits == 0xbf000000);
    assert_true(value_take(&data, CALL_F32, v, &back));
    assert_true(back.f32 < -0.4F && back.f32 > -0.6F);
    assert_int_equal(put_one(CALL_F64, (struct vt_value){ .f64 = 1.0 }, &v), VT_OK);
    assert_true(v.bits == UINT64_C(0x3ff0000000000000));
}

/* The upper half of a 32-bit value is the guest's to fill, and the host's to ignore. */
static void test_dirty_bits(void **state)
{
    struct value_data data = fresh();
    struct call_value v = { .type = CALL_I32, .bits = UINT64_C(0x12345678fffffffe) };
    struct vt_value back;

    (void)state;
    assert_true(value_take(&data, CALL_I32, v, &back));
    assert_true(back.i == -2);
    v.type = CALL_U32;
    assert_true(value_take(&data, CALL_U32, v, &back));
    assert_true(back.u == 0xfffffffe);
    v.type = CALL_BOOL;
    assert_true(value_take(&data, CALL_BOOL, v, &back));
    assert_true(back.u == 1);
    assert_false(value_take(&data, CALL_U64, v, &back));
}

static void test_data(void **state)
{
    const struct vt_value text = { .type = CALL_STR, .data = "abc", .len = 3 };
    const struct vt_value none = { .type = CALL_BYTES, .data = NULL, .len = 0 };
    struct value_data data = fresh();
    struct call_value first, second;
    struct vt_value back;

    (void)state;
    assert_int_equal(value_put(&data, CALL_STR, &text, &first), VT_OK);
    assert_int_equal(data.used, 4);
    assert_int_equal(value_put(&data, CALL_STR, &text, &second), VT_OK);
    assert_int_equal(second.bits, 8);
    assert_true(value_take(&data, CALL_STR, second, &back));
    assert_string_equal(back.data, "abc");
    assert_int_equal(value_put(&data, CALL_BYTES, &none, &first), VT_OK);
    assert_int_equal(first.len, 0);
    assert_int_equal(value_put(&data, CALL_BYTES, &text, &first), VT_ERR_SIGNATURE);
}

/* The last byte is used; one more does not fit. */
static void test_full(void **state)
{
    uint8_t big[sizeof(bytes) + 1] = { 0 };
    struct vt_value v = { .type = CALL_BYTES, .data = big, .len = sizeof(bytes) };
    struct value_data data = fresh();
    struct call_value out;

    (void)state;
    assert_int_equal(value_put(&data, CALL_BYTES, &v, &out), VT_OK);
    data = fresh();
    v.len++;
    assert_int_equal(value_put(&data, CALL_BYTES, &v, &out), VT_ERR_TOO_BIG);
    data = fresh();
    v.type = CALL_STR;
    v.len = sizeof(bytes);
    assert_int_equal(value_put(&data, CALL_STR, &v, &out), VT_ERR_TOO_BIG);
    v.len--;
    assert_int_equal(value_put(&data, CALL_STR, &v, &out), VT_OK);
    v.data = NULL;
    assert_int_equal(value_put(&data, CALL_STR, &v, &out), VT_ERR_INVALID);
}

static bool take(uint32_t type, uint64_t offset, uint32_t len)
{
    struct value_data data = { .bytes = bytes, .size = sizeof(bytes) };
    struct call_value v = { .type = type, .len = len, .bits = offset };
    struct vt_value back;

    return value_take(&data, type, v, &back);
}

static void test_hostile(void **state)
{
    (void)state;
    memset(bytes, 0, sizeof(bytes));
    assert_true(take(CALL_BYTES, 0, sizeof(bytes)));
    assert_true(take(CALL_BYTES, sizeof(bytes), 0));
    assert_false(take(CALL_BYTES, 1, sizeof(bytes)));
    assert_false(take(CALL_BYTES, sizeof(bytes) + 1, 0));
    assert_false(take(CALL_BYTES, UINT64_MAX, 1));
    assert_false(take(CALL_BYTES, UINT64_MAX - 1, UINT32_MAX));
    assert_true(take(CALL_STR, 0, sizeof(bytes) - 1));
    assert_false(take(CALL_STR, 0, sizeof(bytes)));
    assert_false(take(CALL_STR, sizeof(bytes), 0));
    bytes[7] = 'x';
    assert_false(take(CALL_STR, 0, 7)); /* no 0 behind it */
}

static void test_signature(void **state)
{
    (void)state;
    assert_int_equal(signature_args(0x3), 0);
    assert_int_equal(signature_args(0x123), 2);
    assert_int_equal(signature_args(UINT64_C(0x111111111)), CALL_MAX_ARGS);
    assert_int_equal(signature_type(0x123, 1), CALL_U32);
    assert_true(signature_is_valid(0x876543219));
    assert_true(signature_is_valid(0));
    assert_false(signature_is_valid(0xa));
    assert_false(signature_is_valid(0x1011));                 /* a type behind the end */
    assert_false(signature_is_valid(UINT64_C(0x1111111111))); /* nine arguments */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_dirty_bits),
        cmocka_unit_test(test_data),    cmocka_unit_test(test_full),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
