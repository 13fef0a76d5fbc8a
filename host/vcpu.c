/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other vCPUs than the first: what each has to itself, starting and stopping them at the guest's
 * request. Nothing of them is made before the guest first starts one. Nothing that the guest says
 * is trusted.
 */
#include "host/vm.h"

#include <string.h>

#include "host/debug.h"
#include "host/private.h"
#include "host/sys.h"

/* Within what is a vCPU's own: its lowest 2 MiB, a hole, its stack. */
#define STACK_AT (2 * SIZE_2M)

_Static_assert(STACK_AT + LAYOUT_STACK_MAX <= UVM_VCPU_STRIDE, "abi/uvm.h");
_Static_assert(LAYOUT_GUARD_SIZE <= SIZE_2M, "the hole is the guard");

static uint64_t stack_size(const struct vt_vm *vm)
{
    return vm->program->layout.stack_top - vm->program->layout.stack_limit;
}

static uint64_t own_size(const struct vt_vm *vm)
{
    return STACK_AT + stack_size(vm);
}

struct region vcpu_stack(const struct vcpu *vcpu)
{
    return (struct region){ .start = vcpu->own.gpa + STACK_AT,
                            .size = stack_size(vcpu->vm),
                            .perm = ELF_READ | ELF_WRITE | ELF_USER,
                            .name = "stack" };
}

bool vcpu_find_stack(const struct vt_vm *vm, uint64_t gva, struct region *out)
{
    uint64_t id = (gva - UVM_VCPU_GVA) / UVM_VCPU_STRIDE;
    const struct vcpu *vcpu;

    if (id == 0 || id >= vm->vcpu_count || !vm->others[id - 1].is_built) {
        return false;
    }
    vcpu = &vm->others[id - 1];
    *out = vcpu_stack(vcpu);
    if (gva < out->start) {
        *out = (struct region){ .start = out->start - LAYOUT_GUARD_SIZE,
                                .size = LAYOUT_GUARD_SIZE,
                                .name = "stack guard" };
    }
    return gva >= out->start && gva - out->start < out->size;
}

/* ---- Life ---- */

int vcpu_make_others(struct vt_vm *vm, unsigned count)
{
    const struct be_caps *caps = vm->ops->caps(vm->backend->host);

    if (count == 1) {
        return VT_OK;
    }
    if (vm->ops->start_other == NULL || caps->vcpu_max < count ||
        caps->mapping_max < MAP_MAX + count) {
        log_print(&vm->log, VT_LOG_ERROR, "%u vCPUs are more than this back end has", count);
        return VT_ERR_UNSUPPORTED;
    }
    vm->others = sys_alloc((count - 1) * sizeof(*vm->others));
    if (vm->others == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    for (unsigned id = 1; id < count; id++) {
        vm->others[id - 1].vm = vm;
        vm->others[id - 1].id = id;
    }
    return VT_OK;
}

void vcpu_destroy_others(struct vt_vm *vm)
{
    for (unsigned i = 0; vm->others != NULL && i + 1 < vm->vcpu_count; i++) {
        struct vcpu *vcpu = &vm->others[i];

        if (vcpu->be != NULL) {
            vm->ops->vcpu_destroy(vcpu->be);
        }
        if (vcpu->own.host != NULL) {
            sys_munmap(vcpu->own.host, own_size(vm));
        }
    }
    sys_free(vm->others);
    vm->others = NULL;
}

static int add_span(void *ctx, struct span span)
{
    *(uint64_t *)ctx += span.size;
    return VT_OK;
}

uint64_t vcpu_memory_others(const struct vt_vm *vm)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i + 1 < vm->vcpu_count; i++) {
        const struct private_walk walk = { .pagemap = vm->program->pagemap,
                                           .pid = vm->program->pagemap_pid,
                                           .base = vm->others[i].own.host,
                                           .size = own_size(vm),
                                           .fn = add_span,
                                           .ctx = &bytes };

        if (vm->others[i].is_built && private_each(&walk, &vm->log) != VT_OK) {
            return bytes;
        }
    }
    return bytes;
}

