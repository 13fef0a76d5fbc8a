/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupt controller of micro-VMs: order, routes, edges and levels, refusals. */
#include "unit.h"

#include "lib/intc.h"
#include "lib/field.h"

static struct intc intc;

static int setup(void **state)
{
    (void)state;
    intc_reset(&intc);
    return 0;
}

static uint32_t take(unsigned vcpu)
{
    uint32_t line = intc_next(&intc, vcpu);

    if (line != IRQ_NONE) {
        intc_take(&intc, vcpu, line);
    }
    return line;
}

static void test_nothing_at_first(void **state)
{
    (void)state;
    for (unsigned vcpu = 0; vcpu < INTC_VCPUS; vcpu++) {
        assert_int_equal(intc_next(&intc, vcpu), IRQ_NONE);
        for (uint32_t line = 0; line < IRQ_LINES; line++) {
            assert_int_equal(intc_state(&intc, vcpu, line), 0);
            assert_int_equal(intc_urgency(&intc, vcpu, line), IRQ_URGENCY_DEFAULT);
        }
    }
}

static void test_order(void **state)
{
    (void)state;
    for (uint32_t line = 0; line < IRQ_LINES; line++) {
        assert_true(intc_enable(&intc, 0, line));
        assert_true(intc_pend(&intc, 0, line));
    }
    assert_true(intc_set_urgency(&intc, 0, 20, IRQ_URGENCY_ALL));
    assert_true(intc_set_urgency(&intc, 0, 63, IRQ_URGENCY_ALL - 1));
    assert_true(intc_set_urgency(&intc, 0, 0, 1));
    assert_int_equal(take(0), 20);
    assert_int_equal(take(0), 63);
    for (uint32_t line = 1; line < IRQ_LINES - 1; line++) {
        assert_int_equal(line == 20 ? line : take(0), line);
    }
    assert_int_equal(take(0), 0);
    assert_int_equal(take(0), IRQ_NONE);
}

/* Private lines are a vCPU's own; shared ones are that of who enabled them last. */
static void test_routes(void **state)
{
    (void)state;
    assert_true(intc_enable(&intc, 1, 27));
    assert_true(intc_pend(&intc, 2, 27));
    assert_int_equal(intc_next(&intc, 1), IRQ_NONE);
    assert_int_equal(intc_next(&intc, 2), IRQ_NONE);
    assert_int_equal(intc_state(&intc, 1, 27), IRQ_STATE_ENABLED);
    assert_int_equal(intc_state(&intc, 2, 27), IRQ_STATE_PENDING);
    assert_int_equal(intc_target(&intc, 27), INTC_VCPUS);

    assert_int_equal(intc_target(&intc, 40), INTC_VCPUS);
    assert_true(intc_raise(&intc, 40));
    assert_true(intc_enable(&intc, 3, 40));
    assert_int_equal(intc_target(&intc, 40), 3);
    assert_int_equal(intc_next(&intc, 3), 40);
    assert_true(intc_enable(&intc, 4, 40));
    assert_int_equal(intc_next(&intc, 3), IRQ_NONE);
    assert_int_equal(intc_next(&intc, 4), 40);
    assert_int_equal(intc_state(&intc, 0, 40), IRQ_STATE_ENABLED | IRQ_STATE_PENDING);
    assert_true(intc_disable(&intc, 0, 40));
    assert_int_equal(intc_next(&intc, 4), IRQ_NONE);
}

static void test_send(void **state)
{
    (void)state;
    assert_true(intc_enable(&intc, 5, 15));
    assert_true(intc_send(&intc, 5, 15));
    assert_true(intc_send(&intc, 5, 15)); /* they do not add up */
    assert_int_equal(take(5), 15);
    assert_int_equal(take(5), IRQ_NONE);
    assert_false(intc_send(&intc, 5, IRQ_SENT));
    assert_false(intc_send(&intc, INTC_VCPUS, 0));
    assert_false(intc_send(&intc, UINT64_MAX, 0));
    assert_false(intc_send(&intc, 0, UINT64_MAX));
}

static void test_edges_and_levels(void **state)
{
    (void)state;
    assert_true(intc_enable(&intc, 0, 32));
    assert_true(intc_raise(&intc, 32));
    assert_int_equal(take(0), 32);
    assert_int_equal(take(0), 32); /* it is still up */
    assert_true(intc_lower(&intc, 32));
    assert_int_equal(take(0), IRQ_NONE);
    assert_true(intc_raise(&intc, 32));
    assert_true(intc_lower(&intc, 32)); /* too short to be seen, and seen */
    assert_int_equal(take(0), 32);
    assert_int_equal(take(0), IRQ_NONE);
    assert_true(intc_raise(&intc, 32));
    assert_int_equal(take(0), 32);
    assert_true(intc_raise(&intc, 32)); /* no edge: it is up */
    assert_true(intc_lower(&intc, 32));
    assert_int_equal(take(0), IRQ_NONE);
}

static void test_refusals(void **state)
{
    static const uint64_t bad[] = { IRQ_LINES, IRQ_LINES + 1, UINT32_MAX, UINT64_C(1) << 32,
                                    UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_false(intc_enable(&intc, 0, bad[i]));
        assert_false(intc_disable(&intc, 0, bad[i]));
        assert_false(intc_pend(&intc, 0, bad[i]));
        assert_false(intc_set_urgency(&intc, 0, bad[i], 1));
        assert_false(intc_set_urgency(&intc, 0, 1, bad[i]));
        assert_false(intc_raise(&intc, bad[i]));
        assert_false(intc_lower(&intc, bad[i]));
        assert_int_equal(intc_state(&intc, 0, bad[i]), IRQ_BAD);
        assert_int_equal(intc_target(&intc, bad[i]), INTC_VCPUS);
    }
    assert_false(intc_set_urgency(&intc, 0, 1, 0));
    assert_false(intc_set_urgency(&intc, 0, 1, IRQ_URGENCY_ALL + 1));
    assert_false(intc_raise(&intc, IRQ_SHARED - 1));
    assert_false(intc_lower(&intc, 0));
}

/* A vCPU that is put off loses what is its own, and what came to it comes to nobody. */
static void test_reset_of_a_vcpu(void **state)
{
    (void)state;
    assert_true(intc_enable(&intc, 1, 3));
    assert_true(intc_enable(&intc, 1, 33));
    assert_true(intc_set_urgency(&intc, 1, 3, 1));
    assert_true(intc_pend(&intc, 1, 3));
    assert_true(intc_raise(&intc, 33));
    intc_reset_vcpu(&intc, 1);
    assert_int_equal(intc_next(&intc, 1), IRQ_NONE);
    assert_int_equal(intc_urgency(&intc, 1, 3), IRQ_URGENCY_DEFAULT);
    assert_int_equal(intc_state(&intc, 1, 3), 0);
    assert_int_equal(intc_target(&intc, 33), INTC_VCPUS);
    assert_true(intc_enable(&intc, 0, 33));
    assert_int_equal(take(0), 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_at_first, setup),
        cmocka_unit_test_setup(test_order, setup),
        cmocka_unit_test_setup(test_routes, setup),
        cmocka_unit_test_setup(test_send, setup),
        cmocka_unit_test_setup(test_edges_and_levels, setup),
        cmocka_unit_test_setup(test_refusals, setup),
        cmocka_unit_test_setup(test_reset_of_a_vcpu, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
