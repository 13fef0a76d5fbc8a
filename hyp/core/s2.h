/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 page tables, portable half: built at boot from the plan, never changed while running. */
#ifndef HYP_CORE_S2_H
#define HYP_CORE_S2_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

enum pt_type { PT_NONE, PT_TABLE, PT_LEAF };

struct pt_leaf {
    enum pt_type type;
    hpa_t pa; /* of the memory, or of the next table */
    bool write, exec, device;
};

/* Shape of an architecture's stage 2 tables: level 0 is the root. */
struct pt_fmt {
    unsigned levels;        /* 3: 1 GiB, 2 MiB, 4 KiB */
    unsigned root_entries;  /* 1024: two concatenated pages */
    unsigned index_bits;    /* 9 */
    unsigned leaf_shift[4]; /* size of a leaf per level, as a shift: 30, 21, 12 */
};

struct s2_map {
    uint64_t gpa, hpa, size; /* 4 KiB aligned */
    bool write, exec, device;
};

/* Adds a mapping with the largest leaves that fit. Tables come from the boot pool. */
enum err s2_map(uint64_t *root, const struct s2_map *map) MUST_CHECK;

/* A root that maps what `root` does, with tables of its own on the way to the page at `at`. */
uint64_t *s2_fork(const uint64_t *root, uint64_t at);

/* Walks the tables as the machine would. false: unmapped. */
bool s2_lookup(const uint64_t *root, gpa_t at, struct pt_leaf *leaf, hpa_t *pa);

#endif
