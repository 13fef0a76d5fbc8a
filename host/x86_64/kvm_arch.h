/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM keeps of x86_64: the host and the registers of a vCPU. For host/kvm.h. */
#ifndef HOST_X86_64_KVM_ARCH_H
#define HOST_X86_64_KVM_ARCH_H

#include <linux/kvm.h>

#include "host/backend.h"

#define KVM_ARCH_MACHINE 62 /* EM_X86_64 */

/* Operations that not every architecture has. */
#define KVM_ARCH_OPS                                                                               \
    .set_regs = kvm_set_regs, .inject = kvm_inject, .interrupt = kvm_interrupt,                    \
    .ticks = kvm_ticks, .tick_offset = kvm_tick_offset, .set_fp = kvm_set_fp

#define KVM_CPUID_MAX 256u
#define KVM_MSR_MAX   16u
#define KVM_MSR_WORDS (1 + 2 * KVM_MSR_MAX)
#define KVM_XSAVE_LEN 4096u /* what KVM_GET_XSAVE gives, whatever the machine has */

struct be_host {
    int fd; /* /dev/kvm */
    size_t run_size;
    bool sync_regs; /* registers can be set along with KVM_RUN */
    struct be_caps caps;
    unsigned msr_count; /* those that a guest can change and KVM lets us read and write */
    uint32_t msr[KVM_MSR_MAX];
    struct kvm_cpuid2 *cpuid;
};

struct be_state {
    bool initial; /* built, not saved: a new vCPU has most of it anyway */
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    struct kvm_vcpu_events events;
    struct kvm_debugregs debug;
    struct kvm_xcrs xcrs;
    uint64_t msrs[KVM_MSR_WORDS]; /* struct kvm_msrs with its entries */
    struct kvm_xsave xsave;
};

static inline struct kvm_msrs *kvm_msrs_of(struct be_state *s)
{
    return (struct kvm_msrs *)(void *)s->msrs;
}

/* kvm_trial.c: finds out by trying what no capability tells. */
int kvm_trial(struct be_host *host, const struct log *log);

#endif
