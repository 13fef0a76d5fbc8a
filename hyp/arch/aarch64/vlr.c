/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List registers (IHI 0069, 8.4): the running vCPU's interrupts on their way to the guest. Fast when
 * there is room; otherwise the interrupts of highest priority are in them, the rest in bitmaps,
 * and a maintenance interrupt asks for more.
 */
#include "vgic.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/lock.h"

FIELD(LR_VINTID, 0, 32);
FIELD(LR_PINTID, 32, 13);
FIELD(LR_EOI, 41, 1); /* HW = 0: maintenance interrupt when the guest deactivates it */
FIELD(LR_PRIORITY, 48, 8);
FIELD(LR_GROUP, 60, 1);
FIELD(LR_HW, 61, 1);
FIELD(LR_STATE, 62, 2);

FIELD(HCR_EN, 0, 1);
FIELD(HCR_UIE, 1, 1);  /* maintenance while at most one list register is valid */
FIELD(HCR_NPIE, 3, 1); /* maintenance while none is pending */
FIELD(VTR_LIST_REGS, 0, 5);
FIELD(VTR_PRE_BITS, 26, 3);

#define NO_LR VGIC_LR_MAX
#define EACH(i, rest)                                                                              \
    for (uint32_t rest_ = (rest), i = first(rest_); rest_ != 0;                                    \
         rest_ &= rest_ - 1, i = first(rest_))

/* More than can go into list registers at once, merged ones included. */
#define FILL_MAX 64u

/* Lowest set bit; 32 when there is none. */
static inline uint32_t first(uint32_t bits)
{
    return bits == 0 ? 32 : (uint32_t)__builtin_ctz(bits);
}

/* clang-format off */
#define LIST_REGS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) \
                     X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LR_READ(i)  case i: return rd_ich_lr##i##_el2();
#define LR_WRITE(i) case i: wr_ich_lr##i##_el2(value); break;
/* clang-format on */

static uint64_t lr_read(uint32_t n)
{
    switch (n) {
        LIST_REGS(LR_READ)
    default: return 0;
    }
}

static void lr_write(uint32_t n, uint64_t value)
{
    switch (n) {
        LIST_REGS(LR_WRITE)
    default: break;
    }
}

/* List registers in use. The barrier: one may have been written since the guest was left. */
static inline uint32_t busy_lrs(const struct vgic_cpu *v)
{
    isb();
    return v->lr_mask & ~(uint32_t)rd_ich_elrsr_el2();
}

/* Software state behind an INTID. */
struct spot {
    uint32_t n, bit; /* word and mask in it */
    struct vgic_word *word;
};

static struct spot spot_of(struct vcpu *vcpu, uint32_t intid)
{
    uint32_t n = (uint32_t)get(INTID_WORD, intid);

    return (struct spot){ n, BIT32(get(INTID_BIT, intid)), vgic_word_at(vcpu, n) };
}

static inline uint64_t lr_value(const struct vgic_word *word, uint32_t intid)
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

static uint32_t find_lr(const struct vgic_cpu *v, uint32_t busy, uint32_t intid)
{
    EACH(i, busy)
    {
        if (v->lr_intid[i] == intid) {
            return i;
        }
    }
    return NO_LR;
}

static void set_hcr(struct vgic_cpu *v, uint64_t hcr)
{
    if (v->hcr != hcr) {
        v->hcr = (uint32_t)hcr;
        wr_ich_hcr_el2(hcr);
    }
}

/* ---- bitmaps -> list registers ---- */

/* Writes a fresh list register for what is pending in the bitmaps. */
static void insert(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct spot *at)
{
    uint32_t was = atomic_fetch_and_explicit(&at->word->pending, ~at->bit, memory_order_acquire);

    v->lr_level &= ~BIT32(lr);
    if (at->n != 0 && (at->word->hw & at->bit) == 0) {
        at->word->in_lr |= at->bit;
        v->lr_level |= (was & at->bit) == 0 ? BIT32(lr) : 0;
    }
    v->lr_intid[lr] = (uint16_t)intid;
    lr_write(lr, lr_value(at->word, intid));
}

