/* SPDX-License-Identifier: Apache-2.0 */
/* Instead of the driver `smmuv3` in a build without it; boot.c refuses plans with an SMMU. */
#include "smmu.h"

#include <stddef.h>

#include "hyp/arch.h"

const char *smmu_init(uintptr_t base)
{
    (void)base;
    return NULL;
}

enum err arch_iommu_attach(struct zone *zone)
{
    (void)zone;
    return OK;
}

enum err arch_iommu_detach(struct zone *zone)
{
    (void)zone;
    return OK;
}

void arch_iommu_report_to(const struct pcpu *cpu)
{
    (void)cpu;
}

void arch_iommu_events(void) {}
