/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of a vCPU that a guest can change: of all that KVM lists, those that it takes back.
 * A restore must bring back each, so the list is KVM's and not one of ours.
 */
#include "host/kvm.h"

#include <string.h>

#include "abi/uvm.h"
#include "kvm_core.h"
#include "host/paging.h"
#include "host/sys.h"
#include "lib/field.h"

#define LIST_MAX 2048u

FIELD(REG_KIND, 16, 12);
FIELD(REG_SIZE, 52, 4); /* log2 of its bytes */
FIELD(SYS_OP0, 14, 2);
FIELD(SYS_OP1, 11, 3);
FIELD(SYS_CRN, 7, 4);
FIELD(SYS_CRM, 3, 4);

#define KIND(x) ((x) >> KVM_REG_ARM_COPROC_SHIFT)

#define TCR_IPS_40_BITS (UINT64_C(2) << 32)

/* What abi/uvm.h says of first entry, but for the image's own. */
static const struct {
    uint64_t id, value;
} starts[] = {
    { ARM64_SYS_REG(3, 0, 1, 0, 0), UVM_A64_SCTLR },
    { ARM64_SYS_REG(3, 0, 1, 0, 2), UVM_A64_CPACR },
    { ARM64_SYS_REG(3, 0, 2, 0, 0), PAGING_ROOT }, /* TTBR0_EL1 */
    { ARM64_SYS_REG(3, 0, 2, 0, 2), UVM_A64_TCR | TCR_IPS_40_BITS },
    { ARM64_SYS_REG(3, 0, 10, 2, 0), UVM_A64_MAIR },
    { ARM64_SYS_REG(3, 0, 14, 1, 0), UVM_A64_CNTKCTL },
    { KVM_CORE_ID(regs.regs[0]), UVM_INFO_GVA },
    { KVM_CORE_ID(regs.pstate), UVM_A64_PSTATE },
    { KVM_CORE_ID(sp_el1), UVM_STACK0_TOP },
};

unsigned kvm_reg_words(uint64_t id)
{
    return get(REG_SIZE, id) > 3 ? 2 : 1;
}

/*
 * Identification registers, of which a guest's writes change none, and counters: time goes on over
 * a restore.
 */
static bool is_for_guests(uint64_t id)
{
    bool is_selector = id == ARM64_SYS_REG(3, 2, 0, 0, 0); /* CSSELR_EL1 */

    if (get(REG_KIND, id) == KIND(KVM_REG_ARM_CORE)) {
        return true;
    }
    if (get(REG_KIND, id) != KIND(KVM_REG_ARM64_SYSREG) || id == KVM_REG_ARM_TIMER_CNT ||
        id == KVM_REG_ARM_PTIMER_CNT) {
        return false;
    }
    return get(SYS_OP0, id) != 3 || get(SYS_CRN, id) != 0 || is_selector;
}

static const uint64_t *start_of(uint64_t id)
{
    for (size_t i = 0; i < ARRAY_COUNT(starts); i++) {
        if (starts[i].id == id) {
            return &starts[i].value;
        }
    }
    return NULL;
}

/* Not through kvm_set_reg(): that it fails says something. */
static bool is_taken(const struct be_vcpu *vcpu, uint64_t id, const uint64_t *value)
{
    struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

    return sys_ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) == 0;
}

/* 0 at first entry, where KVM takes it; a register that has no start value of ours stays. */
static int add(struct be_host *host, struct be_vcpu *vcpu, uint64_t id)
{
    static const uint64_t zero[2];
    unsigned words = kvm_reg_words(id);
    uint64_t *reset = &host->reset[host->word_count];
    uint64_t *start = &host->start[host->word_count];
    const uint64_t *given = start_of(id);
    int err;

    if (host->reg_count == KVM_REG_MAX || host->word_count + words > KVM_REG_WORDS) {
        log_print(vcpu->log, VT_LOG_ERROR, "this KVM has more registers than are supported");
        return VT_ERR_NO_BACKEND;
    }
    err = kvm_get_reg(vcpu, id, reset);
    if (err != VT_OK || !is_taken(vcpu, id, reset)) {
        return err;
    }
    memcpy(start, reset, words * sizeof(*start));
    if (given != NULL) {
        *start = *given;
    } else if (is_taken(vcpu, id, zero)) {
        memset(start, 0, words * sizeof(*start));
    }
    host->reg[host->reg_count++] = id;
    host->word_count += words;
    return VT_OK;
}

int kvm_find_regs(struct be_host *host, struct be_vcpu *vcpu)
{
    uint64_t *list = sys_alloc((1 + LIST_MAX) * sizeof(*list)); /* struct kvm_reg_list */
    int err = VT_OK;

    if (list == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    list[0] = LIST_MAX;
    err = KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_REG_LIST, list);
    for (uint64_t i = 1; err == VT_OK && i <= list[0]; i++) {
        if (is_for_guests(list[i])) {
            err = add(host, vcpu, list[i]);
        }
    }
    sys_free(list);
    return err;
}
