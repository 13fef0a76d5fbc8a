/* SPDX-License-Identifier: Apache-2.0 */
/* Brings what moves data without the CPUs under control at boot: PCI host and SMMU of the plan. */
#include "boot.h"

#include <stddef.h>

#include "hyp/core/pcihost.h"
#include "lib/plan_check.h"
#include "mmu.h"
#include "msi.h"
#include "smmu.h"

const char *dma_init(const struct plan *plan)
{
    const struct plan_board *board = &plan->board;
    const char *why;

    if (plan->function_count == 0) {
        return NULL;
    }
    pcihost_init(plan, mmu_map_device(hpa(board->pci_ecam_hpa), PLAN_PCI_ECAM_ALL));
    why = msi_init(plan);
    if (why != NULL || board->smmu_hpa == 0) {
        return why;
    }
    return smmu_init(mmu_map_device(hpa(board->smmu_hpa), PLAN_SMMU_SIZE));
}
