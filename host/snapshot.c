/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots, restores and clones: memory as a template, registers as the back end's state. */
#include <string.h>

#include "host/config.h"
#include "host/map.h"
#include "host/private.h"
#include "host/restore.h"
#include "host/sys.h"

struct vt_snapshot {
    struct program *program;
    const struct program_backend *backend;
    struct log log;
    struct template *memory;
    struct be_state *state;
    struct paging paging;
    struct hostfn *hostfn;
    struct map_set maps;
    struct irq_state irq;
};

/* ---- Taking one ---- */

struct writer {
    const struct vt_vm *vm;
    struct template *to;
};

static int write_pages(const struct writer *w, const uint8_t *from, struct span span)
{
    if (sys_pwrite(w->to->fd, from + span.start, span.size, span.start) != 0) {
        return log_errno(&w->vm->log, "writing a snapshot");
    }
    template_mark(w->to, span.start, span.size);
    return VT_OK;
}

static int write_private(void *ctx, struct span span)
{
    const struct writer *w = ctx;

    return write_pages(w, w->vm->ram, span);
}

/* What the base has; the private pages then go over it. */
static int write_base(const struct writer *w)
{
    const struct template *base = w->vm->base;
    int err = VT_OK;

    for (uint64_t at = template_next(base, 0); at < base->size && err == VT_OK;) {
        struct span span = { at, 0 };

        while (at < base->size && template_next(base, at) == at) {
            at += SIZE_4K;
        }
        span.size = at - span.start;
        err = write_pages(w, base->view, span);
        at = template_next(base, at);
    }
    return err;
}

/* All of RAM, where the kernel does not say what is private. */
static int write_all(const struct writer *w)
{
    static const uint8_t zeros[SIZE_4K];
    int err = VT_OK;

    for (uint64_t at = 0; at < w->vm->ram_size && err == VT_OK; at += SIZE_4K) {
        struct span span = { at, SIZE_4K };

        if (template_next(w->vm->base, at) == at || memcmp(w->vm->ram + at, zeros, SIZE_4K) != 0) {
            err = write_pages(w, w->vm->ram, span);
        }
    }
    return err;
}

static int write_memory(struct vt_vm *vm, struct template *to)
{
    struct writer w = { .vm = vm, .to = to };
    const struct private_walk walk = { .pagemap = vm->program->pagemap,
                                       .pid = vm->program->pagemap_pid,
                                       .base = vm->ram,
                                       .size = vm->ram_size,
                                       .fn = write_private,
                                       .ctx = &w };
    int err = write_base(&w);

    err = err == VT_OK ? private_each(&walk, &vm->log) : err;
    return err == VT_ERR_UNSUPPORTED ? write_all(&w) : err;
}

static int fill(struct vt_vm *vm, struct vt_snapshot *s)
{
    size_t size = (vm->program->import_count + 1) * sizeof(*s->hostfn);
    int err = vm->ops->save(vm->first.be, &s->state);

    s->hostfn = sys_alloc(size);
    if (err != VT_OK || s->hostfn == NULL) {
        return err != VT_OK ? err : VT_ERR_NO_MEMORY;
    }
    memcpy(s->hostfn, vm->hostfn, size);
    s->paging = vm->paging;
    err = template_begin(&vm->log, vm->ram_size, false, &s->memory);
    err = err == VT_OK ? write_memory(vm, s->memory) : err;
    err = err == VT_OK ? template_seal(&vm->log, s->memory) : err;
    if (err != VT_OK) {
        return err;
    }
    map_set_copy(&s->maps, &vm->maps);
    irq_save(vm, &s->irq);
    /* From here on the micro-VM shares its memory with the snapshot. */
    err = restore_remap(vm, s->memory);
    if (err != VT_OK) {
        vm->state = VT_STATE_POISONED;
    }
    return err;
}

