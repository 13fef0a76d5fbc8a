/* SPDX-License-Identifier: Apache-2.0 */
/* Channels on a zone's virtual PCI bus: registers, doorbells, life of the two zones. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "abi/channel.h"
#include "hyp/arch/fake/arch.h"
#include "hyp/core/channel.h"
#include "hyp/core/load.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

#define ZONES   3u /* the third has no channel */
#define ECAM    UINT64_C(0x80000000)
#define WINDOW  UINT64_C(0x80100000)
#define HPA     UINT64_C(0x48000000)
#define SLOT    3u
#define CONFIG  (SLOT * 0x8000u)
#define COMMAND 0x04u

static struct plan plan;
static struct zone zone_store[ZONES];
static struct vcpu vcpu_store[ZONES];
static bool line[ZONES][2]; /* by channel: interrupts 60 and 61 */
static unsigned line_changes, scrubs, pool_used_count;
static bool scrub_works, halts;
static uint8_t pool[16384] __attribute__((aligned(4096)));

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;
struct fake_arch fake_arch;

void *pool_take(size_t size, size_t align)
{
    (void)align;
    assert_true(size <= sizeof(pool));
    memset(pool, 0, sizeof(pool));
    pool_used_count++;
    return pool;
}

_Noreturn void arch_crash(const char *why)
{
    fail_msg("%s", why);
    abort();
}

void arch_virq_set(struct zone *zone, uint32_t intid, bool level)
{
    assert_in_range(intid, 60, 61);
    line[zone->id][intid - 60] = level;
    line_changes++;
}

uint64_t arch_vcpu_get(const struct vcpu *vcpu, unsigned n)
{
    return vcpu->arch.x[n];
}

void arch_vcpu_set(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    vcpu->arch.x[n] = value;
}

bool load_scrub(const struct zone *zone, hpa_t at, uint64_t size)
{
    assert_int_equal(zone_state(zone), ZONE_STARTING);
    assert_in_range(at.v, HPA, HPA + 0x10000);
    assert_int_equal(size, 0x10000);
    scrubs++;
    return scrub_works;
}

bool run_meanwhile(void)
{
    return !halts;
}

enum zone_state zone_state(const struct zone *zone)
{
    (void)zone;
    return ZONE_STARTING;
}

static struct channel_end *end_at(uint32_t zone, uint32_t slot)
{
    return (struct channel_end *)zones[zone].vbus.slot[slot];
}

static void add_channel(uint32_t i, uint32_t flags)
{
    plan.channel[i] = (struct plan_channel){ .hpa = HPA + i * 0x10000, .size = 0x10000 };
    memcpy(plan.channel[i].name, i == 0 ? "data" : "quiet", i == 0 ? 4 : 5);
    plan.channel[i].flags = flags;
    for (uint32_t side = 0; side < 2; side++) {
        plan.channel[i].side[side] =
            (struct plan_channel_side){ side, SLOT + i, WINDOW + 0x20000 + i * 0x10000, 60 + i, 0 };
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    memset(line, 0, sizeof(line));
    line_changes = scrubs = pool_used_count = 0;
    scrub_works = true;
    halts = false;
    plan.zone_count = ZONES;
    plan.channel_count = 2;
    add_channel(0, PLAN_CHANNEL_NOTIFY);
    add_channel(1, 0);
    for (uint32_t i = 0; i < ZONES; i++) {
        zones[i].id = i;
        zones[i].plan = &plan.zone[i];
        vcpu_store[i].zone = &zones[i];
        if (i < 2) {
            plan.zone[i].ecam_gpa = ECAM;
            plan.zone[i].pci_gpa = WINDOW;
            plan.zone[i].pci_size = 0x100000;
        }
        vbus_init(&zones[i]);
    }
    channel_init_all();
    return 0;
}

static int setup_up(void **state)
{
    setup(state);
    assert_true(channel_up(&zones[0]));
    assert_true(channel_up(&zones[1]));
    return 0;
}

static uint32_t reg(uint32_t zone, uint32_t offset)
{
    struct mmio_access access = { .offset = SLOT * 0x1000 + offset, .size = 4 };

    assert_true(vbus_regs(&vcpu_store[zone], &access));
    return (uint32_t)access.value;
}

static void reg_set(uint32_t zone, uint32_t offset, uint32_t value)
{
    struct mmio_access access = {
        .offset = SLOT * 0x1000 + offset, .value = value, .size = 4, .write = true
    };

    assert_true(vbus_regs(&vcpu_store[zone], &access));
}

static uint64_t config(uint32_t zone, uint64_t offset, uint8_t size)
{
    struct mmio_access access = { .offset = offset, .size = size };

    assert_true(vbus_config(&vcpu_store[zone], &access));
    return access.value;
}

static void config_set(uint32_t zone, uint64_t offset, uint8_t size, uint32_t value)
{
    struct mmio_access access = { .offset = offset, .value = value, .size = size, .write = true };

    assert_true(vbus_config(&vcpu_store[zone], &access));
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < channel_row_count; i++) {
        assert_true(channel_rows[i].read != NULL || channel_rows[i].write != NULL);
    }
    assert_int_equal(channel_row_count * 4, CHANNEL_NAME);
}

