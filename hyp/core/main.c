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
    console_init(cpu, uart);
    pool_seal();
    announce();
    start_cpus(cpu);
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        if (zone_start(&zones[i]) != OK) {
            LOG(LOG_ERROR, "zone does not start", LOG_ZONE(&zones[i]));
        }
    }
    run_cpu(cpu);
}