int vt_snapshot(struct vt_vm *vm, struct vt_snapshot **out)
{
    struct vt_snapshot *s;
    int err = out == NULL ? VT_ERR_INVALID : vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    if (vm->state != VT_READY || vcpu_count_on(vm) > 1) {
        vm_leave(vm);
        return vm->state != VT_READY ? VT_ERR_POISONED : VT_ERR_BUSY;
    }
    s = sys_alloc(sizeof(*s));
    if (s == NULL) {
        vm_leave(vm);
        return VT_ERR_NO_MEMORY;
    }
    s->program = program_get(vm->program);
    s->backend = vm->backend;
    s->log = vm->log;
    s->log.vm = NULL;
    err = fill(vm, s);
    if (err == VT_OK) {
        vm->metrics.snapshots++;
        *out = s;
    } else {
        vt_snapshot_free(s);
    }
    vm_leave(vm);
    return err;
}

void vt_snapshot_free(struct vt_snapshot *s)
{
    if (s == NULL) {
        return;
    }
    map_set_clear(&s->maps);
    if (s->state != NULL) {
        s->backend->ops->state_free(s->state);
    }
    template_put(s->memory);
    sys_free(s->hostfn);
    program_put(s->program);
    sys_free(s);
}

/* ---- Going back ---- */

static int restore(struct vt_vm *vm, const struct vt_snapshot *s)
{
    static const struct map_set none;
    const struct map_set *maps = s == NULL ? &none : &s->maps;
    const struct be_state *state = s == NULL ? vm->backend->start : s->state;
    struct template *memory = s == NULL ? vm->program->memory : s->memory;
    int err;

    vm->state = VT_STATE_POISONED; /* should a part of this fail */
    err = vm->ops->finish(vm->first.be);
    err = err == VT_OK ? vcpu_finish_others(vm) : err;
    if (err != VT_OK) {
        return err;
    }
    /* Who used the micro-VM before must not know what the next one takes for random. */
    if (sys_random(vm->info.seed, sizeof(vm->info.seed)) != 0) {
        return log_errno(&vm->log, "getrandom");
    }
    if (s == NULL) {
        irq_reset(vm);
    } else {
        irq_load(vm, &s->irq);
    }
    err = map_remove_others(vm, maps);
    err = err == VT_OK ? restore_memory(vm, memory) : err;
    err = err == VT_OK ? vcpu_reset_others(vm) : err;
    err = err == VT_OK ? map_add_missing(vm, maps) : err;
    err = err == VT_OK ? vm->ops->load(vm->first.be, state) : err;
    if (err != VT_OK) {
        return err;
    }
    vm->paging = s == NULL ? vm->program->paging : s->paging;
    vm->paging.ram = vm->ram;
    vm->record_count = 0;
    vm->first.not_emulated_pc = 0;
    vm->metrics.restores++;
    vm->state = VT_READY;
    return VT_OK;
}

int vt_restore(struct vt_vm *vm, const struct vt_snapshot *snapshot)
{
    int err = vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    if (snapshot != NULL &&
        (snapshot->program != vm->program || snapshot->backend != vm->backend)) {
        err = VT_ERR_MISMATCH;
    } else {
        err = restore(vm, snapshot);
    }
    vm_leave(vm);
    return err;
}

int vt_clone(const struct vt_snapshot *snapshot, const struct vt_cfg *cfg, struct vt_vm **out)
{
    struct vm_origin from = { 0 };
    struct vt_vm *vm;
    struct vt_cfg copy;
    int err = config_copy(&copy, sizeof(copy), cfg);

    if (err != VT_OK || snapshot == NULL || out == NULL) {
        return err != VT_OK ? err : VT_ERR_INVALID;
    }
    if (copy.backend != NULL && strcmp(copy.backend, snapshot->backend->ops->name) != 0) {
        return VT_ERR_MISMATCH;
    }
    from.program = snapshot->program;
    from.backend = snapshot->backend;
    from.log = &snapshot->log;
    from.memory = snapshot->memory;
    from.state = snapshot->state;
    from.paging = &snapshot->paging;
    err = vm_create(&from, &copy, &vm);
    if (err != VT_OK) {
        return err;
    }
    irq_load(vm, &snapshot->irq);
    memcpy(vm->hostfn, snapshot->hostfn, (vm->program->import_count + 1) * sizeof(*vm->hostfn));
    err = map_add_missing(vm, &snapshot->maps);
    if (err != VT_OK) {
        vt_destroy(vm);
        return err;
    }
    *out = vm;
    return VT_OK;
}
