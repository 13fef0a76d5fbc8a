/* SPDX-License-Identifier: Apache-2.0 */
/* Divides the heap; what was given back is zeroed, so that all that is taken is. */
#include "guest/wasm/heap.h"

#include "guest/wasm/window.h"
#include "lib/field.h"
#include "vitrine-call.h"
#include "vitrine-wasm.h"

enum { ALIGN = 16, PIECES_MAX = 4096 };

static uint8_t owners[PIECES_MAX]; /* of pieces, from the heap's top down; 0: free */
static uint64_t taken;             /* bytes from the heap's bottom up */

static uint64_t heap_start(void)
{
    return (uint64_t)vg_heap().base;
}

/* Where piece number n lies; 0: below what is taken, or nowhere. */
static uint64_t piece_at(size_t n)
{
    uint64_t end = (heap_start() + vg_heap().size) / WINDOW_PIECE;
    uint64_t low = (heap_start() + taken + WINDOW_PIECE - 1) / WINDOW_PIECE;

    return n >= ARRAY_COUNT(owners) || end < low || n >= end - low ? 0
                                                                   : (end - n - 1) * WINDOW_PIECE;
}

/* The lowest piece that is in use, or the heap's end. */
static uint64_t low_water(void)
{
    uint64_t low = heap_start() + vg_heap().size;

    for (size_t n = 0; piece_at(n) != 0; n++) {
        low = owners[n] != 0 ? piece_at(n) : low;
    }
    return low;
}

void *wasm_heap_take(size_t size)
{
    uint64_t room = low_water() - heap_start() - taken;
    void *place = (void *)(heap_start() + taken);

    if (size > room || (size + ALIGN - 1) / ALIGN * ALIGN > room) {
        return NULL;
    }
    taken += (size + ALIGN - 1) / ALIGN * ALIGN;
    return place;
}

size_t wasm_pieces_free(void)
{
    size_t count = 0;

    for (size_t n = 0; piece_at(n) != 0; n++) {
        count += owners[n] == 0 ? 1 : 0;
    }
    return count;
}

uint64_t wasm_piece_take(uint8_t owner)
{
    size_t n = 0;

    while (owners[n] != 0) {
        n++;
    }
    owners[n] = owner;
    return piece_at(n);
}

void wasm_pieces_give(uint8_t owner)
{
    for (size_t n = 0; piece_at(n) != 0; n++) {
        if (owners[n] == owner) {
            memset((void *)piece_at(n), 0, WINDOW_PIECE);
            owners[n] = 0;
        }
    }
}
