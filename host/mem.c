/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes guest memory for the program; checks the whole range before the first byte. */
#include "host/mem.h"

#include <string.h>

#include "host/debug.h"
#include "host/sys.h"

bool mem_region(const struct vt_vm *vm, uint64_t gva, struct region *out)
{
    const struct region *r = layout_find(&vm->program->layout, gva);
    const struct map_slot *s = r == NULL ? map_find(&vm->maps, gva) : NULL;

    if (gva >= UVM_VCPU_GVA && gva < UVM_VCPU_END) {
        return vcpu_find_stack(vm, gva, out);
    }
    if (r != NULL) {
        *out = *r;
        out->perm &= LAYOUT_PERM_SHOWN;
    } else if (s != NULL) {
        memset(out, 0, sizeof(*out));
        out->start = s->gva;
        out->size = s->object->size;
        out->perm = ELF_READ | ELF_USER | (s->object->writable ? (uint32_t)ELF_WRITE : 0);
        memcpy(out->name, s->object->name, sizeof(out->name));
    }
    return r != NULL || s != NULL;
}

/* A stretch of guest memory that is in one piece for the host. */
struct piece {
    uint8_t *host;
    uint64_t size;
    bool foreign, writable; /* not RAM: may be a file that is shorter by now */
};

/* The lowest 2 MiB are those of the vCPU that is being served. */
static uint8_t *ram_at(const struct vt_vm *vm, uint64_t gva)
{
    if (gva < SIZE_2M) {
        return vm->serving->low + gva;
    }
    if (gva >= UVM_VCPU_GVA) {
        unsigned id = (unsigned)((gva - UVM_VCPU_GVA) / UVM_VCPU_STRIDE);

        return vm->others[id - 1].own.host + (gva - UVM_VCPU_GVA) % UVM_VCPU_STRIDE;
    }
    return vm->ram + gva;
}

static bool find_piece(const struct vt_vm *vm, uint64_t gva, struct piece *out)
{
    const struct map_slot *s;
    struct region r;

    if (vm->lost || !mem_region(vm, gva, &r) || (r.perm & ELF_READ) == 0) {
        return false;
    }
    s = map_find(&vm->maps, gva);
    out->size = r.start + r.size - gva;
    out->foreign = s != NULL;
    out->host = s != NULL ? s->object->host + (gva - s->gva) : ram_at(vm, gva);
    out->writable = s == NULL || s->object->writable;
    return true;
}

static bool is_mapped(const struct vt_vm *vm, uint64_t gva, size_t len, bool write)
{
    struct piece p;

    for (uint64_t left = len; left > 0;) {
        if (!find_piece(vm, gva, &p) || (write && !p.writable)) {
            return false;
        }
        if (p.size >= left) {
            return true;
        }
        left -= p.size;
        gva += p.size;
    }
    return true;
}

struct copy {
    uint8_t *out; /* one of both */
    const uint8_t *from;
};

/* The range is mapped. */
static bool copy(const struct vt_vm *vm, uint64_t gva, struct copy c, size_t len)
{
    while (len > 0) {
        struct piece p;
        size_t size;

        if (!find_piece(vm, gva, &p)) {
            return false;
        }
        size = p.size < len ? (size_t)p.size : len;
        if (p.foreign) {
            if (sys_copy(c.out != NULL ? c.out : p.host, c.out != NULL ? p.host : c.from, size) !=
                0) {
                return false;
            }
        } else if (c.out != NULL) {
            memcpy(c.out, p.host, size);
        } else {
            memcpy(p.host, c.from, size);
            sys_sync_code(p.host, size);
        }
        c.out = c.out != NULL ? c.out + size : NULL;
        c.from = c.from != NULL ? c.from + size : NULL;
        gva += size;
        len -= size;
    }
    return true;
}

bool mem_read(const struct vt_vm *vm, uint64_t gva, void *out, size_t len)
{
    if (!is_mapped(vm, gva, len, false) || !copy(vm, gva, (struct copy){ out, NULL }, len)) {
        return false;
    }
    if (vm->debug != NULL) {
        debug_mask(vm, gva, out, len);
    }
    return true;
}

bool mem_write(struct vt_vm *vm, uint64_t gva, const void *bytes, size_t len)
{
    return is_mapped(vm, gva, len, true) && copy(vm, gva, (struct copy){ NULL, bytes }, len);
}

/* A callback may read and write while its call runs. */
static int enter(const struct vt_vm *vm)
{
    if (vm == NULL) {
        return VT_ERR_INVALID;
    }
    return vm_in_callback(vm) ? VT_OK : vm_enter(vm);
}

static void leave(const struct vt_vm *vm)
{
    if (!vm_in_callback(vm)) {
        vm_leave(vm);
    }
}

int vt_read(const struct vt_vm *vm, uint64_t gva, void *out, size_t len)
{
    int err = out == NULL && len != 0 ? VT_ERR_INVALID : enter(vm);

    if (err != VT_OK) {
        return err;
    }
    err = mem_read(vm, gva, out, len) ? VT_OK : VT_ERR_INVALID;
    leave(vm);
    return err;
}

int vt_write(struct vt_vm *vm, uint64_t gva, const void *bytes, size_t len)
{
    int err = bytes == NULL && len != 0 ? VT_ERR_INVALID : enter(vm);

    if (err != VT_OK) {
        return err;
    }
    err = mem_write(vm, gva, bytes, len) ? VT_OK : VT_ERR_INVALID;
    leave(vm);
    return err;
}
