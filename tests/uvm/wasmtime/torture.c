/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings, protection and images by chance, beside a list of what each page must then hold. */
#include "vitrine-call.h"
#include "vitrine-wasmtime.h"

enum { PAGES = 64, IMAGES = 3, PAGE = 4096, READ = 1, WRITE = 2, EXEC = 4 };

static uint8_t *place;
static struct {
    uint8_t prot, value;
} want[PAGES];
static struct wasmtime_memory_image *images[IMAGES];
static uint64_t chance;
static const uint8_t *landing;

static uint32_t below(uint32_t end)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(chance / (UINT64_C(1) + UINT32_MAX)) % end;
}

static void on_trap(uintptr_t ip, uintptr_t fp, bool has_faulting_addr, uintptr_t faulting_addr)
{
    (void)ip, (void)fp, (void)has_faulting_addr, (void)faulting_addr;
    if (landing != NULL) {
        wasmtime_longjmp(landing);
    }
}

static uint8_t seen;

static bool do_load(uint8_t *at, uint8_t *here)
{
    landing = *(const uint8_t **)here;
    seen = *(volatile uint8_t *)at;
    return true;
}

static bool do_store(uint8_t *at, uint8_t *here)
{
    landing = *(const uint8_t **)here;
    *(volatile uint8_t *)at = seen;
    return true;
}

/* false: it trapped. */
static bool attempt(bool (*fn)(uint8_t *, uint8_t *), uint8_t *at)
{
    const uint8_t *here = NULL;
    bool done = wasmtime_setjmp(&here, fn, at, (uint8_t *)&here);

    landing = NULL;
    return done;
}

/* An image's page i holds its number and i. */
static uint8_t image_value(uint32_t image, uint32_t page)
{
    return (uint8_t)(1 + image * 80 + page);
}

static bool make_images(void)
{
    uint8_t *model = NULL;
    bool good = wasmtime_mmap_new(PAGES * PAGE, READ | WRITE, &model) == 0;

    for (uint32_t n = 0; good && n < IMAGES; n++) {
        for (uint32_t i = 0; i < PAGES; i++) {
            model[i * PAGE] = image_value(n, i);
        }
        good = wasmtime_memory_image_new(model, PAGES * PAGE, &images[n]) == 0 && images[n] != NULL;
    }
    return good && wasmtime_munmap(model, PAGES * PAGE) == 0;
}

static void remember(uint32_t first, uint32_t count, uint8_t prot)
{
    for (uint32_t i = first; i < first + count; i++) {
        want[i].prot = prot;
        want[i].value = 0;
    }
}

static bool change(uint32_t first, uint32_t count)
{
    uint8_t *at = place + first * PAGE;
    uint8_t prot = (uint8_t)below(8);
    bool both = (prot & WRITE) != 0 && (prot & EXEC) != 0;
    uint32_t image;

    switch (below(3)) {
    case 0:
        for (uint32_t i = first; !both && i < first + count; i++) {
            want[i].prot = prot;
        }
        return (wasmtime_mprotect(at, count * PAGE, prot) == 0) == !both;
    case 1:
        if (!both) {
            remember(first, count, prot);
        }
        return (wasmtime_mmap_remap(at, count * PAGE, prot) == 0) == !both;
    default:
        image = below(IMAGES);
        remember(first, count, READ | WRITE);
        for (uint32_t i = 0; i < count; i++) {
            want[first + i].value = image_value(image, i);
        }
        return wasmtime_memory_image_map_at(images[image], at, count * PAGE) == 0;
    }
}

static bool check(uint32_t page)
{
    bool read = attempt(do_load, place + page * PAGE);
    bool good = read == (want[page].prot != 0) && (!read || seen == want[page].value);
    bool wrote;

    seen = (uint8_t)below(256);
    if (below(2) == 0) {
        wrote = attempt(do_store, place + page * PAGE);
        good = good && wrote == ((want[page].prot & WRITE) != 0);
        want[page].value = wrote ? seen : want[page].value;
    }
    return good;
}

/* The step that went wrong, or 0. */
static uint32_t torture(uint64_t seed, uint32_t steps)
{
    chance = seed;
    remember(0, PAGES, 0);
    if (wasmtime_init_traps(on_trap) != 0 || !make_images() ||
        wasmtime_mmap_new(PAGES * PAGE, 0, &place) != 0) {
        return UINT32_MAX;
    }
    for (uint32_t step = 1; step <= steps; step++) {
        uint32_t first = below(PAGES);
        uint32_t count = 1 + below(PAGES - first);

        if ((below(4) == 0 && !change(first, count)) || !check(below(PAGES))) {
            return step;
        }
    }
    for (uint32_t n = 0; n < IMAGES; n++) {
        wasmtime_memory_image_free(images[n]);
    }
    return wasmtime_munmap(place, PAGES * PAGE) == 0 ? 0 : UINT32_MAX;
}
VG_EXPORT(torture, uint32_t, uint64_t, uint32_t);
