/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 1 of a bare guest: one identity map, made once, shared by all its vCPUs. */
#ifndef GUEST_AARCH64_MMU_H
#define GUEST_AARCH64_MMU_H

#include "abi/boot.h"

/*
 * Fills the tables: the RAM of boot_info write-back, the image W^X by pages with guard pages below
 * the stacks, everything else of the first 512 GiB as device. Caches are off.
 */
void mmu_build(const struct boot_info *boot);

#endif
