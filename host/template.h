/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prepared guest memory: a sealed file in memory that micro-VMs map copy-on-write. Images and
 * snapshots are templates; whoever uses one holds a reference, from any thread.
 */
#ifndef HOST_TEMPLATE_H
#define HOST_TEMPLATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "host/log.h"

struct template
{
    atomic_uint refs;
    int fd;
    uint64_t size;
    uint8_t *draft;      /* writable until sealed, zeroed at first */
    const uint8_t *view; /* once sealed */
    uint64_t *page;      /* one bit a page that may hold something else than zeros */
};

/* Marks whole pages around a range as holding something. */
void template_mark(struct template *t, uint64_t start, uint64_t size);

/* The first page in [from, size) that holds something, or size. */
uint64_t template_next(const struct template *t, uint64_t from);

/* With one reference; `draft`: mapped to be written, else the file alone. */
VT_CHECK int template_begin(const struct log *log, uint64_t size, bool draft,
                            struct template **out);
VT_CHECK int template_seal(const struct log *log, struct template *t);

struct template *template_get(struct template *t);
void template_put(struct template *t);

/* Maps it copy-on-write, at `at` in place of what is there or, NULL, anywhere; NULL: failed. */
uint8_t *template_map(const struct template *t, void *at);

#endif
