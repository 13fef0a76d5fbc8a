/* SPDX-License-Identifier: Apache-2.0 */
/* KVM's numbers of aarch64's core registers, those of struct kvm_regs. */
#ifndef HOST_AARCH64_KVM_CORE_H
#define HOST_AARCH64_KVM_CORE_H

#include <linux/kvm.h>
#include <stddef.h>

#define KVM_CORE_SIZED(member, size)                                                               \
    (KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE |                                                   \
     (offsetof(struct kvm_regs, member) / sizeof(__u32)))
#define KVM_CORE_ID(member) KVM_CORE_SIZED(member, KVM_REG_SIZE_U64)
#define KVM_CORE_V(n)       (KVM_CORE_SIZED(fp_regs.vregs[0], KVM_REG_SIZE_U128) + (n)*4u)
#define KVM_CORE_X(n)       (KVM_CORE_ID(regs.regs[0]) + (n)*2u)
#define KVM_CORE_FPSR       KVM_CORE_SIZED(fp_regs.fpsr, KVM_REG_SIZE_U32)
#define KVM_CORE_FPCR       KVM_CORE_SIZED(fp_regs.fpcr, KVM_REG_SIZE_U32)

#endif
