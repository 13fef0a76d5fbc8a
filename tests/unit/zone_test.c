/* SPDX-License-Identifier: Apache-2.0 */
/* Life cycle of zones and vCPUs: every transition, and a long random walk that keeps the counts. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "hyp/arch/fake/arch.h"
#include "hyp/core/channel.h"
#include "hyp/core/console.h"
#include "hyp/core/load.h"
#include "hyp/core/log.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/zone.h"

#define ZONES 2u
#define CPUS  4u

static struct plan plan;
static struct zone zone_store[ZONES];
static struct vcpu vcpu_store[CPUS];
static struct pcpu pcpu_store[CPUS];
static unsigned loads, ups, downs, finished;
static bool stop_while_loading, told_attached;

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;
struct pcpu *pcpus = pcpu_store;

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    (void)level;
    (void)text;
    (void)args;
}

bool log_budget_take(struct log_budget *budget, const struct zone *zone)
{
    (void)budget;
    (void)zone;
    return true;
}

bool channel_up(const struct zone *zone)
{
    ups++;
    return zone_state(zone) == ZONE_STARTING;
}

void channel_down(const struct zone *zone)
{
    (void)zone;
    downs++;
    told_attached = fake_arch.iommu_attached;
}

void vuart_reset(struct zone *zone)
{
    (void)zone;
}

static unsigned quiets;

void pcihost_quiet(const struct zone *zone)
{
    (void)zone;
    quiets++;
}

void console_finish(void)
{
    assert_int_equal(finished, fake_arch.machine_off); /* last lines first, then power */
    finished++;
}

/* While it loads, another CPU may say something. */
bool load_zone(const struct zone *zone)
{
    if (stop_while_loading) {
        zone_stop(&zones[zone->id], STOP_OPERATOR);
        return false;
    }
    loads++;
    return true;
}

/* Zone 0 has CPUs 0 to 2, zone 1 CPU 3. */
static int setup(void **state)
{
    (void)state;
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    memset(vcpu_store, 0, sizeof(vcpu_store));
    memset(pcpu_store, 0, sizeof(pcpu_store));
    memset(&fake_arch, 0, sizeof(fake_arch));
    loads = ups = downs = finished = 0;
    stop_while_loading = false;
    plan.zone_count = ZONES;
    plan.cpu_count = CPUS;
    for (uint32_t i = 0; i < CPUS; i++) {
        struct zone *zone = &zone_store[i / 3];

        pcpu_store[i].id = i;
        pcpu_store[i].vcpu = &vcpu_store[i];
        pcpu_store[i].alarm_vuart = pcpu_store[i].alarm_look = UINT64_MAX;
        vcpu_store[i].zone = zone;
        vcpu_store[i].cpu = &pcpu_store[i];
        vcpu_store[i].id = i % 3;
        zone->id = i / 3;
        zone->plan = &plan.zone[i / 3];
        zone->vcpus = &vcpu_store[i - i % 3];
        zone->vcpu_count++;
    }
    plan.zone[0].entry = 0x40000000;
    plan.zone[0].dtb = 0x44000000;
    plan.region_count = 2;
    plan.region[0] =
        (struct plan_region){ 0x40000000, 0x80000000, SIZE_2M, 0, PLAN_REGION_RAM, 0, 0 };
    plan.region[1] =
        (struct plan_region){ 0x40000000, 0xa0000000, SIZE_2M, 1, PLAN_REGION_RAM, 0, 0 };
    fake_arch.self = &pcpu_store[0];
    return 0;
}

/* What a CPU's loop does between guest entries. */
static void turn(uint32_t cpu)
{
    fake_arch.self = &pcpu_store[cpu];
    if ((atomic_exchange(&pcpu_store[cpu].requests, 0) & REQUEST_LOOK) != 0) {
        zone_progress(&vcpu_store[cpu]);
    }
}

static void turn_all(void)
{
    for (unsigned rounds = 0; rounds < 4; rounds++) {
        for (uint32_t i = 0; i < CPUS; i++) {
            turn(i);
        }
    }
    fake_arch.self = &pcpu_store[0];
}

static void start_zone0(void)
{
    assert_int_equal(zone_start(&zones[0]), OK);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_RUNNING);
    assert_int_equal(vcpu_store[0].state, VCPU_ON);
}

