/* SPDX-License-Identifier: Apache-2.0 */
/* The heap as the runtime of WebAssembly divides it: pieces of memories from the top down, tables
 * and types from the bottom up. */
#ifndef GUEST_WASM_HEAP_H
#define GUEST_WASM_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed, aligned to 16 bytes, for ever; NULL: the heap is full. */
void *wasm_heap_take(size_t size);

/* Pieces of 2 MiB that are not taken. */
size_t wasm_pieces_free(void);

/* One of them, zeroed, for an owner (not 0); there must be one. */
uint64_t wasm_piece_take(uint8_t owner);

/* Gives back all that the owner has. */
void wasm_pieces_give(uint8_t owner);

#endif
