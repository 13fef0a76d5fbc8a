/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host memory shown to guests (vt_map). One piece of memory is an object that micro-VMs and
 * snapshots refer to; each micro-VM has its own slots.
 */
#ifndef HOST_MAP_H
#define HOST_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/fault.h"
#include "host/include/vitrine.h"

#define MAP_MAX 32u

struct map_object {
    atomic_uint refs;
    atomic_bool gone; /* the caller's buffer was unmapped: no new micro-VM may get it */
    bool owned;       /* a file's mapping, of this object */
    bool writable;
    uint8_t *host;
    uint64_t size;
    char name[FAULT_NAME];
};

struct map_slot {
    struct map_object *object; /* NULL: free */
    uint64_t gva;
    bool is_own; /* by vt_map() of this micro-VM, not from a snapshot */
};

/* Slot i is number i + 1 at the back end. */
struct map_set {
    struct map_slot slot[MAP_MAX];
};

struct vt_vm;

void map_set_copy(struct map_set *to, const struct map_set *from);
void map_set_clear(struct map_set *set);

/* Removes what is not in `keep` from the back end and the set; its page tables are the caller's. */
VT_CHECK int map_remove_others(struct vt_vm *vm, const struct map_set *keep);

/* Gives a micro-VM the mappings of a snapshot, whose page tables it has, as far as they exist. */
VT_CHECK int map_add_missing(struct vt_vm *vm, const struct map_set *from);

/* The slot that holds gva, or NULL. */
const struct map_slot *map_find(const struct map_set *set, uint64_t gva);

#endif
