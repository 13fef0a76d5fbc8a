/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSCI and SMCCC calls of any vCPU mixed with the operator's starts and stops and the CPUs' turns
 * in any order: counts stay right, zones do not touch each other, and all comes to rest.
 */
#include <string.h>

#include "hw.h"
#include "hyp/arch/fake/arch.h"
#include "hyp/core/channel.h"
#include "hyp/core/console.h"
#include "hyp/core/load.h"
#include "hyp/core/log.h"
#include "hyp/core/pcihost.h"
#include "psci.h"
#include "tests/fuzz/fuzz.h"

#define ZONES 2u
#define CPUS  4u
#define RAM   UINT64_C(0x40000000)

static struct plan plan;
static struct zone zone_store[ZONES];
static struct vcpu vcpu_store[CPUS];
static struct pcpu pcpu_store[CPUS];
static enum stop_reason stop_next; /* while a zone is loaded */

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;
struct pcpu *pcpus = pcpu_store;

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    (void)level, (void)text, (void)args;
}

bool log_budget_take(struct log_budget *budget, const struct zone *zone)
{
    (void)budget, (void)zone;
    return false;
}

bool channel_up(const struct zone *zone)
{
    return zone_state(zone) == ZONE_STARTING;
}

void channel_down(const struct zone *zone)
{
    (void)zone;
}

void pcihost_quiet(const struct zone *zone)
{
    (void)zone;
}

void vuart_reset(struct zone *zone)
{
    (void)zone;
}

void console_finish(void) {}

/* Memory is loaded only while none of the zone's vCPUs can run; meanwhile it may be stopped. */
bool load_zone(const struct zone *zone)
{
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        FUZZ_CHECK(atomic_load(&zone->vcpus[i].state) == VCPU_OFF);
    }
    if (stop_next != STOP_NONE) {
        zone_stop(&zones[zone->id], stop_next);
        stop_next = STOP_NONE;
    }
    return zone_state(zone) == ZONE_STARTING;
}

/* Zone 0 has CPUs 0 to 2, zone 1 CPU 3. */
static void setup(void)
{
    fake_reset();
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    memset(vcpu_store, 0, sizeof(vcpu_store));
    memset(pcpu_store, 0, sizeof(pcpu_store));
    memset(&fake_arch, 0, sizeof(fake_arch));
    stop_next = STOP_NONE;
    memset(fake_smc_args, 0, sizeof(fake_smc_args));
    plan.zone_count = ZONES;
    plan.cpu_count = CPUS;
    plan.region_count = 2;
    for (uint32_t i = 0; i < CPUS; i++) {
        struct zone *zone = &zone_store[i / 3];

        pcpu_store[i].id = i;
        pcpu_store[i].vcpu = &vcpu_store[i];
        vcpu_store[i].zone = zone;
        vcpu_store[i].cpu = &pcpu_store[i];
        vcpu_store[i].id = i % 3;
        zone->id = i / 3;
        zone->plan = &plan.zone[i / 3];
        zone->vcpus = &vcpu_store[i - i % 3];
        zone->vcpu_count++;
        plan.zone[i / 3].entry = RAM;
        plan.region[i / 3] =
            (struct plan_region){ RAM, RAM * (1 + i / 3), SIZE_2M, i / 3, PLAN_REGION_RAM, 0, 0 };
    }
    fake_arch.self = &pcpu_store[0];
}

/* ---- invariants ---- */

static void check_zone(const struct zone *zone)
{
    uint32_t running = 0;

    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        const struct vcpu *vcpu = &zone->vcpus[i];
        uint32_t state = atomic_load(&vcpu->state);

        FUZZ_CHECK(state <= VCPU_ON && state != VCPU_ON_PENDING);
        running += state != VCPU_OFF;
        if (state != VCPU_OFF) {
            FUZZ_CHECK(vcpu->start.pc >= RAM && vcpu->start.pc <= RAM + SIZE_2M - 4);
            FUZZ_CHECK(vcpu->start.pc % 4 == 0);
        }
    }
    FUZZ_CHECK(running == atomic_load(&zone->running));
    FUZZ_CHECK(zone_state(zone) <= ZONE_STOPPING);
    FUZZ_CHECK(zone_state(zone) != ZONE_OFF || running == 0);
    FUZZ_CHECK(zone_state(zone) != ZONE_STARTING || running == 0);
    FUZZ_CHECK(zone->reason < STOP_REASON_COUNT);
}

