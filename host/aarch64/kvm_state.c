/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a KVM vCPU: building, reading, writing all of them. Off the path of calls. */
#include "host/kvm.h"

#include <string.h>

#include "abi/uvm.h"
#include "host/sys.h"
#include "kvm_core.h"
#include "lib/field.h"

#define VECTORS 32u

FIELD(PSTATE_SPSEL, 0, 1);
FIELD(PSTATE_EL, 2, 2);

#define SYS_TTBR0_EL1 ARM64_SYS_REG(3, 0, 2, 0, 0)
#define SYS_VBAR_EL1  ARM64_SYS_REG(3, 0, 12, 0, 0)

int kvm_get_reg(struct be_vcpu *vcpu, uint64_t id, void *value)
{
    struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

    return KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_ONE_REG, &reg);
}

int kvm_set_reg(struct be_vcpu *vcpu, uint64_t id, const void *value)
{
    struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

    return KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_ONE_REG, &reg);
}

/* ---- All of them ---- */

static void set_start(const struct be_host *host, struct be_state *s, uint64_t id, uint64_t value)
{
    unsigned at = 0;

    for (unsigned i = 0; i < host->reg_count; i++) {
        if (host->reg[i] == id) {
            s->value[at] = value;
        }
        at += kvm_reg_words(host->reg[i]);
    }
}

int kvm_start(const struct be_host *host, const struct elf_image *image, struct be_state **out)
{
    struct be_state *s = sys_alloc(sizeof(*s));

    if (s == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    s->initial = true;
    memcpy(s->value, host->start, sizeof(s->value));
    set_start(host, s, KVM_CORE_ID(regs.pc), image->entry);
    set_start(host, s, SYS_VBAR_EL1, image->vectors);
    *out = s;
    return VT_OK;
}

int kvm_start_other(const struct be_host *host, const struct elf_image *image,
                    const struct be_entry *entry, struct be_state **out)
{
    struct be_state *s;
    int err = kvm_start(host, image, &s);

    if (err != VT_OK) {
        return err;
    }
    set_start(host, s, KVM_CORE_ID(regs.pc), entry->pc);
    set_start(host, s, KVM_CORE_ID(regs.pstate), UVM_A64_EL0);
    set_start(host, s, KVM_CORE_ID(regs.sp), entry->sp);
    set_start(host, s, KVM_CORE_X(0), entry->arg[0]);
    set_start(host, s, KVM_CORE_X(1), entry->arg[1]);
    set_start(host, s, SYS_TTBR0_EL1, entry->root);
    *out = s;
    return VT_OK;
}

void kvm_state_free(struct be_state *state)
{
    sys_free(state);
}

int kvm_finish(struct be_vcpu *vcpu)
{
    int err = vcpu->unsettled ? kvm_settle(vcpu) : VT_OK;

    vcpu->unsettled = vcpu->unsettled && err != VT_OK;
    return err;
}

int kvm_save(struct be_vcpu *vcpu, struct be_state **out)
{
    struct be_state *s = sys_alloc(sizeof(*s));
    uint64_t *value = s == NULL ? NULL : s->value;
    int err;

    if (s == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    err = kvm_settle(vcpu);
    for (unsigned i = 0; i < vcpu->host->reg_count && err == VT_OK; i++) {
        err = kvm_get_reg(vcpu, vcpu->host->reg[i], value);
        value += kvm_reg_words(vcpu->host->reg[i]);
    }
    if (err != VT_OK) {
        sys_free(s);
        return err;
    }
    *out = s;
    return VT_OK;
}

/* A new vCPU has some of it anyway. */
int kvm_load(struct be_vcpu *vcpu, const struct be_state *state)
{
    const struct be_host *host = vcpu->host;
    int err = kvm_finish(vcpu); /* or pc would move later */
    unsigned at = 0;

    err = err == VT_OK ? kvm_interrupt_line(vcpu, false) : err;
    for (unsigned i = 0; i < host->reg_count && err == VT_OK; i++) {
        unsigned words = kvm_reg_words(host->reg[i]);
        const uint64_t *value = &state->value[at];

        if (!vcpu->pristine || memcmp(value, &host->reset[at], words * sizeof(*value)) != 0) {
            err = kvm_set_reg(vcpu, host->reg[i], value);
        }
        at += words;
    }
    vcpu->pristine = false;
    return err;
}

/* ---- Some of them ---- */

int kvm_get_regs(struct be_vcpu *vcpu, struct be_regs *out)
{
    bool own_stack;
    int err = kvm_get_reg(vcpu, KVM_CORE_ID(regs.pc), &out->pc);

    err = err == VT_OK ? kvm_get_reg(vcpu, KVM_CORE_ID(regs.pstate), &out->flags) : err;
    for (unsigned i = 0; i < FAULT_GPRS - 1 && err == VT_OK; i++) {
        err = kvm_get_reg(vcpu, KVM_CORE_X(i), &out->gpr[i]);
    }
    own_stack = get(PSTATE_EL, out->flags) != 0 && get(PSTATE_SPSEL, out->flags) != 0;
    return err == VT_OK ? kvm_get_reg(vcpu, own_stack ? KVM_CORE_ID(sp_el1) : KVM_CORE_ID(regs.sp),
                                      &out->gpr[FAULT_GPRS - 1])
                        : err;
}

int kvm_get_sys(struct be_vcpu *vcpu, uint64_t sys[FAULT_SYS])
{
    static const uint64_t ids[FAULT_SYS] = {
        [FAULT_TPIDR_EL0] = ARM64_SYS_REG(3, 3, 13, 0, 2),
        [FAULT_TPIDRRO_EL0] = ARM64_SYS_REG(3, 3, 13, 0, 3),
        [FAULT_SCTLR_EL1] = ARM64_SYS_REG(3, 0, 1, 0, 0),
        [FAULT_TTBR0_EL1] = SYS_TTBR0_EL1,
        [FAULT_TCR_EL1] = ARM64_SYS_REG(3, 0, 2, 0, 2),
        [FAULT_CPACR_EL1] = ARM64_SYS_REG(3, 0, 1, 0, 2),
        [FAULT_MAIR_EL1] = ARM64_SYS_REG(3, 0, 10, 2, 0),
        [FAULT_VBAR_EL1] = SYS_VBAR_EL1,
    };
    int err = VT_OK;

    for (unsigned i = 0; i < FAULT_SYS && err == VT_OK; i++) {
        err = kvm_get_reg(vcpu, ids[i], &sys[i]);
    }
    return err;
}

/* struct user_fpsimd_state is a part of KVM's own. */
int kvm_get_fp(struct be_vcpu *vcpu, void *buf, size_t size)
{
    struct user_fpsimd_state fp = { .fpsr = 0 };
    int err = kvm_get_reg(vcpu, KVM_CORE_FPSR, &fp.fpsr);

    err = err == VT_OK ? kvm_get_reg(vcpu, KVM_CORE_FPCR, &fp.fpcr) : err;
    for (unsigned i = 0; i < VECTORS && err == VT_OK; i++) {
        err = kvm_get_reg(vcpu, KVM_CORE_V(i), &fp.vregs[i]);
    }
    memcpy(buf, &fp, size < sizeof(fp) ? size : sizeof(fp));
    return err;
}
