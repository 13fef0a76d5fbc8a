/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear memories: each has a window of its own, in which ring 0 shows as many pages as the memory
 * has. Compiled code checks no bounds.
 */
#include "guest/wasm/heap.h"
#include "guest/wasm/window.h"
#include "vitrine-fault.h"
#include "vitrine-wasm.h"

/* Has the linker take ring 0's part out of its archive. */
__attribute__((used)) static const uint8_t *const other_half = &window_super_here;

/* The size of 65536 pages does not fit wasm_rt_memory_t.size. */
enum { PAGES_MAX = 65535 };

/* Of windows: whether it is a memory's, and its last piece's place in the heap. */
static struct {
    bool used;
    uint64_t frame;
} windows[WINDOW_COUNT];

static uint64_t pieces_of(uint64_t pages)
{
    return (pages + WINDOW_PIECE_PAGES - 1) / WINDOW_PIECE_PAGES;
}

static uint64_t window_of(const wasm_rt_memory_t *memory)
{
    return ((uint64_t)memory->data - WINDOW_GVA) / WINDOW_STRIDE;
}

static void map(uint64_t window, uint64_t piece, uint64_t frame, uint64_t pages)
{
    if (window_map(window, piece, frame, pages) != 0) {
        vg_abort(piece, "wasm: ring 0 refused to show a piece of memory");
    }
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t pages)
{
    uint64_t window = window_of(memory);
    uint32_t old = memory->pages;
    uint64_t end = (uint64_t)old + pages;

    if (end > memory->max_pages || end > PAGES_MAX ||
        pieces_of(end) - pieces_of(old) > wasm_pieces_free()) {
        return UINT32_MAX;
    }
    for (uint64_t piece = old / WINDOW_PIECE_PAGES; piece < pieces_of(end) && pages != 0; piece++) {
        uint64_t left = end - piece * WINDOW_PIECE_PAGES;

        if (piece >= pieces_of(old)) {
            windows[window].frame = wasm_piece_take((uint8_t)(window + 1));
        }
        map(window, piece, windows[window].frame,
            left < WINDOW_PIECE_PAGES ? left : WINDOW_PIECE_PAGES);
    }
    memory->pages = (uint32_t)end;
    memory->size = (uint32_t)end * WINDOW_PAGE;
    return old;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t max_pages)
{
    uint64_t window = 0;

    while (window < WINDOW_COUNT && windows[window].used) {
        window++;
    }
    if (window == WINDOW_COUNT) {
        vg_abort(window, "wasm: more memories than there are windows");
    }
    windows[window].used = true;
    memory->data = (uint8_t *)(WINDOW_GVA + window * WINDOW_STRIDE);
    memory->pages = 0;
    memory->size = 0;
    memory->max_pages = max_pages;
    if (wasm_rt_grow_memory(memory, pages) == UINT32_MAX) {
        vg_abort(pages, "wasm: the heap is too small for a memory: give more (vt_image_cfg)");
    }
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory)
{
    uint64_t window = window_of(memory);

    if (memory->data == NULL) { /* never allocated: instantiation trapped before */
        return;
    }
    for (uint64_t piece = 0; piece < pieces_of(memory->pages); piece++) {
        map(window, piece, 0, 0);
    }
    wasm_pieces_give((uint8_t)(window + 1));
    windows[window].used = false;
    memory->data = NULL;
    memory->pages = 0;
    memory->size = 0;
}
