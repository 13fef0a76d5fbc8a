/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the platform tell each other: pages of the heap, mappings, images. */
#ifndef GUEST_WASMTIME_MAP_H
#define GUEST_WASMTIME_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/wasmtime/area.h"
#include "vitrine-wasmtime.h"

/* ---- Pages of the heap (frame.c) ---- */

/*
 * Puts up to `pages` zeroed pages, as many as lie in a row, at `at`, where nothing is; how many.
 * 0: the heap is full, or ring 0 has no more tables.
 */
uint64_t frame_map(uint64_t at, uint64_t pages, uint32_t prot);

/* The same, with copies of the pages at `from`. */
uint64_t frame_copy(uint64_t at, uint64_t pages, const uint8_t *from, uint32_t prot);

/* Shows the pages at `from` at `at`, too; how many. */
uint64_t frame_share(uint64_t at, uint64_t pages, uint64_t from, uint32_t prot);

void frame_protect(uint64_t start, uint64_t end, uint32_t prot);
void frame_unmap(uint64_t start, uint64_t end);

/* ---- Mappings (map.c) ---- */

struct mapping {
    uint64_t start, end;
    uint32_t prot;
    struct wasmtime_memory_image *image; /* or NULL: zeros */
    uint64_t offset;                     /* in the image, of `start` */
};

/* NULL: there is none at this address. */
const struct mapping *map_find(uint64_t address);

/* In place of what is mapped at all of [what->start, what->end), on whose behalf an image's count
 * has been raised; 0, or an error. */
int32_t map_replace(const struct mapping *what);

/* Nothing is there any more. The list must have room for two more, unless whole mappings go. */
void map_forget(uint64_t start, uint64_t end);

/* ---- Images (image.c) ---- */

void image_keep(struct wasmtime_memory_image *image);
void image_drop(struct wasmtime_memory_image *image);

/* Where the image's byte at `offset` can be read. */
uint64_t image_home(const struct wasmtime_memory_image *image, uint64_t offset);

#endif
