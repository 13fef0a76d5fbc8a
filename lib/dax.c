/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the info block of a device-DAX region: struct nd_pfn_sb, version 1.4, of Linux. */
#include "lib/dax.h"

#include <stddef.h>

#include "lib/field.h"

/* Offsets; what is not named is 0. All numbers are little-endian. */
enum {
    SIGNATURE = 0,
    UUID = 16,
    MAJOR = 52,
    MINOR = 54,
    DATA_OFFSET = 56,
    PAGES = 64,
    MODE = 72,
    ALIGN = 84,
    PAGE_SIZE = 88,
    PAGE_STRUCT = 92, /* bytes of Linux's struct page, of 2 bytes here */
    CHECKSUM = 4088,
};

#define MODE_RAM          1u /* Linux keeps what it needs to know of the pages in its own memory */
#define PAGE_STRUCT_BYTES 64u
#define PAGE_BYTES        4096u
#define UUID_BYTES        16u

FIELD(BYTE, 0, 8);
FIELD(LOW, 0, 32);
FIELD(HIGH, 32, 32);

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)get(BYTE, value);
        value /= 256;
    }
}

static uint32_t word_at(const uint8_t *at)
{
    uint32_t value = 0;

    for (unsigned i = 4; i-- > 0;) {
        value = value * 256 + at[i];
    }
    return value;
}

/* Fletcher's sum over words of 32 bits. */
static uint64_t checksum(const uint8_t block[DAX_INFO_SIZE])
{
    uint32_t low = 0;
    uint64_t high = 0;

    for (size_t i = 0; i < DAX_INFO_SIZE; i += sizeof(uint32_t)) {
        low += word_at(block + i);
        high += low;
    }
    return put(HIGH, get(LOW, high)) | low;
}

void dax_info(uint8_t block[DAX_INFO_SIZE], const struct dax_region *region)
{
    static const char signature[16] = "NVDIMM_DAX_INFO";
    static const uint8_t uuid[UUID_BYTES] = { 'V',  'i', 't', 'r', 'i', 'n', 'e', 0x40,
                                              0x80, 0,   0,   0,   0,   0,   0,   0 };

    for (size_t i = 0; i < DAX_INFO_SIZE; i++) {
        block[i] = 0;
    }
    for (size_t i = 0; i < sizeof(signature); i++) {
        block[SIGNATURE + i] = (uint8_t)signature[i];
        block[UUID + i] = uuid[i];
    }
    put_le(block + UUID + UUID_BYTES / 2 + 1, region->id, UUID_BYTES / 2 - 1);
    put_le(block + MAJOR, 1, 2);
    put_le(block + MINOR, 4, 2);
    put_le(block + DATA_OFFSET, region->data, 8);
    put_le(block + PAGES, (region->size - region->data) / PAGE_BYTES, 8);
    put_le(block + MODE, MODE_RAM, 4);
    put_le(block + ALIGN, region->align, 4);
    put_le(block + PAGE_SIZE, PAGE_BYTES, 4);
    put_le(block + PAGE_STRUCT, PAGE_STRUCT_BYTES, 2);
    put_le(block + CHECKSUM, checksum(block), 8);
}
