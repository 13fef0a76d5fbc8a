/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of the heap, and where in the area they are. Those that are free are at home, and zeroed.
 * The list of owners takes the heap's own first pages.
 */
#include "guest/wasmtime/map.h"

#include "vitrine-call.h"

#define CHUNK UINT64_C(0x200000)

enum { CHUNKS = (AREA_END - AREA_GVA) / CHUNK };

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);

/* For each page of the heap: the number, from 1, of its own page in the area; 0: free. */
static uint32_t *owner;
static uint64_t count, next, base;
static bool touched[CHUNKS]; /* whether a chunk of the area may have pages */

static uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Before constructors of the program, which may ask for memory. */
__attribute__((constructor(101))) static void init(void)
{
    struct vg_memory heap = vg_heap();
    uint64_t used;

    base = (uint64_t)heap.base;
    owner = (uint32_t *)base;
    count = min(heap.size / AREA_PAGE, AREA_FRAMES);
    used = (count * sizeof(*owner) + AREA_PAGE - 1) / AREA_PAGE;
    for (uint64_t i = 0; i < min(used, count); i++) {
        owner[i] = UINT32_MAX;
    }
}

static uint32_t number_of(uint64_t at)
{
    return (uint32_t)((at - AREA_GVA) / AREA_PAGE) + 1;
}

static uint64_t frame_at(uint64_t i)
{
    return base + i * AREA_PAGE;
}

/* The first free page from where the last search ended; `count`: there is none. */
static uint64_t find_free(void)
{
    for (uint64_t tried = 0; tried < count; tried++) {
        next = next == count ? 0 : next;
        if (owner[next] == 0) {
            return next;
        }
        next++;
    }
    return count;
}

static int64_t ask(enum area_op op, uint32_t prot, uint64_t start, uint64_t end)
{
    return area_request(put(AREA_OP, op) | put(AREA_PROT, prot), start, (end - start) / AREA_PAGE,
                        0);
}

/* Asks for pages of one chunk; how many came. */
static uint64_t enter(uint64_t what, uint64_t at, uint64_t pages, uint64_t from)
{
    uint64_t room = (CHUNK - at % CHUNK) / AREA_PAGE;
    int64_t done = area_request(what, at, min(pages, room), from);

    if (done <= 0) {
        return 0;
    }
    touched[(at - AREA_GVA) / CHUNK] = true;
    return (uint64_t)done;
}

/* How many free pages lie in a row from `first` on, of those that are wanted. */
static uint64_t run_of(uint64_t first, uint64_t wanted)
{
    uint64_t run = 0;

    while (run < wanted && first + run < count && owner[first + run] == 0) {
        run++;
    }
    return run;
}

static uint64_t map_run(uint64_t at, uint64_t first, uint64_t run, uint32_t prot)
{
    uint64_t done = enter(put(AREA_OP, AREA_MAP) | put(AREA_PROT, prot), at, run, frame_at(first));

    for (uint64_t i = 0; i < done; i++) {
        owner[first + i] = number_of(at) + (uint32_t)i;
    }
    return done;
}

uint64_t frame_map(uint64_t at, uint64_t pages, uint32_t prot)
{
    uint64_t first = find_free();
    uint64_t run = run_of(first, pages);

    return run == 0 ? 0 : map_run(at, first, run, prot);
}

uint64_t frame_copy(uint64_t at, uint64_t pages, const uint8_t *from, uint32_t prot)
{
    uint64_t first, run, done;

    for (uint64_t i = 0; i < pages; i++) {
        (void)*(const volatile uint8_t *)(from + i * AREA_PAGE); /* may fault, and take pages */
    }
    first = find_free();
    run = run_of(first, pages);
    memcpy((void *)frame_at(first), from, run * AREA_PAGE);
    done = run == 0 ? 0 : map_run(at, first, run, prot);
    memset((void *)frame_at(first + done), 0, (run - done) * AREA_PAGE);
    return done;
}

uint64_t frame_share(uint64_t at, uint64_t pages, uint64_t from, uint32_t prot)
{
    return enter(put(AREA_OP, AREA_SHARE) | put(AREA_PROT, prot), at, pages, from);
}

/* The part of [start, end) that is in the chunk of start. */
static uint64_t part_end(uint64_t start, uint64_t end)
{
    return min(end, start - start % CHUNK + CHUNK);
}

void frame_protect(uint64_t start, uint64_t end, uint32_t prot)
{
    for (uint64_t stop; start < end; start = stop) {
        stop = part_end(start, end);
        if (touched[(start - AREA_GVA) / CHUNK]) {
            (void)ask(AREA_PROTECT, prot, start, stop);
        }
    }
}

static void unmap_part(uint64_t start, uint64_t end)
{
    bool *is_touched = &touched[(start - AREA_GVA) / CHUNK];

    if (*is_touched) {
        (void)ask(AREA_UNMAP, 0, start, end);
        *is_touched = end - start != CHUNK;
    }
}

void frame_unmap(uint64_t start, uint64_t end)
{
    uint32_t first = number_of(start), behind = number_of(end);

    for (uint64_t stop; start < end; start = stop) {
        stop = part_end(start, end);
        unmap_part(start, stop);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (owner[i] >= first && owner[i] < behind) {
            memset((void *)frame_at(i), 0, AREA_PAGE);
            owner[i] = 0;
        }
    }
}
