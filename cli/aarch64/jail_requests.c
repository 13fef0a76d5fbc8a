/* SPDX-License-Identifier: Apache-2.0 */
/* What a jailed process may ask of KVM on aarch64: nothing that makes a VM or a descriptor. */
#include "cli/jail.h"

#include <linux/kvm.h>

#include "lib/field.h"

const uint64_t jail_requests[] = {
    KVM_CLEAR_DIRTY_LOG, KVM_GET_DIRTY_LOG,   KVM_GET_ONE_REG,
    KVM_GET_VCPU_EVENTS, KVM_IRQ_LINE,        KVM_RUN,
    KVM_SET_ONE_REG,     KVM_SET_SIGNAL_MASK, KVM_SET_VCPU_EVENTS,
};

const size_t jail_request_count = ARRAY_COUNT(jail_requests);
