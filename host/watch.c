/* SPDX-License-Identifier: Apache-2.0 */
/* What a program can learn without running a guest: numbers of a micro-VM, back ends here. */
#include <stdio.h>
#include <string.h>

#include "host/private.h"
#include "host/vm.h"
#include "lib/field.h"

/* ---- Metrics ---- */

struct count {
    const struct layout *layout;
    uint64_t bytes, stack;
};

static int count_span(void *ctx, struct span span)
{
    struct count *c = ctx;
    uint64_t from = span.start > c->layout->stack_limit ? span.start : c->layout->stack_limit;
    uint64_t end = span.start + span.size;

    c->bytes += span.size;
    c->stack += end > from ? end - from : 0;
    return VT_OK;
}

/* Copies as much as the caller's struct has; *out begins with its size. */
static int give(void *out, const void *from, size_t size)
{
    size_t given;

    memcpy(&given, out, sizeof(given));
    if (given < sizeof(given)) {
        return VT_ERR_INVALID;
    }
    size = given < size ? given : size;
    memcpy((char *)out + sizeof(given), (const char *)from + sizeof(given), size - sizeof(given));
    return VT_OK;
}

int vt_metrics(const struct vt_vm *vm, struct vt_metrics *out)
{
    struct vt_metrics m;
    struct count count = { 0 };
    struct private_walk walk = { .fn = count_span, .ctx = &count };
    int err = out == NULL ? VT_ERR_INVALID : vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    count.layout = &vm->program->layout;
    walk.pagemap = vm->program->pagemap;
    walk.pid = vm->program->pagemap_pid;
    walk.base = vm->ram;
    walk.size = vm->ram_size;
    m = vm->metrics;
    m.state = vm->state;
    m.vcpus_on = vcpu_count_on(vm);
    if (private_each(&walk, &vm->log) == VT_OK) {
        m.memory = count.bytes + vcpu_memory_others(vm);
        m.stack_pages = count.stack / SIZE_4K;
    }
    vm_leave(vm);
    return give(out, &m, sizeof(m));
}

/* ---- Back ends ---- */

/* Errors while a back end is opened say why it is not usable. */
static void keep_reason(void *ctx, const struct vt_vm *vm, enum vt_log_level level,
                        const char *text)
{
    struct vt_probe *p = ctx;

    (void)vm;
    if (level <= VT_LOG_WARNING && p->why[0] == 0) {
        (void)snprintf(p->why, sizeof(p->why), "%s", text);
    }
}

static void probe(const struct be_ops *ops, struct vt_probe *p)
{
    const struct log log = { .fn = keep_reason, .ctx = p };
    struct be_host *host;

    (void)snprintf(p->backend, sizeof(p->backend), "%s", ops->name);
    if (ops->open(&log, &host) != VT_OK) {
        return;
    }
    p->usable = true;
    p->vcpus = ops->start_other == NULL ? 1 : UVM_VCPUS_MAX;
    if (p->vcpus > ops->caps(host)->vcpu_max) {
        p->vcpus = ops->caps(host)->vcpu_max < 1 ? 1 : ops->caps(host)->vcpu_max;
    }
    p->native_supervisor = ops->caps(host)->native;
    p->xsave = ops->caps(host)->native && ops->caps(host)->cpu.xcr0 != 0;
    p->dirty_log = ops->caps(host)->dirty_log;
    if (!p->native_supervisor) {
        (void)snprintf(p->why, sizeof(p->why), "supervisor code is emulated: handlers are slow");
    }
    ops->close(host);
}

int vt_probe(struct vt_probe *entries, unsigned count)
{
    unsigned found = 0;
    size_t stride;

    if (entries == NULL && count != 0) {
        return VT_ERR_INVALID;
    }
    stride = count == 0 ? 0 : entries[0].size;
    if (count != 0 && stride < sizeof(size_t)) {
        return VT_ERR_INVALID;
    }
    while (be_list[found] != NULL) {
        struct vt_probe p = { 0 };
        char *out = (char *)entries + found * stride;

        if (found < count) {
            probe(be_list[found], &p);
            memset(out, 0, stride);
            memcpy(out, &stride, sizeof(stride));
            if (give(out, &p, sizeof(p)) != VT_OK) {
                return VT_ERR_INVALID;
            }
        }
        found++;
    }
    return (int)found;
}
