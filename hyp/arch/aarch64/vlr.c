/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is pending for the running vCPU goes to its list registers: fast when there is room; else
 * those of highest priority, and a maintenance interrupt asks for the rest.
 */
#include "vlr.h"

#include "hyp/arch.h"
#include "hyp/core/lock.h"

FIELD(WORK_LPIS, VGIC_LPI_WORD, 64 - VGIC_LPI_WORD);

/* More than can go into list registers at once, merged ones included. */
#define FILL_MAX 64u

static void set_hcr(struct vgic_cpu *v, uint64_t hcr)
{
    if (v->hcr != hcr) {
        v->hcr = (uint32_t)hcr;
        vlr_hcr_write(hcr);
    }
}

/* Writes a fresh list register for what is pending in the bitmaps. */
static void insert(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct vlr_spot *at)
{
    uint32_t was = atomic_fetch_and_explicit(&at->word->pending, ~at->bit, memory_order_acquire);

    v->lr_level &= ~BIT32(lr);
    if (at->n - 1 < VGIC_WORDS - 1 && (at->word->hw & at->bit) == 0) {
        at->word->in_lr |= at->bit;
        v->lr_level |= (was & at->bit) == 0 ? BIT32(lr) : 0;
    }
    v->lr_intid[lr] = (uint16_t)intid;
    vlr_write(lr, vlr_value(at->word, intid));
}

/* LPIs by the guest's number: no two list registers may hold one, whatever the guest has mapped. */
static uint32_t lookup(const struct vgic_cpu *v, uint32_t busy, uint32_t intid)
{
    if (intid < LPI_INSIDE) {
        return vlr_lookup(v, busy, intid);
    }
    VLR_EACH (i, busy) {
        if (get(LR_VINTID, vlr_read(i)) == msi_intid(intid)) {
            return i;
        }
    }
    return VLR_NONE;
}

/*
 * The interrupt is in a list register already. Software ones become pending there once more; the
 * machine would not have signalled its own unless the guest had deactivated it by register. LPIs
 * have no active state to keep.
 */
static void merge(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct vlr_spot *at)
{
    if ((at->word->hw & at->bit) != 0 || intid >= LPI_INSIDE) {
        insert(v, lr, intid, at);
        return;
    }
    atomic_fetch_and_explicit(&at->word->pending, ~at->bit, memory_order_acquire);
    vlr_write(lr, vlr_read(lr) | put(LR_STATE, LR_PENDING));
}

/* Private interrupts only, without lock or choice. false: there is no room for all. */
static bool fill_private(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t set = vgic_candidates(vcpu->zone, &v->word);
    uint32_t busy = vlr_busy(v);

    VLR_EACH (i, set) {
        struct vlr_spot at = { 0, BIT32(i), &v->word };
        uint32_t lr = vlr_lookup(v, busy, i);

        if (lr != VLR_NONE) {
            merge(v, lr, i, &at);
            continue;
        }
        lr = vlr_first(v->lr_mask & ~busy);
        if (lr >= VLR_NONE) {
            return false;
        }
        insert(v, lr, i, &at);
        busy |= BIT32(lr);
    }
    return true;
}

/* Best interrupt so far in a search, and what the search covers. */
struct search {
    uint64_t words;
    uint32_t intid;
    uint32_t priority; /* 256: none found */
};

static void search_word(struct vcpu *vcpu, uint32_t n, struct search *best)
{
    const struct vgic_word *word = vgic_word_at(vcpu, n);

    VLR_EACH (i, vgic_candidates(vcpu->zone, word)) {
        if (word->priority[i] < best->priority && (n == 0 || word->target[i] == vcpu->id)) {
            best->priority = word->priority[i];
            best->intid = (uint32_t)(put(INTID_WORD, n) | put(INTID_BIT, i));
        }
    }
}

static bool search_next(struct vcpu *vcpu, struct search *best)
{
    best->priority = 256;
    VLR_WORDS(n, best->words)
    {
        search_word(vcpu, (uint32_t)n, best);
    }
    return best->priority != 256;
}

/* Frees the list register of lowest priority that the guest has not taken, if below the best. */
static uint32_t evict(struct vcpu *vcpu, uint32_t busy, struct search *best)
{
    uint32_t victim = VLR_NONE;
    uint64_t worst = best->priority;

    VLR_EACH (i, busy) {
        uint64_t value = vlr_read(i);

        if (get(LR_STATE, value) == LR_PENDING && get(LR_PRIORITY, value) > worst) {
            worst = get(LR_PRIORITY, value);
            victim = i;
        }
    }
    if (victim != VLR_NONE) {
        best->words |= vlr_put_back(vcpu, victim);
    }
    return victim;
}

