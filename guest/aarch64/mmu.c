/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the identity map of a bare guest; start.S turns it on. VMSAv8-64, 4 KiB, 39 bits. */
#include "guest/aarch64/mmu.h"

#include <stdbool.h>
#include <stdint.h>

#include "guest/aarch64/frame.h"
#include "guest/aarch64/vcpu.h"
#include "guest/aarch64/vmsa.h"

#define ENTRIES 512u
#define SIZE_1G UINT64_C(0x40000000)
#define SIZE_2M UINT64_C(0x200000)
#define SIZE_4K UINT64_C(0x1000)

/* Gigabytes that are not uniform: that of the image, and the first and last of RAM. */
#define LEVEL2_COUNT 3u

static uint64_t level2[LEVEL2_COUNT][ENTRIES]
    __attribute__((aligned(4096), section(".bss.tables")));
static uint64_t level3[ENTRIES] __attribute__((aligned(4096), section(".bss.tables")));
uint64_t mmu_level1[ENTRIES] __attribute__((aligned(4096), section(".bss.tables")));

extern char image_start[] __asm__("__image_start");
extern char rodata_start[] __asm__("__rodata_start");
extern char data_start[] __asm__("__data_start");

static uint64_t leaf_common(unsigned type)
{
    return put(PTE_TYPE, type) | put(PTE_ACCESSED, 1) | put(PTE_UXN, 1);
}

static uint64_t leaf_device(uint64_t at, unsigned type)
{
    return at | leaf_common(type) | put(PTE_ATTR, ATTR_DEVICE) | put(PTE_PXN, 1);
}

static uint64_t leaf_data(uint64_t at, unsigned type)
{
    return at | leaf_common(type) | put(PTE_ATTR, ATTR_NORMAL) | put(PTE_SHARE, SHARE_INNER) |
           put(PTE_PXN, 1);
}

static bool contains(const struct boot_info *boot, uint64_t at, uint64_t size)
{
    return at >= boot->ram_gpa && at - boot->ram_gpa <= boot->ram_size &&
           boot->ram_size - (at - boot->ram_gpa) >= size;
}

static bool overlaps(const struct boot_info *boot, uint64_t at, uint64_t size)
{
    return at < boot->ram_gpa + boot->ram_size && boot->ram_gpa < at + size;
}

/* A page of the image's 2 MiB; 0: guard page. */
static uint64_t page_entry(uint64_t at)
{
    uint64_t text = leaf_common(TYPE_PAGE) | put(PTE_ATTR, ATTR_NORMAL) |
                    put(PTE_SHARE, SHARE_INNER) | put(PTE_READ_ONLY, 1);

    if (at < (uint64_t)rodata_start) {
        return at | text;
    }
    if (at < (uint64_t)data_start) {
        return at | text | put(PTE_PXN, 1);
    }
    return vcpu_is_guard_page(at) ? 0 : leaf_data(at, TYPE_PAGE);
}

static void fill_level2(const struct boot_info *boot, uint64_t *table, uint64_t base)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t at = base + i * SIZE_2M;

        if (at == (uint64_t)image_start) {
            table[i] = (uint64_t)level3 | put(PTE_TYPE, TYPE_TABLE);
        } else if (contains(boot, at, SIZE_2M)) {
            table[i] = leaf_data(at, TYPE_BLOCK);
        } else {
            table[i] = leaf_device(at, TYPE_BLOCK);
        }
    }
}

void mmu_build(const struct boot_info *boot)
{
    unsigned used = 0;

    for (unsigned i = 0; i < ENTRIES; i++) {
        level3[i] = page_entry((uint64_t)image_start + i * SIZE_4K);
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t at = i * SIZE_1G;
        bool has_image = (uint64_t)image_start - at < SIZE_1G;

        if (used < LEVEL2_COUNT &&
            (has_image || (overlaps(boot, at, SIZE_1G) && !contains(boot, at, SIZE_1G)))) {
            fill_level2(boot, level2[used], at);
            mmu_level1[i] = (uint64_t)level2[used] | put(PTE_TYPE, TYPE_TABLE);
            used++;
        } else if (contains(boot, at, SIZE_1G)) {
            mmu_level1[i] = leaf_data(at, TYPE_BLOCK);
        } else {
            mmu_level1[i] = leaf_device(at, TYPE_BLOCK);
        }
    }
}