unsigned vcpu_count_on(const struct vt_vm *vm)
{
    unsigned count = 1;

    for (unsigned i = 0; i + 1 < vm->vcpu_count; i++) {
        count += vm->others[i].on;
    }
    return count;
}

int vcpu_finish_others(struct vt_vm *vm)
{
    int err = VT_OK;

    vm->first.has_event = false;
    for (unsigned i = 0; i + 1 < vm->vcpu_count && err == VT_OK; i++) {
        if (vm->others[i].be != NULL) {
            err = vm->ops->finish(vm->others[i].be);
        }
        vm->others[i].on = false;
        vm->others[i].has_event = false;
    }
    return err;
}

int vcpu_reset_others(struct vt_vm *vm)
{
    for (unsigned i = 0; i + 1 < vm->vcpu_count; i++) {
        struct vcpu *vcpu = &vm->others[i];

        if (vcpu->is_built && sys_forget(vcpu->own.host, own_size(vm)) != 0) {
            return log_errno(&vm->log, "madvise");
        }
        vcpu->is_built = false;
    }
    return VT_OK;
}

void vcpu_share_others(struct vt_vm *vm)
{
    for (unsigned i = 0; i + 1 < vm->vcpu_count; i++) {
        if (vm->others[i].on) {
            paging_share(&vm->paging, &vm->others[i].own);
        }
    }
}

/* ---- Starting ---- */

static int make_memory(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    const struct sys_map map = { .len = own_size(vm), .kind = SYS_MAP_FRESH };
    struct be_mapping mapping = {
        .slot = MAP_MAX + vcpu->id,
        .writable = true,
        .gpa = UVM_VCPU_GVA + vcpu->id * UVM_VCPU_STRIDE,
        .size = map.len,
        .host = sys_mmap(&map),
    };
    int err;

    if (mapping.host == NULL) {
        return log_errno(&vm->log, "mmap of a vCPU's memory");
    }
    err = vm->ops->map(vm->be, &mapping);
    if (err != VT_OK) {
        sys_munmap(mapping.host, map.len);
        return err;
    }
    vcpu->own.host = mapping.host;
    vcpu->own.gpa = mapping.gpa;
    vcpu->low = mapping.host;
    return VT_OK;
}

static int make_vcpu(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    sigset_t mask;
    int err = vm->ops->vcpu_create(vm->be, vcpu->id, &vcpu->be);

    if (err != VT_OK) {
        return err;
    }
    sys_thread_mask(vm->budget.signal, &mask);
    err = vm->ops->set_mask(vcpu->be, &mask);
    if (err != VT_OK) {
        vm->ops->vcpu_destroy(vcpu->be);
        vcpu->be = NULL;
    }
    return err;
}

/* What it has to itself, as vCPU 0's was when the image was loaded. */
static void build(struct vcpu *vcpu)
{
    const struct vt_vm *vm = vcpu->vm;
    const struct region stack = vcpu_stack(vcpu);
    struct uvm_info info = vm->info;

    info.vcpu_id = vcpu->id;
    info.stack_top = stack.start + stack.size;
    info.stack_limit = stack.start;
    info.stack_pte = 0; /* all pages are present */
    memcpy(vcpu->low + UVM_INFO_GVA, &info, sizeof(info));
    memcpy(vcpu->low + UVM_CPU_GVA, vm->program->memory->view + UVM_CPU_GVA, UVM_CPU_SIZE);
    vcpu->is_built = true;
}