static void test_start(void **state)
{
    (void)state;
    start_zone0();
    assert_int_equal(loads, 1);
    assert_int_equal(vcpu_store[0].arch.pc, 0x40000000);
    assert_int_equal(vcpu_store[0].arch.x[0], 0x44000000);
    assert_int_equal(zones[0].running, 1);
    assert_int_equal(zone_start(&zones[0]), ERR_BUSY);
    assert_int_equal(vcpu_store[1].state, VCPU_OFF);
    assert_int_equal(fake_arch.s2_flushes, 1);
    assert_int_equal(ups, 1);
    assert_int_equal(downs, 0);
}

static void test_devices(void **state)
{
    (void)state;
    quiets = 0;
    start_zone0();
    assert_true(fake_arch.iommu_attached);
    assert_int_equal(quiets, 1); /* before its memory was loaded */
    assert_int_equal(fake_arch.iommu_detaches, 1);
    zone_stop(&zones[0], STOP_OPERATOR);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_false(fake_arch.iommu_attached);
    assert_false(told_attached); /* its peers may scrub what its devices could write */
    assert_int_equal(quiets, 2);
    fake_arch.iommu_fails = true; /* its memory is never used again */
    assert_int_equal(zone_start(&zones[0]), OK);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(loads, 1);
    assert_false(fake_arch.iommu_attached);
}

static void test_vcpu_on_off(void **state)
{
    struct vcpu_start start = { .pc = 0x40001000, .arg0 = 7 };

    (void)state;
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), ERR_DENIED);
    start_zone0();
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), OK);
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), ERR_BUSY);
    assert_ptr_equal(fake_arch.ipi_last, &pcpu_store[1]);
    turn_all();
    assert_int_equal(vcpu_store[1].state, VCPU_ON);
    assert_int_equal(vcpu_store[1].arch.pc, 0x40001000);
    assert_int_equal(vcpu_store[1].arch.x[0], 7);
    fake_arch.self = &pcpu_store[1];
    vcpu_off(&vcpu_store[1]);
    assert_int_equal(vcpu_store[1].state, VCPU_OFF);
    assert_int_equal(zones[0].running, 1);
    assert_int_equal(zone_state(&zones[0]), ZONE_RUNNING);
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), OK);
}

static void test_hold(void **state)
{
    struct vcpu *vcpu = &vcpu_store[0];

    (void)state;
    start_zone0();
    vcpu_hold(vcpu, HOLD_DEVICE);
    vcpu_hold(vcpu, HOLD_PAUSE);
    assert_int_equal(vcpu->state, VCPU_HELD);
    assert_int_not_equal(pcpu_store[0].requests, 0); /* a fast exit must end in the loop */
    assert_int_equal(zones[0].running, 1);           /* it is on */
    assert_int_equal(vcpu_on(vcpu, &(struct vcpu_start){ .pc = 0x40001000 }), ERR_BUSY);
    vcpu_release(vcpu, HOLD_DEVICE);
    assert_int_equal(vcpu->state, VCPU_HELD);
    turn_all();
    assert_int_equal(vcpu->state, VCPU_HELD);
    vcpu_release(vcpu, HOLD_PAUSE);
    assert_int_equal(vcpu->state, VCPU_ON);
    vcpu_release(vcpu, HOLD_PAUSE);
    assert_int_equal(vcpu->state, VCPU_ON);
}

/* A vCPU that is held stops as any other, and is not held when it starts again. */
static void test_held_stops(void **state)
{
    struct vcpu_start start = { .pc = 0x40001000 };

    (void)state;
    start_zone0();
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), OK);
    vcpu_hold(&vcpu_store[1], HOLD_PAUSE); /* before it has begun */
    turn_all();
    assert_int_equal(vcpu_store[1].state, VCPU_HELD);
    zone_stop(&zones[0], STOP_RESET);
    turn_all();
    assert_int_equal(zones[0].starts, 2);
    assert_int_equal(vcpu_store[1].state, VCPU_OFF);
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), OK);
    turn_all();
    assert_int_equal(vcpu_store[1].state, VCPU_ON);
    vcpu_release(&vcpu_store[2], HOLD_PAUSE); /* one that is off stays so */
    assert_int_equal(vcpu_store[2].state, VCPU_OFF);
}

