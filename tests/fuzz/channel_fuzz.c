/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two zones on a channel do anything to their PCI buses, start and stop. What must hold after each
 * step: lines are what causes, masks and command registers say; nobody's identity or address has
 * changed; no interrupt but those of the plan.
 */
#include <string.h>

#include "abi/channel.h"
#include "hyp/arch.h"
#include "hyp/core/channel.h"
#include "hyp/core/load.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "lib/field.h"
#include "tests/fuzz/fuzz.h"

#define ZONES 2u
#define SLOT  5u
#define INTID 77u

static struct plan plan;
static struct zone zone_store[ZONES];
static struct vcpu vcpu_store[ZONES];
static bool line[ZONES];
static uint8_t pool[4096] __attribute__((aligned(4096)));

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;

void *pool_take(size_t size, size_t align)
{
    FUZZ_CHECK(size <= sizeof(pool) && align <= 4096);
    memset(pool, 0, sizeof(pool));
    return pool;
}

_Noreturn void arch_crash(const char *why)
{
    (void)why;
    __builtin_trap();
}

void arch_virq_set(struct zone *zone, uint32_t intid, bool level)
{
    FUZZ_CHECK(intid == INTID && zone->id < ZONES);
    line[zone->id] = level;
}

uint64_t arch_vcpu_get(const struct vcpu *vcpu, unsigned n)
{
    return vcpu->arch.x[n % 31];
}

void arch_vcpu_set(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    vcpu->arch.x[n % 31] = value;
}

bool load_scrub(const struct zone *zone, hpa_t at, uint64_t size)
{
    FUZZ_CHECK(!zones[1 - zone->id].vbus.slot[SLOT] ||
               !((struct channel_end *)zones[1 - zone->id].vbus.slot[SLOT])->up);
    FUZZ_CHECK(at.v == 0x48000000 && size == 0x10000);
    return true;
}

bool run_meanwhile(void)
{
    return true;
}

enum zone_state zone_state(const struct zone *zone)
{
    (void)zone;
    return ZONE_STARTING;
}

static void begin(void)
{
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    memset(line, 0, sizeof(line));
    plan.zone_count = ZONES;
    plan.channel_count = 1;
    plan.channel[0] = (struct plan_channel){ "fuzz", 0x48000000, 0x10000, 1, 0, { { 0 } } };
    for (uint32_t i = 0; i < ZONES; i++) {
        plan.channel[0].side[i] = (struct plan_channel_side){ i, SLOT, 0x80120000, INTID, 0 };
        plan.zone[i].ecam_gpa = 0x80000000;
        plan.zone[i].pci_gpa = 0x80100000;
        plan.zone[i].pci_size = 0x100000;
        zones[i].id = i;
        zones[i].plan = &plan.zone[i];
        vcpu_store[i].zone = &zones[i];
        vbus_init(&zones[i]);
    }
    channel_init_all();
}

static void check(uint32_t zone)
{
    const struct channel_end *end = (const struct channel_end *)zones[zone].vbus.slot[SLOT];
    bool wants = (end->cause & end->mask) != 0;

    FUZZ_CHECK(end->cause <= CHANNEL_CAUSE_ALL && end->mask <= CHANNEL_CAUSE_ALL);
    FUZZ_CHECK((end->fn.state.command & ~0x406u) == 0 && (end->fn.state.line & ~0xffu) == 0);
    FUZZ_CHECK(line[zone] == (wants && (end->fn.state.command & 0x400) == 0));
    FUZZ_CHECK(end->fn.line == line[zone]);
    FUZZ_CHECK(end->up || (!line[zone] && end->mask == 0));
    FUZZ_CHECK(end->fn.id.bar[0].base == 0x80105000 && end->fn.id.bar[1].base == 0x80120000);
}

/* One access as mmio.c makes it: aligned, inside the device, the value no wider than the size. */
static void access_one(uint32_t zone, const uint8_t *in)
{
    struct mmio_access access = { .size = (uint8_t)(1u << (in[1] & 3)), .write = (in[1] & 4) != 0 };
    uint64_t size = (in[1] & 8) != 0 ? PLAN_PCI_ECAM_SIZE : PLAN_PCI_REGS_ALL;
    uint32_t offset;

    memcpy(&offset, in + 2, sizeof(offset));
    memcpy(&access.value, in + 6, sizeof(uint32_t));
    if ((in[1] & 16) != 0) { /* mostly where something is */
        offset = offset % 0x80 + ((in[1] & 8) != 0 ? SLOT << 15 : SLOT << 12);
    }
    access.offset = offset % size & ~(uint64_t)(access.size - 1u);
    access.value &= UINT64_MAX >> (64 - access.size * 8u);
    if (!access.write) {
        access.value = 0;
    }
    if ((in[1] & 8) != 0 ? vbus_config(&vcpu_store[zone], &access)
                         : vbus_regs(&vcpu_store[zone], &access)) {
        FUZZ_CHECK(access.size <= 4);
        FUZZ_CHECK(access.value >> (access.size * 8u) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    for (; size >= 10; data += 10, size -= 10) {
        uint32_t zone = data[0] & 1;

        switch (data[0] >> 1 & 15) {
        case 0: channel_down(&zones[zone]); break;
        case 1: FUZZ_CHECK(channel_up(&zones[zone])); break;
        default:
            if (((struct channel_end *)zones[zone].vbus.slot[SLOT])->up) { /* else nobody runs */
                access_one(zone, data);
            }
            break;
        }
        check(0);
        check(1);
    }
    return 0;
}
