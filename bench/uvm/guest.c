/* SPDX-License-Identifier: Apache-2.0 */
/* The program that micro-VMs run in the benchmark: does as little as its floor does (floor.c). */
#include "vitrine-call.h"

enum { PAGE = 4096 };

VG_IMPORT(host_add, uint64_t, uint64_t);

static uint64_t add(uint64_t value)
{
    return value + 1;
}
VG_EXPORT(add, uint64_t, uint64_t);

static uint64_t add_host(uint64_t value)
{
    return host_add(value) + 1;
}
VG_EXPORT(add_host, uint64_t, uint64_t);

/* Writes one byte to each of so many pages; the number of pages that there are. */
static uint64_t touch(uint64_t pages)
{
    struct vg_memory heap = vg_heap();

    for (uint64_t i = 0; i < pages && i < heap.size / PAGE; i++) {
        heap.base[i * PAGE] = 1;
    }
    return heap.size / PAGE;
}
VG_EXPORT(touch, uint64_t, uint64_t);
