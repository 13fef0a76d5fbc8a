/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on virtio devices of zones: a good plan with three of them, a failing sample of each. */
#include <string.h>

#include "lib/addr.h"
#include "lib/field.h"
#include "lib/plan_check.h"
#include "plan_good.h"
#include "unit.h"

#define REGS UINT64_C(0xc0000000)
#define POOL UINT64_C(0x50000000) /* zone 0's, of 64 MiB; zone 1 has 16 MiB of it */
#define MIB  UINT64_C(0x100000)

static struct plan p;

static void add(uint32_t type, uint32_t queues)
{
    uint32_t i = p.virtio_count++;

    p.virtio[i] = (struct plan_virtio){ .name = { 'd', (char)('0' + i) },
                                        .zone = 1,
                                        .type = type,
                                        .gpa = REGS + i * PLAN_VIRTIO_SIZE,
                                        .intid = 70 + i,
                                        .queue_count = queues,
                                        .queue_max = 256 };
}

/* All of zone 1's memory in the pool of zone 0, which starts it. */
static void plan_virtio(void)
{
    plan_good(&p);
    for (uint32_t i = 0; i < p.region_count; i++) {
        if (p.region[i].zone == 1 && p.region[i].kind == PLAN_REGION_RAM && p.region[i].pool == 0) {
            p.region[i].hpa = POOL + 18 * MIB;
            p.region[i].size = 40 * MIB;
            p.region[i].pool = 10;
        }
    }
    p.zone[1].flags |= PLAN_ZONE_MANUAL;
    add(PLAN_VIRTIO_BLK, 16);
    add(PLAN_VIRTIO_NET, 2);
    add(PLAN_VIRTIO_RNG, 1);
}

/* clang-format off */
#define BREAK(name, ...) static void break_##name(void) { __VA_ARGS__; }
BREAK(count, p.virtio_count = PLAN_MAX_VIRTIO + 1)
BREAK(counts, p.virtio_count = UINT32_MAX)
BREAK(let_go, p.let_go_ms = PLAN_LET_GO_MAX + 1)
BREAK(name, p.virtio[1].name[0] = 'D')
BREAK(name_empty, memset(p.virtio[1].name, 0, PLAN_NAME_SIZE))
BREAK(name_twice, memcpy(p.virtio[2].name, p.virtio[0].name, PLAN_NAME_SIZE))
BREAK(type, p.virtio[0].type = 5)
BREAK(type_none, p.virtio[0].type = 0)
BREAK(reserved, p.virtio[0].reserved = 1)
BREAK(queues, p.virtio[0].queue_count = 17)
BREAK(queues_none, p.virtio[0].queue_count = 0)
BREAK(queues_net, p.virtio[1].queue_count = 1)
BREAK(size_odd, p.virtio[0].queue_max = 96)
BREAK(size_none, p.virtio[0].queue_max = 0)
BREAK(size_large, p.virtio[0].queue_max = 2048)
BREAK(zone, p.virtio[2].zone = 2)
BREAK(zone_zero, p.virtio[2].zone = 0)
BREAK(zone_alone, p.control.region = 0)
BREAK(zone_starts, p.zone[1].flags = 0)
BREAK(pool, p.region[10].pool = 0)
BREAK(place, p.virtio[1].gpa += PLAN_VIRTIO_SIZE)
BREAK(place_odd, p.virtio[0].gpa += 8; p.virtio[1].gpa += 8; p.virtio[2].gpa += 8)
BREAK(place_split, p.zone_count = 2; p.virtio[1].zone = 0)
BREAK(intid, p.virtio[1].intid = 31)
BREAK(intid_large, p.virtio[1].intid = 1020)
BREAK(intid_vuart, p.virtio[1].intid = p.zone[1].vuart_intid)
BREAK(unique, p.virtio[2].intid = 70)
BREAK(irq, p.virtio[0].intid = p.irq[1].intid)
BREAK(side, p.virtio[0].intid = p.channel[0].side[1].intid)
BREAK(window, for (uint32_t i = 0; i < 3; i++) { p.virtio[i].gpa = PLAN_IPA_LIMIT + i * 0x1000; })
BREAK(window_last, for (uint32_t i = 0; i < 3; i++) {
    p.virtio[i].gpa = PLAN_IPA_LIMIT - 0x2000 + i * 0x1000; })
