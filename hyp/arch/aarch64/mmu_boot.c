/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first tables, built with the MMU off at the address where the image was loaded. Nothing here
 * may use a pointer that the linker made: addresses are taken relative to the program counter.
 */
#include "mmu_boot.h"

#include <stdint.h>

#include "hw.h"
#include "layout.h"
#include "lib/addr.h"
#include "pt.h"

#define PAGE_TABLE __attribute__((section(".page_tables"), aligned(4096)))

/* own_root is for ever; boot_root is the same plus one identity block while the MMU comes on. */
uint64_t own_root[512] PAGE_TABLE, boot_root[512] PAGE_TABLE;
uint64_t own_l2[512] PAGE_TABLE;
static uint64_t image_l3[512] PAGE_TABLE, identity_l2[512] PAGE_TABLE;

extern char image_start[], image_text_end[], image_rodata_end[], image_end[];

/* What lies in the image at `offset` decides what may be done there. */
static uint64_t image_page(uint64_t offset, uint64_t pa)
{
    if (offset < (uint64_t)(image_text_end - image_start)) {
        return pa | OWN_PAGE | OWN_NORMAL | OWN_AP_RO;
    }
    if (offset < (uint64_t)(image_rodata_end - image_start)) {
        return pa | OWN_PAGE | OWN_NORMAL | OWN_AP_RO | OWN_XN;
    }
    return pa | OWN_PAGE | OWN_NORMAL | OWN_XN;
}

/* Caches are off: lines of these pages that the loader left in a cache would hide our writes. */
static void drop_cached(const uint64_t *table)
{
    uint64_t line = UINT64_C(4) << get(CTR_DMINLINE, rd_ctr_el0());

    for (uint64_t at = (uintptr_t)table; at < (uintptr_t)(table + 512); at += line) {
        dc_civac(at);
    }
}

void mmu_boot_tables(uint64_t load_pa)
{
    uint64_t size = (uint64_t)(image_end - image_start);
    uint64_t l2 = (uintptr_t)own_l2;

    for (uint64_t offset = 0; offset < size; offset += SIZE_4K) {
        image_l3[offset / SIZE_4K] = image_page(offset, load_pa + offset);
    }
    own_l2[0] = (uintptr_t)image_l3 | OWN_TABLE;
    own_root[get(VA_L1, VA_IMAGE)] = l2 | OWN_TABLE;
    boot_root[get(VA_L1, VA_IMAGE)] = l2 | OWN_TABLE;
    identity_l2[get(VA_L2, load_pa)] = align_down(load_pa, SIZE_2M) | OWN_BLOCK | OWN_NORMAL |
                                       OWN_AP_RO;
    boot_root[get(VA_L1, load_pa)] = (uintptr_t)identity_l2 | OWN_TABLE;
    dsb_sy();
    drop_cached(own_root);
    drop_cached(boot_root);
    drop_cached(own_l2);
    drop_cached(image_l3);
    drop_cached(identity_l2);
    dsb_sy();
}
