/* SPDX-License-Identifier: Apache-2.0 */
/* dev/console: input and output in pieces, flows that are full, buffers of no use. */
#include "unit.h"

#include <string.h>

#include "dev/console.h"
#include "flow_double.h"
#include "virtq_model.h"

#define DATA (MODEL_RAM + MODEL_HALF - 8) /* crosses the border of the ranges */

static struct flow_double flow;
static struct console console;
static struct model model;
static struct virtq q;
static bool interrupt;

static int setup(void **unused)
{
    struct virtq_cfg cfg = model_init(&model, true, true, 16);

    (void)unused;
    flow = (struct flow_double){ .flow.ops = &flow_double_ops };
    console = (struct console){ .flow = &flow.flow };
    assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
    model_want(&model, 1);
    return 0;
}

static void put_text(const char *text)
{
    for (size_t i = 0; text[i] != 0; i++) {
        *model_at(DATA + i) = (uint8_t)text[i];
    }
}

static void test_output(void **unused)
{
    struct model_buf bufs[2] = { { DATA, 5, false }, { DATA + 5, 9, false } };
    uint32_t len;
    int id;

    (void)unused;
    put_text("hello, console");
    flow.room = 6;
    id = model_add(&model, bufs, 2, true);
    assert_int_equal(console_output(&console, &q, &interrupt), RUN_OUTPUT);
    assert_int_equal(model_used(&model, &len), -1);
    assert_memory_equal(flow.kept, "hello,", 6);
    flow.room = 7; /* two parts, a buffer's border between them */
    assert_int_equal(console_output(&console, &q, &interrupt), RUN_OUTPUT);
    assert_false(interrupt);
    flow.room = 100;
    assert_int_equal(console_output(&console, &q, &interrupt), RUN_DRIVER);
    assert_true(interrupt);
    assert_int_equal(model_used(&model, &len), id);
    assert_int_equal(len, 0);
    assert_int_equal(flow.kept_size, 14);
    assert_memory_equal(flow.kept, "hello, console", 14);
}

static void test_nobody_reads(void **unused)
{
    struct model_buf buf = { DATA, 14, false }, empty = { DATA, 0, false };
    uint32_t len;

    (void)unused;
    put_text("hello, console");
    flow.room = 3;
    model_add(&model, &buf, 1, false);
    model_add(&model, &buf, 1, false);
    assert_int_equal(console_output(&console, &q, &interrupt), RUN_OUTPUT);
    assert_int_equal(console_drop(&console, &q, &interrupt), RUN_DRIVER);
    assert_true(model_used(&model, &len) >= 0 && model_used(&model, &len) >= 0);
    assert_int_equal(flow.kept_size, 3);
    flow.fails = ERR_INVALID; /* gone: the same */
    model_add(&model, &buf, 1, false);
    model_add(&model, &empty, 1, false);
    assert_int_equal(console_output(&console, &q, &interrupt), RUN_DRIVER);
    assert_true(model_used(&model, &len) >= 0 && model_used(&model, &len) >= 0);
    assert_int_equal(console.done, 0);
}

static void test_input(void **unused)
{
    struct model_buf bufs[2] = { { DATA, 4, true }, { DATA + 4, 8, true } };
    uint32_t len;

    (void)unused;
    flow.give = (const uint8_t *)"abcdefghijklmn";
    flow.give_size = 14;
    assert_int_equal(console_input(&console, &q, &interrupt), RUN_DRIVER); /* no buffer: no read */
    assert_int_equal(flow.give_size, 14);
    model_add(&model, bufs, 2, false);
    assert_int_equal(console_input(&console, &q, &interrupt), RUN_DRIVER);
    assert_true(interrupt);
    assert_true(model_used(&model, &len) >= 0);
    assert_int_equal(len, 12);
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(*model_at(DATA + i), 'a' + i);
    }
    model_add(&model, bufs, 2, false);
    model_add(&model, bufs, 2, false);
    assert_int_equal(console_input(&console, &q, &interrupt), RUN_INPUT);
    assert_true(model_used(&model, &len) >= 0);
    assert_int_equal(len, 2);
    assert_int_equal(model_used(&model, &len), -1);
    flow.give_size = 1;
    assert_int_equal(console_input(&console, &q, &interrupt), RUN_DRIVER);
    assert_true(model_used(&model, &len) >= 0);
}

static void test_broken(void **unused)
{
    struct model_buf buf = { DATA, 4, false };

    (void)unused;
    model_add(&model, &buf, 1, false);
    assert_true(console_input(&console, &q, &interrupt) < 0);
    assert_true(q.is_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_output, setup),
        cmocka_unit_test_setup(test_nobody_reads, setup),
        cmocka_unit_test_setup(test_input, setup),
        cmocka_unit_test_setup(test_broken, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