BREAK(over_window, for (uint32_t i = 0; i < 3; i++) {
    p.virtio[i].gpa = p.zone[1].vuart_gpa - 0x2000 + i * 0x1000; })
BREAK(over_memory, for (uint32_t i = 0; i < 3; i++) {
    p.virtio[i].gpa = p.region[10].gpa - 0x2000 + i * 0x1000; })

static const struct sample {
    const char *rule;
    void (*make)(void);
} samples[] = {
    { "virtio-count", break_count }, { "virtio-count", break_counts },
    { "virtio-count", break_let_go }, { "virtio-name", break_name },
    { "virtio-name", break_name_empty }, { "virtio-name-unique", break_name_twice },
    { "virtio-type", break_type }, { "virtio-type", break_type_none },
    { "virtio-type", break_reserved }, { "virtio-queues", break_queues },
    { "virtio-queues", break_queues_none }, { "virtio-queues", break_queues_net },
    { "virtio-queues", break_size_odd }, { "virtio-queues", break_size_none },
    { "virtio-queues", break_size_large }, { "virtio-zone", break_zone },
    { "virtio-zone", break_zone_zero }, { "virtio-zone", break_zone_alone },
    { "virtio-zone", break_zone_starts }, { "virtio-pool", break_pool },
    { "virtio-place", break_place }, { "virtio-place", break_place_odd },
    { "virtio-place", break_place_split }, { "virtio-intid", break_intid },
    { "virtio-intid", break_intid_large }, { "virtio-intid", break_intid_vuart },
    { "virtio-unique", break_unique }, { "virtio-irq", break_irq },
    { "virtio-side", break_side }, { "window-range", break_window },
    { "window-range", break_window_last }, { "window-overlap", break_over_window },
    { "window-region", break_over_memory },
};
/* clang-format on */

struct seen {
    struct plan_sink sink; /* first */
    const char *wanted;
    unsigned matching;
};

static void seen_found(struct plan_sink *sink, const struct plan_verdict *verdict)
{
    struct seen *seen = (struct seen *)sink;

    seen->matching += strcmp(seen->wanted, verdict->rule) == 0;
    (void)plan_owner(&p, verdict->a);
}

static void test_good(void **state)
{
    uint64_t at = 0, size = 0;

    (void)state;
    plan_virtio();
    assert_int_equal(plan_check(&p, NULL), 0);
    assert_true(plan_window_range(&p, PLAN_WINDOWS + PLAN_WINDOW_VIRTIO, &at, &size));
    assert_int_equal(at, REGS);
    assert_int_equal(size, 3 * PLAN_VIRTIO_SIZE);
    assert_false(plan_window_range(&p, PLAN_WINDOW_VIRTIO, &at, &size));
    assert_int_equal(plan_owner(&p, (struct plan_ref){ PLAN_OBJECT_VIRTIO, 2 }), 1);
    assert_int_equal(plan_owner(&p, (struct plan_ref){ PLAN_OBJECT_VIRTIO, 3 }), PLAN_NONE);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        struct seen seen = { { seen_found }, samples[i].rule, 0 };

        plan_virtio();
        samples[i].make();
        (void)plan_check(&p, &seen.sink);
        if (seen.matching == 0) {
            fail_msg("sample %zu does not violate rule %s", i, samples[i].rule);
        }
    }
}

static void test_every_rule(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < plan_rule_count; i++) {
        bool has_sample = strncmp(plan_rules[i].name, "virtio-", 7) != 0;

        for (size_t j = 0; j < ARRAY_COUNT(samples); j++) {
            has_sample = has_sample || strcmp(samples[j].rule, plan_rules[i].name) == 0;
        }
        if (!has_sample) {
            fail_msg("rule %s has no failing sample", plan_rules[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_every_rule),
    };

    return cmocka_run_group_tests_name("plan_virtio", tests, NULL, NULL);
}
