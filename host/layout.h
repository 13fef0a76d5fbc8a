/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything lies in a micro-VM's memory (abi/uvm.h), as a list of named regions that page
 * tables are built from and faults are explained with. Pure: knows addresses, touches no memory.
 */
#ifndef HOST_LAYOUT_H
#define HOST_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "abi/fault.h"
#include "abi/uvm.h"
#include "host/elf.h"
#include "lib/addr.h"

#define LAYOUT_REGION_MAX 48u
#define LAYOUT_RAM_MAX    (UINT64_C(64) * SIZE_1G)
#define LAYOUT_STACK_MAX  (UINT64_C(128) << 20)
#define LAYOUT_GUARD_SIZE (UINT64_C(64) << 10)

/* Fixed places within the lowest 2 MiB that only the host decides. */
#define LAYOUT_XSAVE_GVA  UINT64_C(0x20000)
#define LAYOUT_XSAVE_MAX  UINT64_C(0x8000)
#define LAYOUT_TABLES_GVA UINT64_C(0x28000)
#define LAYOUT_TABLES_END UVM_CALL_GVA

/* Host memory that is mapped later (vt_map) lies here, outside of RAM. */
#define LAYOUT_MAP_GVA UINT64_C(0x2000000000)
#define LAYOUT_MAP_END UINT64_C(0x3000000000)

_Static_assert(LAYOUT_MAP_END <= UVM_OWN_GVA, "the guest's own addresses");

/* Beyond enum elf_perm; not shown to users. */
#define LAYOUT_PERM_SHOWN UINT32_C(15)
#define LAYOUT_ON_TOUCH   UINT32_C(16) /* present only once touched */
#define LAYOUT_DEVICE     UINT32_C(32) /* mapped though without ELF_READ: stores to it exit */

/* The guest-physical address 0 + gva of devices, behind all memory. */
#define LAYOUT_DEVICE_GPA LAYOUT_MAP_END

struct region {
    uint64_t start, size;
    uint32_t perm; /* enum elf_perm; without ELF_READ: not mapped */
    char name[FAULT_NAME];
};

struct paging_format;

struct layout {
    const struct paging_format *format;
    uint64_t ram_size, call_size;
    uint64_t image, image_size;
    uint64_t heap, heap_size;
    uint64_t stack_limit, stack_top;
    unsigned region_count;
    struct region region[LAYOUT_REGION_MAX]; /* ascending, disjoint, whole pages */
};

struct layout_cfg {
    uint64_t ram_size, stack_size, call_size; /* 0: the default */
};

/* Rounds and fills in defaults. ERR_INVALID: out of bounds; ERR_RANGE: the stack does not fit. */
MUST_CHECK int layout_cfg_check(struct layout_cfg *cfg);

/* Where an image may lie, given a checked cfg. */
struct elf_window layout_window(const struct layout_cfg *cfg);

void layout_build(const struct layout_cfg *cfg, const struct elf_image *image, struct layout *out);

/* The region that holds gva, or NULL. */
const struct region *layout_find(const struct layout *layout, uint64_t gva);

#endif