/* As at first entry, whatever an earlier run has left. */
static int prepare(struct vcpu *vcpu, struct be_entry *entry)
{
    struct vt_vm *vm = vcpu->vm;
    const struct region stack = vcpu_stack(vcpu);

    if (paging_map_stack(&vm->paging, vcpu->id, &stack) != OK) {
        log_print(&vm->log, VT_LOG_ERROR, "no room for page tables of a vCPU's stack");
        return VT_ERR_TOO_BIG;
    }
    paging_touch_stack(&vm->paging, &vm->program->layout);
    if (!vcpu->is_built) {
        build(vcpu);
    }
    entry->root = paging_build_own(&vm->paging, &vm->program->layout, &vcpu->own);
    entry->sp = stack.start + stack.size;
    memcpy(vcpu->low + UVM_RUNTIME_GVA, vm->ram + UVM_RUNTIME_GVA, UVM_RUNTIME_SIZE);
    memset(vcpu->low + UVM_WORDS_GVA, 0, UVM_WORDS_SIZE);
    debug_tell(vcpu);
    memset(vcpu_call_area(vcpu), 0, sizeof(struct call_area));
    vcpu_call_area(vcpu)->size = (uint32_t)vm->program->layout.call_size;
    irq_reset_vcpu(vcpu);
    vcpu->in_data = 0;
    vcpu->not_emulated_pc = 0;
    vcpu->has_event = false;
    return VT_OK;
}

static int load(struct vcpu *vcpu, const struct be_entry *entry)
{
    struct vt_vm *vm = vcpu->vm;
    struct be_state *state = NULL;
    int err = vm->ops->finish(vcpu->be);

    if (err == VT_OK) {
        err = vm->ops->start_other(vm->backend->host, &vm->program->elf, entry, &state);
    }
    if (err == VT_OK) {
        err = vm->ops->load(vcpu->be, state);
        vm->ops->state_free(state);
    }
    return err;
}

static int make(struct vcpu *vcpu)
{
    int err = vcpu->own.host == NULL ? make_memory(vcpu) : VT_OK;

    return err == VT_OK && vcpu->be == NULL ? make_vcpu(vcpu) : err;
}

int vcpu_prepare_others(struct vt_vm *vm)
{
    int err = VT_OK;

    for (unsigned i = 0; i + 1 < vm->vcpu_count && err == VT_OK; i++) {
        err = make(&vm->others[i]);
    }
    return err;
}

static int start(struct vcpu *vcpu, struct be_entry *entry)
{
    int err = make(vcpu);

    err = err == VT_OK ? prepare(vcpu, entry) : err;
    err = err == VT_OK ? load(vcpu, entry) : err;
    return err == VT_OK ? gang_start(vcpu) : err;
}

/* ---- Requests ---- */

/* An argument of the request, and its result; the guest may change either at any time. */
static uint64_t argument(const struct vcpu *vcpu, unsigned n)
{
    return ((const volatile struct call_area *)vcpu_call_area(vcpu))->out.arg[n].bits;
}

static int answer(struct vcpu *vcpu, int64_t result)
{
    vcpu_call_area(vcpu)->out.ret.bits = (uint64_t)result;
    return RUN_AGAIN;
}

int vcpu_request_start(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    uint64_t id = argument(vcpu, 0);
    struct be_entry entry = { .pc = argument(vcpu, 1),
                              .arg = { argument(vcpu, 2), argument(vcpu, 3) } };

    if (id >= vm->vcpu_count) {
        return answer(vcpu, CALL_VCPU_INVALID);
    }
    if (vcpu_is_live(vm_vcpu(vm, (unsigned)id))) {
        return answer(vcpu, CALL_VCPU_ALREADY_ON);
    }
    if (start(vm_vcpu(vm, (unsigned)id), &entry) != VT_OK) {
        return answer(vcpu, CALL_VCPU_FAILED);
    }
    vm->metrics.vcpu_starts++;
    return answer(vcpu, 0);
}

int vcpu_request_off(struct vcpu *vcpu)
{
    if (vcpu->id == 0) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "vCPU 0 turned itself off within a call");
        return VT_ERR_GUEST;
    }
    vcpu->on = false;
    return RUN_AGAIN;
}

int vcpu_request_on(struct vcpu *vcpu)
{
    uint64_t id = argument(vcpu, 0);

    return answer(vcpu, id < vcpu->vm->vcpu_count && vcpu_is_live(vm_vcpu(vcpu->vm, (unsigned)id)));
}

int vcpu_request_yield(struct vcpu *vcpu)
{
    vcpu->wants_yield = true; /* with one vCPU there is nobody to wait for */
    return RUN_AGAIN;
}
