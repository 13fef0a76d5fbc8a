/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GICv3 of a zone: what it owns, reset, routing between vCPUs, SGIs. Nothing here ever
 * touches a machine interrupt outside of the masks that arch_virq_init() takes from the plan.
 */
#include "vgic.h"

#include "gicv2.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/lock.h"
#include "msi.h"

#define SGI_MASK UINT32_C(0x0000ffff)

void vgic_quick_update(struct vcpu *vcpu)
{
    const struct vgic_word *word = &vcpu->arch.vgic.word;

    if (gic.v2 == NULL) {
        vcpu->arch.vgic.quick = VGIC_QUICK_V3 | (word->hw & word->group & vgic_enabled(word) &
                                                 vgic_forwarded(vcpu->zone, word));
    }
}

uintptr_t vgic_frame(const struct vcpu *vcpu, uint32_t n)
{
    return n == 0 ? gic_sgi_frame(vcpu->cpu) : gic.gicd;
}

void vgic_post(struct vcpu *vcpu, uint64_t words)
{
    atomic_fetch_or_explicit(&vcpu->arch.vgic.work, words, memory_order_release);
    pcpu_request(vcpu->cpu, REQUEST_VIRQ);
}

void vgic_post_bits(struct vcpu *vcpu, uint32_t n, uint32_t bits)
{
    const struct vgic_word *word = vgic_word_at(vcpu, n);

    if (n == 0) {
        vgic_post(vcpu, 1);
        return;
    }
    while (bits != 0) {
        uint32_t i = (uint32_t)__builtin_ctz(bits);

        vgic_post(&vcpu->zone->vcpus[word->target[i]], BIT64(n));
        bits &= bits - 1;
    }
}

void vgic_give_back(struct vcpu *vcpu, uint32_t n, uint32_t bits)
{
    uintptr_t frame = vgic_frame(vcpu, n);
    uint32_t edges = bits & vgic_word_at(vcpu, n)->edge;

    if (frame == 0) {
        return;
    }
    if (edges != 0) {
        mmio_wr32(frame, GICD_ISPENDR + n * 4, edges);
    }
    mmio_wr32(frame, GICD_ICACTIVER + n * 4, bits);
}

struct vcpu *vgic_find(struct zone *zone, uint64_t affinity)
{
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        if (gic_affinity32(zone->vcpus[i].arch.vmpidr) == gic_affinity32(affinity)) {
            return &zone->vcpus[i];
        }
    }
    return NULL;
}

void arch_virq_set(struct zone *zone, uint32_t intid, bool level)
{
    uint32_t n = (uint32_t)get(INTID_WORD, intid);
    uint32_t bit = BIT32(get(INTID_BIT, intid));
    struct vgic_zone *g = &zone->arch.vgic;
    struct vgic_word *word = &g->spi[n];
    bool rises;

    if ((word->owned & ~word->hw & bit) == 0) {
        return;
    }
    lock_take(&g->lock);
    rises = level && (word->line & bit) == 0;
    word->line = level ? word->line | bit : word->line & ~bit;
    if (rises && (word->edge & bit) != 0) {
        atomic_fetch_or_explicit(&word->pending, bit, memory_order_relaxed);
    }
    vgic_post_bits(&zone->vcpus[0], n, bit);
    lock_give(&g->lock);
}

static bool word_pending(const struct vcpu *vcpu, uint32_t n)
{
    const struct vgic_word *word = &vcpu->zone->arch.vgic.spi[n];
    uint32_t set = vgic_candidates(vcpu->zone, word);

    if (vlr_find(vcpu, n, LR_PENDING) != 0) {
        return true;
    }
    for (; set != 0; set &= set - 1) {
        if (word->target[__builtin_ctz(set)] == vcpu->id) {
            return true;
        }
    }
    return false;
}

bool arch_virq_pending(const struct vcpu *vcpu)
{
    if (vgic_candidates(vcpu->zone, &vcpu->arch.vgic.word) != 0 ||
        vlr_find(vcpu, 0, LR_PENDING) != 0) {
        return true;
    }
    for (uint32_t n = 1; n < VGIC_WORDS_ALL; n++) {
        if (word_pending(vcpu, n)) {
            return true;
        }
    }
    return false;
}

/* ---- SGIs ---- */

static void sgi_send(struct vcpu *target, uint32_t bit, bool group1)
{
    struct vgic_word *word = &target->arch.vgic.word;

    if (((word->group & bit) != 0) == group1) {
        atomic_fetch_or_explicit(&word->pending, bit, memory_order_relaxed);
        vgic_post(target, 1);
    }
}

