/* SPDX-License-Identifier: Apache-2.0 */
/* Life of micro-VMs and what is known about one without running it. */
#include "host/vm.h"

#include <string.h>

#include "host/config.h"
#include "host/debug.h"
#include "host/signature.h"
#include "host/sys.h"

/* ---- One user at a time ---- */

static _Thread_local char self;

uintptr_t vm_self(void)
{
    return (uintptr_t)&self;
}

/* `busy` is no part of what const promises: whoever holds a const pointer may still be second. */
static struct vt_vm *lockable(const struct vt_vm *vm)
{
    return (struct vt_vm *)(uintptr_t)vm;
}

int vm_enter(const struct vt_vm *vm)
{
    if (vm == NULL) {
        return VT_ERR_INVALID;
    }
    return atomic_exchange(&lockable(vm)->busy, true) ? VT_ERR_BUSY : VT_OK;
}

void vm_leave(const struct vt_vm *vm)
{
    atomic_store(&lockable(vm)->busy, false);
}

void vm_callback_begin(struct vt_vm *vm)
{
    atomic_store(&vm->callback_thread, vm_self());
}

void vm_callback_end(struct vt_vm *vm)
{
    atomic_store(&vm->callback_thread, 0);
}

bool vm_in_callback(const struct vt_vm *vm)
{
    return atomic_load(&lockable(vm)->callback_thread) == vm_self();
}

/* ---- Life ---- */

static int take_config(struct vt_vm *vm, const struct vt_cfg *cfg, const struct log *log)
{
    int signal = cfg->kick_signal == 0 ? SIGURG : cfg->kick_signal;
    sigset_t set;

    (void)sigemptyset(&set);
    if (cfg->vcpus > UVM_VCPUS_MAX || signal == SIGKILL || signal == SIGSTOP ||
        sigaddset(&set, signal) != 0) {
        return VT_ERR_INVALID;
    }
    budget_init(&vm->budget, signal);
    gang_init(&vm->gang);
    vm->budget.limit[BUDGET_WALL] = cfg->wall_ns;
    vm->budget.limit[BUDGET_CPU] = cfg->cpu_ns;
    vm->budget.share = cfg->vcpus == 0 ? 1 : cfg->vcpus;
    vm->fault = cfg->fault;
    vm->fault_ctx = cfg->fault_ctx;
    vm->log.fn = cfg->log != NULL ? cfg->log : log->fn;
    vm->log.ctx = cfg->log != NULL ? cfg->log_ctx : log->ctx;
    vm->log.vm = vm;
    return VT_OK;
}

static int make_info(struct vt_vm *vm)
{
    const struct layout *l = &vm->program->layout;
    const struct be_caps *caps = vm->ops->caps(vm->backend->host);
    const struct uvm_info info = {
        .magic = UVM_INFO_MAGIC,
        .version = UVM_INFO_VERSION,
        .size = sizeof(info),
        .flags = (caps->native && caps->cpu.xcr0 != 0 ? UVM_FLAG_XSAVE : 0) |
                 (caps->cpu.fsgsbase ? (uint32_t)UVM_FLAG_FSGSBASE : 0),
        .vcpu_count = vm->vcpu_count,
        .vcpu_id = vm->first.id,
        .ram_size = l->ram_size,
        .image_gva = l->image,
        .image_size = l->image_size,
        .heap_gva = l->heap,
        .heap_size = l->heap_size,
        .call_size = l->call_size,
        .stack_top = l->stack_top,
        .stack_limit = l->stack_limit,
        .stack_guard = LAYOUT_GUARD_SIZE,
        .stack_pte = vm->program->paging.stack_pte,
        .xsave_gva = caps->xsave_size != 0 ? LAYOUT_XSAVE_GVA : 0,
        .xsave_size = caps->xsave_size,
        .xsave_mask = caps->cpu.xcr0,
    };

    vm->info = info;
    if (sys_random(vm->info.seed, sizeof(vm->info.seed)) != 0) {
        return log_errno(&vm->log, "getrandom");
    }
    memcpy(vm->ram + UVM_INFO_GVA, &vm->info, sizeof(vm->info));
    return VT_OK;
}

