/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/core/setup.c: each zone's stage 2 has what the plan gives it, page by page. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pool.h"
#include "hyp/core/s2.h"
#include "hyp/core/setup.h"
#include "hyp/core/zone.h"
#include "plan_good.h"

#define POOL_SIZE (4u << 20)
#define POOL_PA   UINT64_C(0x48000000)
#define VMID_LSB  48
#define ALL_END   UINT64_C(0x100000000)

static void *pool_memory;
static struct plan plan;

/* ---- doubles; the rest is in setup_double.c ---- */

static unsigned inits;

_Noreturn void arch_crash(const char *why)
{
    fail_msg("%s", why);
    abort();
}

void arch_vcpu_init(struct vcpu *vcpu)
{
    assert_ptr_equal(&vcpu->zone->vcpus[vcpu->id], vcpu);
    inits++;
}

void arch_virq_init(struct zone *zone, const struct plan *of)
{
    assert_ptr_equal(zone->plan, &of->zone[zone->id]);
}

/* ---- what the plan says ---- */

/* One range that a zone may see. */
struct range {
    uint64_t gpa, hpa, size;
    bool exec, device;
};

static unsigned ranges_of(uint32_t zone, struct range *to)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < plan.region_count; i++) {
        const struct plan_region *r = &plan.region[i];

        if (r->zone == zone) {
            to[count++] = (struct range){ r->gpa, r->hpa, r->size, r->kind == PLAN_REGION_RAM,
                                          r->kind == PLAN_REGION_DEVICE };
        }
    }
    for (uint32_t i = 0; i < plan.channel_count * 2; i++) {
        const struct plan_channel *c = &plan.channel[i / 2];

        if (c->side[i % 2].zone == zone) {
            to[count++] = (struct range){ c->side[i % 2].mem_gpa, c->hpa, c->size, false, false };
        }
    }
    if (plan.board.gic_version == 2) {
        to[count++] = (struct range){ plan.zone[zone].gicc_gpa, plan.board.gicv_hpa, 0x2000, false,
                                      true };
    }
    return count;
}

static const uint64_t *root_of(uint32_t zone)
{
    uint64_t vttbr = zones[zone].arch.vttbr;

    assert_int_equal(vttbr >> VMID_LSB, zone + 1);
    return pool_va(hpa(vttbr & ((UINT64_C(1) << VMID_LSB) - 1)));
}

static void check_page(uint32_t zone, uint64_t at, const struct range *r, unsigned count)
{
    struct pt_leaf leaf;
    hpa_t pa;
    bool mapped = s2_lookup(root_of(zone), gpa(at), &leaf, &pa);

    for (; count != 0; count--, r++) {
        if (at - r->gpa < r->size) {
            assert_true(mapped && leaf.write);
            assert_int_equal(pa.v, r->hpa + (at - r->gpa));
            assert_int_equal(leaf.exec, r->exec);
            assert_int_equal(leaf.device, r->device);
            return;
        }
    }
    assert_false(mapped);
}

static void check_zones(void)
{
    struct range ranges[64];

    setup_cpus(&plan, NULL, NULL);
    zone_init_all();
    for (uint32_t zone = 0; zone < plan.zone_count; zone++) {
        unsigned count = ranges_of(zone, ranges);

        for (uint64_t at = 0; at < ALL_END; at += SIZE_4K) {
            check_page(zone, at, ranges, count);
        }
    }
}

/* ---- tests ---- */

static int setup(void **state)
{
    (void)state;
    fake_reset();
    pool_memory = aligned_alloc(SIZE_2M, POOL_SIZE);
    memset(pool_memory, 0xa5, POOL_SIZE);
    pool_init(pool_memory, POOL_SIZE, hpa(POOL_PA));
    inits = 0;
    plan_good(&plan);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(pool_memory);
    return 0;
}

static void test_stage2_is_what_the_plan_says(void **state)
{
    (void)state;
    check_zones();
    assert_int_equal(inits, 4);
}

/* The GIC's interface of virtual CPUs, and no other page of it. */
static void test_stage2_with_a_gicv2(void **state)
{
    (void)state;
    plan_gicv2(&plan);
    plan.zone[1].gicc_gpa = 0x20000000; /* need not be where the machine has its own */
    check_zones();
}

static void test_vcpus_are_where_the_plan_says(void **state)
{
    (void)state;
    setup_cpus(&plan, NULL, NULL);
    zone_init_all();
    for (uint32_t i = 0; i < plan.cpu_count; i++) {
        const struct plan_cpu *place = &plan.cpu[i];

        if (place->zone == PLAN_NONE) {
            assert_null(pcpus[i].vcpu);
            continue;
        }
        assert_ptr_equal(pcpus[i].vcpu, &zones[place->zone].vcpus[place->vcpu]);
        assert_ptr_equal(pcpus[i].vcpu->cpu, &pcpus[i]);
        assert_ptr_equal(pcpus[i].vcpu->zone, &zones[place->zone]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stage2_is_what_the_plan_says, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stage2_with_a_gicv2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vcpus_are_where_the_plan_says, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