/* What ICH_MISR_EL2.NP means by pending: not active as well (IHI 0069, ICH_MISR_EL2). */
static uint32_t only_pending(const struct vgic_cpu *v)
{
    return vlr_in_state(v, LR_PENDING) & ~vlr_in_state(v, LR_ACTIVE);
}

static bool place(struct vcpu *vcpu, struct search *best)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct vlr_spot at = vlr_spot(vcpu, best->intid);
    uint32_t busy = vlr_busy(v);
    uint32_t lr = lookup(v, busy, best->intid);

    if (lr != VLR_NONE) {
        merge(v, lr, best->intid, &at);
        return true;
    }
    lr = vlr_first(v->lr_mask & ~busy);
    if (lr >= VLR_NONE) {
        lr = evict(vcpu, busy, best);
    }
    if (lr == VLR_NONE && only_pending(v) == 0) {
        lr = vspill_push(vcpu, busy);
    }
    if (lr == VLR_NONE) {
        return false;
    }
    if (vlr_is_v2(v) && best->intid < VGIC_SGIS) {
        gic.v2->sgi_insert(v, lr, best->intid, &at);
    } else {
        insert(v, lr, best->intid, &at);
    }
    return true;
}

/* Emulated lines: what the guest has deactivated, or a lowered line has taken back. */
static uint64_t reap(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t busy = vlr_busy(v);
    uint32_t done = vlr_ended(v);
    uint64_t words = 0;

    v->lr_level &= busy & ~done;
    VLR_EACH (i, v->lr_level) {
        struct vlr_spot at = vlr_spot(vcpu, v->lr_intid[i]);

        if ((at.word->line & at.bit) == 0 && get(LR_STATE, vlr_read(i)) == LR_PENDING) {
            done |= BIT32(i);
        }
    }
    VLR_EACH (i, done) {
        struct vlr_spot at = vlr_spot(vcpu, v->lr_intid[i]);

        vlr_write(i, 0);
        vspill_end(vcpu, &at);
        words |= BIT64(at.n);
    }
    v->lr_level &= ~done;
    return words;
}

/*
 * Zone lock held. When all are in use: NPIE asks again when the guest has taken all pending ones;
 * if it has already, NPIE would never let it run, so wait until all but one are deactivated.
 */
static void fill(struct vcpu *vcpu, uint64_t words)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct search best = { .words = words | v->backlog };
    uint64_t hcr = put(HCR_EN, 1);

    vspill_absorb(vcpu);
    best.words |= reap(vcpu) | atomic_exchange_explicit(&v->work, 0, memory_order_acq_rel);
    v->backlog = 0;
    if (get(WORK_LPIS, best.words) != 0) {
        msi_recall(vcpu);
    }
    if (vlr_is_v2(v)) {
        gic.v2->sgi_join(vcpu);
    }
    for (unsigned i = 0; search_next(vcpu, &best); i++) {
        if (i == FILL_MAX || !place(vcpu, &best)) {
            v->backlog = best.words;
            hcr |= only_pending(v) != 0 ? put(HCR_NPIE, 1) : put(HCR_UIE, 1);
            break;
        }
    }
    set_hcr(v, hcr | put(HCR_LRENPIE, v->spill_mask != 0));
}

/* A GICv2's common case, without the lock: it is about private interrupts, and none waits. */
static bool is_settled(struct vcpu *vcpu, uint64_t words)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;

    return vlr_is_v2(v) && words <= 1 && v->backlog == 0 && v->spill_mask == 0 &&
           gic.v2->end_private(vcpu) && vgic_pending(&v->word) == 0;
}

__attribute__((noinline)) static void refill_locked(struct vcpu *vcpu, uint64_t words)
{
    /* When not loaded, vlr_start() looks at everything. */
    if (vcpu->arch.vgic.lr_mask != 0 && !is_settled(vcpu, words)) {
        lock_take(&vcpu->zone->arch.vgic.lock);
        fill(vcpu, words);
        lock_give(&vcpu->zone->arch.vgic.lock);
    }
}

/* Out of line: flush without work is three instructions. */
__attribute__((noinline)) static void refill(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint64_t words = atomic_exchange_explicit(&v->work, 0, memory_order_acq_rel);

    if (!vlr_is_v3(v) || words != 1 || v->backlog != 0 || !fill_private(vcpu)) {
        refill_locked(vcpu, words);
    }
}

void arch_virq_flush(struct vcpu *vcpu)
{
    if (atomic_load_explicit(&vcpu->arch.vgic.work, memory_order_relaxed) != 0) {
        refill(vcpu);
    }
}

void arch_virq_sync(struct vcpu *vcpu)
{
    refill_locked(vcpu, 0);
}
