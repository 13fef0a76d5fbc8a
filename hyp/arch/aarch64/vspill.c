/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts that the guest has active without a list register: when handlers are nested deeper
 * than there are list registers, the least urgent active ones make room. The machine counts the
 * ends of such handlers (ICH_HCR_EL2.EOIcount, IHI 0069, 12.4.7) and asks for attention.
 */
#include "vlr.h"

FIELD(HCR_EOI_COUNT, 27, 5);

uint32_t vspill_push(struct vcpu *vcpu, uint32_t busy)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t slot = vlr_first(~v->spill_mask);
    uint32_t victim = VLR_NONE;
    uint64_t worst = 0;

    if (slot >= VGIC_SPILL_MAX) {
        return VLR_NONE;
    }
    VLR_EACH (i, busy) {
        uint64_t value = vlr_read(i);

        if (get(LR_STATE, value) == LR_ACTIVE && v->lr_intid[i] >= LPI_INSIDE) {
            vlr_write(i, 0); /* nobody will miss it: ends of LPIs are not counted */
            return i;
        }
        if (get(LR_STATE, value) == LR_ACTIVE && get(LR_PRIORITY, value) >= worst) {
            worst = get(LR_PRIORITY, value);
            victim = i;
        }
    }
    if (victim != VLR_NONE) {
        v->spill_mask |= BIT32(slot);
        v->spill_intid[slot] = v->lr_intid[victim];
        v->spill_priority[slot] = (uint8_t)worst;
        vlr_write(victim, 0);
    }
    return victim;
}

void vspill_end(struct vcpu *vcpu, const struct vlr_spot *at)
{
    uintptr_t frame = vgic_frame(vcpu, at->n);

    at->word->in_lr &= ~at->bit;
    if ((at->word->hw & at->bit) != 0 && frame != 0) {
        mmio_wr32(frame, GICD_ICACTIVER + at->n * 4, at->bit);
    }
    vgic_post_bits(vcpu, at->n, at->bit);
}

static void pop(struct vcpu *vcpu, uint32_t slot)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct vlr_spot at = vlr_spot(vcpu, v->spill_intid[slot]);

    v->spill_mask &= ~BIT32(slot);
    vspill_end(vcpu, &at);
}

/* Handlers end in reverse order of their beginning: the most urgent one first. */
static uint32_t most_urgent(const struct vgic_cpu *v)
{
    uint32_t best = vlr_first(v->spill_mask);

    VLR_EACH (i, v->spill_mask) {
        if (v->spill_priority[i] < v->spill_priority[best]) {
            best = i;
        }
    }
    return best;
}

void vspill_absorb(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint64_t count;

    if (v->spill_mask == 0) {
        return;
    }
    count = get(HCR_EOI_COUNT, vlr_hcr_read());
    if (count != 0) {
        vlr_hcr_write(v->hcr); /* with a count of 0 */
    }
    for (; count != 0 && v->spill_mask != 0; count--) {
        pop(vcpu, most_urgent(v));
    }
}

uint32_t vspill_find(const struct vcpu *vcpu, uint32_t n)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t bits = 0;

    VLR_EACH (i, v->spill_mask) {
        if (get(INTID_WORD, v->spill_intid[i]) == n) {
            bits |= BIT32(get(INTID_BIT, v->spill_intid[i]));
        }
    }
    return bits;
}

void vspill_drain(struct vcpu *vcpu)
{
    VLR_EACH (i, vcpu->arch.vgic.spill_mask) {
        pop(vcpu, i);
    }
}
