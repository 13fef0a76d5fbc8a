/* SPDX-License-Identifier: Apache-2.0 */
/* System register accesses by the table arch_regs[]; what has no row must never be accessible. */
#include "hyp/core/reg.h"

#include "hyp/arch.h"
#include "hyp/core/zone.h"

const struct reg_row *reg_find(const struct reg_row *rows, size_t count, uint32_t enc)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (enc < rows[middle].enc) {
            high = middle;
        } else if (enc > rows[middle].last) {
            low = middle + 1;
        } else {
            return &rows[middle];
        }
    }
    return NULL;
}

static bool access_undef(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    (void)row;
    (void)access;
    return false;
}

static bool access_raz_wi(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    (void)row;
    if (!access->write) {
        access->value = 0;
    }
    return true;
}

static bool access_ro(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    if (access->write) {
        return false;
    }
    access->value = row->value;
    return row->fn ? row->fn(vcpu, row, access) : true;
}

static bool access_rw(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    uint64_t *shadow = &vcpu->arch.shadow[row->slot];

    if (access->write) {
        *shadow = (*shadow & ~row->mask) | (access->value & row->mask);
    } else {
        access->value = *shadow;
    }
    return true;
}

static bool access_fn(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    return row->fn(vcpu, row, access);
}

/* By enum reg_kind. */
static bool (*const kinds[])(struct vcpu *vcpu, const struct reg_row *row,
                             struct reg_access *access) = {
    [REG_UNDEF] = access_undef, [REG_RAZ_WI] = access_raz_wi, [REG_RO] = access_ro,
    [REG_RW] = access_rw,       [REG_FN] = access_fn,
};

bool reg_access(struct vcpu *vcpu, struct reg_access *access)
{
    const struct reg_row *row = vcpu->reg_last;

    if (row == NULL || access->enc < row->enc || access->enc > row->last) {
        row = reg_find(arch_regs, arch_reg_count, access->enc);
        vcpu->reg_last = row;
    }
    return row ? kinds[row->kind](vcpu, row, access) : false;
}