static void test_look_at(void **state)
{
    struct pcpu *cpu = &pcpu_store[0];

    (void)state;
    cpu->alarm_vuart = 500;
    pcpu_look_at(cpu, 700);
    assert_int_equal(cpu->alarm_look, 700);
    assert_int_equal(fake_arch.alarm, 500);
    pcpu_look_at(cpu, 400);
    assert_int_equal(fake_arch.alarm, 400);
    pcpu_look_at(cpu, 600); /* it will look at 400, and say anew when */
    assert_int_equal(cpu->alarm_look, 400);
    assert_int_equal(cpu->alarm_vuart, 500);
}

static void test_absent_cpu(void **state)
{
    struct vcpu_start start = { .pc = 0x40001000 };

    (void)state;
    start_zone0();
    atomic_store(&pcpu_store[2].absent, true);
    assert_int_equal(vcpu_on(&vcpu_store[2], &start), ERR_DENIED);
    assert_int_equal(zones[0].running, 1);
    atomic_store(&pcpu_store[3].absent, true);
    assert_int_equal(zone_start(&zones[1]), ERR_NONE);
    assert_int_equal(zone_state(&zones[1]), ZONE_OFF);
}

static void test_reset_with_all_vcpus(void **state)
{
    struct vcpu_start start = { .pc = 0x40001000 };

    (void)state;
    start_zone0();
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), OK);
    assert_int_equal(vcpu_on(&vcpu_store[2], &start), OK);
    turn_all();
    fake_arch.self = &pcpu_store[2];
    vcpu_store[1].exits[EXITS_REG] = 7;
    zone_stop(&zones[0], STOP_RESET);
    assert_int_equal(zone_state(&zones[0]), ZONE_STOPPING);
    assert_int_equal(vcpu_store[1].exits[EXITS_REG], 7); /* kept until the next start */
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), ERR_DENIED);
    turn(0);
    assert_int_equal(loads, 1); /* others still run: their memory must not change under them */
    turn(1);
    assert_int_equal(loads, 1);
    turn(2);
    turn_all();
    assert_int_equal(loads, 2);
    assert_int_equal(zone_state(&zones[0]), ZONE_RUNNING);
    assert_int_equal(vcpu_store[0].state, VCPU_ON);
    assert_int_equal(vcpu_store[1].state, VCPU_OFF);
    assert_int_equal(zones[0].starts, 2);
    assert_int_equal(vcpu_store[1].exits[EXITS_REG], 0); /* counted anew */
    assert_int_equal(zones[0].reason, STOP_RESET);
    assert_int_equal(fake_arch.machine_off, 0);
}

static void test_vcpu_on_during_stop(void **state)
{
    struct vcpu_start start = { .pc = 0x40001000 };

    (void)state;
    start_zone0();
    assert_int_equal(vcpu_on(&vcpu_store[1], &start), OK);
    zone_stop(&zones[0], STOP_POWER_OFF);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(vcpu_store[1].state, VCPU_OFF);
    assert_int_equal(zones[0].running, 0);
}

static void test_stop_while_starting(void **state)
{
    (void)state;
    assert_int_equal(zone_start(&zones[0]), OK);
    zone_stop(&zones[0], STOP_OPERATOR);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(loads, 0);
    assert_int_equal(zones[0].reason, STOP_OPERATOR);
}

static void test_stop_while_loading(void **state)
{
    (void)state;
    start_zone0();
    stop_while_loading = true;
    zone_stop(&zones[0], STOP_RESET);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(zones[0].reason, STOP_OPERATOR);
    assert_int_equal(loads, 1);
}

static void test_first_reason_stays(void **state)
{
    (void)state;
    start_zone0();
    zone_stop(&zones[0], STOP_FAULT);
    zone_stop(&zones[0], STOP_RESET);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(zones[0].reason, STOP_FAULT);
}

static void test_operator_ends_a_reset(void **state)
{
    (void)state;
    start_zone0();
    zone_stop(&zones[0], STOP_RESET);
    zone_stop(&zones[0], STOP_OPERATOR);
    zone_stop(&zones[0], STOP_RESET);
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(zones[0].reason, STOP_OPERATOR);
}

static void test_last_vcpu_off_ends_zone(void **state)
{
    (void)state;
    start_zone0();
    vcpu_off(&vcpu_store[0]);
    assert_int_equal(zone_state(&zones[0]), ZONE_RUNNING); /* only vCPU 0's CPU may judge */
    turn_all();
    assert_int_equal(zone_state(&zones[0]), ZONE_OFF);
    assert_int_equal(zones[0].reason, STOP_POWER_OFF);
}

