/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings: a sorted list of address ranges that do not overlap. Pages come when they are touched
 * (trap.c). */
#include "guest/wasmtime/map.h"

enum { MAPPINGS = 1024, PROT_ALL = 7 };

void *memmove(void *to, const void *from, size_t size);

static struct mapping list[MAPPINGS];
static size_t used;

/* ---- The list ---- */

/* The first mapping that ends behind the address; `used`: there is none. */
static size_t at_or_behind(uint64_t address)
{
    size_t low = 0, high = used;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (list[middle].end > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

const struct mapping *map_find(uint64_t address)
{
    size_t i = at_or_behind(address);

    return i < used && list[i].start <= address ? &list[i] : NULL;
}

static void insert(size_t i, const struct mapping *what)
{
    memmove(&list[i + 1], &list[i], (used - i) * sizeof(list[0]));
    list[i] = *what;
    used++;
}

static void drop(size_t i)
{
    used--;
    memmove(&list[i], &list[i + 1], (used - i) * sizeof(list[0]));
}

/* No mapping reaches over the address any more. */
static void split(uint64_t at)
{
    size_t i = at_or_behind(at);
    struct mapping behind;

    if (i == used || list[i].start >= at) {
        return;
    }
    behind = list[i];
    behind.start = at;
    behind.offset += at - list[i].start;
    list[i].end = at;
    if (behind.image != NULL) {
        image_keep(behind.image);
    }
    insert(i + 1, &behind);
}

/* Splits at both ends; what lies between begins at the number that is returned. */
static size_t split_range(uint64_t start, uint64_t end)
{
    split(start);
    split(end);
    return at_or_behind(start);
}

static size_t cuts(uint64_t at)
{
    const struct mapping *m = map_find(at);

    return m != NULL && m->start < at ? 1 : 0;
}

/* Whether the range can be split off, and so many mappings added. */
static bool has_room(uint64_t start, uint64_t end, size_t more)
{
    return used + cuts(start) + cuts(end) + more <= MAPPINGS;
}

static bool is_mapped(uint64_t start, uint64_t end)
{
    for (size_t i = at_or_behind(start); start < end; i++) {
        if (i == used || list[i].start > start) {
            return false;
        }
        start = list[i].end;
    }
    return true;
}

/* Takes neighbours together that are the same to all who look. */
static void join_around(size_t i)
{
    size_t first = i == 0 ? 0 : i - 1;

    for (unsigned tries = 0; tries < 2 && first + 1 < used; tries++) {
        struct mapping *a = &list[first], *b = &list[first + 1];

        if (a->end == b->start && a->prot == b->prot && a->image == NULL && b->image == NULL) {
            a->end = b->end;
            drop(first + 1);
        } else {
            first++;
        }
    }
}

/* ---- Forgetting ---- */

void map_forget(uint64_t start, uint64_t end)
{
    size_t i = split_range(start, end);

    frame_unmap(start, end);
    while (i < used && list[i].start < end) {
        struct wasmtime_memory_image *image = list[i].image;

        drop(i);
        if (image != NULL) {
            image_drop(image); /* which may forget another mapping */
            i = at_or_behind(start);
        }
    }
}

int32_t map_replace(const struct mapping *what)
{
    if (!is_mapped(what->start, what->end)) {
        return VG_WASMTIME_INVALID;
    }
    if (!has_room(what->start, what->end, 1)) {
        return VG_WASMTIME_NO_MEMORY;
    }
    map_forget(what->start, what->end);
    insert(at_or_behind(what->start), what);
    return 0;
}

/* ---- What engines ask for ---- */

static uint64_t round_up(uint64_t size)
{
    return (size + AREA_PAGE - 1) / AREA_PAGE * AREA_PAGE;
}

static int32_t check_prot(uint32_t prot)
{
    if (prot > PROT_ALL) {
        return VG_WASMTIME_INVALID;
    }
    return (prot & AREA_WRITE) != 0 && (prot & AREA_EXEC) != 0 ? VG_WASMTIME_DENIED : 0;
}

/* Whole pages of the area, one at least. */
static bool is_range(uint64_t start, uint64_t size)
{
    return start % AREA_PAGE == 0 && start >= AREA_GVA && start < AREA_END && size != 0 &&
           size <= AREA_END - start && round_up(size) <= AREA_END - start;
}

/* Where so much fits, with an unmapped page before and behind; 0: nowhere. */
static uint64_t find_room(uint64_t size, size_t *place)
{
    uint64_t start = AREA_GVA + AREA_PAGE;

    for (*place = 0; *place < used; ++*place) {
        if (list[*place].start - start > size + AREA_PAGE && list[*place].start > start) {
            break;
        }
        start = list[*place].end + AREA_PAGE;
    }
    return start < AREA_END && AREA_END - start >= size + AREA_PAGE ? start : 0;
}

uintptr_t wasmtime_page_size(void)
{
    return AREA_PAGE;
}

int32_t wasmtime_mmap_new(uintptr_t size, uint32_t prot_flags, uint8_t **ret)
{
    struct mapping new = { .prot = prot_flags };
    int32_t err = check_prot(prot_flags);
    size_t place;

    if (err != 0) {
        return err;
    }
    if (size == 0 || size > AREA_END - AREA_GVA) {
        return size == 0 ? VG_WASMTIME_INVALID : VG_WASMTIME_NO_MEMORY;
    }
    new.start = find_room(round_up(size), &place);
    if (new.start == 0 || used == MAPPINGS) {
        return VG_WASMTIME_NO_MEMORY;
    }
    new.end = new.start + round_up(size);
    insert(place, &new);
    *ret = (uint8_t *)new.start;
    return 0;
}

int32_t wasmtime_mmap_remap(uint8_t *addr, uintptr_t size, uint32_t prot_flags)
{
    struct mapping new = { .start = (uint64_t)addr, .prot = prot_flags };
    int32_t err = check_prot(prot_flags);

    if (err != 0 || !is_range(new.start, size)) {
        return err != 0 ? err : VG_WASMTIME_INVALID;
    }
    new.end = new.start + round_up(size);
    err = map_replace(&new);
    join_around(at_or_behind(new.start));
    return err;
}

int32_t wasmtime_munmap(uint8_t *ptr, uintptr_t size)
{
    uint64_t start = (uint64_t)ptr;

    if (!is_range(start, size)) {
        return VG_WASMTIME_INVALID;
    }
    if (!has_room(start, start + round_up(size), 0)) {
        return VG_WASMTIME_NO_MEMORY;
    }
    map_forget(start, start + round_up(size));
    return 0;
}

int32_t wasmtime_mprotect(uint8_t *ptr, uintptr_t size, uint32_t prot_flags)
{
    uint64_t start = (uint64_t)ptr, end;
    int32_t err = check_prot(prot_flags);
    size_t i;

    if (err != 0 || !is_range(start, size)) {
        return err != 0 ? err : VG_WASMTIME_INVALID;
    }
    end = start + round_up(size);
    if (!is_mapped(start, end) || !has_room(start, end, 0)) {
        return VG_WASMTIME_NO_MEMORY;
    }
    for (i = split_range(start, end); i < used && list[i].start < end; i++) {
        list[i].prot = prot_flags;
    }
    frame_protect(start, end, prot_flags);
    for (i = at_or_behind(start); i < used && list[i].start < end; i++) {
        join_around(i);
    }
    join_around(at_or_behind(start));
    return 0;
}
