/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the kernel for private pages: by the ioctl PAGEMAP_SCAN (Linux 6.7), else by reading the
 * flags of each page. Both work without privileges; see the kernel's mm/pagemap.rst.
 */
#include "host/private.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "host/sys.h"
#include "lib/addr.h"
#include "lib/field.h"

#define RUNS  64u
#define CHUNK 512u /* entries of the page map read at once */

/* An entry of the page map. */
FIELD(PAGE_FILE, 61, 1); /* of a file, or shared memory */
FIELD(PAGE_SWAPPED, 62, 1);
FIELD(PAGE_PRESENT, 63, 1);

/* The argument of PAGEMAP_SCAN; Debian 12's headers do not have it yet. */
struct scan_arg {
    uint64_t size, flags, start, end, walk_end;
    uint64_t runs, run_count, page_max;
    uint64_t inverted, all_of, any_of, shown;
};

struct scan_run {
    uint64_t start, end, categories;
};

#define SCAN         _IOWR('f', 16, struct scan_arg)
#define SCAN_FILE    BIT64(2)
#define SCAN_PRESENT BIT64(3)
#define SCAN_SWAPPED BIT64(4)

int private_open(const struct log *log)
{
    int fd = sys_open("/proc/self/pagemap", false);

    if (fd < 0) {
        log_print(log, VT_LOG_WARNING, "no /proc/self/pagemap: restores cost more");
    }
    return fd;
}

static int scan(const struct private_walk *walk)
{
    struct scan_run run[RUNS];
    struct scan_arg arg = {
        .size = sizeof(arg),
        .start = (uintptr_t)walk->base,
        .end = (uintptr_t)walk->base + walk->size,
        .runs = (uintptr_t)run,
        .run_count = RUNS,
        .inverted = SCAN_FILE,
        .all_of = SCAN_FILE,
        .any_of = SCAN_PRESENT | SCAN_SWAPPED,
        .shown = SCAN_FILE,
    };

    while (arg.start < arg.end) {
        int count = sys_ioctl(walk->pagemap, SCAN, &arg);

        if (count < 0) {
            return VT_ERR_UNSUPPORTED;
        }
        for (int i = 0; i < count; i++) {
            struct span span = { run[i].start - (uintptr_t)walk->base, run[i].end - run[i].start };
            int err = walk->fn(walk->ctx, span);

            if (err != VT_OK) {
                return err;
            }
        }
        if (arg.walk_end <= arg.start) {
            return VT_ERR_UNSUPPORTED;
        }
        arg.start = arg.walk_end;
    }
    return VT_OK;
}

static bool is_private(uint64_t entry)
{
    return get(PAGE_FILE, entry) == 0 &&
           (get(PAGE_PRESENT, entry) != 0 || get(PAGE_SWAPPED, entry) != 0);
}

static int give(const struct private_walk *walk, struct span *run)
{
    struct span span = *run;

    run->size = 0;
    return span.size == 0 ? VT_OK : walk->fn(walk->ctx, span);
}

static int read_flags(const struct private_walk *walk)
{
    uint64_t first = (uintptr_t)walk->base / SIZE_4K;
    uint64_t pages = walk->size / SIZE_4K;
    struct span run = { 0, 0 };
    int err = VT_OK;

    for (uint64_t at = 0; at < pages && err == VT_OK; at += CHUNK) {
        uint64_t entry[CHUNK];
        uint64_t count = pages - at < CHUNK ? pages - at : CHUNK;

        if (sys_pread(walk->pagemap, entry, count * sizeof(entry[0]),
                      (first + at) * sizeof(entry[0])) != 0) {
            return VT_ERR_UNSUPPORTED;
        }
        for (uint64_t i = 0; i < count && err == VT_OK; i++) {
            if (!is_private(entry[i])) {
                err = give(walk, &run);
            } else {
                run.start = run.size == 0 ? (at + i) * SIZE_4K : run.start;
                run.size += SIZE_4K;
            }
        }
    }
    return err == VT_OK ? give(walk, &run) : err;
}

int private_each(const struct private_walk *walk, const struct log *log)
{
    int err;

    /* After fork() the descriptor still tells of the parent. */
    if (walk->pagemap < 0 || walk->pid != sys_pid()) {
        return VT_ERR_UNSUPPORTED;
    }
    err = scan(walk);
    if (err == VT_ERR_UNSUPPORTED && (errno == ENOTTY || errno == EINVAL)) {
        err = read_flags(walk);
    }
    if (err == VT_ERR_UNSUPPORTED) {
        log_print(log, VT_LOG_WARNING, "the kernel does not say which pages are private");
    }
    return err;
}
