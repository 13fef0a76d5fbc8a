/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GICv3 registers with bits, bytes or pairs of bits for each interrupt, the same in distributor and
 * redistributor: whole words at a time, masked by ownership before anything else. What the guest
 * does not own reads as 0 and never reaches the machine.
 */
#include "vgic.h"

#include "hw.h"

FIELD(BITS_WORD, 2, 5);   /* word number in the offset of a bitmap register */
FIELD(PRIO_INTID, 0, 10); /* INTID in the offset of GICD_IPRIORITYR */
FIELD(CFG_WORD, 3, 5);    /* word number in the offset of GICD_ICFGR */
FIELD(CFG_HALF, 2, 1);    /* and which half of it */

/* A bitmap register, taken apart. */
struct bits {
    struct vgic_word *word;
    uint32_t n;
    uint32_t set; /* written bits that the guest owns */
    bool local;   /* the accessing vCPU's list registers may hold these interrupts */
};

static struct bits bits_of(const struct vgic_at *at)
{
    uint32_t n = (uint32_t)get(BITS_WORD, at->offset);
    struct vgic_word *word = vgic_word_at(at->owner, n);

    return (struct bits){
        .word = word,
        .n = n,
        .set = (uint32_t)at->access->value & word->owned,
        .local = n != 0 || at->owner == at->vcpu,
    };
}

/* Writes the owned machine interrupts among `bits` to the machine's register of the same kind. */
static void forward(const struct vgic_at *at, const struct bits *b, uint32_t reg, uint32_t bits)
{
    uintptr_t frame = vgic_frame(at->owner, b->n);

    if ((bits & b->word->hw) != 0 && frame != 0) {
        mmio_wr32(frame, reg + b->n * 4, bits & b->word->hw);
    }
}

/* What the machine's register says of owned machine interrupts. */
static uint32_t machine(const struct vgic_at *at, const struct bits *b, uint32_t reg)
{
    uintptr_t frame = vgic_frame(at->owner, b->n);

    if (b->word->hw == 0 || frame == 0) {
        return 0;
    }
    return mmio_rd32(frame, reg + b->n * 4) & b->word->hw;
}

/* Those that may be injected now have to be looked at by the vCPUs they go to. */
static void look_again(const struct vgic_at *at, const struct bits *b)
{
    uint32_t set = b->set & vgic_candidates(at->vcpu->zone, b->word);

    if (set != 0) {
        vgic_post_bits(at->owner, b->n, set);
    }
}

void vword_group(const struct vgic_at *at)
{
    struct bits b = bits_of(at);

    if (!at->access->write) {
        at->access->value = b.word->group & b.word->owned;
        return;
    }
    b.word->group = (b.word->group & ~b.word->owned) | b.set;
    b.set = b.word->owned;
    if (b.n == 0) {
        vgic_quick_update(at->owner);
    }
    look_again(at, &b);
}

static void enable_read(const struct vgic_at *at, const struct bits *b)
{
    at->access->value = vgic_enabled(b->word);
}

void vword_enable_set(const struct vgic_at *at)
{
    struct bits b = bits_of(at);

    if (!at->access->write) {
        enable_read(at, &b);
        return;
    }
    atomic_store_explicit(&b.word->enabled, vgic_enabled(b.word) | b.set, memory_order_relaxed);
    forward(at, &b, GICD_ISENABLER, b.set);
    if (b.n == 0) {
        vgic_quick_update(at->owner);
    }
    look_again(at, &b);
}

void vword_enable_clear(const struct vgic_at *at)
{
    struct bits b = bits_of(at);

    if (!at->access->write) {
        enable_read(at, &b);
        return;
    }
    atomic_store_explicit(&b.word->enabled, vgic_enabled(b.word) & ~b.set, memory_order_relaxed);
    forward(at, &b, GICD_ICENABLER, b.set);
    if (b.n == 0) {
        vgic_quick_update(at->owner);
    }
    if (b.local) {
        vlr_withdraw(at->vcpu, b.n, b.set);
    }
}

static void pend_read(const struct vgic_at *at, const struct bits *b)
{
    uint32_t value = vgic_pending(b->word) | (b->word->line & ~b->word->edge);

    if (b->local) {
        value |= vlr_find(at->vcpu, b->n, LR_PENDING);
    }
    at->access->value = value | machine(at, b, GICD_ISPENDR);
}

void vword_pend_set(const struct vgic_at *at)
{
    struct bits b = bits_of(at);

    if (!at->access->write) {
        pend_read(at, &b);
        return;
    }
    /* The machine latches its own: they come back as interrupts. */
    forward(at, &b, GICD_ISPENDR, b.set);
    atomic_fetch_or_explicit(&b.word->pending, b.set & ~b.word->hw, memory_order_relaxed);
    look_again(at, &b);
}

