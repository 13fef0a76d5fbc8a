/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's own stage 1 tables: W^X, guard pages by leaving things out. */
#ifndef HYP_ARCH_AARCH64_MMU_H
#define HYP_ARCH_AARCH64_MMU_H

#include <stdint.h>

#include "abi/plan.h"
#include "lib/addr.h"
#include "lib/err.h"

struct pcpu;

enum own_kind { OWN_RO, OWN_RW, OWN_DEVICE };

struct own_map {
    uintptr_t va; /* va, pa and size: 4 KiB aligned */
    hpa_t pa;
    uint64_t size;
    enum own_kind kind;
};

/* Adds a mapping to the tables that all CPUs share; nothing was mapped there. Boot CPU only. */
void mmu_map(const struct own_map *map);

/* From now on table pages come from the boot pool. */
void mmu_use_pool(void);

/* Maps a device at the next free place of the device area; returns its address. */
uintptr_t mmu_map_device(hpa_t pa, uint64_t size);

/* Stacks with guards, and the window's address, for a CPU; memory from the boot pool. */
void mmu_prepare_cpu(struct pcpu *cpu);

/* Machine address of a linked address inside the image; the MMU is on. */
hpa_t mmu_image_pa(const void *p);

#endif
