/* SPDX-License-Identifier: Apache-2.0 */
/* Zones with virtio devices for tests: what is around vio.c and zone.c. */
#include "vio_double.h"

#include <stdlib.h>
#include <string.h>

#include "hyp/core/channel.h"
#include "hyp/core/console.h"
#include "hyp/core/load.h"
#include "hyp/core/log.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/pool.h"
#include "lib/field.h"

struct vio_double world;

static uint8_t pool[65536] __attribute__((aligned(4096)));

const struct plan *the_plan = &world.plan;
struct zone *zones = world.zone;
struct pcpu *pcpus = world.pcpu;

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
    (void)zone;
    return true;
}

void channel_down(const struct zone *zone)
{
    (void)zone;
}

void vuart_reset(struct zone *zone)
{
    (void)zone;
}

void pcihost_quiet(const struct zone *zone)
{
    (void)zone;
}

void console_finish(void) {}

bool load_zone(const struct zone *zone)
{
    if (vio_is_busy(zone)) {
        abort();
    }
    world.loads++;
    return true;
}

void *pool_take(size_t size, size_t align)
{
    (void)align;
    if (size > sizeof(pool)) {
        abort();
    }
    memset(pool, 0, sizeof(pool));
    return pool;
}

uint64_t arch_tick_rate(void)
{
    return RATE;
}

void arch_virq_set(struct zone *zone, uint32_t intid, bool level)
{
    if (intid < 70 || intid > 72 || zone->id != (intid == 72 ? 2 : 1)) {
        abort();
    }
    world.line[intid - 70] = level;
    world.line_changes++;
}

static bool raise_cause(void)
{
    bool was_clear = !world.cause;

    world.cause = true;
    world.raised += was_clear;
    return was_clear;
}

static void add_device(uint32_t i, uint32_t zone, uint32_t type, uint32_t queues)
{
    world.plan.virtio[i] = (struct plan_virtio){ .zone = zone,
                                                 .type = type,
                                                 .gpa = REGS + (i == OTHER ? 0 : i) * SIZE_4K,
                                                 .intid = 70 + i,
                                                 .queue_count = queues,
                                                 .queue_max = 256 };
    world.plan.virtio[i].name[0] = (char)('a' + i);
}

static void add_zones(void)
{
    static const uint32_t zone_of[CPUS] = { 0, 1, 1, 2 };

    for (uint32_t i = 0; i < CPUS; i++) {
        struct zone *zone = &world.zone[zone_of[i]];

        world.pcpu[i].id = i;
        world.pcpu[i].vcpu = &world.vcpu[i];
        world.pcpu[i].alarm_vuart = world.pcpu[i].alarm_look = UINT64_MAX;
        world.vcpu[i].zone = zone;
        world.vcpu[i].cpu = &world.pcpu[i];
        world.vcpu[i].id = i == 2 ? 1 : 0;
        zone->vcpus = i == 2 ? zone->vcpus : &world.vcpu[i];
        zone->vcpu_count++;
    }
    for (uint32_t i = 0; i < ZONES; i++) {
        world.zone[i].id = i;
        world.zone[i].plan = &world.plan.zone[i];
        world.plan.region[i] =
            (struct plan_region){ RAM, RAM + i * SIZE_1G, SIZE_2M, i, PLAN_REGION_RAM, 0, 0 };
    }
}

void vio_double_turn(uint32_t cpu)
{
    struct pcpu *pcpu = &world.pcpu[cpu];

    fake_arch.self = pcpu;
    if (fake_arch.now >= pcpu->alarm_look) { /* as run.c does */
        pcpu->alarm_look = UINT64_MAX;
        pcpu_request(pcpu, REQUEST_LOOK);
    }
    if ((atomic_exchange(&pcpu->requests, 0) & REQUEST_LOOK) != 0) {
        zone_progress(pcpu->vcpu);
    }
    fake_arch.self = &world.pcpu[0];
}

void vio_double_boot(void)
{
    memset(&world, 0, sizeof(world));
    fake_arch = (struct fake_arch){ .self = &world.pcpu[0], .now = 1000 * RATE };
    world.plan.zone_count = ZONES;
    world.plan.cpu_count = CPUS;
    world.plan.region_count = ZONES;
    world.plan.virtio_count = 3;
    add_device(DISK, 1, PLAN_VIRTIO_BLK, 2);
    add_device(RNG, 1, PLAN_VIRTIO_RNG, 1);
    add_device(OTHER, 2, PLAN_VIRTIO_BLK, 1);
    add_zones();
    vio_init_all();
    vio_connect(world.table, raise_cause);
}

/* An access as mmio.c makes it. */
static bool access_one(uint32_t cpu, uint32_t device, struct mmio_access *access)
{
    bool good;

    access->offset += (device % 2) * SIZE_4K;
    fake_arch.self = &world.pcpu[cpu];
    good = vio_access(&world.vcpu[cpu], access);
    fake_arch.self = &world.pcpu[0];
    return good;
}

bool vio_double_read(uint32_t cpu, uint32_t device, uint64_t offset, uint32_t *value)
{
    struct mmio_access access = { .offset = offset, .size = 4 };
    bool good = access_one(cpu, device, &access);

    *value = (uint32_t)access.value;
    return good;
}

bool vio_double_write(uint32_t cpu, uint32_t device, uint64_t offset, uint32_t value)
{
    struct mmio_access access = { .offset = offset, .value = value, .size = 4, .write = true };

    return access_one(cpu, device, &access);
}