static bool sgi_write(struct vcpu *vcpu, uint64_t value, bool group1)
{
    struct zone *zone = vcpu->zone;
    uint32_t bit = BIT32(get(SGIR_INTID, value));
    uint64_t list = get(SGIR_LIST, value);
    uint64_t mask = (field_mask(AFF_3) | field_mask(AFF_210)) & ~field_mask(AFF_0_BIT);
    uint64_t cluster = put(AFF_3, get(SGIR_AFF3, value)) | put(AFF_2, get(SGIR_AFF2, value)) |
                       put(AFF_1, get(SGIR_AFF1, value)) | put(AFF_0_RANGE, get(SGIR_RANGE, value));
    bool others = get(SGIR_IRM, value) != 0;

    if (!others && list == 0) {
        return true;
    }
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        struct vcpu *target = &zone->vcpus[i];
        uint64_t aff = target->arch.vmpidr;
        bool listed = (aff & mask) == cluster && (list & BIT64(get(AFF_0_BIT, aff))) != 0;

        if (others ? target != vcpu : listed) {
            sgi_send(target, bit, group1);
        }
    }
    return true;
}

bool vgic_sgi1r_write(struct vcpu *vcpu, uint64_t value)
{
    return sgi_write(vcpu, value, true);
}

bool vgic_sgi0r_write(struct vcpu *vcpu, uint64_t value)
{
    return sgi_write(vcpu, value, false);
}

/* ---- life ---- */

static void machine_disable(struct vcpu *vcpu, uint32_t n)
{
    uintptr_t frame = vgic_frame(vcpu, n);
    uint32_t hw = vgic_word_at(vcpu, n)->hw;

    if (frame != 0 && hw != 0) {
        mmio_wr32(frame, GICD_ICENABLER + n * 4, hw);
    }
}

/* Machine side of disabled interrupts: nothing pending or active, as the plan has it. */
static void machine_reset(struct vcpu *vcpu, uint32_t n)
{
    const struct vgic_word *word = vgic_word_at(vcpu, n);
    uintptr_t frame = vgic_frame(vcpu, n);

    if (frame == 0 || word->hw == 0) {
        return;
    }
    mmio_wr32(frame, GICD_ICPENDR + n * 4, word->hw);
    mmio_wr32(frame, GICD_ICACTIVER + n * 4, word->hw);
    for (uint32_t set = word->hw; set != 0; set &= set - 1) {
        uint32_t index = (uint32_t)__builtin_ctz(set);
        uint32_t intid = (uint32_t)(put(INTID_WORD, n) | put(INTID_BIT, index));

        gic_set_priority(frame, intid, 0);
        if (n != 0) {
            gic_set_edge(intid, (word->edge_reset & BIT32(index)) != 0);
            gic_set_route(intid, vcpu->cpu);
        }
    }
}

static void word_reset(struct vgic_word *word)
{
    atomic_store_explicit(&word->enabled, 0, memory_order_relaxed);
    atomic_store_explicit(&word->pending, 0, memory_order_relaxed);
    /* Guests that never heard of groups get IRQs: of a GICv2, FIQs have to be asked for. */
    word->group = gic.v2 != NULL ? 0 : UINT32_MAX;
    word->edge = word->edge_reset;
    word->active = 0;
    word->line = 0;
    word->in_lr = 0;
    for (unsigned i = 0; i < 32; i++) {
        word->priority[i] = 0;
        word->target[i] = 0;
    }
}

static void private_reset(struct vcpu *vcpu)
{
    uintptr_t frame = vgic_frame(vcpu, 0);

    machine_disable(vcpu, 0);
    if (frame != 0) {
        gic_settle(frame);
    }
    machine_reset(vcpu, 0);
    word_reset(&vcpu->arch.vgic.word);
    vgic_quick_update(vcpu);
    for (uint32_t i = 0; i < VGIC_SGIS; i++) {
        vcpu->arch.vgic.sgi_source[i] = 0;
    }
    vcpu->arch.vgic.waker = (uint32_t)put(GICR_WAKER_SLEEP, 1);
}

