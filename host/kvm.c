/* SPDX-License-Identifier: Apache-2.0 */
/* Micro-VMs on KVM: life, memory, and the one place that enters a guest. */
#include "host/kvm.h"

#include <errno.h>
#include <string.h>

#include "host/sys.h"

/* A size that the kernel's structure for KVM_SET_SIGNAL_MASK has: its own 64 signals. */
#define KERNEL_SIGSET 8u

/* size: 0 takes it away. */
static int set_ram(struct be_vm *vm, uint64_t size)
{
    struct kvm_userspace_memory_region region = {
        .slot = 0,
        .guest_phys_addr = 0,
        .memory_size = size,
        .userspace_addr = (uintptr_t)vm->ram,
    };

    return KVM_CALL(vm->log, vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

void kvm_vcpu_destroy(struct be_vcpu *vcpu)
{
    if (vcpu->run != NULL) {
        sys_munmap(vcpu->run, vcpu->host->run_size);
    }
    if (vcpu->fd >= 0) {
        sys_close(vcpu->fd);
    }
    sys_free(vcpu);
}

static int open_vcpu(struct be_vm *vm, unsigned id, struct be_vcpu *vcpu)
{
    struct sys_map map = { .len = vm->host->run_size, .kind = SYS_MAP_SHARED };

    vcpu->fd = sys_ioctl(vm->fd, KVM_CREATE_VCPU, (void *)(uintptr_t)id);
    if (vcpu->fd < 0) {
        return log_errno(vm->log, "KVM_CREATE_VCPU");
    }
    map.fd = vcpu->fd;
    vcpu->run = sys_mmap(&map);
    if (vcpu->run == NULL) {
        return log_errno(vm->log, "mmap of the vCPU");
    }
    return kvm_arch_vcpu_init(vm, vcpu);
}

int kvm_vcpu_create(struct be_vm *vm, unsigned id, struct be_vcpu **out)
{
    struct be_vcpu *vcpu = sys_alloc(sizeof(*vcpu));
    int err;

    if (vcpu == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    vcpu->host = vm->host;
    vcpu->log = vm->log;
    vcpu->vm_fd = vm->fd;
    vcpu->id = id;
    vcpu->pristine = true;
    err = open_vcpu(vm, id, vcpu);
    if (err != VT_OK) {
        kvm_vcpu_destroy(vcpu);
        return err;
    }
    *out = vcpu;
    return VT_OK;
}

void kvm_destroy(struct be_vm *vm)
{
    if (vm->fd >= 0) {
        sys_close(vm->fd);
    }
    sys_free(vm);
}

int kvm_create(const struct be_cfg *cfg, struct be_vm **out)
{
    struct be_vm *vm = sys_alloc(sizeof(*vm));
    int err = VT_OK;

    if (vm == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    vm->host = cfg->host;
    vm->log = cfg->log;
    vm->ram = cfg->ram;
    vm->ram_size = cfg->ram_size;
    vm->fd = sys_ioctl(cfg->host->fd, KVM_CREATE_VM, (void *)kvm_arch_vm_type(cfg->host));
    if (vm->fd < 0) {
        err = log_errno(vm->log, "KVM_CREATE_VM");
    } else {
        err = kvm_arch_vm_init(vm);
        err = err == VT_OK ? set_ram(vm, vm->ram_size) : err;
    }
    if (err != VT_OK) {
        kvm_destroy(vm);
        return err;
    }
    *out = vm;
    return VT_OK;
}

int kvm_set_mask(struct be_vcpu *vcpu, const sigset_t *mask)
{
    uint32_t arg[1 + KERNEL_SIGSET / sizeof(uint32_t)] = { KERNEL_SIGSET }; /* kvm_signal_mask */

    memcpy(&arg[1], mask, KERNEL_SIGSET);
    return KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_SIGNAL_MASK, arg);
}

/* ---- Running ---- */

int kvm_run(struct be_vcpu *vcpu, struct be_event *event)
{
    bool unsettled = vcpu->unsettled;
    int ret = sys_ioctl(vcpu->fd, KVM_RUN, NULL);

    event->insn_len = 0;
    vcpu->unsettled = false;
    vcpu->at_rest = false;
    vcpu->run->request_interrupt_window = 0;
    if (ret < 0) {
        if (errno == EINTR || errno == EAGAIN) {
            event->exit = BE_EXIT_KICK;
            vcpu->at_rest = errno == EINTR;
            return VT_OK;
        }
        if (errno == EFAULT) { /* memory behind a mapping is gone: a file was cut off */
            event->exit = BE_EXIT_MMIO;
            event->address = 0;
            event->write = false;
            return VT_OK;
        }
        vcpu->unsettled = unsettled; /* it may have failed before it completed anything */
        return log_errno(vcpu->log, "KVM_RUN");
    }
    event->exit = BE_EXIT_OTHER;
    event->detail = vcpu->run->exit_reason;
    kvm_arch_exit(vcpu, event);
    vcpu->at_rest = event->exit == BE_EXIT_WINDOW;
    return VT_OK;
}

int kvm_settle(struct be_vcpu *vcpu)
{
    int ret;

    vcpu->run->immediate_exit = 1;
    ret = sys_ioctl(vcpu->fd, KVM_RUN, NULL);
    vcpu->run->immediate_exit = 0;
    if (ret < 0 && errno != EINTR && errno != EAGAIN) {
        return log_errno(vcpu->log, "KVM_RUN to settle");
    }
    return VT_OK;
}

/* ---- Memory ---- */

/* Only taking memory away makes KVM drop shadow page tables whose originals the host changed. */
int kvm_flush(struct be_vm *vm)
{
    (void)set_ram(vm, 0); /* fails when an earlier flush failed half-way */
    return set_ram(vm, vm->ram_size);
}

static int set_mapping(struct be_vm *vm, const struct be_mapping *m, uint64_t size)
{
    struct kvm_userspace_memory_region region = {
        .slot = m->slot,
        .flags = m->writable ? 0 : KVM_MEM_READONLY,
        .guest_phys_addr = m->gpa,
        .memory_size = size,
        .userspace_addr = (uintptr_t)m->host,
    };

    return KVM_CALL(vm->log, vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

int kvm_map(struct be_vm *vm, const struct be_mapping *mapping)
{
    return set_mapping(vm, mapping, mapping->size);
}

int kvm_unmap(struct be_vm *vm, const struct be_mapping *mapping)
{
    return set_mapping(vm, mapping, 0);
}

const struct be_caps *kvm_caps(const struct be_host *host)
{
    return &host->caps;
}

const struct be_ops kvm_ops = {
    .name = "kvm",
    .machine = KVM_ARCH_MACHINE,
    .open = kvm_open,
    .close = kvm_close,
    .caps = kvm_caps,
    .start = kvm_start,
    .start_other = kvm_start_other,
    .state_free = kvm_state_free,
    .create = kvm_create,
    .destroy = kvm_destroy,
    .vcpu_create = kvm_vcpu_create,
    .vcpu_destroy = kvm_vcpu_destroy,
    .run = kvm_run,
    .set_mask = kvm_set_mask,
    .settle = kvm_settle,
    .finish = kvm_finish,
    .get_regs = kvm_get_regs,
    .get_sys = kvm_get_sys,
    .save = kvm_save,
    .load = kvm_load,
    .get_fp = kvm_get_fp,
    .flush = kvm_flush,
    .map = kvm_map,
    .unmap = kvm_unmap,
    KVM_ARCH_OPS,
};
