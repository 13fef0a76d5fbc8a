/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of fault handlers: order, verdicts, changes from inside a handler, the pool's end. */
#include "guest/handler.h"

#include "lib/field.h"
#include "tests/unit/unit.h"

/* Each handler adds its `id`; what it answers and removes is its row. */
struct one {
    unsigned id;
    enum vg_verdict verdict;
    int removes; /* number, or 0 */
    const struct vg_handler *adds;
    bool nests;
};

static unsigned seen[64], seen_count;

static enum vg_verdict run_one(struct vg_context *context, void *arg)
{
    struct one *one = arg;

    seen[seen_count++ % ARRAY_COUNT(seen)] = one->id;
    if (one->removes != 0) {
        assert_int_equal(vg_handler_unregister(one->removes), 0);
        one->removes = 0;
    }
    if (one->adds != NULL) {
        assert_true(vg_handler_register(one->adds) >= 0);
        one->adds = NULL;
    }
    if (one->nests) {
        one->nests = false;
        handler_run(context);
    }
    return one->verdict;
}

static int add(struct one *one, uint32_t on, int32_t priority)
{
    struct vg_handler handler = { run_one, one, on, priority };

    return vg_handler_register(&handler);
}

static enum vg_verdict run(uint32_t vector, uint16_t class)
{
    struct vg_context context = { .vector = vector, .class = class };

    seen_count = 0;
    return handler_run(&context);
}

static void expect(const char *order)
{
    for (unsigned i = 0; order[i] != '\0'; i++) {
        assert_true(i < seen_count);
        assert_int_equal(seen[i], order[i] - '0');
        assert_true(order[i + 1] != '\0' || seen_count == i + 1);
    }
    assert_true(order[0] != '\0' || seen_count == 0);
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(run(6, FAULT_CLASS_ILLEGAL), VG_FORWARD);
    assert_int_equal(vg_handler_unregister(0), VG_ERR_UNKNOWN);
    assert_int_equal(vg_handler_unregister(-1), VG_ERR_UNKNOWN);
    assert_int_equal(vg_handler_unregister(255), VG_ERR_UNKNOWN);
}

static void test_invalid(void **state)
{
    static const uint32_t bad[] = { 256,     0xffff,  0x10000,        0x10000 + FAULT_CLASS_COUNT,
                                    0x1ffff, 0x20001, UINT32_MAX - 1, UINT32_MAX };
    struct one one = { .id = 1 };
    struct vg_handler none = { NULL, NULL, VG_ON_ALL, 0 };

    (void)state;
    assert_int_equal(vg_handler_register(&none), VG_ERR_INVALID);
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(add(&one, bad[i], 0), VG_ERR_INVALID);
    }
    assert_int_equal(run(255, FAULT_CLASS_SYSTEM), VG_FORWARD);
    assert_int_equal(seen_count, 0);
}