/*
 * The interrupt is in a list register already. Software ones become pending there once more; the
 * machine would not have signalled its own unless the guest had deactivated it by register.
 */
static void merge(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct spot *at)
{
    if ((at->word->hw & at->bit) != 0) {
        insert(v, lr, intid, at);
        return;
    }
    atomic_fetch_and_explicit(&at->word->pending, ~at->bit, memory_order_acquire);
    lr_write(lr, lr_read(lr) | put(LR_STATE, LR_PENDING));
}

/* Private interrupts only, without lock or choice. false: there is no room for all. */
static bool fill_private(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t set = vgic_candidates(vcpu->zone, &v->word);
    uint32_t busy = busy_lrs(v);

    EACH(i, set)
    {
        struct spot at = { 0, BIT32(i), &v->word };
        uint32_t lr = find_lr(v, busy, i);

        if (lr != NO_LR) {
            merge(v, lr, i, &at);
            continue;
        }
        lr = first(v->lr_mask & ~busy);
        if (lr >= NO_LR) {
            return false;
        }
        insert(v, lr, i, &at);
        busy |= BIT32(lr);
    }
    return true;
}

/* Takes a list register that is only pending back. Returns the word if it is this vCPU's still. */
static uint32_t put_back(struct vcpu *vcpu, uint32_t lr)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t intid = v->lr_intid[lr];
    struct spot at = spot_of(vcpu, intid);

    lr_write(lr, 0);
    at.word->in_lr &= ~at.bit;
    if ((v->lr_level & BIT32(lr)) == 0) {
        atomic_fetch_or_explicit(&at.word->pending, at.bit, memory_order_relaxed);
    }
    if (at.n != 0 && at.word->target[get(INTID_BIT, intid)] != vcpu->id) {
        vgic_post_bits(vcpu, at.n, at.bit);
        return 0;
    }
    return BIT32(at.n);
}

/* Best interrupt so far in a search, and what the search covers. */
struct search {
    uint32_t words;
    uint32_t intid;
    uint32_t priority; /* 256: none found */
};

static void search_word(struct vcpu *vcpu, uint32_t n, struct search *best)
{
    const struct vgic_word *word = vgic_word_at(vcpu, n);

    EACH(i, vgic_candidates(vcpu->zone, word))
    {
        if (word->priority[i] < best->priority && (n == 0 || word->target[i] == vcpu->id)) {
            best->priority = word->priority[i];
            best->intid = (uint32_t)(put(INTID_WORD, n) | put(INTID_BIT, i));
        }
    }
}

static bool search_next(struct vcpu *vcpu, struct search *best)
{
    best->priority = 256;
    EACH(n, best->words)
    {
        search_word(vcpu, n, best);
    }
    return best->priority != 256;
}

/* Frees the list register of lowest priority that the guest has not taken, if below the best. */
static uint32_t evict(struct vcpu *vcpu, uint32_t busy, struct search *best)
{
    uint32_t victim = NO_LR;
    uint64_t worst = best->priority;

    EACH(i, busy)
    {
        uint64_t value = lr_read(i);

        if (get(LR_STATE, value) == LR_PENDING && get(LR_PRIORITY, value) > worst) {
            worst = get(LR_PRIORITY, value);
            victim = i;
        }
    }
    if (victim != NO_LR) {
        best->words |= put_back(vcpu, victim);
    }
    return victim;
}

static bool place(struct vcpu *vcpu, struct search *best)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct spot at = spot_of(vcpu, best->intid);
    uint32_t busy = busy_lrs(v);
    uint32_t lr = find_lr(v, busy, best->intid);

    if (lr != NO_LR) {
        merge(v, lr, best->intid, &at);
        return true;
    }
    lr = first(v->lr_mask & ~busy);
    if (lr >= NO_LR) {
        lr = evict(vcpu, busy, best);
    }
    if (lr == NO_LR) {
        return false;
    }
    insert(v, lr, best->intid, &at);
    return true;
}

