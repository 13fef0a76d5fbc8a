/* SPDX-License-Identifier: Apache-2.0 */
/* A micro-VM as a target of the debugger's engine: threads, memory, requests to run. */
#include "host/debug.h"

#include <string.h>

#include "host/mem.h"
#include "host/sys.h"

/* ---- Threads: vCPUs that are on ---- */

static unsigned threads(void *ctx, unsigned ids[DBG_THREADS_MAX])
{
    struct debug *d = ctx;
    unsigned count = 0;

    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        if (vcpu_is_live(vm_vcpu(d->vm, i))) {
            ids[count++] = i + 1;
        }
    }
    return count;
}

static const char *thread_name(void *ctx, unsigned thread)
{
    static const char *const names[UVM_VCPUS_MAX] = {
        "vCPU 0", "vCPU 1", "vCPU 2",  "vCPU 3",  "vCPU 4",  "vCPU 5",  "vCPU 6",  "vCPU 7",
        "vCPU 8", "vCPU 9", "vCPU 10", "vCPU 11", "vCPU 12", "vCPU 13", "vCPU 14", "vCPU 15",
    };

    (void)ctx;
    return thread > 0 && thread <= UVM_VCPUS_MAX ? names[thread - 1] : NULL;
}

/* ---- Memory, as the chosen thread sees it: the lowest 2 MiB are each vCPU's own ---- */

static struct vcpu *look_from(struct debug *d)
{
    int64_t thread = d->engine.session.thread;
    struct vcpu *was = d->vm->serving;

    if (thread > 0 && thread <= (int64_t)d->vm->vcpu_count) {
        d->vm->serving = vm_vcpu(d->vm, (unsigned)thread - 1);
    } else if (d->stopped != NULL) {
        d->vm->serving = d->stopped;
    }
    if (d->vm->serving->low == NULL) {
        d->vm->serving = was;
    }
    return was;
}

/* How much of it is in one region. */
static size_t piece(const struct vt_vm *vm, uint64_t address, size_t len)
{
    struct region region;

    if (!mem_region(vm, address, &region) || (region.perm & ELF_READ) == 0) {
        return 0;
    }
    region.size -= address - region.start;
    return region.size < len ? (size_t)region.size : len;
}

static size_t read_mem(void *ctx, uint64_t address, uint8_t *bytes, size_t len)
{
    struct debug *d = ctx;
    struct vcpu *was = look_from(d);
    size_t done = 0;

    while (done < len) {
        size_t some = piece(d->vm, address + done, len - done);

        if (some == 0 || !mem_read(d->vm, address + done, bytes + done, some)) {
            break;
        }
        done += some;
    }
    d->vm->serving = was;
    return done;
}

static size_t write_mem(void *ctx, uint64_t address, const uint8_t *bytes, size_t len)
{
    struct debug *d = ctx;
    struct vcpu *was = look_from(d);
    size_t done = 0;

    while (done < len) {
        size_t some = piece(d->vm, address + done, len - done);

        if (some == 0 || !mem_write(d->vm, address + done, bytes + done, some)) {
            break;
        }
        done += some;
    }
    d->vm->serving = was;
    return done;
}

/* The lowest thing that is mapped above an address, UINT64_MAX: nothing. */
static uint64_t next_mapped(const struct vt_vm *vm, uint64_t address)
{
    const struct layout *l = &vm->program->layout;
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < l->region_count; i++) {
        if (l->region[i].start > address && l->region[i].start < next &&
            (l->region[i].perm & ELF_READ) != 0) {
            next = l->region[i].start;
        }
    }
    for (unsigned i = 0; i < MAP_MAX; i++) {
        const struct map_slot *s = &vm->maps.slot[i];

        if (s->object != NULL && s->gva > address && s->gva < next) {
            next = s->gva;
        }
    }
    return next;
}

static bool region_of(void *ctx, uint64_t address, struct dbg_region *out)
{
    struct debug *d = ctx;
    struct region r;

    memset(out, 0, sizeof(*out));
    if (mem_region(d->vm, address, &r) && (r.perm & ELF_READ) != 0) {
        memcpy(d->region, r.name, FAULT_NAME);
        *out = (struct dbg_region){ .start = r.start,
                                    .size = r.size,
                                    .mapped = true,
                                    .read = true,
                                    .write = (r.perm & ELF_WRITE) != 0,
                                    .execute = (r.perm & ELF_EXEC) != 0,
                                    .name = d->region };
    } else {
        uint64_t next = next_mapped(d->vm, address);

        out->start = address;
        out->size = next == UINT64_MAX ? 0 : next - address;
    }
    return true;
}

/* ---- Running ---- */

static void resume(void *ctx, unsigned thread, const struct dbg_resume *how)
{
    struct debug *d = ctx;

    d->vcpu[thread - 1].how = *how;
}

static void go(void *ctx)
{
    struct debug *d = ctx;

    d->fresh = false;
    d->went = true;
}

/* Between calls nothing runs: what waits for a stop has it at once. */
static void interrupt(void *ctx, unsigned thread)
{
    struct debug *d = ctx;
    const struct dbg_stop stop = { .thread = 1, .signal = DBG_SIGTRAP };

    (void)thread;
    if (d->in_call) {
        d->want_stop = true;
    } else {
        d->fresh = false;
        dbg_stopped(&d->engine, &stop);
    }
}

static void detach(void *ctx)
{
    struct debug *d = ctx;

    for (unsigned i = 0; i < UVM_VCPUS_MAX; i++) {
        d->vcpu[i].how = (struct dbg_resume){ .action = DBG_CONTINUE };
    }
    d->went = true;
}

static void end(void *ctx)
{
    struct debug *d = ctx;

    d->killed = true;
    detach(d);
    dbg_running(&d->engine);
}

static const char *exec_file(void *ctx)
{
    const struct debug *d = ctx;

    return d->program;
}

static bool text_base(void *ctx, uint64_t *address, uint64_t *moved)
{
    const struct debug *d = ctx;

    *address = d->vm->program->layout.image;
    *moved = d->vm->program->elf.base;
    return true;
}

static void print(void *ctx, const char *text)
{
    const struct debug *d = ctx;

    log_print(&d->vm->log, VT_LOG_INFO, "%s", text);
}

const struct dbg_ops debug_ops = {
    .arch = &dbg_x86_64,
    .threads = threads,
    .thread_name = thread_name,
    .read_reg = debug_read_reg,
    .write_reg = debug_write_reg,
    .read_mem = read_mem,
    .write_mem = write_mem,
    .region = region_of,
    .can_point = debug_can_point,
    .insert = debug_insert,
    .remove = debug_remove,
    .resume = resume,
    .go = go,
    .interrupt = interrupt,
    .detach = detach,
    .kill = end,
    .monitor = debug_monitor,
    .exec_file = exec_file,
    .text_base = text_base,
    .print = print,
};