static void check_all(void)
{
    for (uint32_t i = 0; i < ZONES; i++) {
        check_zone(&zone_store[i]);
    }
    FUZZ_CHECK(fake_smc_args[0] == 0); /* no guest's call reaches the firmware */
}

/* ---- steps ---- */

/* What run.c does between two guest entries. */
static void turn(uint32_t cpu)
{
    if (atomic_load(&pcpu_store[cpu].absent)) {
        return; /* the firmware could not start it: it runs nothing */
    }
    fake_arch.self = &pcpu_store[cpu];
    if ((atomic_exchange(&pcpu_store[cpu].requests, 0) & REQUEST_LOOK) != 0) {
        zone_progress(&vcpu_store[cpu]);
    }
}

/* In a few turns of every CPU all is done: nothing starts or stops for ever. */
static void settle(void)
{
    for (unsigned i = 0; i < 6 * CPUS; i++) {
        turn(i % CPUS);
    }
    for (uint32_t i = 0; i < ZONES; i++) {
        FUZZ_CHECK(zone_state(&zones[i]) == ZONE_OFF || zone_state(&zones[i]) == ZONE_RUNNING);
        FUZZ_CHECK(zone_state(&zones[i]) == ZONE_OFF || atomic_load(&zones[i].running) > 0);
    }
    for (uint32_t i = 0; i < CPUS; i++) {
        FUZZ_CHECK(atomic_load(&vcpu_store[i].state) != VCPU_READY);
    }
}

static uint64_t address_of(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);

    return how < 0x80 ? RAM + how * 4 : (how < 0xc0 ? RAM + SIZE_2M - how % 8 : fuzz_word(in));
}

/* One call of the guest on this CPU; other zones stay as they are. */
static void call(uint32_t cpu, struct fuzz_in *in)
{
    struct trap trap = { .kind = TRAP_CALL };
    struct vcpu *vcpu = &vcpu_store[cpu];
    const struct zone *other = &zone_store[1 - vcpu->zone->id];
    struct vcpu before[CPUS];
    struct zone zone_before = *other;
    uint8_t which = fuzz_u8(in);
    uint32_t fid = psci_rows[which % psci_row_count].fid;

    if (atomic_load(&vcpu->state) != VCPU_ON) {
        return;
    }
    memcpy(before, vcpu_store, sizeof(before));
    fake_arch.self = &pcpu_store[cpu];
    trap.call.smc = (which & 0x40) != 0;
    if (which >= 0xe0) {
        trap.call.imm = fuzz_u16(in);
        fid = fuzz_u32(in);
    }
    vcpu->arch.x[0] = fid;
    vcpu->arch.x[1] = which < 0x80 ? fuzz_u8(in) % 5 : fuzz_word(in);
    vcpu->arch.x[2] = address_of(in);
    vcpu->arch.x[3] = fuzz_word(in);
    arch_firmware_call(vcpu, &trap);
    FUZZ_CHECK(memcmp(&zone_before, other, sizeof(zone_before)) == 0);
    for (uint32_t i = 0; i < CPUS; i++) {
        FUZZ_CHECK(vcpu_store[i].zone == vcpu->zone ||
                   memcmp(&before[i], &vcpu_store[i], sizeof(before[i])) == 0);
    }
}

static void operate(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    struct zone *zone = &zones[how & 1];

    fake_arch.self = &pcpu_store[how >> 1 & 3];
    if ((how & 8) != 0) {
        zone_stop(zone, (how & 16) != 0 ? STOP_RESET : STOP_OPERATOR);
    } else {
        (void)zone_start(zone);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    setup();
    atomic_store(&pcpu_store[2].absent, (fuzz_u8(&in) & 3) == 3);
    while (in.left != 0) {
        uint8_t how = fuzz_u8(&in);
        uint32_t cpu = how >> 3 & 3;

        switch (how & 7) {
        case 0: operate(&in); break;
        case 1:
        case 2: turn(cpu); break;
        case 3: settle(); break;
        case 4:
            fake_arch.virq_pending = cpu != 0;
            stop_next = cpu == 3 ? STOP_OPERATOR : STOP_NONE;
            break;
        case 5: turn(cpu); break;
        default: call(cpu, &in); break;
        }
        check_all();
    }
    settle();
    return 0;
}
