/* SPDX-License-Identifier: Apache-2.0 */
/* Builds zones, vCPUs and their stage 2 from the plan, once, out of the boot pool. */
#include "hyp/arch.h"
#include "hyp/core/assert.h"
#include "hyp/core/channel.h"
#include "hyp/core/control.h"
#include "hyp/core/load.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/pool.h"
#include "hyp/core/setup.h"
#include "hyp/core/vio.h"
#include "hyp/core/vuart.h"
#include "hyp/core/zone.h"
#include "lib/plan_check.h"

const struct plan *the_plan;
struct zone *zones;
struct pcpu *pcpus;

void setup_cpus(const struct plan *plan, const void *boot_image, void *region)
{
    the_plan = plan;
    load_init(boot_image);
    control_map(region);
    pcpus = pool_take(plan->cpu_count * sizeof(*pcpus), SIZE_4K);
    for (uint32_t i = 0; i < plan->cpu_count; i++) {
        pcpus[i].id = i;
        pcpus[i].hw_id = plan->cpu[i].hw_id;
        pcpus[i].alarm_vuart = pcpus[i].alarm_look = UINT64_MAX;
    }
}

/* vCPUs lie in one array per zone, so that one page holds several. */
static void setup_vcpus(struct zone *zone)
{
    zone->vcpu_count = zone->plan->vcpu_count;
    zone->vcpus = pool_take(zone->vcpu_count * sizeof(*zone->vcpus), SIZE_4K);
    for (uint32_t i = 0; i < the_plan->cpu_count; i++) {
        const struct plan_cpu *place = &the_plan->cpu[i];
        struct vcpu *vcpu;

        if (place->zone != zone->id) {
            continue;
        }
        vcpu = &zone->vcpus[place->vcpu];
        vcpu->zone = zone;
        vcpu->id = place->vcpu;
        vcpu->cpu = &pcpus[i];
        arch_vcpu_init(vcpu);
        pcpus[i].vcpu = vcpu;
    }
}

/* A GICv2's CPU interface: each CPU's own registers behind one address. Returns whose. */
static uint32_t map_of_gicc(uint32_t zone, struct s2_map *map)
{
    *map = (struct s2_map){
        the_plan->zone[zone].gicc_gpa, the_plan->board.gicv_hpa, PLAN_GICC_SIZE, true, false, true
    };
    return zone;
}

/* The n-th range that a stage 2 maps: regions, sides of channels, CPU interfaces. Returns whose. */
static uint32_t map_of(uint32_t n, struct s2_map *map)
{
    uint32_t side = n - the_plan->region_count;

    if (n < the_plan->region_count) {
        const struct plan_region *region = &the_plan->region[n];
        bool ram = region->kind == PLAN_REGION_RAM, device = region->kind == PLAN_REGION_DEVICE;

        *map = (struct s2_map){ region->gpa, region->hpa, region->size, true, ram, device };
        return region->zone;
    }
    if (side >= the_plan->channel_count * 2) {
        return map_of_gicc(side - the_plan->channel_count * 2, map);
    }
    *map = (struct s2_map){ the_plan->channel[side / 2].side[side % 2].mem_gpa,
                            the_plan->channel[side / 2].hpa,
                            the_plan->channel[side / 2].size,
                            true,
                            false,
                            false };
    return the_plan->channel[side / 2].side[side % 2].zone;
}

static void setup_stage2(struct zone *zone)
{
    uint64_t *root = pool_take(arch_pt_fmt.root_entries * sizeof(*root),
                               arch_pt_fmt.root_entries * sizeof(*root));

    uint32_t count = the_plan->region_count + the_plan->channel_count * 2 +
                     (plan_is_gicv2(the_plan) ? the_plan->zone_count : 0);

    for (uint32_t i = 0; i < count; i++) {
        struct s2_map map;

        if (map_of(i, &map) == zone->id) {
            /* plan_check has excluded all that could fail here. */
            ASSERT(s2_map(root, &map) == OK);
        }
    }
    arch_s2_activate(zone, pool_pa(root));
}

void zone_init_all(void)
{
    zones = pool_take(the_plan->zone_count * sizeof(*zones), SIZE_4K);
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        struct zone *zone = &zones[i];

        zone->id = i;
        zone->plan = &the_plan->zone[i];
        setup_vcpus(zone);
        setup_stage2(zone);
        arch_virq_init(zone, the_plan);
        vuart_init(zone);
        vbus_init(zone);
        pcihost_add(zone);
    }
    channel_init_all();
    vio_init_all();
    control_init();
}
