/* SPDX-License-Identifier: Apache-2.0 */
/* List registers (IHI 0069, 12.4): fields and access, shared by the files that use them. */
#ifndef HYP_ARCH_AARCH64_VLR_H
#define HYP_ARCH_AARCH64_VLR_H

#include "hw.h"
#include "vgic.h"

FIELD(LR_VINTID, 0, 32);
FIELD(LR_PINTID, 32, 13);
FIELD(LR_EOI, 41, 1); /* HW = 0: maintenance interrupt when the guest deactivates it */
FIELD(LR_PRIORITY, 48, 8);
FIELD(LR_GROUP, 60, 1);
FIELD(LR_HW, 61, 1);
FIELD(LR_STATE, 62, 2);

FIELD(HCR_EN, 0, 1);
FIELD(HCR_UIE, 1, 1);     /* maintenance while at most one list register is valid */
FIELD(HCR_LRENPIE, 2, 1); /* maintenance when the guest ends what is in none */
FIELD(HCR_NPIE, 3, 1);    /* maintenance while none is pending */

#define VLR_NONE VGIC_LR_MAX
#define VLR_EACH(i, rest)                                                                          \
    for (uint32_t rest_ = (rest), i = vlr_first(rest_); rest_ != 0;                                \
         rest_ &= rest_ - 1, i = vlr_first(rest_))

/* Lowest set bit; 32 when there is none. */
static inline uint32_t vlr_first(uint32_t bits)
{
    return bits == 0 ? 32 : (uint32_t)__builtin_ctz(bits);
}

/* List register n by number: they have no index of their own. */
uint64_t vlr_read(uint32_t n);
void vlr_write(uint32_t n, uint64_t value);

/* List registers in use. The barrier: one may have been written since the guest was left. */
static inline uint32_t vlr_busy(const struct vgic_cpu *v)
{
    isb();
    return v->lr_mask & ~(uint32_t)rd_ich_elrsr_el2();
}

/* Software state behind an INTID. */
struct vlr_spot {
    uint32_t n, bit; /* word and mask in it */
    struct vgic_word *word;
};

static inline struct vlr_spot vlr_spot(struct vcpu *vcpu, uint32_t intid)
{
    uint32_t n = (uint32_t)get(INTID_WORD, intid);

    return (struct vlr_spot){ n, BIT32(get(INTID_BIT, intid)), vgic_word_at(vcpu, n) };
}

static inline uint64_t vlr_value(const struct vgic_word *word, uint32_t intid)
{
    uint64_t index = get(INTID_BIT, intid);
    uint32_t bit = BIT32(index);
    uint64_t value = put(LR_VINTID, intid) | put(LR_PRIORITY, word->priority[index]) |
                     put(LR_STATE, LR_PENDING);

    if ((word->group & bit) != 0) {
        value |= put(LR_GROUP, 1);
    }
    if ((word->hw & bit) != 0) {
        value |= put(LR_HW, 1) | put(LR_PINTID, intid);
    } else if (intid >= INTID_SPI) {
        value |= put(LR_EOI, 1); /* a line that is still high then must be seen again */
    }
    return value;
}

static inline uint32_t vlr_lookup(const struct vgic_cpu *v, uint32_t busy, uint32_t intid)
{
    VLR_EACH (i, busy) {
        if (v->lr_intid[i] == intid) {
            return i;
        }
    }
    return VLR_NONE;
}

/* Bits of the list registers that are in any of the states of the mask. */
uint32_t vlr_in_state(const struct vgic_cpu *v, unsigned states);

/* Takes a list register that is only pending back. Returns the word if it is this vCPU's still. */
uint32_t vlr_put_back(struct vcpu *vcpu, uint32_t lr);

/* ---- vspill.c; zone lock held but for vspill_find ---- */

/* Takes the least urgent active one out; returns its list register, now free, or VLR_NONE. */
uint32_t vspill_push(struct vcpu *vcpu, uint32_t busy);

/* Ends those that the guest has ended since the last time. Before ICH_HCR_EL2 is written. */
void vspill_absorb(struct vcpu *vcpu);

/* Ends all. */
void vspill_drain(struct vcpu *vcpu);

#endif
