/* SPDX-License-Identifier: Apache-2.0 */
/* What a jailed process may ask of KVM on x86_64: nothing that makes a VM or a descriptor. */
#include "cli/jail.h"

#include <linux/kvm.h>

#include "lib/field.h"

const uint64_t jail_requests[] = {
    KVM_CLEAR_DIRTY_LOG,
    KVM_GET_DEBUGREGS,
    KVM_GET_DEVICE_ATTR,
    KVM_GET_DIRTY_LOG,
    KVM_GET_FPU,
    KVM_GET_MSRS,
    KVM_GET_REGS,
    KVM_GET_SREGS,
    KVM_GET_VCPU_EVENTS,
    KVM_GET_XCRS,
    KVM_GET_XSAVE,
    KVM_INTERRUPT,
    KVM_RUN,
    KVM_SET_DEBUGREGS,
    KVM_SET_FPU,
    KVM_SET_GUEST_DEBUG,
    KVM_SET_MSRS,
    KVM_SET_REGS,
    KVM_SET_SIGNAL_MASK,
    KVM_SET_SREGS,
    KVM_SET_VCPU_EVENTS,
    KVM_SET_XCRS,
    KVM_SET_XSAVE,
    KVM_TRANSLATE,
};

const size_t jail_request_count = ARRAY_COUNT(jail_requests);
