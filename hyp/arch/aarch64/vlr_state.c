/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What list registers hold: looked at and changed by the guest's accesses to the distributor, put
 * into service and emptied with the vCPU. Nothing is lost or left active in the machine.
 */
#include "vlr.h"

FIELD(VTR_LIST_REGS, 0, 5);
FIELD(VTR_PRE_BITS, 26, 3);

/* clang-format off */
#define LIST_REGS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) \
                     X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LR_READ(i)  case i: return rd_ich_lr##i##_el2();
#define LR_WRITE(i) case i: wr_ich_lr##i##_el2(value); break;
/* clang-format on */

uint64_t vlr_read(uint32_t n)
{
    switch (n) {
        LIST_REGS(LR_READ)
    default: return vlr2_read(n);
    }
}

void vlr_write(uint32_t n, uint64_t value)
{
    switch (n) {
        LIST_REGS(LR_WRITE)
    default: vlr2_write(n, value);
    }
}

uint32_t vlr_ended(const struct vgic_cpu *v)
{
    return v->lr_mask & (vlr_is_v2(v) ? gic.v2->lr_ended() : (uint32_t)rd_ich_eisr_el2());
}

uint64_t vlr_hcr_read(void)
{
    return gic.v2 != NULL ? gic.v2->hcr_read() : rd_ich_hcr_el2();
}

void vlr_hcr_write(uint64_t hcr)
{
    if (gic.v2 != NULL) {
        gic.v2->hcr_write((uint32_t)hcr);
    } else {
        wr_ich_hcr_el2(hcr);
    }
}

uint32_t vlr_in_state(const struct vgic_cpu *v, unsigned states)
{
    uint32_t set = 0;

    VLR_EACH (i, vlr_busy(v)) {
        if ((get(LR_STATE, vlr_read(i)) & states) != 0) {
            set |= BIT32(i);
        }
    }
    return set;
}

uint64_t vlr_put_back(struct vcpu *vcpu, uint32_t lr)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t intid = v->lr_intid[lr];
    struct vlr_spot at = vlr_spot(vcpu, intid);

    if (intid < VGIC_SGIS) {
        v->sgi_source[intid] |= (uint8_t)BIT32(get(LR_SOURCE, vlr_read(lr)));
    }
    vlr_write(lr, 0);
    at.word->in_lr &= ~at.bit;
    if ((v->lr_level & BIT32(lr)) == 0) {
        atomic_fetch_or_explicit(&at.word->pending, at.bit, memory_order_relaxed);
    }
    if (at.n != 0 && at.word->target[get(INTID_BIT, intid)] != vcpu->id) {
        vgic_post_bits(vcpu, at.n, at.bit);
        return 0;
    }
    return BIT64(at.n);
}

/* ---- registers that look at or change what is in flight ---- */

uint32_t vlr_find(const struct vcpu *vcpu, uint32_t n, unsigned states)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t bits = 0;

    VLR_EACH (i, vlr_in_state(v, states)) {
        if (get(INTID_WORD, v->lr_intid[i]) == n) {
            bits |= BIT32(get(INTID_BIT, v->lr_intid[i]));
        }
    }
    return bits;
}

uint32_t vlr_clear(struct vcpu *vcpu, uint32_t n, uint32_t bits, unsigned states)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t gone = 0;

    VLR_EACH (i, vlr_in_state(v, states)) {
        struct vlr_spot at = vlr_spot(vcpu, v->lr_intid[i]);
        uint64_t value = vlr_read(i);
        uint64_t left = get(LR_STATE, value) & ~(uint64_t)states;

        if (at.n != n || (at.bit & bits) == 0) {
            continue;
        }
        vlr_write(i, left == 0 ? 0 : with(LR_STATE, value, left));
        if (left == 0) {
            at.word->in_lr &= ~at.bit;
            gone |= at.bit;
        }
    }
    if (gone != 0) {
        vgic_post(vcpu, BIT64(n)); /* there is room for what waits */
    }
    return gone;
}

void vlr_withdraw(struct vcpu *vcpu, uint32_t n, uint32_t bits)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;

    VLR_EACH (i, vlr_in_state(v, LR_PENDING)) {
        bool meant = get(INTID_WORD, v->lr_intid[i]) == n &&
                     (BIT32(get(INTID_BIT, v->lr_intid[i])) & bits) != 0;

        if (meant && get(LR_STATE, vlr_read(i)) == LR_PENDING) {
            (void)vlr_put_back(vcpu, i);
            vgic_post(vcpu, BIT64(n));
        }
    }
}

/* ---- life ---- */

/* Registers of active priorities exist by the number of preemption bits (IHI 0069, 12.4.3). */
static void interface_reset(void)
{
    uint64_t bits;

    if (gic.v2 != NULL) {
        gic.v2->interface_reset();
        return;
    }
    bits = get(VTR_PRE_BITS, rd_ich_vtr_el2()) + 1;
    wr_ich_vmcr_el2(0);
    wr_ich_ap0r0_el2(0);
    wr_ich_ap1r0_el2(0);
    if (bits >= 6) {
        wr_ich_ap0r1_el2(0);
        wr_ich_ap1r1_el2(0);
    }
    if (bits >= 7) {
        wr_ich_ap0r2_el2(0);
        wr_ich_ap0r3_el2(0);
        wr_ich_ap1r2_el2(0);
        wr_ich_ap1r3_el2(0);
    }
}

static uint32_t machine_mask(void)
{
    uint32_t last;

    if (gic.v2 != NULL) {
        return gic.v2->lr_mask();
    }
    last = (uint32_t)get(VTR_LIST_REGS, rd_ich_vtr_el2());
    last = last < VGIC_LR_MAX ? last : VGIC_LR_MAX - 1;
    return (BIT32(last) - 1) | BIT32(last);
}

void vlr_start(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;

    v->lr_mask = machine_mask();
    VLR_EACH (i, v->lr_mask) {
        vlr_write(i, 0);
    }
    interface_reset();
    v->lr_level = 0;
    v->backlog = 0;
    v->hcr = (uint32_t)put(HCR_EN, 1);
    vlr_hcr_write(v->hcr);
    atomic_store_explicit(&v->work, VGIC_WORK_ALL, memory_order_release);
}

/* Gives one list register's state back to where it came from. */
static void drain(struct vcpu *vcpu, uint32_t lr)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct vlr_spot at = vlr_spot(vcpu, v->lr_intid[lr]);
    uint64_t state = get(LR_STATE, vlr_read(lr));
    uintptr_t frame = vgic_frame(vcpu, at.n);

    if ((at.word->hw & at.bit) == 0) {
        if (state == LR_PENDING) {
            (void)vlr_put_back(vcpu, lr);
        }
        at.word->in_lr &= ~at.bit;
        vgic_post_bits(vcpu, at.n, at.bit);
    } else if ((state & LR_ACTIVE) != 0 && frame != 0) {
        mmio_wr32(frame, GICD_ICACTIVER + at.n * 4, at.bit);
    } else {
        vgic_give_back(vcpu, at.n, at.bit);
    }
    vlr_write(lr, 0);
}

void vlr_stop(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;

    if (v->lr_mask == 0) {
        return;
    }
    msi_recall(vcpu);
    VLR_EACH (i, vlr_busy(v)) {
        drain(vcpu, i);
    }
    vspill_drain(vcpu);
    interface_reset();
    vlr_hcr_write(0);
    v->hcr = 0;
    v->lr_mask = 0;
    v->lr_level = 0;
    v->backlog = 0;
}
