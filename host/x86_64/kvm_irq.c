/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts without KVM's interrupt controllers: the vCPU's registers are changed while it stands
 * where an interrupt could come, which KVM tells (Documentation/virt/kvm/api.rst, KVM_RUN). Faster
 * than KVM_INTERRUPT where supervisor code is emulated, since none of it runs.
 */
#include "host/kvm.h"

#include <x86intrin.h>

#include "host/sys.h"

#define RFLAGS_START UINT64_C(0x202) /* IF and the bit that is always 1 */

/* The first time they are read; from then on each exit brings them along. */
static int get_regs(struct be_vcpu *vcpu, struct kvm_regs *regs)
{
    struct kvm_run *run = vcpu->run;

    if ((run->kvm_valid_regs & KVM_SYNC_X86_REGS) != 0) {
        *regs = run->s.regs.regs;
        return VT_OK;
    }
    run->kvm_valid_regs = vcpu->host->sync_regs ? KVM_SYNC_X86_REGS : 0;
    return KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_REGS, regs);
}

static int set_regs(struct be_vcpu *vcpu, struct kvm_regs *regs)
{
    struct kvm_run *run = vcpu->run;

    if (!vcpu->host->sync_regs) {
        return KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_REGS, regs);
    }
    run->s.regs.regs = *regs;
    run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    return VT_OK;
}

int kvm_interrupt(struct be_vcpu *vcpu, uint64_t entry, struct be_interrupted *was, bool *taken)
{
    struct kvm_regs regs;
    int err;

    if (!vcpu->at_rest || vcpu->run->ready_for_interrupt_injection == 0) {
        vcpu->run->request_interrupt_window = 1;
        *taken = false;
        return VT_OK;
    }
    err = get_regs(vcpu, &regs);
    if (err != VT_OK) {
        return err;
    }
    was->pc = regs.rip;
    was->flags = regs.rflags;
    regs.rip = entry;
    regs.rflags = RFLAGS_START;
    vcpu->at_rest = false;
    *taken = true;
    return set_regs(vcpu, &regs);
}

uint64_t kvm_ticks(void)
{
    return __rdtsc();
}

int kvm_tick_offset(struct be_vcpu *vcpu, uint64_t *offset)
{
    struct kvm_device_attr attr = { .group = KVM_VCPU_TSC_CTRL,
                                    .attr = KVM_VCPU_TSC_OFFSET,
                                    .addr = (uintptr_t)offset };

    return KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_DEVICE_ATTR, &attr);
}
