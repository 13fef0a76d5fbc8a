/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts without KVM's interrupt controllers: the vCPU's IRQ input, by KVM_IRQ_LINE
 * (Documentation/virt/kvm/api.rst). Time is the physical counter, to which KVM adds nothing: the
 * virtual one starts anew for all vCPUs whenever one is created.
 */
#include "host/kvm.h"

#include "lib/field.h"

FIELD(LINE_NUMBER, 0, 16);
FIELD(LINE_VCPU, 16, 8);
FIELD(LINE_TYPE, 24, 4);

int kvm_interrupt_line(struct be_vcpu *vcpu, bool up)
{
    struct kvm_irq_level level = {
        .irq = (uint32_t)(put(LINE_TYPE, KVM_ARM_IRQ_TYPE_CPU) | put(LINE_VCPU, vcpu->id) |
                          put(LINE_NUMBER, KVM_ARM_IRQ_CPU_IRQ)),
        .level = up,
    };
    int err = VT_OK;

    if (vcpu->line_up != up) {
        err = KVM_CALL(vcpu->log, vcpu->vm_fd, KVM_IRQ_LINE, &level);
        vcpu->line_up = err == VT_OK ? up : vcpu->line_up;
    }
    return err;
}

/* Of programs, and the same as the physical one: the kernel has no offset for them. */
uint64_t kvm_ticks(void)
{
    uint64_t value;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
}

int kvm_tick_offset(struct be_vcpu *vcpu, uint64_t *offset)
{
    (void)vcpu;
    *offset = 0;
    return VT_OK;
}
