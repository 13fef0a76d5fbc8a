/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's interrupts: whose each one is, decided by the ownership masks and nothing else. */
#include "gicv2.h"
#include "hyp/arch.h"
#include "hyp/core/lock.h"
#include "hyp/core/log.h"
#include "hyp/core/zone.h"
#include "its.h"
#include "vlr.h"

/* Whether the interrupt is one of the machine's that the vCPU's zone owns. */
static inline bool is_guests(struct vcpu *vcpu, uint32_t intid)
{
    uint32_t n = (uint32_t)get(INTID_WORD, intid);

    return (vgic_word_at(vcpu, n)->hw & BIT32(get(INTID_BIT, intid))) != 0;
}

/* No room, or not for this vCPU: to the bitmaps, or to the machine if the guest has disabled it. */
static void inject_later(struct vcpu *vcpu, const struct vlr_spot *at)
{
    struct lock *lock = &vcpu->zone->arch.vgic.lock;

    lock_take(lock);
    if ((vgic_enabled(at->word) & at->bit) == 0) {
        vgic_give_back(vcpu, at->n, at->bit);
    } else {
        atomic_fetch_or_explicit(&at->word->pending, at->bit, memory_order_relaxed);
        vgic_post_bits(vcpu, at->n, at->bit);
    }
    lock_give(lock);
}

/* An acknowledged interrupt of the zone. Takes no lock if there is room. */
static void inject(struct vcpu *vcpu, uint32_t intid)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct vlr_spot at = vlr_spot(vcpu, intid);
    uint32_t busy = vlr_busy(v);
    uint32_t lr = busy == 0 ? VLR_NONE : vlr_lookup(v, busy, intid);

    if (lr == VLR_NONE) {
        lr = vlr_first(v->lr_mask & ~busy);
    }
    if (lr >= VLR_NONE || v->backlog != 0 ||
        (vgic_enabled(at.word) & vgic_forwarded(vcpu->zone, at.word) & at.bit) == 0 ||
        (at.n != 0 && at.word->target[get(INTID_BIT, intid)] != vcpu->id)) {
        inject_later(vcpu, &at);
        return;
    }
    v->lr_intid[lr] = (uint16_t)intid;
    v->lr_level &= ~BIT32(lr);
    vlr_write(lr, vlr_value(at.word, intid));
}

/* Nobody's here: off, so that it cannot come again. */
static enum pirq_kind reject(uint32_t intid)
{
    uint64_t n = get(INTID_WORD, intid);
    const struct pcpu *cpu = arch_cpu_this();
    uintptr_t frame = n == 0 ? gic_sgi_frame(cpu) : gic.gicd;

    if (intid < INTID_SPECIAL && frame != 0) {
        mmio_wr32(frame, GICD_ICENABLER + n * 4, BIT32(get(INTID_BIT, intid)));
    }
    LOG(LOG_WARN, "interrupt without owner disabled", LOG_DEC("intid", intid),
        LOG_DEC("cpu", cpu->id));
    return PIRQ_SPURIOUS;
}

/* The hypervisor's own. They are deactivated at once: interrupts stay masked in EL2. */
static inline enum pirq_kind own_kind(uint32_t intid)
{
    if (intid == GIC_DOORBELL) {
        /* What the doorbell announces is read after it was acknowledged, not before. */
        dsb_sy();
        isb();
        return PIRQ_KICK;
    }
    if (intid == gic.hyp_timer) {
        return PIRQ_ALARM;
    }
    if (intid == gic.maintenance) {
        return PIRQ_MAINTENANCE;
    }
    if (intid < INTID_SPECIAL && intid >= INTID_SPI &&
        (gic.own[get(INTID_WORD, intid)] & BIT32(get(INTID_BIT, intid))) != 0) {
        return intid == gic.iommu ? PIRQ_IOMMU : PIRQ_CONSOLE;
    }
    return reject(intid);
}

/* Inline: the doorbell comes this way. */
__attribute__((always_inline)) static inline enum pirq_kind take(struct vcpu *vcpu, uint32_t intid)
{
    if (vcpu != NULL && intid < INTID_SPECIAL && is_guests(vcpu, intid)) {
        inject(vcpu, intid);
        return PIRQ_GUEST;
    }
    if (intid >= LPI_FIRST) {
        msi_claim(intid); /* they have no active state that anybody would end */
        return PIRQ_GUEST;
    }
    return own_kind(intid);
}

enum pirq_kind pirq_take(struct vcpu *vcpu, uint32_t intid)
{
    return take(vcpu, intid);
}

__attribute__((noinline)) static enum pirq_kind claim(struct vcpu *vcpu, uint32_t intid)
{
    enum pirq_kind kind;

    if (intid >= INTID_SPECIAL && intid < INTID_SPECIAL + 4) {
        return PIRQ_NONE;
    }
    /* Priority drop only: a guest's interrupt stays active until the guest deactivates it. */
    wr_icc_eoir1_el1(intid);
    kind = take(vcpu, intid);
    if (kind != PIRQ_GUEST) {
        wr_icc_dir_el1(intid);
    }
    return kind;
}

/* No vCPU, or by a GICv2. */
__attribute__((noinline)) static enum pirq_kind claim_slow(struct vcpu *vcpu)
{
    return gic.v2 != NULL ? gic.v2->claim(vcpu)
                          : claim(vcpu, (uint32_t)get(IAR_INTID, rd_icc_iar1_el1()));
}

/*
 * Fast path: a timer of the running vCPU, in group 1, and nothing in the list registers. The same
 * as inject() would do. By a GICv2, `quick` is 0.
 */
enum pirq_kind arch_pirq_claim(struct vcpu *vcpu)
{
    struct vgic_cpu *v;
    uint32_t intid;

    if (vcpu == NULL || vcpu->arch.vgic.quick == 0) {
        return claim_slow(vcpu);
    }
    v = &vcpu->arch.vgic;
    intid = (uint32_t)get(IAR_INTID, rd_icc_iar1_el1());
    if (intid >= INTID_SPI || (v->quick & BIT32(intid)) == 0 || v->lr_mask == 0 ||
        vlr_busy(v) != 0) {
        return claim(vcpu, intid);
    }
    wr_icc_eoir1_el1(intid);
    v->lr_level = 0;
    v->lr_intid[0] = (uint16_t)intid;
    wr_ich_lr0_el2(put(LR_VINTID, intid) | put(LR_PINTID, intid) | put(LR_HW, 1) |
                   put(LR_PRIORITY, v->word.priority[intid]) | put(LR_GROUP, 1) |
                   put(LR_STATE, LR_PENDING));
    return PIRQ_GUEST;
}
