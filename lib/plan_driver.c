/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers by name and by what makes a plan need them. Pure; trusts no field of the plan. */
#include "lib/plan_check.h"

#include <stdbool.h>
#include <stddef.h>

#include "lib/field.h"

static bool needs_gicv2(const struct plan *plan)
{
    return plan_is_gicv2(plan);
}

static bool needs_gicv3(const struct plan *plan)
{
    return plan->board.gic_version == 3;
}

static bool needs_smmuv3(const struct plan *plan)
{
    return plan->board.smmu_hpa != 0;
}

static bool needs_pci(const struct plan *plan)
{
    return plan->function_count != 0;
}

static bool needs_its(const struct plan *plan)
{
    return plan->board.its_hpa != 0;
}

/* A zone may have a bus with nothing on it. */
static bool needs_channels(const struct plan *plan)
{
    bool found = plan->channel_count != 0;

    for (uint32_t i = 0; i < PLAN_MAX_ZONES && i < plan->zone_count; i++) {
        found |= plan->zone[i].ecam_gpa != 0;
    }
    return found;
}

static bool needs_hypcalls(const struct plan *plan)
{
    (void)plan;
    return false;
}

static bool needs_control(const struct plan *plan)
{
    return plan->control.region != 0;
}

static bool needs_virtio(const struct plan *plan)
{
    return plan->virtio_count != 0;
}

static const struct {
    const char *name;
    bool (*needed)(const struct plan *plan);
} drivers[PLAN_DRIVER_COUNT] = {
    [PLAN_DRIVER_GICV2] = { "gicv2", needs_gicv2 },
    [PLAN_DRIVER_GICV3] = { "gicv3", needs_gicv3 },
    [PLAN_DRIVER_SMMUV3] = { "smmuv3", needs_smmuv3 },
    [PLAN_DRIVER_PCI] = { "pci", needs_pci },
    [PLAN_DRIVER_CHANNELS] = { "channels", needs_channels },
    [PLAN_DRIVER_ITS] = { "its", needs_its },
    [PLAN_DRIVER_HYPCALLS] = { "hypcalls", needs_hypcalls },
    [PLAN_DRIVER_CONTROL] = { "control", needs_control },
    [PLAN_DRIVER_VIRTIO] = { "virtio", needs_virtio },
};

uint64_t plan_drivers_needed(const struct plan *plan)
{
    uint64_t needed = 0;

    for (uint32_t i = 0; i < PLAN_DRIVER_COUNT; i++) {
        needed |= drivers[i].needed(plan) ? BIT64(i) : 0;
    }
    return needed;
}

const char *plan_driver_name(uint32_t driver)
{
    return driver < PLAN_DRIVER_COUNT ? drivers[driver].name : "?";
}
