/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings of host memory: slots, addresses, page tables; never part of RAM. */
#include "host/map.h"

#include <string.h>

#include "host/config.h"
#include "host/sys.h"
#include "host/vm.h"
#include "lib/addr.h"

/* ---- Objects ---- */

static void object_put(struct map_object *object)
{
    if (object == NULL || atomic_fetch_sub(&object->refs, 1) != 1) {
        return;
    }
    if (object->owned && object->host != NULL) {
        sys_munmap(object->host, object->size);
    }
    sys_free(object);
}

void map_set_copy(struct map_set *to, const struct map_set *from)
{
    for (unsigned i = 0; i < MAP_MAX; i++) {
        to->slot[i] = from->slot[i];
        if (to->slot[i].object != NULL) {
            atomic_fetch_add(&to->slot[i].object->refs, 1);
        }
    }
}

void map_set_clear(struct map_set *set)
{
    for (unsigned i = 0; i < MAP_MAX; i++) {
        object_put(set->slot[i].object);
        set->slot[i].object = NULL;
    }
}

const struct map_slot *map_find(const struct map_set *set, uint64_t gva)
{
    for (unsigned i = 0; i < MAP_MAX; i++) {
        const struct map_slot *s = &set->slot[i];

        if (s->object != NULL && gva >= s->gva && gva - s->gva < s->object->size) {
            return s;
        }
    }
    return NULL;
}

