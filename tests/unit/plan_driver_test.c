/* SPDX-License-Identifier: Apache-2.0 */
/* lib/plan_driver.c: what of a plan needs which driver, and that any bytes are answered. */
#include <string.h>

#include "lib/field.h"
#include "lib/plan_check.h"
#include "unit.h"

static struct plan plan;

static int setup(void **state)
{
    (void)state;
    memset(&plan, 0, sizeof(plan));
    plan.board.gic_version = 3;
    plan.zone_count = 2;
    return 0;
}

static void test_nothing_more(void **state)
{
    (void)state;
    assert_int_equal(plan_drivers_needed(&plan), BIT64(PLAN_DRIVER_GICV3));
    plan.zone[2].ecam_gpa = 0x1000; /* of no zone */
    assert_int_equal(plan_drivers_needed(&plan), BIT64(PLAN_DRIVER_GICV3));
}

static void test_each(void **state)
{
    (void)state;
    plan.channel_count = 1;
    assert_true((plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_CHANNELS)) != 0);
    plan.channel_count = 0;
    plan.zone[1].ecam_gpa = 0x1000;
    assert_true((plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_CHANNELS)) != 0);
    plan.function_count = 1;
    assert_true((plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_PCI)) != 0);
    assert_int_equal(plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_SMMUV3), 0);
    plan.board.smmu_hpa = 0x9050000;
    assert_true((plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_SMMUV3)) != 0);
    assert_int_equal(plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_CONTROL), 0);
    plan.control.region = 1;
    assert_true((plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_CONTROL)) != 0);
    plan.board.gic_version = 0;
    assert_int_equal(plan_drivers_needed(&plan) & BIT64(PLAN_DRIVER_GICV3), 0);
}

static void test_any_bytes(void **state)
{
    (void)state;
    memset(&plan, 0xff, sizeof(plan));
    assert_int_equal(plan_drivers_needed(&plan) >> PLAN_DRIVER_COUNT, 0);
}

/* Every driver has a name, its own. */
static void test_names(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PLAN_DRIVER_COUNT; i++) {
        assert_string_not_equal(plan_driver_name(i), plan_driver_name(PLAN_DRIVER_COUNT));
        for (uint32_t j = 0; j < i; j++) {
            assert_string_not_equal(plan_driver_name(i), plan_driver_name(j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_more, setup),
        cmocka_unit_test_setup(test_each, setup),
        cmocka_unit_test_setup(test_any_bytes, setup),
        cmocka_unit_test_setup(test_names, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
