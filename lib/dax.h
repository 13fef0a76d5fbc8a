/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The info block by which Linux (libnvdimm) makes a device-DAX of a persistent memory region
 * without any set-up. Pure: writes one page.
 */
#ifndef LIB_DAX_H
#define LIB_DAX_H

#include <stdint.h>

#define DAX_INFO_OFFSET 0x1000u /* where it lies in the region */
#define DAX_INFO_SIZE   0x1000u

struct dax_region {
    uint64_t size;     /* of the region, bytes, a multiple of 2 MiB */
    uint64_t data;     /* offset of the device's first byte */
    uint32_t align;    /* of mappings: 4 KiB, or 2 MiB */
    uint32_t reserved; /* 0 */
    uint64_t id;       /* unique among the machine's regions */
};

void dax_info(uint8_t block[DAX_INFO_SIZE], const struct dax_region *region);

#endif
