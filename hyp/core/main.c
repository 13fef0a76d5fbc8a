/* SPDX-License-Identifier: Apache-2.0 */
/* Portable end of booting: console, zones, the other CPUs, and off they go. */
#include "hyp/arch.h"
#include "hyp/core/console.h"
#include "hyp/core/log.h"
#include "hyp/core/pool.h"
#include "hyp/core/setup.h"
#include "hyp/core/zone.h"

static void announce(void)
{
    LOG(LOG_INFO, "Vitrine separation kernel", LOG_DEC("cpus", the_plan->cpu_count),
        LOG_DEC("zones", the_plan->zone_count), LOG_DEC("pool", pool_used()));
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        if ((the_plan->zone[i].flags & PLAN_ZONE_DMA_TRUSTED) != 0) {
            LOG(LOG_WARN, "zone is trusted with DMA that no IOMMU contains", LOG_ZONE(&zones[i]));
        }
    }
}

/* How little the CPU's owner minds the console's interrupts: nobody, zone0, a user, real time;
 * last a CPU that does not run. */
static uint32_t console_cost(uint32_t cpu)
{
    uint32_t zone = the_plan->cpu[cpu].zone;

    if (atomic_load(&pcpus[cpu].absent)) {
        return UINT32_MAX;
    }
    return zone == PLAN_NONE ? 0 : 1 + the_plan->zone[zone].role;
}

/* The console's interrupts go where they disturb least; among equals to the first. */
static const struct pcpu *console_cpu(void)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < the_plan->cpu_count; i++) {
        if (console_cost(i) < console_cost(best)) {
            best = i;
        }
    }
    return &pcpus[best];
}

static void start_cpus(const struct pcpu *self)
{
    for (uint32_t i = 0; i < the_plan->cpu_count; i++) {
        if (&pcpus[i] != self && arch_cpu_on(&pcpus[i]) != OK) {
            atomic_store(&pcpus[i].absent, true);
            LOG(LOG_ERROR, "CPU does not start", LOG_DEC("cpu", i),
                LOG_HEX("hw_id", pcpus[i].hw_id));
        }
    }
}

_Noreturn void setup_main(struct pcpu *cpu, uintptr_t uart)
{
    arch_cpu_init(cpu);
    log_set_level((enum log_level)the_plan->log_level);
    zone_init_all();
    pool_seal();
    announce();
    start_cpus(cpu);
    console_init(console_cpu(), uart);
    arch_iommu_report_to(console_cpu());
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        bool manual = (the_plan->zone[i].flags & PLAN_ZONE_MANUAL) != 0;

        if (!manual && zone_start(&zones[i]) != OK) {
            LOG(LOG_ERROR, "zone does not start", LOG_ZONE(&zones[i]));
        }
    }
    run_cpu(cpu);
}