static int make_object(const struct vt_vm *vm, const struct vt_map *map, struct map_object **out)
{
    struct map_object *object = sys_alloc(sizeof(*object));
    struct sys_map file = {
        .len = align_up(map->len, SIZE_4K),
        .offset = map->offset,
        .fd = map->fd,
        .kind = map->writable ? SYS_MAP_SHARED : SYS_MAP_SHARED_READ,
    };

    if (object == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    atomic_init(&object->refs, 1);
    atomic_init(&object->gone, false);
    object->size = file.len;
    object->writable = map->writable;
    strncpy(object->name, map->name == NULL ? "map" : map->name, sizeof(object->name) - 1);
    object->owned = map->host == NULL;
    object->host = object->owned ? sys_mmap(&file) : map->host;
    if (object->host == NULL) {
        object_put(object);
        return log_errno(&vm->log, "mmap of a file");
    }
    *out = object;
    return VT_OK;
}

/* ---- The back end ---- */

static struct be_mapping mapping_of(const struct map_set *set, unsigned i)
{
    const struct map_slot *s = &set->slot[i];
    struct be_mapping m = {
        .slot = i + 1,
        .writable = s->object->writable,
        .gpa = s->gva,
        .size = s->object->size,
        .host = s->object->host,
    };

    return m;
}

static int show(struct vt_vm *vm, unsigned i)
{
    struct be_mapping m = mapping_of(&vm->maps, i);

    return vm->ops->map(vm->be, &m);
}

/* Failed, the memory stays: the guest can still reach it. */
static int hide(struct vt_vm *vm, unsigned i)
{
    struct be_mapping m = mapping_of(&vm->maps, i);
    int err = vm->ops->unmap(vm->be, &m);

    if (err == VT_OK) {
        object_put(vm->maps.slot[i].object);
        vm->maps.slot[i].object = NULL;
    }
    return err;
}

int map_remove_others(struct vt_vm *vm, const struct map_set *keep)
{
    int err = VT_OK;

    for (unsigned i = 0; i < MAP_MAX && err == VT_OK; i++) {
        const struct map_slot *s = &vm->maps.slot[i];

        if (s->object != NULL &&
            (keep->slot[i].object != s->object || keep->slot[i].gva != s->gva)) {
            if (!s->object->owned && s->is_own) { /* the caller may free the buffer now */
                atomic_store(&s->object->gone, true);
            }
            err = hide(vm, i);
        }
    }
    return err;
}

int map_add_missing(struct vt_vm *vm, const struct map_set *from)
{
    int err = VT_OK;

    for (unsigned i = 0; i < MAP_MAX && err == VT_OK; i++) {
        struct map_object *object = from->slot[i].object;

        if (object == NULL || vm->maps.slot[i].object == object || atomic_load(&object->gone)) {
            continue;
        }
        atomic_fetch_add(&object->refs, 1);
        vm->maps.slot[i] = from->slot[i];
        vm->maps.slot[i].is_own = false;
        err = show(vm, i);
        if (err != VT_OK) {
            object_put(object);
            vm->maps.slot[i].object = NULL;
        }
    }
    return err;
}

/* ---- vt_map ---- */

static int check(const struct vt_map *map)
{
    bool aligned = is_aligned((uintptr_t)map->host, SIZE_4K) && is_aligned(map->offset, SIZE_4K);

    if (map->len == 0 || !aligned || (map->host == NULL && map->fd < 0)) {
        return VT_ERR_INVALID;
    }
    return map->len > LAYOUT_MAP_END - LAYOUT_MAP_GVA ? VT_ERR_TOO_BIG : VT_OK;
}

/* The first run of whole GiB that no mapping touches; LAYOUT_MAP_END: there is none. */
static uint64_t find_gva(const struct map_set *set, uint64_t size)
{
    uint64_t gva = LAYOUT_MAP_GVA;

    while (gva < LAYOUT_MAP_END && size <= LAYOUT_MAP_END - gva) {
        uint64_t next = gva;

        for (unsigned i = 0; i < MAP_MAX; i++) {
            const struct map_slot *s = &set->slot[i];

            if (s->object != NULL && ranges_overlap(gva, size, s->gva, s->object->size)) {
                next = align_up(s->gva + s->object->size, SIZE_1G);
            }
        }
        if (next == gva) {
            return gva;
        }
        gva = next;
    }
    return LAYOUT_MAP_END;
}

static int add(struct vt_vm *vm, const struct vt_map *map, uint64_t *gva)
{
    struct region region = { .perm = ELF_READ | ELF_USER };
    unsigned i = 0;
    int err;

    while (i < MAP_MAX && vm->maps.slot[i].object != NULL) {
        i++;
    }
    region.size = align_up(map->len, SIZE_4K);
    region.start = find_gva(&vm->maps, region.size);
    if (i == MAP_MAX || i >= vm->ops->caps(vm->backend->host)->mapping_max ||
        region.start == LAYOUT_MAP_END) {
        return VT_ERR_TOO_BIG;
    }
    err = make_object(vm, map, &vm->maps.slot[i].object);
    if (err != VT_OK) {
        return err;
    }
    vm->maps.slot[i].gva = region.start;
    vm->maps.slot[i].is_own = true;
    region.perm |= map->writable ? (uint32_t)ELF_WRITE : 0;
    err = show(vm, i);
    if (err != VT_OK) {
        object_put(vm->maps.slot[i].object);
        vm->maps.slot[i].object = NULL;
        return err;
    }
    if (paging_map_window(&vm->paging, &region) != OK) {
        paging_clear_window(&vm->paging, &region);
        err = hide(vm, i);
        vm->state = err == VT_OK ? vm->state : VT_STATE_POISONED; /* a restore tries again */
        return err == VT_OK ? VT_ERR_TOO_BIG : err;
    }
    *gva = region.start;
    return VT_OK;
}

int vt_map(struct vt_vm *vm, const struct vt_map *map, uint64_t *gva)
{
    struct vt_map copy;
    int err = config_copy(&copy, sizeof(copy), map);

    if (err != VT_OK || map == NULL || gva == NULL) {
        return err != VT_OK ? err : VT_ERR_INVALID;
    }
    err = check(&copy);
    err = err == VT_OK ? vm_enter(vm) : err;
    if (err != VT_OK) {
        return err;
    }
    err = vm->state == VT_READY ? add(vm, &copy, gva) : VT_ERR_POISONED;
    vm_leave(vm);
    return err;
}

int vt_unmap(struct vt_vm *vm, uint64_t gva)
{
    int err = vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    err = VT_ERR_INVALID;
    for (unsigned i = 0; i < MAP_MAX; i++) {
        const struct map_slot *s = &vm->maps.slot[i];
        struct region region = { .start = gva };

        if (s->object == NULL || s->gva != gva) {
            continue;
        }
        region.size = s->object->size;
        atomic_store(&s->object->gone, true);
        if (!vm->lost) {
            paging_clear_window(&vm->paging, &region);
        }
        err = hide(vm, i);
    }
    vm_leave(vm);
    return err;
}
