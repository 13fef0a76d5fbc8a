/* SPDX-License-Identifier: Apache-2.0 */
/* Instead of the driver `pci` in a build without it; boot.c refuses plans with functions. */
#include "hyp/core/pcihost.h"

void pcihost_init(const struct plan *plan, uintptr_t ecam)
{
    (void)plan;
    (void)ecam;
}

void pcihost_add(struct zone *zone)
{
    (void)zone;
}

void pcihost_quiet(const struct zone *zone)
{
    (void)zone;
}
