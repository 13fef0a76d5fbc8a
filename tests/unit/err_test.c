/* SPDX-License-Identifier: Apache-2.0 */
/* Every error of the library has a text of its own, and any number has one. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <string.h>

#include "host/include/vitrine.h"

#define LAST VT_ERR_STOPPED

static void test_texts(void **state)
{
    (void)state;
    for (int err = VT_OK; err >= LAST; err--) {
        assert_non_null(vt_strerror(err));
        assert_string_not_equal(vt_strerror(err), "unknown error");
        for (int other = VT_OK; other > err; other--) {
            assert_string_not_equal(vt_strerror(err), vt_strerror(other));
        }
    }
}

static void test_unknown(void **state)
{
    static const int unknown[] = { 1, LAST - 1, INT_MIN, INT_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_string_equal(vt_strerror(unknown[i]), "unknown error");
    }
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(vt_version(), VT_VERSION_MAJOR << 16 | VT_VERSION_MINOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