static int make_memory(struct vt_vm *vm, struct template *memory)
{
    vm->base = template_get(memory);
    vm->ram_size = memory->size;
    vm->age = sys_alloc(memory->size / SIZE_4K);
    if (vm->age == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    vm->ram = template_map(memory, NULL);
    vm->first.low = vm->ram;
    vm->paging.ram = vm->ram;
    return vm->ram == NULL ? log_errno(&vm->log, "mmap of a micro-VM's memory") : make_info(vm);
}

static int make_functions(struct vt_vm *vm)
{
    vm->hostfn = sys_alloc((vm->program->import_count + 1) * sizeof(*vm->hostfn));
    return vm->hostfn == NULL ? VT_ERR_NO_MEMORY : VT_OK;
}

static int make(struct vt_vm *vm, const struct vm_origin *from)
{
    struct be_cfg be = { .log = &vm->log };
    int err = make_functions(vm);

    err = err == VT_OK ? vcpu_make_others(vm, vm->vcpu_count) : err;
    err = err == VT_OK ? make_memory(vm, from->memory) : err;
    if (err == VT_OK) {
        be.host = vm->backend->host;
        be.ram = vm->ram;
        be.ram_size = vm->ram_size;
        err = vm->ops->create(&be, &vm->be);
    }
    err = err == VT_OK ? vm->ops->vcpu_create(vm->be, vm->first.id, &vm->first.be) : err;
    return err == VT_OK ? vm->ops->load(vm->first.be, from->state) : err;
}

int vm_create(const struct vm_origin *from, const struct vt_cfg *cfg, struct vt_vm **out)
{
    struct vt_vm *vm = sys_alloc(sizeof(*vm));
    int err;

    if (vm == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    err = take_config(vm, cfg, from->log);
    if (err != VT_OK) {
        sys_free(vm);
        return err;
    }
    vm->program = program_get(from->program);
    vm->backend = from->backend;
    vm->first.vm = vm;
    vm->serving = &vm->first;
    vm->ops = from->backend->ops;
    vm->vcpu_count = vm->budget.share;
    vm->paging = *from->paging;
    irq_init(vm, cfg);
    err = make(vm, from);
    err = err == VT_OK && cfg->vcpus_now ? vcpu_prepare_others(vm) : err;
    if (err != VT_OK) {
        vt_destroy(vm);
        return err;
    }
    *out = vm;
    return VT_OK;
}

int vt_create(const struct vt_image *image, const struct vt_cfg *cfg, struct vt_vm **out)
{
    struct vm_origin from = { 0 };
    struct vt_cfg copy;
    int err = config_copy(&copy, sizeof(copy), cfg);

    if (err != VT_OK || image == NULL || out == NULL) {
        return err != VT_OK ? err : VT_ERR_INVALID;
    }
    from.program = image->program;
    from.log = &image->log;
    from.memory = image->program->memory;
    from.paging = &image->program->paging;
    err = program_backend(image->program, &image->log, copy.backend, &from.backend);
    if (err != VT_OK) {
        return err;
    }
    from.state = from.backend->start;
    return vm_create(&from, &copy, out);
}

void vt_destroy(struct vt_vm *vm)
{
    if (vm == NULL) {
        return;
    }
    debug_destroy(vm);
    vcpu_destroy_others(vm);
    if (vm->first.be != NULL) {
        vm->ops->vcpu_destroy(vm->first.be);
    }
    if (vm->be != NULL) {
        vm->ops->destroy(vm->be);
    }
    if (vm->ram != NULL) {
        sys_munmap(vm->ram, vm->ram_size);
    }
    budget_destroy(&vm->budget);
    gang_destroy(&vm->gang);
    irq_destroy(vm);
    template_put(vm->base);
    map_set_clear(&vm->maps);
    sys_free(vm->age);
    sys_free(vm->hostfn);
    sys_free(vm->copy);
    program_put(vm->program);
    sys_free(vm);
}

/* ---- Functions and settings ---- */

int vt_find(const struct vt_vm *vm, const char *name, unsigned *index)
{
    const struct program *p;
    unsigned i;

    if (vm == NULL || name == NULL || index == NULL) {
        return VT_ERR_INVALID;
    }
    p = vm->program;
    i = program_find(p->exports, p->export_count, name);
    if (i == p->export_count) {
        return VT_ERR_NO_FUNCTION;
    }
    *index = i;
    return VT_OK;
}

call_signature vt_export(const struct vt_vm *vm, unsigned index, const char **name)
{
    if (vm == NULL || index >= vm->program->export_count) {
        return 0;
    }
    if (name != NULL) {
        *name = vm->program->exports[index].name;
    }
    return vm->program->exports[index].signature;
}

int vt_register(struct vt_vm *vm, const char *name, call_signature signature, vt_host_fn fn,
                void *ctx)
{
    const struct program *p;
    unsigned i;
    int err;

    if (name == NULL || fn == NULL || !signature_is_valid(signature)) {
        return VT_ERR_INVALID;
    }
    err = vm_enter(vm);
    if (err != VT_OK) {
        return err;
    }
    p = vm->program;
    i = program_find(p->imports, p->import_count, name);
    if (i < p->import_count && p->imports[i].signature != signature) {
        err = VT_ERR_SIGNATURE;
    } else if (i < p->import_count) {
        vm->hostfn[i].fn = fn;
        vm->hostfn[i].ctx = ctx;
    }
    vm_leave(vm);
    return err;
}

int vt_set_budget(struct vt_vm *vm, uint64_t wall_ns, uint64_t cpu_ns)
{
    int err = vm_enter(vm);

    if (err == VT_OK) {
        vm->budget.limit[BUDGET_WALL] = wall_ns;
        vm->budget.limit[BUDGET_CPU] = cpu_ns;
        vm_leave(vm);
    }
    return err;
}

int vt_cancel(struct vt_vm *vm)
{
    if (vm == NULL) {
        return VT_ERR_INVALID;
    }
    budget_cancel(&vm->budget);
    return VT_OK;
}

const struct fault_record *vt_fault(const struct vt_vm *vm, unsigned *count)
{
    if (vm == NULL || vm->record_count == 0) {
        return NULL;
    }
    if (count != NULL) {
        *count = vm->record_count;
    }
    return vm->record;
}