/* Emulated lines: what the guest has deactivated, or a lowered line has taken back. */
static uint32_t reap(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t busy = busy_lrs(v);
    uint32_t done = (uint32_t)rd_ich_eisr_el2() & v->lr_mask;
    uint32_t words = 0;

    v->lr_level &= busy & ~done;
    EACH(i, v->lr_level)
    {
        struct spot at = spot_of(vcpu, v->lr_intid[i]);

        if ((at.word->line & at.bit) == 0 && get(LR_STATE, lr_read(i)) == LR_PENDING) {
            done |= BIT32(i);
        }
    }
    EACH(i, done)
    {
        struct spot at = spot_of(vcpu, v->lr_intid[i]);

        lr_write(i, 0);
        at.word->in_lr &= ~at.bit;
        words |= BIT32(at.n);
        vgic_post_bits(vcpu, at.n, at.bit);
    }
    v->lr_level &= ~done;
    return words;
}

static uint32_t lrs_in_state(const struct vgic_cpu *v, unsigned states)
{
    uint32_t set = 0;

    EACH(i, busy_lrs(v))
    {
        if ((get(LR_STATE, lr_read(i)) & states) != 0) {
            set |= BIT32(i);
        }
    }
    return set;
}

/* Zone lock held. */
static void fill(struct vcpu *vcpu, uint32_t words)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct search best = { .words = words | v->backlog };

    best.words |= reap(vcpu);
    v->backlog = 0;
    for (unsigned i = 0; i < FILL_MAX; i++) {
        if (!search_next(vcpu, &best)) {
            set_hcr(v, put(HCR_EN, 1));
            return;
        }
        if (!place(vcpu, &best)) {
            break;
        }
    }
    /*
     * All are in use. NPIE asks again when the guest has taken all pending ones; when it has
     * already, NPIE would never let it run, so wait until all but one are deactivated.
     */
    v->backlog = best.words;
    set_hcr(v, put(HCR_EN, 1) |
                   (lrs_in_state(v, LR_PENDING) != 0 ? put(HCR_NPIE, 1) : put(HCR_UIE, 1)));
}

static void refill(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t words = atomic_exchange_explicit(&v->work, 0, memory_order_acq_rel);

    if (v->lr_mask == 0) {
        return; /* not loaded: vlr_start() looks at everything */
    }
    if (words == 1 && v->backlog == 0 && fill_private(vcpu)) {
        return;
    }
    lock_take(&vcpu->zone->arch.vgic.lock);
    fill(vcpu, words);
    lock_give(&vcpu->zone->arch.vgic.lock);
}

void arch_virq_flush(struct vcpu *vcpu)
{
    if (atomic_load_explicit(&vcpu->arch.vgic.work, memory_order_relaxed) != 0) {
        refill(vcpu);
    }
}

void arch_virq_sync(struct vcpu *vcpu)
{
    if (vcpu->arch.vgic.lr_mask != 0) {
        lock_take(&vcpu->zone->arch.vgic.lock);
        fill(vcpu, 0);
        lock_give(&vcpu->zone->arch.vgic.lock);
    }
}

/* ---- machine interrupts -> list registers ---- */

/* No room, or not for this vCPU: to the bitmaps, or to the machine if the guest has disabled it. */
static void inject_later(struct vcpu *vcpu, const struct spot *at)
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

void vlr_inject(struct vcpu *vcpu, uint32_t intid)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct spot at = spot_of(vcpu, intid);
    uint32_t busy = busy_lrs(v);
    uint32_t lr = busy == 0 ? NO_LR : find_lr(v, busy, intid);

    if (lr == NO_LR) {
        lr = first(v->lr_mask & ~busy);
    }
    if (lr >= NO_LR || v->backlog != 0 || (vgic_forwarded(vcpu->zone, at.word) & at.bit) == 0 ||
        (at.n != 0 && at.word->target[get(INTID_BIT, intid)] != vcpu->id)) {
        inject_later(vcpu, &at);
        return;
    }
    v->lr_intid[lr] = (uint16_t)intid;
    v->lr_level &= ~BIT32(lr);
    lr_write(lr, lr_value(at.word, intid));
}

