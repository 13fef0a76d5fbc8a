/* SPDX-License-Identifier: Apache-2.0 */
/* dev/rng: buffers are filled as far as RNG_MAX, once each; one without room breaks the queue. */
#include "unit.h"

#include "dev/rng.h"
#include "virtq_model.h"

#define DATA (MODEL_RAM + MODEL_HALF - 100) /* crosses the border of the ranges */

static struct model model;
static struct virtq q;
static bool interrupt;

static void begin(bool is_packed)
{
    struct virtq_cfg cfg = model_init(&model, is_packed, true, 16);

    assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
    model_want(&model, 1);
}

static unsigned zeroes(unsigned size)
{
    unsigned n = 0;

    for (unsigned i = 0; i < size; i++) {
        n += *model_at(DATA + i) == 0;
    }
    return n;
}

static void test_fill(void **unused)
{
    struct model_buf bufs[2] = { { DATA, 64, true }, { DATA + 64, 1000, true } };
    uint32_t len;

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        begin(i != 0);
        assert_int_equal(rng_run(&q, &interrupt), RUN_DRIVER);
        assert_false(interrupt);
        assert_true(model_add(&model, bufs, 1, false) >= 0);
        assert_true(model_add(&model, bufs, 2, false) >= 0);
        assert_int_equal(rng_run(&q, &interrupt), RUN_DRIVER);
        assert_true(interrupt);
        assert_true(model_used(&model, &len) >= 0);
        assert_int_equal(len, 64);
        assert_true(model_used(&model, &len) >= 0);
        assert_int_equal(len, RNG_MAX);
        assert_true(zeroes(RNG_MAX) < 20);
        assert_int_equal(zeroes(1064), 1064 - RNG_MAX + zeroes(RNG_MAX));
    }
}

static void test_no_room(void **unused)
{
    struct model_buf buf = { DATA, 64, false };

    (void)unused;
    begin(false);
    assert_true(model_add(&model, &buf, 1, false) >= 0);
    assert_true(rng_run(&q, &interrupt) < 0);
    assert_true(q.is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