static void test_order_and_match(void **state)
{
    struct one ones[] = { { 0, VG_NEXT, 0, NULL, false }, { 1, VG_NEXT, 0, NULL, false },
                          { 2, VG_NEXT, 0, NULL, false }, { 3, VG_NEXT, 0, NULL, false },
                          { 4, VG_NEXT, 0, NULL, false }, { 5, VG_NEXT, 0, NULL, false } };
    int numbers[6];

    (void)state;
    numbers[0] = add(&ones[0], VG_ON_ALL, 0);
    numbers[1] = add(&ones[1], VG_ON_VECTOR(6), 10);
    numbers[2] = add(&ones[2], VG_ON_CLASS(FAULT_CLASS_ILLEGAL), 0);
    numbers[3] = add(&ones[3], VG_ON_VECTOR(14), INT32_MAX);
    numbers[4] = add(&ones[4], VG_ON_ALL, INT32_MIN);
    numbers[5] = add(&ones[5], VG_ON_VECTOR(6), 5);
    assert_int_equal(run(6, FAULT_CLASS_ILLEGAL), VG_FORWARD);
    expect("15204");
    assert_int_equal(run(14, FAULT_CLASS_MEMORY), VG_FORWARD);
    expect("304");
    run(13, FAULT_CLASS_ILLEGAL);
    expect("204");
    ones[5].verdict = VG_RESUME;
    assert_int_equal(run(6, FAULT_CLASS_ILLEGAL), VG_RESUME);
    expect("15");
    ones[1].verdict = VG_FORWARD;
    assert_int_equal(run(6, FAULT_CLASS_ILLEGAL), VG_FORWARD);
    expect("1");
    ones[1].verdict = (enum vg_verdict)99;
    assert_int_equal(run(6, FAULT_CLASS_ILLEGAL), VG_FORWARD);
    expect("1");
    for (unsigned i = 0; i < ARRAY_COUNT(numbers); i++) {
        assert_int_equal(vg_handler_unregister(numbers[i]), 0);
        assert_int_equal(vg_handler_unregister(numbers[i]), VG_ERR_UNKNOWN);
    }
    run(6, FAULT_CLASS_ILLEGAL);
    expect("");
}

/* A handler removes itself and the next one, and adds one that must not take their slots. */
static void test_changes_inside(void **state)
{
    struct one a = { 1, VG_NEXT, 0, NULL, false };
    struct one b = { 2, VG_NEXT, 0, NULL, false };
    struct one c = { 3, VG_NEXT, 0, NULL, false };
    static struct one d = { 4, VG_NEXT, 0, NULL, false }; /* stays for the next test */
    struct vg_handler late = { run_one, &d, VG_ON_ALL, 100 };
    int numbers[3];

    (void)state;
    numbers[0] = add(&a, VG_ON_ALL, 3);
    numbers[1] = add(&b, VG_ON_ALL, 2);
    numbers[2] = add(&c, VG_ON_ALL, 1);
    a.removes = numbers[1];
    a.adds = &late;
    run(1, FAULT_CLASS_DEBUG);
    expect("13");
    run(1, FAULT_CLASS_DEBUG);
    expect("413");
    a.removes = numbers[0];
    run(1, FAULT_CLASS_DEBUG);
    expect("413");
    run(1, FAULT_CLASS_DEBUG);
    expect("43");
    c.nests = true;
    c.removes = numbers[2];
    run(1, FAULT_CLASS_DEBUG);
    expect("434");
    run(1, FAULT_CLASS_DEBUG);
    expect("4");
    assert_int_equal(vg_handler_unregister(numbers[2]), VG_ERR_UNKNOWN);
}

static void test_full(void **state)
{
    struct one one = { 7, VG_NEXT, 0, NULL, false };
    int numbers[VG_HANDLERS_MAX];
    unsigned count = 0;
    int number;

    (void)state;
    while ((number = add(&one, VG_ON_VECTOR(200), (int32_t)count % 5)) >= 0) {
        assert_true(count < VG_HANDLERS_MAX);
        numbers[count++] = number;
    }
    assert_int_equal(number, VG_ERR_FULL);
    assert_int_equal(count, VG_HANDLERS_MAX - 1); /* the one that the last test left */
    run(200, FAULT_CLASS_SYSTEM);
    assert_int_equal(seen_count, VG_HANDLERS_MAX);
    for (unsigned round = 0; round < 1000; round++) {
        unsigned i = round * 7 % count;

        assert_int_equal(vg_handler_unregister(numbers[i]), 0);
        number = add(&one, VG_ON_VECTOR(200), (int32_t)(round % 9));
        assert_true(number >= 0 && number != numbers[i]);
        numbers[i] = number;
    }
    run(200, FAULT_CLASS_SYSTEM);
    assert_int_equal(seen_count, VG_HANDLERS_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_order_and_match),
        cmocka_unit_test(test_changes_inside),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