void vword_pend_clear(const struct vgic_at *at)
{
    struct bits b = bits_of(at);
    uint32_t claimed;

    if (!at->access->write) {
        pend_read(at, &b);
        return;
    }
    forward(at, &b, GICD_ICPENDR, b.set);
    claimed = atomic_fetch_and_explicit(&b.word->pending, ~b.set, memory_order_relaxed) & b.set;
    if (b.local) {
        claimed |= vlr_clear(at->vcpu, b.n, b.set, LR_PENDING);
    }
    forward(at, &b, GICD_ICACTIVER, claimed); /* acknowledged, but the guest will never see it */
}

static void active_read(const struct vgic_at *at, const struct bits *b)
{
    uint32_t value = b->word->active | b->word->in_lr | machine(at, b, GICD_ISACTIVER);

    /* For the machine, and in in_lr, what the guest has not taken yet is active too. */
    value &= ~(vgic_pending(b->word) & b->word->hw);
    value |= b->n == 0 ? vspill_find(at->owner, 0) : 0;
    if (b->local) {
        value &= ~vlr_find(at->vcpu, b->n, LR_PENDING);
        value |= vlr_find(at->vcpu, b->n, LR_ACTIVE);
    }
    at->access->value = value;
}

void vword_active_set(const struct vgic_at *at)
{
    struct bits b = bits_of(at);

    if (!at->access->write) {
        active_read(at, &b);
        return;
    }
    forward(at, &b, GICD_ISACTIVER, b.set);
    b.word->active |= b.set & ~b.word->hw;
}

void vword_active_clear(const struct vgic_at *at)
{
    struct bits b = bits_of(at);
    uint32_t waiting;

    if (!at->access->write) {
        active_read(at, &b);
        return;
    }
    /* Acknowledged machine interrupts that the guest has not taken are pending, not active. */
    waiting = vgic_pending(b.word);
    if (b.local) {
        (void)vlr_clear(at->vcpu, b.n, b.set, LR_ACTIVE);
        waiting |= vlr_find(at->vcpu, b.n, LR_PENDING);
    }
    forward(at, &b, GICD_ICACTIVER, b.set & ~waiting);
    b.word->active &= ~b.set;
    look_again(at, &b);
}

void vword_priority(const struct vgic_at *at)
{
    uint32_t intid = (uint32_t)get(PRIO_INTID, at->offset);
    uint32_t n = (uint32_t)get(INTID_WORD, intid);
    struct vgic_word *word = vgic_word_at(at->owner, n);
    uintptr_t frame = vgic_frame(at->owner, n);
    uint64_t value = 0;

    for (uint32_t i = 0; i < at->access->size; i++) {
        uint32_t index = (uint32_t)get(INTID_BIT, intid + i);

        if ((word->owned & BIT32(index)) == 0) {
            continue;
        }
        if (!at->access->write) {
            value |= vgic_byte_put(word->priority[index], i);
            continue;
        }
        word->priority[index] = vgic_byte(at->access->value, i) & VGIC_PRIORITY_MASK;
        if ((word->hw & BIT32(index)) != 0 && frame != 0) {
            gic_set_priority(frame, intid + i, word->priority[index]);
        }
    }
    if (!at->access->write) {
        at->access->value = value;
    }
}

static void config_write(const struct vgic_at *at, struct vgic_word *word, uint32_t first)
{
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t bit = BIT32(first + i);
        bool edge = (at->access->value & BIT32(i * 2 + 1)) != 0;
        uint32_t n = (uint32_t)get(CFG_WORD, at->offset);

        if ((word->owned & bit) == 0 || ((word->edge & bit) != 0) == edge) {
            continue;
        }
        word->edge ^= bit;
        if ((word->hw & bit) != 0) {
            gic_set_edge((uint32_t)(put(INTID_WORD, n) | put(INTID_BIT, first + i)), edge);
        }
    }
}

void vword_config(const struct vgic_at *at)
{
    uint32_t n = (uint32_t)get(CFG_WORD, at->offset);
    uint32_t first = get(CFG_HALF, at->offset) != 0 ? 16 : 0;
    struct vgic_word *word = vgic_word_at(at->owner, n);
    uint32_t value = 0;

    if (at->access->write) {
        if (n != 0) { /* SGIs are edge, the timers level: fixed */
            config_write(at, word, first);
        }
        return;
    }
    for (uint32_t i = 0; i < 16; i++) {
        if ((word->owned & word->edge & BIT32(first + i)) != 0) {
            value |= BIT32(i * 2 + 1);
        }
    }
    at->access->value = value;
}