void arch_virq_reset(struct zone *zone)
{
    struct vgic_zone *g = &zone->arch.vgic;
    struct vcpu *boot = &zone->vcpus[0];

    lock_take(&g->lock);
    g->ctlr = 0;
    for (uint32_t n = 1; n <= g->lines; n++) {
        machine_disable(boot, n);
    }
    if (gic.gicd != 0) {
        gic_settle(gic.gicd);
    }
    for (uint32_t n = 1; n <= g->lines; n++) {
        machine_reset(boot, n);
        word_reset(&g->spi[n]);
    }
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        private_reset(&zone->vcpus[i]);
    }
    msi_zone_reset(zone);
    lock_give(&g->lock);
}

static void own(struct vgic_zone *g, uint32_t intid, bool hw, bool edge)
{
    uint32_t n = (uint32_t)get(INTID_WORD, intid);
    uint32_t bit = BIT32(get(INTID_BIT, intid));

    g->spi[n].owned |= bit;
    g->spi[n].hw |= hw ? bit : 0;
    g->spi[n].edge_reset |= edge ? bit : 0;
    g->lines = g->lines < n ? n : g->lines;
}

/* Level interrupts of what the hypervisor emulates for the zone. */
static void own_emulated(const struct zone *zone, const struct plan *plan, struct vgic_zone *g)
{
    const struct plan_zone *p = &plan->zone[zone->id];

    if (p->console == PLAN_CONSOLE_EMULATED) {
        own(g, p->vuart_intid, false, false);
    }
    for (uint32_t i = 0; i < plan->channel_count * 2; i++) {
        const struct plan_channel_side *side = &plan->channel[i / 2].side[i % 2];

        if (side->zone == zone->id) {
            own(g, side->intid, false, false);
        }
    }
    if (plan->control.region != 0 && plan->control.zone == zone->id) {
        own(g, plan->control.intid, false, false);
    }
    for (uint32_t i = 0; i < plan->virtio_count; i++) {
        if (plan->virtio[i].zone == zone->id) {
            own(g, plan->virtio[i].intid, false, false);
        }
    }
}

void arch_virq_init(struct zone *zone, const struct plan *plan)
{
    uint32_t timers = BIT32(plan->board.virt_timer_intid) | BIT32(plan->board.phys_timer_intid);
    struct vgic_zone *g = &zone->arch.vgic;

    g->lines = 1;
    for (uint32_t i = 0; i < plan->irq_count; i++) {
        if (plan->irq[i].zone == zone->id) {
            own(g, plan->irq[i].intid, true, (plan->irq[i].flags & PLAN_IRQ_EDGE) != 0);
        }
    }
    own_emulated(zone, plan, g);
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        struct vgic_word *word = &zone->vcpus[i].arch.vgic.word;

        word->owned = SGI_MASK | timers;
        word->hw = timers;
        word->edge_reset = SGI_MASK;
        zone->vcpus[i].arch.vgic.typer = vgicr_typer(&zone->vcpus[i]);
    }
    g->typer = vgicd_typer(zone);
    arch_virq_reset(zone);
    if (gic.v2 != NULL) {
        gic.v2->virq_init(zone);
        return;
    }
    vgic_map_init(&vgicd_table);
    vgic_map_init(&vgicr_table);
    mmio_add(zone, &(struct mmio_dev){ zone->plan->gicd_gpa, GICD_SIZE, vgicd_access });
    mmio_add(zone, &(struct mmio_dev){ zone->plan->gicr_gpa, (uint64_t)zone->vcpu_count * GICR_SIZE,
                                       vgicr_access });
    msi_zone_init(zone);
}

/* In service with reset values, whether it was before or not. */
static void start(struct vcpu *vcpu)
{
    struct lock *lock = &vcpu->zone->arch.vgic.lock;
    uintptr_t frame = vgic_frame(vcpu, 0);

    lock_take(lock);
    vlr_stop(vcpu);
    vlr_start(vcpu);
    if (frame != 0) {
        mmio_wr32(frame, GICD_ISENABLER,
                  vgic_enabled(&vcpu->arch.vgic.word) & vcpu->arch.vgic.word.hw);
    }
    lock_give(lock);
}

void vgic_vcpu_reset(struct vcpu *vcpu)
{
    start(vcpu);
}

void vgic_vcpu_load(struct vcpu *vcpu)
{
    start(vcpu);
}

void vgic_vcpu_unload(struct vcpu *vcpu)
{
    struct lock *lock = &vcpu->zone->arch.vgic.lock;

    lock_take(lock);
    vlr_stop(vcpu);
    private_reset(vcpu);
    lock_give(lock);
}
