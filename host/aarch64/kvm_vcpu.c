/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM on aarch64 does its own way: set-up of vCPUs, exits. */
#include "host/kvm.h"

#include "host/layout.h"
#include "host/sys.h"
#include "lib/field.h"

FIELD(ISS_WRITE, 6, 1);
FIELD(PAGE_OFFSET, 0, 12);

uintptr_t kvm_arch_vm_type(const struct be_host *host)
{
    return host->vm_type;
}

/* Without it, an access to no memory that KVM can't decode ends KVM_RUN with ENOSYS. */
int kvm_arch_vm_init(struct be_vm *vm)
{
    struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_NISV_TO_USER };

    return KVM_CALL(vm->log, vm->fd, KVM_ENABLE_CAP, &cap);
}

int kvm_arch_vcpu_init(struct be_vm *vm, struct be_vcpu *vcpu)
{
    struct kvm_vcpu_init init;
    int err = KVM_CALL(vm->log, vm->fd, KVM_ARM_PREFERRED_TARGET, &init);

    return err == VT_OK ? KVM_CALL(vm->log, vcpu->fd, KVM_ARM_VCPU_INIT, &init) : err;
}

/* ---- Exits ---- */

/* The two pages of abi/uvm.h by which a guest leaves. */
static bool is_exit_page(uint64_t gpa, uint64_t page)
{
    return gpa - LAYOUT_DEVICE_GPA - page < SIZE_4K;
}

static uint16_t port_of(uint64_t gpa)
{
    return (uint16_t)(get(PAGE_OFFSET, gpa) / sizeof(uint64_t));
}

static void exit_mmio(const struct kvm_run *run, struct be_event *event)
{
    uint64_t gpa = run->mmio.phys_addr;

    event->exit = BE_EXIT_MMIO;
    event->address = gpa;
    event->write = run->mmio.is_write != 0;
    if (event->write && is_exit_page(gpa, UVM_EXIT_USER_GVA)) {
        event->exit = BE_EXIT_PORT;
        event->port = port_of(gpa) == UVM_PORT_IRQ ? UVM_PORT_IRQ : UVM_PORT_GATE;
    } else if (event->write && is_exit_page(gpa, UVM_EXIT_GVA)) {
        event->exit = BE_EXIT_PORT;
        event->port = port_of(gpa);
    } else if (is_exit_page(gpa, UVM_EXIT_USER_GVA) || is_exit_page(gpa, UVM_EXIT_GVA)) {
        event->address = gpa - LAYOUT_DEVICE_GPA;
    }
}

static void exit_unknown_access(const struct kvm_run *run, struct be_event *event)
{
    event->exit = BE_EXIT_MMIO;
    event->address = run->arm_nisv.fault_ipa;
    event->write = get(ISS_WRITE, run->arm_nisv.esr_iss) != 0;
}

void kvm_arch_exit(struct be_vcpu *vcpu, struct be_event *event)
{
    const struct kvm_run *run = vcpu->run;

    if (run->exit_reason == KVM_EXIT_MMIO) {
        exit_mmio(run, event);
        vcpu->unsettled = true; /* the next KVM_RUN moves pc behind the access */
    } else if (run->exit_reason == KVM_EXIT_ARM_NISV) {
        exit_unknown_access(run, event);
    }
}