static void test_bus(void **state)
{
    (void)state;
    assert_int_equal(zones[0].dev_count, 2);
    assert_int_equal(zones[2].dev_count, 0);
    for (uint32_t slot = 0; slot < 32; slot++) {
        bool is_there = slot == SLOT || slot == SLOT + 1;

        assert_int_equal(config(0, slot * 0x8000, 4), is_there ? 0x76011209 : UINT32_MAX);
        assert_int_equal(config(0, slot * 0x8000, 1), is_there ? 0x09 : 0xff);
        for (uint32_t function = 1; function < 8; function++) {
            assert_int_equal(config(0, slot * 0x8000 + function * 0x1000, 2), 0xffff);
            config_set(0, slot * 0x8000 + function * 0x1000, 4, 0);
        }
    }
    assert_int_equal(config(0, CONFIG + 0x10, 4), (WINDOW + SLOT * 0x1000) | 4);
    assert_int_equal(config(0, CONFIG + 0x18, 4), (WINDOW + 0x20000) | 4);
}

static void test_refused(void **state)
{
    static const struct {
        uint32_t offset;
        uint8_t size;
    } bad[] = { { 0, 1 }, { 0, 2 }, { 0, 8 }, { 0x0c, 1 }, { 0x0c, 2 }, { 0x0c, 8 }, { 0xffc, 2 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        for (unsigned write = 0; write < 2; write++) {
            struct mmio_access access = { SLOT * 0x1000 + bad[i].offset, 1, bad[i].size,
                                          write != 0 };

            assert_false(vbus_regs(&vcpu_store[0], &access));
        }
    }
    for (uint32_t slot = 0; slot < 32; slot++) { /* a page without function is nobody's */
        struct mmio_access access = { .offset = slot * 0x1000, .size = 4 };

        assert_int_equal(vbus_regs(&vcpu_store[0], &access), slot == SLOT || slot == SLOT + 1);
    }
    assert_false(vbus_config(&vcpu_store[0], &(struct mmio_access){ .offset = CONFIG, .size = 8 }));
    assert_false(vbus_config(&vcpu_store[0], &(struct mmio_access){ .offset = 0, .size = 8 }));
    assert_int_equal(end_at(1, SLOT)->cause, 0);
}

static void test_constant_registers(void **state)
{
    (void)state;
    for (uint32_t zone = 0; zone < 2; zone++) {
        for (uint32_t offset = CHANNEL_SIDE; offset < 0x1000; offset += 4) {
            reg_set(zone, offset, 0x5a5a5a5a);
        }
        assert_int_equal(reg(zone, CHANNEL_SIDE), zone);
        assert_int_equal(reg(zone, CHANNEL_DOORBELL), 0);
        assert_int_equal(reg(zone, CHANNEL_ABI), CHANNEL_VERSION);
        assert_int_equal(reg(zone, CHANNEL_FEATURES), CHANNEL_FEATURE_NOTIFY);
        assert_int_equal(reg(zone, CHANNEL_PEER), 1);
        assert_int_equal(reg(zone, CHANNEL_PEER_STARTS), 1);
        assert_int_equal(reg(zone, CHANNEL_SIZE_LOW), 0x10000);
        assert_int_equal(reg(zone, CHANNEL_SIZE_HIGH), 0);
        assert_int_equal(reg(zone, CHANNEL_NAME), 0x61746164); /* "data" */
        for (uint32_t offset = CHANNEL_NAME + 4; offset < 0x1000; offset += 4) {
            assert_int_equal(reg(zone, offset), 0);
        }
    }
}

static void test_doorbell(void **state)
{
    (void)state;
    reg_set(1, CHANNEL_CAUSE, CHANNEL_CAUSE_ALL);
    reg_set(0, CHANNEL_DOORBELL, 7);
    assert_int_equal(reg(1, CHANNEL_CAUSE), CHANNEL_CAUSE_DOORBELL);
    assert_false(line[1][0]); /* masked */
    reg_set(1, CHANNEL_MASK, UINT32_MAX);
    assert_int_equal(reg(1, CHANNEL_MASK), CHANNEL_CAUSE_ALL);
    assert_true(line[1][0]);
    reg_set(1, CHANNEL_CAUSE, CHANNEL_CAUSE_PEER); /* another one */
    assert_true(line[1][0]);
    reg_set(1, CHANNEL_CAUSE, CHANNEL_CAUSE_DOORBELL);
    assert_false(line[1][0]);
    assert_false(line[0][0] || line[0][1] || line[1][1]); /* nobody else's */
}

static void test_doorbell_not_wished(void **state)
{
    struct mmio_access bell = {
        .offset = (SLOT + 1) * 0x1000 + CHANNEL_DOORBELL, .value = 1, .size = 4, .write = true
    };

    (void)state;
    atomic_store(&end_at(1, SLOT + 1)->cause, 0);
    assert_true(vbus_regs(&vcpu_store[0], &bell));
    assert_int_equal(end_at(1, SLOT + 1)->cause, 0);
}

/* A storm is one atomic operation each: the peer's line is not touched again until it clears. */
static void test_storm(void **state)
{
    unsigned before;

    (void)state;
    reg_set(1, CHANNEL_MASK, CHANNEL_CAUSE_ALL);
    reg_set(0, CHANNEL_DOORBELL, 1);
    before = line_changes;
    for (unsigned i = 0; i < 1000; i++) {
        reg_set(0, CHANNEL_DOORBELL, i);
    }
    assert_int_equal(line_changes, before);
    assert_true(line[1][0]);
}

/* As uio_pci_generic does it: status tells, disable takes the line back, enable brings it again. */
static void test_intx_disable(void **state)
{
    (void)state;
    reg_set(1, CHANNEL_CAUSE, CHANNEL_CAUSE_ALL);
    reg_set(1, CHANNEL_MASK, CHANNEL_CAUSE_ALL);
    assert_int_equal(config(1, CONFIG + COMMAND, 4) & 0x80000, 0);
    reg_set(0, CHANNEL_DOORBELL, 1);
    assert_int_equal(config(1, CONFIG + COMMAND, 4) & 0x80000, 0x80000);
    config_set(1, CONFIG + COMMAND, 2, 0x400);
    assert_false(line[1][0]);
    config_set(1, CONFIG + COMMAND + 1, 1, 0);
    assert_true(line[1][0]);
    reg_set(1, CHANNEL_CAUSE, CHANNEL_CAUSE_ALL);
    assert_int_equal(config(1, CONFIG + COMMAND, 4) & 0x80000, 0);
    assert_false(line[1][0]);
}

static void test_peer_comes_and_goes(void **state)
{
    (void)state;
    assert_int_equal(scrubs, 0);
    assert_true(channel_up(&zones[0]));
    assert_int_equal(scrubs, 2); /* both channels: nobody had them */
    assert_int_equal(reg(0, CHANNEL_PEER), 0);
    assert_int_equal(reg(0, CHANNEL_PEER_STARTS), 0);
    reg_set(0, CHANNEL_MASK, CHANNEL_CAUSE_PEER);
    reg_set(0, CHANNEL_DOORBELL, 1); /* nobody hears it, now or later */
    assert_true(channel_up(&zones[1]));
    assert_int_equal(reg(1, CHANNEL_CAUSE), 0);
    assert_int_equal(scrubs, 2); /* the first one may have written already */
    assert_true(line[0][0]);
    assert_int_equal(reg(0, CHANNEL_CAUSE), CHANNEL_CAUSE_PEER);
    assert_int_equal(reg(0, CHANNEL_PEER), 1);
    assert_int_equal(reg(0, CHANNEL_PEER_STARTS), 1);
    reg_set(0, CHANNEL_CAUSE, CHANNEL_CAUSE_PEER);
    channel_down(&zones[1]);
    assert_true(line[0][0]);
    assert_int_equal(reg(0, CHANNEL_PEER), 0);
    reg_set(0, CHANNEL_CAUSE, CHANNEL_CAUSE_PEER);
    channel_down(&zones[1]); /* again is nothing new */
    assert_false(line[0][0]);
    assert_true(channel_up(&zones[1]));
    assert_int_equal(reg(0, CHANNEL_PEER_STARTS), 2);
    assert_int_equal(scrubs, 2); /* kept while one of the two runs */
    channel_down(&zones[0]);
    channel_down(&zones[1]);
    assert_true(channel_up(&zones[1]));
    assert_int_equal(scrubs, 4);
}

static void test_reset_is_clean(void **state)
{
    (void)state;
    reg_set(1, CHANNEL_MASK, CHANNEL_CAUSE_ALL);
    config_set(1, CONFIG + COMMAND, 2, 0x6);
    config_set(1, CONFIG + 0x3c, 1, 0x77);
    reg_set(0, CHANNEL_DOORBELL, 1);
    assert_true(line[1][0]);
    channel_down(&zones[1]);
    assert_false(line[1][0]);
    reg_set(0, CHANNEL_DOORBELL, 1); /* while it is off */
    assert_false(line[1][0]);
    assert_true(channel_up(&zones[1]));
    assert_int_equal(reg(1, CHANNEL_MASK), 0);
    assert_int_equal(reg(1, CHANNEL_CAUSE), 0);
    assert_int_equal(config(1, CONFIG + COMMAND, 2), 0);
    assert_int_equal(config(1, CONFIG + 0x3c, 1), 0);
}

static void test_gives_up(void **state)
{
    struct channel *channel = end_at(0, SLOT)->channel;

    (void)state;
    scrub_works = false;
    assert_false(channel_up(&zones[0]));
    assert_false(end_at(0, SLOT)->up);
    scrub_works = true;
    /* The other zone's CPU scrubs, and the machine halts: nobody waits for ever. */
    lock_take(&channel->life);
    halts = true;
    assert_false(channel_up(&zones[1]));
    lock_give(&channel->life);
    halts = false;
    assert_true(channel_up(&zones[1]));
    assert_int_equal(end_at(1, SLOT)->starts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test_setup(test_bus, setup),
        cmocka_unit_test_setup(test_refused, setup_up),
        cmocka_unit_test_setup(test_constant_registers, setup_up),
        cmocka_unit_test_setup(test_doorbell, setup_up),
        cmocka_unit_test_setup(test_doorbell_not_wished, setup_up),
        cmocka_unit_test_setup(test_storm, setup_up),
        cmocka_unit_test_setup(test_intx_disable, setup_up),
        cmocka_unit_test_setup(test_peer_comes_and_goes, setup),
        cmocka_unit_test_setup(test_reset_is_clean, setup_up),
        cmocka_unit_test_setup(test_gives_up, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
