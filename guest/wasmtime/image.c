/* SPDX-License-Identifier: Apache-2.0 */
/* Images: pages that nobody can write, shown wherever they are mapped until a write asks for a
 * copy. An image lives until it is freed and the last mapping of it is gone. */
#include "guest/wasmtime/map.h"

enum { IMAGES = 256, BATCH = 64 }; /* pages that are copied at a time */

struct wasmtime_memory_image {
    uint8_t *home; /* NULL: not in use */
    uint64_t size;
    uint32_t keepers;
};

static struct wasmtime_memory_image images[IMAGES];

void image_keep(struct wasmtime_memory_image *image)
{
    image->keepers++;
}

void image_drop(struct wasmtime_memory_image *image)
{
    image->keepers--;
    if (image->keepers == 0) {
        map_forget((uint64_t)image->home, (uint64_t)image->home + image->size);
        image->home = NULL;
    }
}

uint64_t image_home(const struct wasmtime_memory_image *image, uint64_t offset)
{
    return (uint64_t)image->home + offset;
}

static bool fill(const struct wasmtime_memory_image *image, const uint8_t *from)
{
    uint64_t done, left;

    for (uint64_t at = 0; at < image->size; at += done * AREA_PAGE) {
        left = (image->size - at) / AREA_PAGE;
        done = frame_copy((uint64_t)image->home + at, left < BATCH ? left : BATCH, from + at,
                          AREA_READ);
        if (done == 0) {
            return false;
        }
    }
    return true;
}

int32_t wasmtime_memory_image_new(const uint8_t *ptr, uintptr_t len,
                                  struct wasmtime_memory_image **ret)
{
    struct wasmtime_memory_image *image = images;

    *ret = NULL;
    if ((uintptr_t)ptr % AREA_PAGE != 0 || len % AREA_PAGE != 0 || len == 0) {
        return VG_WASMTIME_INVALID;
    }
    while (image < images + IMAGES && image->home != NULL) {
        image++;
    }
    if (image == images + IMAGES || wasmtime_mmap_new(len, AREA_READ, &image->home) != 0) {
        return 0;
    }
    image->size = len;
    image->keepers = 1;
    if (fill(image, ptr)) {
        *ret = image;
    } else {
        image_drop(image);
    }
    return 0;
}

int32_t wasmtime_memory_image_map_at(struct wasmtime_memory_image *image, uint8_t *addr,
                                     uintptr_t len)
{
    const struct mapping new = { .start = (uint64_t)addr,
                                 .end = (uint64_t)addr + len,
                                 .prot = AREA_READ | AREA_WRITE,
                                 .image = image };
    int32_t err;

    if ((uintptr_t)addr % AREA_PAGE != 0 || len % AREA_PAGE != 0 || len == 0 || len > image->size ||
        new.start < AREA_GVA || new.end > AREA_END) {
        return VG_WASMTIME_INVALID;
    }
    image_keep(image);
    err = map_replace(&new);
    if (err != 0) {
        image_drop(image);
    }
    return err;
}

void wasmtime_memory_image_free(struct wasmtime_memory_image *image)
{
    image_drop(image);
}
