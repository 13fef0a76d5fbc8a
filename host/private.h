/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of a copy-on-write mapping are private copies by now: what a restore has to put back.
 * The kernel's page tables know; that costs the guest nothing while it runs, unlike a hypervisor's
 * dirty log (docs/performance.md).
 */
#ifndef HOST_PRIVATE_H
#define HOST_PRIVATE_H

#include <stdint.h>

#include "host/log.h"

/* /proc/self/pagemap, or -1 where there is none: then nothing is known. */
int private_open(const struct log *log);

/* Bytes from the mapping's start; whole pages. */
struct span {
    uint64_t start, size;
};

typedef int private_fn(void *ctx, struct span span);

struct private_walk {
    int pagemap;
    int pid; /* of the process that opened it */
    const uint8_t *base;
    uint64_t size;
    private_fn *fn; /* for each run of private pages, ascending; non-zero ends the walk */
    void *ctx;
};

/* VT_OK, what fn returned, or VT_ERR_UNSUPPORTED: the kernel does not say. */
VT_CHECK int private_each(const struct private_walk *walk, const struct log *log);

#endif
