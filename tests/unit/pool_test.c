/* SPDX-License-Identifier: Apache-2.0 */
/* The boot pool: aligned zeros, never twice, nothing beyond its end, and nothing after the seal. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pool.h"

#define SIZE (UINT64_C(16) * SIZE_4K)
#define PA   UINT64_C(0x48001000)

static uint8_t *memory;
static jmp_buf crashed;

_Noreturn void arch_crash(const char *why)
{
    assert_non_null(why);
    longjmp(crashed, 1);
}

static int setup(void **state)
{
    (void)state;
    memory = aligned_alloc(SIZE_4K, SIZE);
    memset(memory, 0xa5, SIZE);
    pool_init(memory, SIZE, hpa(PA));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static bool refuses(size_t size)
{
    if (setjmp(crashed) != 0) {
        return true;
    }
    (void)pool_take(size, 8);
    return false;
}

static void test_take(void **state)
{
    uint8_t *before = memory;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t *got = pool_take(100, SIZE_4K);

        assert_int_equal((uintptr_t)got % SIZE_4K, 0);
        assert_true(i == 0 || got >= before + 100);
        for (unsigned n = 0; n < 100; n++) {
            assert_int_equal(got[n], 0);
        }
        assert_int_equal(pool_pa(got).v, PA + (uint64_t)(got - memory));
        assert_ptr_equal(pool_va(pool_pa(got)), got);
        before = got;
    }
}

static void test_end(void **state)
{
    (void)state;
    assert_true(refuses(SIZE + 1));
    assert_false(refuses(SIZE / 2));
    assert_true(refuses(SIZE / 2 + 1));
}

static void test_seal(void **state)
{
    (void)state;
    assert_false(refuses(8));
    pool_seal();
    assert_true(refuses(8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_take, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_seal, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