/* ---- registers that look at or change what is in flight ---- */

uint32_t vlr_find(const struct vcpu *vcpu, uint32_t n, unsigned states)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t bits = 0;

    EACH(i, lrs_in_state(v, states))
    {
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

    EACH(i, lrs_in_state(v, states))
    {
        struct spot at = spot_of(vcpu, v->lr_intid[i]);
        uint64_t value = lr_read(i);
        uint64_t left = get(LR_STATE, value) & ~(uint64_t)states;

        if (at.n != n || (at.bit & bits) == 0) {
            continue;
        }
        lr_write(i, left == 0 ? 0 : with(LR_STATE, value, left));
        if (left == 0) {
            at.word->in_lr &= ~at.bit;
            gone |= at.bit;
        }
    }
    if (gone != 0) {
        vgic_post(vcpu, BIT32(n)); /* there is room for what waits */
    }
    return gone;
}

void vlr_withdraw(struct vcpu *vcpu, uint32_t n, uint32_t bits)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;

    EACH(i, lrs_in_state(v, LR_PENDING))
    {
        bool meant = get(INTID_WORD, v->lr_intid[i]) == n &&
                     (BIT32(get(INTID_BIT, v->lr_intid[i])) & bits) != 0;

        if (meant && get(LR_STATE, lr_read(i)) == LR_PENDING) {
            (void)put_back(vcpu, i);
            vgic_post(vcpu, BIT32(n));
        }
    }
}

/* ---- life ---- */

/* Registers of active priorities exist by the number of preemption bits (IHI 0069, 12.4.3). */
static void clear_active_priorities(void)
{
    uint64_t bits = get(VTR_PRE_BITS, rd_ich_vtr_el2()) + 1;

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

void vlr_start(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    uint32_t last = (uint32_t)get(VTR_LIST_REGS, rd_ich_vtr_el2());

    last = last < VGIC_LR_MAX ? last : VGIC_LR_MAX - 1;
    for (uint32_t i = 0; i <= last; i++) {
        lr_write(i, 0);
    }
    clear_active_priorities();
    wr_ich_vmcr_el2(0);
    v->lr_mask = (BIT32(last) - 1) | BIT32(last);
    v->lr_level = 0;
    v->backlog = 0;
    v->hcr = (uint32_t)put(HCR_EN, 1);
    wr_ich_hcr_el2(v->hcr);
    atomic_store_explicit(&v->work, UINT32_MAX, memory_order_release);
}

/* Gives one list register's state back to where it came from. */
static void drain(struct vcpu *vcpu, uint32_t lr)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;
    struct spot at = spot_of(vcpu, v->lr_intid[lr]);
    uint64_t state = get(LR_STATE, lr_read(lr));
    uintptr_t frame = vgic_frame(vcpu, at.n);

    if ((at.word->hw & at.bit) == 0) {
        if (state == LR_PENDING) {
            (void)put_back(vcpu, lr);
        }
        at.word->in_lr &= ~at.bit;
        vgic_post_bits(vcpu, at.n, at.bit);
    } else if ((state & LR_ACTIVE) != 0 && frame != 0) {
        mmio_wr32(frame, GICD_ICACTIVER + at.n * 4, at.bit);
    } else {
        vgic_give_back(vcpu, at.n, at.bit);
    }
    lr_write(lr, 0);
}

void vlr_stop(struct vcpu *vcpu)
{
    struct vgic_cpu *v = &vcpu->arch.vgic;

    if (v->lr_mask == 0) {
        return;
    }
    EACH(i, busy_lrs(v))
    {
        drain(vcpu, i);
    }
    clear_active_priorities();
    wr_ich_vmcr_el2(0);
    wr_ich_hcr_el2(0);
    v->hcr = 0;
    v->lr_mask = 0;
    v->lr_level = 0;
    v->backlog = 0;
}
