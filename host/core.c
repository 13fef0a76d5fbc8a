/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core dump of a micro-VM: its vCPUs, its last fault and its memory, described for
 * host/corefile.c. What is mapped comes from the host's own layout; the guest's page tables are
 * never looked at.
 */
#include "host/corefile.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "host/arch.h"
#include "host/sys.h"
#include "host/vm.h"
#include "host/xstate.h"

/* All that a core file's description points to. */
struct core_parts {
    struct core_thread thread[FAULT_DEPTH + UVM_VCPUS_MAX];
    unsigned threads;
    struct core_range range[LAYOUT_REGION_MAX + MAP_MAX + UVM_VCPUS_MAX];
    struct core_vectors {
        uint8_t fp[CORE_XSAVE_MAX];
        struct xstate_note note;
    } vectors[UVM_VCPUS_MAX];
};

/* What a debugger shows as the reason, as Linux would send it to a process. */
static int signal_of(const struct fault_record *r)
{
    static const int signals[FAULT_CLASS_COUNT] = {
        [FAULT_CLASS_MEMORY] = SIGSEGV, [FAULT_CLASS_ARITHMETIC] = SIGFPE,
        [FAULT_CLASS_FLOAT] = SIGFPE,   [FAULT_CLASS_ILLEGAL] = SIGILL,
        [FAULT_CLASS_DEBUG] = SIGTRAP,  [FAULT_CLASS_SYSTEM] = SIGABRT,
    };

    return r->class < FAULT_CLASS_COUNT ? signals[r->class] : 0;
}

static void set_thread(const struct vt_vm *vm, struct core_thread *thread,
                       const struct be_regs *regs, const uint64_t sys[FAULT_SYS])
{
    _Static_assert(CORE_REGS_MAX == ARCH_CORE_REGS, "host/arch.h");
    thread->reg_count = vm->program->elf.arch->core_regs(regs, sys, thread->regs);
}

/* Adds a thread that stands as `regs` say; all have the same signal, as Linux does it: of several,
 * readers take the last. */
static void add_thread(const struct vt_vm *vm, struct core_parts *parts, const struct be_regs *regs,
                       const uint64_t sys[FAULT_SYS])
{
    struct core_thread *thread = &parts->thread[parts->threads++];

    thread->signal = vm->record_count == 0 ? 0 : signal_of(&vm->record[0]);
    set_thread(vm, thread, regs, sys);
}

/* Vector state of a vCPU; the runtime leaves it alone: its faults have the same. */
static int add_vectors(const struct vcpu *vcpu, struct core_parts *parts, unsigned first)
{
    const struct vt_vm *vm = vcpu->vm;
    const struct be_caps *caps = vm->ops->caps(vm->backend->host);
    struct core_vectors *v = &parts->vectors[vcpu->id];
    struct xstate_area area = { .bytes = v->fp, .size = caps->xsave_size, .xcr0 = caps->cpu.xcr0 };
    size_t size = area.size != 0 ? area.size : vm->program->elf.arch->fp_size;
    int err;

    if (size > sizeof(v->fp)) {
        return VT_OK; /* then a debugger shows none */
    }
    err = vm->ops->get_fp(vcpu->be, v->fp, size);
    memcpy(area.offset, caps->xsave_offset, sizeof(area.offset));
    xstate_convert(&area, &v->note);
    for (unsigned i = first; i < parts->threads; i++) {
        if (v->note.size != 0) {
            parts->thread[i].xsave = v->note.bytes;
            parts->thread[i].xsave_size = v->note.size;
            parts->thread[i].xcr0 = v->note.xcr0;
        } else if (area.size == 0) {
            parts->thread[i].fp = v->fp;
            parts->thread[i].fp_size = size;
        }
    }
    return err;
}

/* The fault and those around it, if it is this vCPU's, then the vCPU as it stands, in the runtime
 * or not. */
static int add_vcpu(const struct vcpu *vcpu, struct core_parts *parts)
{
    const struct vt_vm *vm = vcpu->vm;
    unsigned first = parts->threads;
    uint64_t sys[FAULT_SYS] = { 0 };
    struct be_regs regs = { 0 };
    int err = vm->ops->settle(vcpu->be);

    err = err == VT_OK ? vm->ops->get_regs(vcpu->be, &regs) : err;
    err = err == VT_OK ? vm->ops->get_sys(vcpu->be, sys) : err;
    if (err != VT_OK) {
        return err;
    }
    for (unsigned i = 0; i < vm->record_count && vm->record[i].vcpu == vcpu->id; i++) {
        const struct fault_record *r = &vm->record[i];
        struct be_regs at = { .pc = r->pc, .flags = r->flags };

        memcpy(at.gpr, r->gpr, sizeof(at.gpr));
        add_thread(vm, parts, &at, r->sys);
    }
    add_thread(vm, parts, &regs, sys);
    return add_vectors(vcpu, parts, first);
}

