/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM keeps of aarch64: the host and the registers of a vCPU. For host/kvm.h. */
#ifndef HOST_AARCH64_KVM_ARCH_H
#define HOST_AARCH64_KVM_ARCH_H

#include <linux/kvm.h>

#include "host/backend.h"

#define KVM_ARCH_MACHINE 183 /* EM_AARCH64 */

/* Operations that not every architecture has. */
#define KVM_ARCH_OPS                                                                               \
    .interrupt_line = kvm_interrupt_line, .ticks = kvm_ticks, .tick_offset = kvm_tick_offset

#define KVM_REG_MAX   384u
#define KVM_REG_WORDS 512u

struct be_host {
    int fd; /* /dev/kvm */
    size_t run_size;
    uintptr_t vm_type; /* the width of guest-physical addresses */
    struct be_caps caps;
    /* Registers that a guest can change, as KVM numbers them, and what they are at first entry and
     * in a vCPU that KVM has just made, each of one or two words. */
    unsigned reg_count, word_count;
    uint64_t reg[KVM_REG_MAX];
    uint64_t start[KVM_REG_WORDS];
    uint64_t reset[KVM_REG_WORDS];
};

struct be_state {
    bool initial;                  /* built, not saved */
    uint64_t value[KVM_REG_WORDS]; /* of host->reg[] */
};

/* Register `id` from or to memory of its size. */
int kvm_get_reg(struct be_vcpu *vcpu, uint64_t id, void *value);
int kvm_set_reg(struct be_vcpu *vcpu, uint64_t id, const void *value);

/* Words that a register takes in struct be_state. */
unsigned kvm_reg_words(uint64_t id);

/* kvm_regs.c: fills reg, start and reset by trying on a vCPU that was just made. */
int kvm_find_regs(struct be_host *host, struct be_vcpu *vcpu);

#endif
