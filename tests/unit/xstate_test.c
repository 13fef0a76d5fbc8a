/* SPDX-License-Identifier: Apache-2.0 */
/* Vector state for debuggers: parts move to Intel's places, bad areas do no harm. */
#include "unit.h"

#include <string.h>

#include "host/xstate.h"
#include "lib/field.h"

static uint8_t bytes[2440];
static struct xstate_area area;
static struct xstate_note note;

static int setup(void **state)
{
    (void)state;
    memset(bytes, 0, sizeof(bytes));
    /* As AMD has it: no gap where Intel had MPX. */
    area = (struct xstate_area){ .bytes = bytes, .size = sizeof(bytes), .xcr0 = 0x2e7 };
    area.offset[2] = 576;
    area.offset[5] = 832;
    area.offset[6] = 896;
    area.offset[7] = 1408;
    area.offset[9] = 2432;
    return 0;
}

static void test_parts_move(void **state)
{
    (void)state;
    bytes[160] = 1;  /* xmm0 */
    bytes[576] = 2;  /* ymm0's upper half */
    bytes[832] = 3;  /* k0 */
    bytes[2431] = 4; /* zmm31's last byte */
    bytes[2432] = 5; /* PKRU */
    xstate_convert(&area, &note);
    assert_int_equal(note.size, 2696);
    assert_int_equal(note.xcr0, 0x2e7);
    assert_int_equal(note.bytes[160], 1);
    assert_int_equal(note.bytes[576], 2);
    assert_int_equal(note.bytes[1088], 3);
    assert_int_equal(note.bytes[2687], 4);
    assert_int_equal(note.bytes[2688], 5);
}

static void test_sizes_by_features(void **state)
{
    static const struct {
        uint64_t xcr0;
        size_t size;
    } rows[] = { { 3, 576 }, { 7, 832 }, { 0xe7, 2688 }, { 0x2e7, 2696 }, { 0x600e7, 2688 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        area.xcr0 = rows[i].xcr0;
        xstate_convert(&area, &note);
        assert_int_equal(note.size, rows[i].size);
        assert_int_equal(note.xcr0, rows[i].xcr0 & 0x2e7);
    }
}

static void test_bad_areas(void **state)
{
    (void)state;
    area.size = 575;
    xstate_convert(&area, &note);
    assert_int_equal(note.size, 0);
    area.size = sizeof(bytes);
    area.offset[2] = 0; /* there is none */
    area.offset[5] = UINT32_MAX;
    area.offset[7] = 1417; /* would reach one byte beyond */
    xstate_convert(&area, &note);
    assert_int_equal(note.xcr0, 0x243);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_parts_move, setup),
        cmocka_unit_test_setup(test_sizes_by_features, setup),
        cmocka_unit_test_setup(test_bad_areas, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
