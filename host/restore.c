/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a micro-VM's memory back to that of a template: private pages that differ are copied, so
 * that the guest meets no page fault next time; those that stay unused for a while, and deep stack,
 * are given back to the host. Trusts nothing that the guest could write, its page tables included.
 */
#include "host/restore.h"

#include <string.h>

#include "host/private.h"
#include "host/sys.h"
#include "lib/field.h"

/*
 * Private pages that a restore finds unchanged stay so for a few times, lest the guest meets page
 * faults again; but only a few pages, since a restore must not cost what earlier calls touched.
 */
#define AGE_MAX       8u
#define UNCHANGED_MAX 32u

/* As many changed pages stay private: an idle micro-VM must not hold all that a call once wrote. */
#define CHANGED_MAX 1024u

/* Of the stack, as much stays private; deeper pages are given back at once. */
#define STACK_KEPT (UINT64_C(64) << 10)

#define PTE_PRESENT UINT64_C(1)
#define PTE_COUNT   (SIZE_4K / sizeof(uint64_t))

static const uint8_t zeros[SIZE_4K];

struct restore {
    struct vt_vm *vm;
    const struct template *to;
    struct span drop; /* adjacent pages to be given back; size 0: none */
    uint64_t pages;   /* put back */
    unsigned unchanged;
};

static bool holds(const struct template *t, uint64_t at)
{
    return template_next(t, at) == at;
}

static const uint8_t *original(const struct template *t, uint64_t at)
{
    return holds(t, at) ? t->view + at : zeros;
}

static int flush_drop(struct restore *r)
{
    struct span drop = r->drop;

    r->drop.size = 0;
    if (drop.size != 0 && sys_forget(r->vm->ram + drop.start, drop.size) != 0) {
        return log_errno(&r->vm->log, "madvise");
    }
    return VT_OK;
}

static int drop_page(struct restore *r, uint64_t at)
{
    int err = VT_OK;

    if (r->drop.start + r->drop.size != at) {
        err = flush_drop(r);
        r->drop.start = at;
    }
    r->drop.size += SIZE_4K;
    r->vm->age[at / SIZE_4K] = 0;
    return err;
}

static int put_back_page(struct restore *r, uint64_t at)
{
    uint8_t *page = r->vm->ram + at;
    const uint8_t *from = original(r->to, at);
    uint8_t *age = &r->vm->age[at / SIZE_4K];

    if (memcmp(page, from, SIZE_4K) != 0) {
        if (++r->pages > CHANGED_MAX) {
            return drop_page(r, at);
        }
        memcpy(page, from, SIZE_4K);
        sys_sync_code(page, SIZE_4K);
        *age = 0;
    } else if (++*age >= AGE_MAX || ++r->unchanged > UNCHANGED_MAX) {
        return drop_page(r, at);
    }
    return VT_OK;
}

/* Whether entry i of the table at `at` is of a page of the stack. */
static bool is_stack_entry(const struct vt_vm *vm, uint64_t at, unsigned i)
{
    const struct layout *l = &vm->program->layout;
    uint64_t first = vm->program->paging.stack_pte;
    uint64_t place = at + i * sizeof(uint64_t);

    return place >= first &&
           place - first < (l->stack_top - l->stack_limit) / SIZE_4K * sizeof(uint64_t);
}

/*
 * Entries of the stack stay present once they are: their pages are put back or given back, and a
 * processor that still knows the entry does no harm. Any other change is put back and the
 * translations that KVM or the processor keep are dropped.
 */
static void put_back_table(struct restore *r, uint64_t at)
{
    uint64_t now[PTE_COUNT];
    uint64_t then[PTE_COUNT];
    bool differs = false;

    memcpy(now, r->vm->ram + at, sizeof(now));
    memcpy(then, original(r->to, at), sizeof(then));
    for (unsigned i = 0; i < PTE_COUNT; i++) {
        if (now[i] != then[i] &&
            !(is_stack_entry(r->vm, at, i) && now[i] == (then[i] | PTE_PRESENT))) {
            differs = true;
        }
    }
    if (differs) {
        r->vm->must_flush = true;
        memcpy(r->vm->ram + at, then, sizeof(then));
        r->pages++;
    }
}

static int put_back(void *ctx, struct span span)
{
    struct restore *r = ctx;
    const struct layout *l = &r->vm->program->layout;
    int err = VT_OK;

    for (uint64_t at = span.start; at < span.start + span.size && err == VT_OK; at += SIZE_4K) {
        if (at >= LAYOUT_TABLES_GVA && at < LAYOUT_TABLES_END) {
            put_back_table(r, at);
        } else if (at >= l->stack_limit && at < l->stack_top - STACK_KEPT && !holds(r->to, at)) {
            err = drop_page(r, at);
            r->pages++;
        } else if (at != UVM_INFO_GVA) { /* the host's own is written anyway */
            err = put_back_page(r, at);
        }
    }
    return err;
}

/* Begins anew with a mapping of the template: for another template, and when nothing is known. */
int restore_remap(struct vt_vm *vm, struct template *to)
{
    vm->must_flush = true;
    if (template_map(to, vm->ram) == NULL) {
        vm->lost = true; /* the kernel may have removed what was there */
        return log_errno(&vm->log, "mmap of a micro-VM's memory");
    }
    vm->lost = false;
    memset(vm->age, 0, vm->ram_size / SIZE_4K);
    template_get(to);
    template_put(vm->base);
    vm->base = to;
    memcpy(vm->ram + UVM_INFO_GVA, &vm->info, sizeof(vm->info));
    return VT_OK;
}

/* Its page differs from the template's; what the guest wrote behind it goes. */
static void put_back_info(struct vt_vm *vm)
{
    uint8_t *page = vm->ram + UVM_INFO_GVA;

    memcpy(page, &vm->info, sizeof(vm->info));
    memset(page + sizeof(vm->info), 0, SIZE_4K - sizeof(vm->info));
}

/* A flush that failed is owed to the next restore. */
static int flush(struct vt_vm *vm)
{
    int err = vm->must_flush ? vm->ops->flush(vm->be) : VT_OK;

    if (err == VT_OK) {
        vm->must_flush = false;
    }
    return err;
}

static int start_anew(struct vt_vm *vm, struct template *to)
{
    int err = restore_remap(vm, to);

    return err == VT_OK ? flush(vm) : err;
}

int restore_memory(struct vt_vm *vm, struct template *to)
{
    struct restore r = { .vm = vm, .to = to };
    const struct private_walk walk = { .pagemap = vm->program->pagemap,
                                       .pid = vm->program->pagemap_pid,
                                       .base = vm->ram,
                                       .size = vm->ram_size,
                                       .fn = put_back,
                                       .ctx = &r };
    int err;

    if (vm->base != to || vm->lost) {
        return start_anew(vm, to);
    }
    err = private_each(&walk, &vm->log);
    if (err == VT_ERR_UNSUPPORTED) {
        return start_anew(vm, to);
    }
    err = err == VT_OK ? flush_drop(&r) : err;
    put_back_info(vm);
    vm->metrics.dirty_pages = r.pages;
    vm->metrics.restored_pages += r.pages;
    return err == VT_OK ? flush(vm) : err;
}
