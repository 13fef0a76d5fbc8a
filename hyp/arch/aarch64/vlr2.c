/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List registers of a GICv2 (IHI 0048, 5.3), of 32 bits and in memory, shown to the common code as
 * those of a GICv3; and SGIs, which there are by sender. One list register holds an SGI: when it
 * waits from several senders, the end of one asks for the next.
 */
#include "gicv2.h"
#include "hw.h"
#include "vlr.h"

#define ALL_MASK (BIT32(VGIC_LR_MAX) - 1)

uint32_t vlr2_mask(void)
{
    uint32_t last = (uint32_t)get(GICH_VTR_LIST_REGS, mmio_rd32(gic.gich, GICH_VTR));
    uint32_t mask = last < VGIC_LR_MAX ? (BIT32(last) - 1) | BIT32(last) : ALL_MASK;

    return (uint32_t)put(VLR_V2, mask);
}

uint32_t vlr2_ended(void)
{
    return (uint32_t)put(VLR_V2, mmio_rd32(gic.gich, GICH_EISR));
}

uint32_t vlr2_hcr_read(void)
{
    return mmio_rd32(gic.gich, GICH_HCR);
}

void vlr2_hcr_write(uint32_t value)
{
    mmio_wr32(gic.gich, GICH_HCR, value);
}

void vlr2_interface_reset(void)
{
    mmio_wr32(gic.gich, GICH_APR, 0);
    mmio_wr32(gic.gich, GICH_VMCR, 0);
}

/* No lock: a vCPU's private word and list registers are its CPU's, but for what is atomic. */
bool vlr2_end_private(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t done = vlr_ended(v);

    VLR_EACH (i, done) {
        if (v->lr_intid[i] >= INTID_SPI) {
            return false;
        }
    }
    VLR_EACH (i, done) {
        struct vlr_spot at = vlr_spot(vcpu, v->lr_intid[i]);

        vlr_write(i, 0);
        vspill_end(vcpu, &at);
    }
    v->lr_level &= ~done;
    return true;
}

/* ---- SGIs ---- */

static void sgi_write(struct vgic_cpu *v, uint32_t lr, const struct vlr_spot *at, uint64_t value)
{
    if (v->sgi_source[get(LR_VINTID, value)] != 0) {
        at->word->in_lr |= at->bit; /* no candidate until this one has ended */
        value |= put(LR_EOI, 1);
    } else {
        atomic_fetch_and_explicit(&at->word->pending, ~at->bit, memory_order_relaxed);
    }
    vlr_write(lr, value);
}

void vlr2_sgi_insert(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct vlr_spot *at)
{
    uint32_t source = vlr_first(v->sgi_source[intid]);

    v->sgi_source[intid] &= (uint8_t)~BIT64(source);
    v->lr_level &= ~BIT32(lr);
    v->lr_intid[lr] = (uint16_t)intid;
    sgi_write(v, lr, at, vlr_value(at->word, intid) | put(LR_SOURCE, source));
}

static void sgi_join(struct vgic_cpu *v, uint32_t lr, const struct vlr_spot *at)
{
    uint64_t value = vlr_read(lr);
    uint32_t same = BIT32(get(LR_SOURCE, value));
    uint32_t intid = v->lr_intid[lr];

    if ((v->sgi_source[intid] & same) != 0) {
        v->sgi_source[intid] &= (uint8_t)~same;
        value |= put(LR_STATE, LR_PENDING);
    }
    sgi_write(v, lr, at, value);
}

void vlr2_sgi_join(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;

    VLR_EACH (i, vlr_busy(v)) {
        if (v->lr_intid[i] < VGIC_SGIS && v->sgi_source[v->lr_intid[i]] != 0) {
            struct vlr_spot at = vlr_spot(vcpu, v->lr_intid[i]);

            sgi_join(v, i, &at);
        }
    }
}

uint32_t vlr2_sgi_sources(const struct vcpu *vcpu, uint32_t intid)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t lr = vlr_lookup(v, vlr_in_state(v, LR_PENDING), intid);

    return lr == VLR_NONE ? 0 : BIT32(get(LR_SOURCE, vlr_read(lr)));
}

void vlr2_sgi_clear(struct vcpu *vcpu, uint32_t intid, uint32_t sources)
{
    if ((vlr2_sgi_sources(vcpu, intid) & sources) != 0) {
        (void)vlr_clear(vcpu, 0, BIT32(intid), LR_PENDING);
    }
}