static void test_machine_off_with_last_zone(void **state)
{
    (void)state;
    start_zone0();
    assert_int_equal(zone_start(&zones[1]), OK);
    turn_all();
    zone_stop(&zones[0], STOP_POWER_OFF);
    turn_all();
    assert_int_equal(fake_arch.machine_off, 0);
    zone_stop(&zones[1], STOP_POWER_OFF);
    turn_all();
    assert_int_equal(fake_arch.machine_off, 1);
    assert_int_equal(finished, 1);
}

static void test_ram_find(void **state)
{
    hpa_t pa;

    (void)state;
    assert_true(zone_ram_find(&zones[0], gpa(0x40000000), SIZE_2M, &pa));
    assert_int_equal(pa.v, 0x80000000);
    assert_true(zone_ram_find(&zones[1], gpa(0x401ffffc), 4, &pa));
    assert_int_equal(pa.v, 0xa01ffffc);
    assert_false(zone_ram_find(&zones[0], gpa(0x401ffffd), 4, &pa));
    assert_false(zone_ram_find(&zones[0], gpa(0x3fffffff), 4, &pa));
    assert_false(zone_ram_find(&zones[0], gpa(0x40000000), 0, &pa));
    assert_false(zone_ram_find(&zones[0], gpa(UINT64_MAX), 2, &pa));
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STOP_REASON_COUNT; i++) {
        assert_string_not_equal(zone_reason_name((enum stop_reason)i), "?");
    }
    assert_string_equal(zone_reason_name(STOP_REASON_COUNT), "?");
    for (unsigned i = 0; i <= ZONE_STOPPING; i++) {
        assert_string_not_equal(zone_state_name((enum zone_state)i), "?");
    }
}

/* One of the things that can happen on CPU `cpu`. */
static void random_step(uint32_t cpu, unsigned what)
{
    struct vcpu_start start = { .pc = 0x40001000 };
    bool runs = vcpu_store[cpu].state == VCPU_ON;

    fake_arch.self = &pcpu_store[cpu];
    switch (what) {
    case 0: (void)!zone_start(&zones[0]); break;
    case 1: zone_stop(&zones[0], rand() % 2 ? STOP_RESET : STOP_OPERATOR); break;
    case 2:
        if (runs) { /* only a running vCPU can call PSCI */
            (void)!vcpu_on(&vcpu_store[rand() % 3], &start);
        }
        break;
    case 3:
        if (runs) {
            vcpu_off(&vcpu_store[cpu]);
        }
        break;
    default: turn(cpu); break;
    }
}

static void test_random_walk(void **state)
{
    (void)state;
    srand(1);
    for (unsigned i = 0; i < 200000; i++) {
        uint32_t running = 0;

        random_step((uint32_t)rand() % 3, (unsigned)rand() % 12);
        for (uint32_t v = 0; v < 3; v++) {
            running += vcpu_store[v].state != VCPU_OFF;
        }
        assert_int_equal(running, zones[0].running);
        if (zone_state(&zones[0]) == ZONE_OFF) {
            assert_int_equal(running, 0);
        }
    }
    /* No request was lost: left alone, the zone comes to rest. */
    turn_all();
    assert_true(zone_state(&zones[0]) == ZONE_OFF || zone_state(&zones[0]) == ZONE_RUNNING);
    assert_true(zones[0].starts > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start, setup),
        cmocka_unit_test_setup(test_vcpu_on_off, setup),
        cmocka_unit_test_setup(test_hold, setup),
        cmocka_unit_test_setup(test_held_stops, setup),
        cmocka_unit_test_setup(test_look_at, setup),
        cmocka_unit_test_setup(test_absent_cpu, setup),
        cmocka_unit_test_setup(test_reset_with_all_vcpus, setup),
        cmocka_unit_test_setup(test_devices, setup),
        cmocka_unit_test_setup(test_vcpu_on_during_stop, setup),
        cmocka_unit_test_setup(test_stop_while_starting, setup),
        cmocka_unit_test_setup(test_stop_while_loading, setup),
        cmocka_unit_test_setup(test_first_reason_stays, setup),
        cmocka_unit_test_setup(test_operator_ends_a_reset, setup),
        cmocka_unit_test_setup(test_last_vcpu_off_ends_zone, setup),
        cmocka_unit_test_setup(test_machine_off_with_last_zone, setup),
        cmocka_unit_test_setup(test_ram_find, setup),
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_random_walk, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
