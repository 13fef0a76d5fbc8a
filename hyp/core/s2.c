/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and walks stage 2 tables in the architecture's format; built at boot, then constant. */
#include "hyp/core/s2.h"

#include "hyp/arch.h"
#include "hyp/core/pool.h"
#include "hyp/core/string.h"
#include "lib/field.h"

static unsigned index_of(uint64_t at, unsigned level)
{
    uint64_t entries = level == 0 ? arch_pt_fmt.root_entries : BIT64(arch_pt_fmt.index_bits);

    return (unsigned)((at >> arch_pt_fmt.leaf_shift[level]) & (entries - 1));
}

static uint64_t root_span(void)
{
    return (uint64_t)arch_pt_fmt.root_entries << arch_pt_fmt.leaf_shift[0];
}

/* The deepest level is where the leaf fits: alignment of both addresses, and what is left. */
static unsigned level_for(uint64_t addresses, uint64_t left)
{
    unsigned level = 0;

    while (level + 1 < arch_pt_fmt.levels) {
        uint64_t size = BIT64(arch_pt_fmt.leaf_shift[level]);

        if (is_aligned(addresses, size) && left >= size) {
            break;
        }
        level++;
    }
    return level;
}

/* The entry for `at` on `level`, with tables made on the way. NULL: a leaf is in the way. */
static uint64_t *entry_at(uint64_t *root, uint64_t at, unsigned level)
{
    uint64_t *table = root;

    for (unsigned l = 0; l < level; l++) {
        uint64_t *entry = &table[index_of(at, l)];
        struct pt_leaf next = arch_pte_parse(*entry, l);

        if (next.type == PT_LEAF) {
            return NULL;
        }
        if (next.type == PT_NONE) {
            next.pa = pool_pa(pool_take(SIZE_4K, SIZE_4K));
            *entry = arch_pte_table(next.pa);
        }
        table = pool_va(next.pa);
    }
    return &table[index_of(at, level)];
}

enum err s2_map(uint64_t *root, const struct s2_map *map)
{
    if (!range_is_valid(map->gpa, map->size) || map->gpa + (map->size - 1) >= root_span() ||
        !range_is_valid(map->hpa, map->size) ||
        !is_aligned(map->gpa | map->hpa | map->size, SIZE_4K)) {
        return ERR_INVALID;
    }
    for (uint64_t done = 0; done < map->size;) {
        uint64_t at = map->gpa + done, pa = map->hpa + done;
        unsigned level = level_for(at | pa, map->size - done);
        uint64_t *entry = entry_at(root, at, level);
        struct pt_leaf leaf = { .type = PT_LEAF, .pa = hpa(pa) };

        if (!entry || *entry != 0) {
            return ERR_BUSY;
        }
        leaf.write = map->write;
        leaf.exec = map->exec;
        leaf.device = map->device;
        *entry = arch_pte_make(&leaf, level);
        done += BIT64(arch_pt_fmt.leaf_shift[level]);
    }
    return OK;
}

uint64_t *s2_fork(const uint64_t *root, uint64_t at)
{
    size_t size = arch_pt_fmt.root_entries * sizeof(*root);
    uint64_t *fork = pool_take(size, size), *table = fork;

    memcpy(fork, root, size);
    for (unsigned level = 0; level + 1 < arch_pt_fmt.levels; level++) {
        uint64_t *entry = &table[index_of(at, level)];
        struct pt_leaf next = arch_pte_parse(*entry, level);

        if (next.type != PT_TABLE) {
            break;
        }
        table = pool_take(SIZE_4K, SIZE_4K);
        memcpy(table, pool_va(next.pa), SIZE_4K);
        *entry = arch_pte_table(pool_pa(table));
    }
    return fork;
}

bool s2_lookup(const uint64_t *root, gpa_t at, struct pt_leaf *leaf, hpa_t *pa)
{
    const uint64_t *table = root;

    if (at.v >= root_span()) {
        return false;
    }
    for (unsigned level = 0; level < arch_pt_fmt.levels; level++) {
        *leaf = arch_pte_parse(table[index_of(at.v, level)], level);
        if (leaf->type == PT_LEAF) {
            *pa = hpa(leaf->pa.v + (at.v & (BIT64(arch_pt_fmt.leaf_shift[level]) - 1)));
            return true;
        }
        if (leaf->type == PT_NONE) {
            return false;
        }
        table = pool_va(leaf->pa);
    }
    return false;
}
