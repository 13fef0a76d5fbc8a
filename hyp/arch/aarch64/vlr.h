/* SPDX-License-Identifier: Apache-2.0 */
/* List registers (IHI 0069, 12.4): fields and access, shared by the files that use them. */
#ifndef HYP_ARCH_AARCH64_VLR_H
#define HYP_ARCH_AARCH64_VLR_H

#include "gicv2.h"
#include "hw.h"
#include "msi.h"
#include "vgic.h"

FIELD(LR_VINTID, 0, 32);
FIELD(LR_PINTID, 32, 13);
FIELD(LR_SOURCE, 32, 3); /* HW = 0, GICv2: CPU that sent the SGI */
FIELD(LR_EOI, 41, 1);    /* HW = 0: maintenance interrupt when the guest deactivates it */
FIELD(LR_PRIORITY, 48, 8);
FIELD(LR_GROUP, 60, 1);
FIELD(LR_HW, 61, 1);
FIELD(LR_STATE, 62, 2);

FIELD(HCR_EN, 0, 1);
FIELD(HCR_UIE, 1, 1);     /* maintenance while at most one list register is valid */
FIELD(HCR_LRENPIE, 2, 1); /* maintenance when the guest ends what is in none */
FIELD(HCR_NPIE, 3, 1);    /* maintenance while none is pending */

/* In vgic_cpu.lr_mask: list registers of a GICv2 begin where those of a GICv3 end. */
#define VLR_V2_FIRST VGIC_LR_MAX
FIELD(VLR_V2, 16, 16);
FIELD(VLR_V2_ANY, 16, 1);
FIELD(VLR_V3_ANY, 0, 1);

#define VLR_NONE VGIC_LR_NUMBERS
#define VLR_EACH(i, rest)                                                                          \
    for (uint32_t rest_ = (rest), i = vlr_first(rest_); rest_ != 0;                                \
         rest_ &= rest_ - 1, i = vlr_first(rest_))

/* Lowest set bit; 32 when there is none. */
static inline uint32_t vlr_first(uint32_t bits)
{
    return bits == 0 ? 32 : (uint32_t)__builtin_ctz(bits);
}

/* The same for words of the virtual GIC. */
#define VLR_WORDS(n, words)                                                                        \
    for (uint64_t rest_ = (words), n = vlr_first_word(rest_); rest_ != 0;                          \
         rest_ &= rest_ - 1, n = vlr_first_word(rest_))

static inline uint32_t vlr_first_word(uint64_t words)
{
    return words == 0 ? 64 : (uint32_t)__builtin_ctzll(words);
}

/* List register n by number: they have no index of their own. */
uint64_t vlr_read(uint32_t n);
void vlr_write(uint32_t n, uint64_t value);

/* Whether the vCPU is loaded on a machine with a GICv3, or a GICv2. */
static inline bool vlr_is_v3(const struct vgic_cpu *v)
{
    return get(VLR_V3_ANY, v->lr_mask) != 0;
}

static inline bool vlr_is_v2(const struct vgic_cpu *v)
{
    return get(VLR_V2_ANY, v->lr_mask) != 0;
}

/* ---- list registers of a GICv2 (IHI 0048, 5.3): 32 bits, in memory; shown as a GICv3's ---- */

FIELD(LR2_VINTID, 0, 10);
FIELD(LR2_PHYSICAL, 10, 10); /* or EOI and source, at the same places as in LR_PHYSICAL */
FIELD(LR2_PRIORITY, 23, 5);
FIELD(LR2_STATE, 28, 2);
FIELD(LR2_GROUP, 30, 1);
FIELD(LR2_HW, 31, 1);
FIELD(LR_PHYSICAL, 32, 10);
FIELD(LR_PRIORITY_HIGH, 51, 5);

/* These three make no calls, so that those who ask on a GICv3 need not save registers for it. */
static inline uint64_t vlr2_address(uint32_t n)
{
    return GICH_LR + (uint64_t)(n - VLR_V2_FIRST) * 4;
}

static inline uint64_t vlr2_read(uint32_t n)
{
    uint32_t lr = mmio_rd32(gic.gich, vlr2_address(n));

    return put(LR_VINTID, get(LR2_VINTID, lr)) | put(LR_PHYSICAL, get(LR2_PHYSICAL, lr)) |
           put(LR_PRIORITY_HIGH, get(LR2_PRIORITY, lr)) | put(LR_STATE, get(LR2_STATE, lr)) |
           put(LR_GROUP, get(LR2_GROUP, lr)) | put(LR_HW, get(LR2_HW, lr));
}

/* With gic.soft_end, no machine interrupt is linked: its end is reported, and reap() ends it. */
static inline void vlr2_write(uint32_t n, uint64_t value)
{
    if (gic.soft_end && get(LR_HW, value) != 0) {
        value = with(LR_HW, with(LR_PHYSICAL, value, 0), 0) | put(LR_EOI, 1);
    }
    mmio_wr32(gic.gich, vlr2_address(n),
              (uint32_t)(put(LR2_VINTID, get(LR_VINTID, value)) |
                         put(LR2_PHYSICAL, get(LR_PHYSICAL, value)) |
                         put(LR2_PRIORITY, get(LR_PRIORITY_HIGH, value)) |
                         put(LR2_STATE, get(LR_STATE, value)) |
                         put(LR2_GROUP, get(LR_GROUP, value)) | put(LR2_HW, get(LR_HW, value))));
}

static inline uint32_t vlr2_empty(void)
{
    return (uint32_t)put(VLR_V2, mmio_rd32(gic.gich, GICH_ELRSR));
}

/* List registers in use. The barrier: one may have been written since the guest was left. */
__attribute__((always_inline)) static inline uint32_t vlr_busy(const struct vgic_cpu *v)
{
    uint32_t mask = v->lr_mask;

    if (__builtin_expect(get(VLR_V2_ANY, mask) != 0, false)) {
        return mask & ~vlr2_empty();
    }
    isb();
    return mask & ~(uint32_t)rd_ich_elrsr_el2();
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
    } else if (intid >= LPI_INSIDE) {
        value = with(LR_VINTID, value, msi_intid(intid));
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

/* List registers whose interrupt the guest has ended, of those that say so. */
uint32_t vlr_ended(const struct vgic_cpu *v);

/* ICH_HCR_EL2, or what a GICv2 has in its place. */
uint64_t vlr_hcr_read(void);
void vlr_hcr_write(uint64_t hcr);

/* Takes a list register that is only pending back. Returns the word if it is this vCPU's still. */
uint64_t vlr_put_back(struct vcpu *vcpu, uint32_t lr);

/* ---- vspill.c; zone lock held but for vspill_find ---- */

/* Takes the least urgent active one out; returns its list register, now free, or VLR_NONE. */
uint32_t vspill_push(struct vcpu *vcpu, uint32_t busy);

/* Ends those that the guest has ended since the last time. Before ICH_HCR_EL2 is written. */
void vspill_absorb(struct vcpu *vcpu);

/* Ends one: the machine's is deactivated there, an emulated line may be seen again. */
void vspill_end(struct vcpu *vcpu, const struct vlr_spot *at);

/* Ends all. */
void vspill_drain(struct vcpu *vcpu);

#endif
