/* SPDX-License-Identifier: Apache-2.0 */
/* Between start.S, mmu_boot.c and mmu.c. */
#ifndef HYP_ARCH_AARCH64_MMU_BOOT_H
#define HYP_ARCH_AARCH64_MMU_BOOT_H

#include <stdint.h>

extern uint64_t own_root[512], own_l2[512], boot_root[512];

/* Called with the MMU off; load_pa is 2 MiB aligned where the loader kept its promise. */
void mmu_boot_tables(uint64_t load_pa);

#endif
