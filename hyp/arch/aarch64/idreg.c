/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of identification registers by the guest; must never show a field that nobody examined. */
#include "idreg.h"

#include "hw.h"

/* x with the field lowered to `max` where it is more. */
#define at_most(name, x, max) (get(name, (x)) > (max) ? with(name, (x), (max)) : (x))

static bool answer(struct reg_access *access, uint64_t value)
{
    access->value = value;
    return true;
}

static uint64_t shown(const struct reg_row *row, uint64_t machine)
{
    return (machine & row->mask) | row->value;
}

bool idreg_pfr0(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    uint64_t value = shown(row, rd_id_aa64pfr0_el1());

    (void)vcpu;
    value = at_most(ID_PFR0_GIC, value, ID_GIC_MAX);
    return answer(access, at_most(ID_PFR0_CSV2, value, ID_CSV2_MAX));
}

bool idreg_pfr1(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    return answer(access, shown(row, rd_id_aa64pfr1_el1()));
}

bool idreg_dfr0(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    return answer(access, shown(row, rd_id_aa64dfr0_el1()));
}

bool idreg_isar0(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    return answer(access, shown(row, rd_id_aa64isar0_el1()));
}

bool idreg_isar1(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    return answer(access, shown(row, rd_id_aa64isar1_el1()));
}

bool idreg_isar2(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    return answer(access, shown(row, rd_id_aa64isar2_el1()));
}

/* The granules are compared, not limited: 0xf is "not implemented". */
bool idreg_mmfr0(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    uint64_t value = shown(row, rd_id_aa64mmfr0_el1());

    (void)vcpu;
    value = at_most(ID_MMFR0_PARANGE, value, ID_PARANGE_40);
    if (get(ID_MMFR0_GRAN16, value) == ID_GRAN16_LPA2) {
        value = with(ID_MMFR0_GRAN16, value, 1);
    }
    if (get(ID_MMFR0_GRAN4, value) == ID_GRAN4_LPA2) {
        value = with(ID_MMFR0_GRAN4, value, 0);
    }
    return answer(access, value);
}

bool idreg_mmfr1(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    uint64_t value = shown(row, rd_id_aa64mmfr1_el1());

    (void)vcpu;
    return answer(access, at_most(ID_MMFR1_HAFDBS, value, ID_HAFDBS_MAX));
}

bool idreg_mmfr2(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    return answer(access, shown(row, rd_id_aa64mmfr2_el1()));
}
