/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpoints in guest memory, and watchpoints by comparing. Memory has an int3 only while the
 * guest runs: whoever looks at a stopped micro-VM, saves or restores it finds its own bytes.
 */
#include "host/debug.h"

#include <string.h>

#include "host/mem.h"

#define INSN_INT3 0xccu

struct debug_soft *debug_soft_at(struct debug *d, uint64_t address)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        if (d->soft[i].used && d->soft[i].address == address) {
            return &d->soft[i];
        }
    }
    return NULL;
}

/* One that some vCPU steps over stays out; one whose page is not there waits. */
static bool is_stepped_over(const struct debug *d, const struct debug_soft *s)
{
    return d->over != NULL && d->vcpu[d->over->id].regs.pc == s->address;
}

void debug_points_in(struct debug *d)
{
    static const uint8_t int3 = INSN_INT3;

    for (unsigned i = 0; i < POINTS_MAX; i++) {
        struct debug_soft *s = &d->soft[i];

        if (s->used && !s->in && !is_stepped_over(d, s) &&
            mem_read(d->vm, s->address, &s->was, 1) && s->was != INSN_INT3) {
            s->in = mem_write(d->vm, s->address, &int3, 1);
        }
    }
    d->live = true;
}

/* What the guest itself has written there stays. */
static void take_out(struct debug *d, struct debug_soft *s)
{
    uint8_t now;

    if (s->in) {
        s->in = false;
        if (mem_read(d->vm, s->address, &now, 1) && now == INSN_INT3 &&
            !mem_write(d->vm, s->address, &s->was, 1)) {
            log_print(&d->vm->log, VT_LOG_ERROR, "a breakpoint can't be taken out");
        }
    }
}

void debug_points_out(struct debug *d)
{
    d->live = false;
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        take_out(d, &d->soft[i]);
    }
}

/* mem_read() has copied what is in memory; for the debugger itself nothing is in. */
void debug_mask(const struct vt_vm *vm, uint64_t gva, uint8_t *bytes, size_t len)
{
    const struct debug *d = vm->debug;

    for (unsigned i = 0; d != NULL && d->live && i < POINTS_MAX; i++) {
        const struct debug_soft *s = &d->soft[i];

        if (s->in && s->address - gva < len && bytes[s->address - gva] == INSN_INT3) {
            bytes[s->address - gva] = s->was;
        }
    }
}

/* ---- Watchpoints ---- */

bool debug_has_watches(const struct debug *d)
{
    for (unsigned i = 0; i < DEBUG_WATCHES; i++) {
        if (d->watch[i].used) {
            return true;
        }
    }
    return false;
}

bool debug_watch_changed(struct debug *d, uint64_t *address)
{
    for (unsigned i = 0; i < DEBUG_WATCHES; i++) {
        struct debug_watch *w = &d->watch[i];
        uint8_t now[DEBUG_WATCH_SIZE];

        if (w->used && mem_read(d->vm, w->address, now, w->size) &&
            memcmp(now, w->was, w->size) != 0) {
            memcpy(w->was, now, w->size);
            *address = w->address;
            return true;
        }
    }
    return false;
}

static bool insert_watch(struct debug *d, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; size <= DEBUG_WATCH_SIZE && i < DEBUG_WATCHES; i++) {
        struct debug_watch *w = &d->watch[i];

        if (!w->used) {
            w->address = address;
            w->size = size;
            w->used = mem_read(d->vm, address, w->was, size);
            return w->used;
        }
    }
    return false;
}

static bool remove_watch(struct debug *d, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; i < DEBUG_WATCHES; i++) {
        if (d->watch[i].used && d->watch[i].address == address && d->watch[i].size == size) {
            d->watch[i].used = false;
        }
    }
    return true;
}

/* ---- The engine's operations ---- */

bool debug_can_point(void *ctx, enum dbg_point_kind kind)
{
    (void)ctx;
    return kind == DBG_SOFTWARE || kind == DBG_HARDWARE || kind == DBG_WRITE;
}

/* A software and a hardware one may be at the same place: one int3 serves both. */
static struct debug_soft *find(struct debug *d, bool hardware, uint64_t address)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        struct debug_soft *s = &d->soft[i];

        if (s->used && s->address == address && s->hardware == hardware) {
            return s;
        }
    }
    return NULL;
}

bool debug_insert(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size)
{
    struct debug *d = ctx;
    uint8_t byte;

    if (kind == DBG_WRITE) {
        return insert_watch(d, address, size);
    }
    if (!mem_read(d->vm, address, &byte, 1)) {
        return false;
    }
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        if (!d->soft[i].used) {
            d->soft[i] = (struct debug_soft){ .used = true,
                                              .address = address,
                                              .hardware = kind == DBG_HARDWARE };
            return true;
        }
    }
    return false;
}

/* While the guest runs others may be in it: they leave while memory is put back. */
bool debug_remove(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size)
{
    struct debug *d = ctx;
    struct debug_soft *s;

    if (kind == DBG_WRITE) {
        return remove_watch(d, address, size);
    }
    s = find(d, kind == DBG_HARDWARE, address);
    if (s == NULL) {
        return true;
    }
    if (s->in && d->live && d->vm->vcpu_count > 1 && d->over == NULL) {
        gang_pause(d->vm);
        take_out(d, s);
        gang_go_on(d->vm);
    } else {
        take_out(d, s);
    }
    s->used = false;
    return true;
}