/* The vCPU that faulted comes first: a debugger shows it. */
static int add_vcpus(struct vt_vm *vm, struct core_parts *parts)
{
    unsigned faulted = vm->record_count == 0 ? 0 : vm->record[0].vcpu;
    int err = add_vcpu(vm_vcpu(vm, faulted), parts);

    for (unsigned id = 0; id < vm->vcpu_count && err == VT_OK; id++) {
        const struct vcpu *vcpu = vm_vcpu(vm, id);

        if (id != faulted && vcpu_is_live(vcpu)) {
            err = add_vcpu(vcpu, parts);
        }
    }
    return err;
}

/* Memory of the user's, all of it above the guest's own, in no order. */
static unsigned add_maps(const struct map_set *maps, struct core_range *first)
{
    unsigned count = 0;

    for (unsigned i = 0; i < MAP_MAX; i++) {
        const struct map_slot *slot = &maps->slot[i];
        unsigned at = count;

        if (slot->object == NULL) {
            continue;
        }
        for (; at > 0 && first[at - 1].gva > slot->gva; at--) {
            first[at] = first[at - 1];
        }
        first[at] = (struct core_range){
            .gva = slot->gva,
            .len = slot->object->size,
            .host = slot->object->host,
            .perm = PF_R | (slot->object->writable ? PF_W : 0),
            .is_outside = true,
        };
        count++;
    }
    return count;
}

static unsigned add_regions(const struct vt_vm *vm, struct core_range *range)
{
    const struct layout *layout = &vm->program->layout;
    unsigned count = 0;

    for (unsigned i = 0; i < layout->region_count; i++) {
        const struct region *r = &layout->region[i];

        if ((r->perm & ELF_READ) == 0 || r->size == 0) {
            continue;
        }
        range[count++] = (struct core_range){
            .gva = r->start,
            .len = r->size,
            .host = vm->ram + r->start,
            .perm = PF_R | ((r->perm & ELF_WRITE) != 0 ? PF_W : 0) |
                    ((r->perm & ELF_EXEC) != 0 ? PF_X : 0),
        };
    }
    return count;
}

/* Above all else. */
static unsigned add_stacks(const struct vt_vm *vm, struct core_range *range)
{
    unsigned count = 0;

    for (unsigned i = 0; i + 1 < vm->vcpu_count; i++) {
        const struct vcpu *vcpu = &vm->others[i];
        struct region r;

        if (vcpu->is_built) {
            r = vcpu_stack(vcpu);
            range[count++] = (struct core_range){
                .gva = r.start,
                .len = r.size,
                .host = vcpu->own.host + (r.start - vcpu->own.gpa),
                .perm = PF_R | PF_W,
            };
        }
    }
    return count;
}

static int dump(struct vt_vm *vm, int fd, struct core_parts *parts)
{
    struct core_file core = { .machine = vm->program->elf.arch->machine,
                              .threads = parts->thread,
                              .ranges = parts->range,
                              .entry = vm->program->elf.entry };
    int err = vm->lost ? VT_ERR_POISONED : add_vcpus(vm, parts);

    core.thread_count = parts->threads;
    if (err != VT_OK) {
        return err;
    }
    core.range_count = add_regions(vm, parts->range);
    core.range_count += add_maps(&vm->maps, parts->range + core.range_count);
    core.range_count += add_stacks(vm, parts->range + core.range_count);
    err = corefile_write(&core, fd);
    if (err == 0) {
        return VT_OK;
    }
    errno = -err;
    return err == -ENOMEM ? VT_ERR_NO_MEMORY : log_errno(&vm->log, "write of the core");
}

int vt_core_dump(struct vt_vm *vm, int fd)
{
    struct core_parts *parts;
    bool is_mine = vm != NULL && vm_in_callback(vm);
    int err = is_mine ? VT_OK : vm_enter(vm);

    if (err != VT_OK) {
        return err;
    }
    if (is_mine && vm->vcpu_count > 1) {
        gang_pause(vm);
    }
    parts = sys_alloc(sizeof(*parts));
    err = parts == NULL ? VT_ERR_NO_MEMORY : dump(vm, fd, parts);
    sys_free(parts);
    if (is_mine && vm->vcpu_count > 1) {
        gang_go_on(vm);
    }
    if (!is_mine) {
        vm_leave(vm);
    }
    return err;
}
