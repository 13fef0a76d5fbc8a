/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LPIs of zones: from a message of a function to the interrupt of the zone that owns it. A table
 * look-up by the plan; what the guest maps only decides what it calls its own interrupts.
 */
#include "lpi.h"

#include "el2.h"
#include "hw.h"
#include "hyp/core/assert.h"
#include "hyp/core/log.h"
#include "hyp/core/pool.h"
#include "hyp/core/string.h"
#include "lib/plan_check.h"
#include "mmu.h"
#include "vlr.h"

struct lpi_device *lpi_devices;

static struct vgic_word *word_of(struct zone *zone, uint32_t function)
{
    return &zone->arch.vgic.spi[VGIC_LPI_WORD + function];
}

uint32_t msi_intid(uint32_t inside)
{
    uint32_t n = inside - LPI_INSIDE;

    return lpi_devices[n / PLAN_MAX_EVENTS].intid[n % PLAN_MAX_EVENTS];
}

uint32_t lpi_next(const struct zone *zone, uint32_t function)
{
    while (function < the_plan->function_count && (the_plan->function[function].zone != zone->id ||
                                                   the_plan->function[function].events == 0)) {
        function++;
    }
    return function;
}

bool lpi_copy(const struct zone *zone, gpa_t from, void *to, uint64_t size)
{
    hpa_t at;

    if (!zone_ram_find(zone, from, size, &at)) {
        return false;
    }
    memcpy(to, arch_window_map(at), size);
    arch_window_unmap();
    return true;
}

/* --- one event ------------------------------------------------------------------------------- */

bool lpi_is_mapped(const struct lpi_event *at)
{
    return (lpi_devices[at->function].mapped & BIT32(at->event)) != 0;
}

static uint32_t number_of(const struct lpi_event *at)
{
    return at->function * PLAN_MAX_EVENTS + at->event;
}

/* Told once: the machine's ITS is the hypervisor's business. */
static void machine_result(enum err result)
{
    static _Atomic bool told;

    if (result != OK && !atomic_exchange(&told, true)) {
        LOG0(LOG_ERROR, "ITS does not answer: messages of devices are lost");
    }
}

static void take_back(struct vcpu *vcpu, uint32_t lr)
{
    struct vlr_spot at = vlr_spot(vcpu, vcpu->arch.vgic.lr_intid[lr]);
    bool stays = (vgic_enabled(at.word) & at.bit) != 0 &&
                 at.word->target[__builtin_ctz(at.bit)] == vcpu->id;

    if ((lpi_devices[at.n - VGIC_LPI_WORD].dropped & at.bit) != 0) {
        vlr_write(lr, 0);
    } else if (!stays && get(LR_STATE, vlr_read(lr)) == LR_PENDING) {
        (void)vlr_put_back(vcpu, lr);
    }
}

void msi_recall(struct vcpu *vcpu)
{
    const struct vgic_cpu *v = &vcpu->arch.vgic;
    struct vits *vits = vcpu->zone->arch.vits;

    if (vits == NULL || (vits->recall & BIT32(vcpu->id)) == 0) {
        return;
    }
    vits->recall &= ~BIT32(vcpu->id);
    VLR_EACH (i, vlr_busy(v)) {
        if (v->lr_intid[i] >= LPI_INSIDE) {
            take_back(vcpu, i);
        }
    }
    for (uint32_t f = 0; f < the_plan->function_count && vits->recall == 0; f++) {
        lpi_devices[f].dropped &= the_plan->function[f].zone == vcpu->zone->id ? 0 : UINT32_MAX;
    }
}

/*
 * The event is not the vCPU's any more, which may have it in a list register. It looks before it
 * enters its guest again; until then the zone's queue stands still, so that no command's effect
 * meets another's. A vCPU that is off has given its own back.
 */
static void recall(const struct lpi_event *at, uint32_t target, bool drop)
{
    struct vcpu *holder = &at->vcpu->zone->vcpus[target];

    if (holder->arch.vgic.lr_mask == 0) {
        return;
    }
    holder->zone->arch.vits->recall |= BIT32(target);
    lpi_devices[at->function].dropped |= drop ? BIT32(at->event) : 0;
    if (holder == at->vcpu) {
        msi_recall(holder);
    }
    vgic_post(holder, BIT64(VGIC_LPI_WORD + at->function)); /* there may be room for what waits */
}

/* Where it goes, and whether it may: the guest's table, its collection, the vCPU's switch. */
static void update(const struct lpi_event *at)
{
    struct vgic_word *word = word_of(at->vcpu->zone, at->function);
    const struct lpi_device *device = &lpi_devices[at->function];
    const struct vits *vits = at->vcpu->zone->arch.vits;
    uint32_t bit = BIT32(at->event), before = vgic_enabled(word), enabled = before & ~bit;
    uint8_t target = vits->target[device->group[at->event]], was = word->target[at->event];

    if ((device->mapped & device->wanted & bit) != 0 && target != VITS_NONE &&
        (vits->on & BIT32(target)) != 0) {
        word->target[at->event] = target;
        enabled |= bit;
    }
    atomic_store_explicit(&word->enabled, enabled, memory_order_relaxed);
    if ((before & bit) != 0 && ((enabled & bit) == 0 || word->target[at->event] != was)) {
        recall(at, was, false);
    }
    if ((enabled & vgic_pending(word) & bit) != 0) {
        vgic_post_bits(at->vcpu, VGIC_LPI_WORD + at->function, bit);
    }
}

void lpi_load(const struct lpi_event *at)
{
    struct vgic_word *word = word_of(at->vcpu->zone, at->function);
    struct lpi_device *device = &lpi_devices[at->function];
    const struct vits *vits = at->vcpu->zone->arch.vits;
    uint32_t index = device->intid[at->event] - LPI_FIRST;
    uint8_t property = 0;

    if (index >= vits->table_size ||
        !lpi_copy(at->vcpu->zone, gpa(vits->table.v + index), &property, 1)) {
        property = 0;
    }
    word->priority[at->event] = property & VGIC_PRIORITY_MASK;
    device->wanted &= ~BIT32(at->event);
    device->wanted |= get(PROP_ENABLE, property) != 0 ? BIT32(at->event) : 0;
    update(at);
}

/* The machine's goes to where the guest's does, so that no CPU has to ring another. */
static void machine_route(const struct lpi_event *at)
{
    struct lpi_device *device = &lpi_devices[at->function];
    const struct zone *zone = at->vcpu->zone;
    uint8_t target = zone->arch.vits->target[device->group[at->event]];
    const struct pcpu *cpu = zone->vcpus[target == VITS_NONE ? 0 : target].cpu;

    if (!its_reaches(cpu)) {
        cpu = zone->vcpus[0].cpu;
    }
    device->cpu[at->event] = (uint8_t)cpu->id;
    machine_result(its_event(number_of(at), cpu));
}

/* Nobody's from here on: what the machine still has of it ends in msi_claim(). */
static void forget(struct zone *zone, uint32_t function, uint32_t event)
{
    struct vgic_word *word = word_of(zone, function);
    struct lpi_device *device = &lpi_devices[function];
    uint32_t bit = BIT32(event);

    device->mapped &= ~bit;
    word->owned &= ~bit;
    atomic_fetch_and_explicit(&word->enabled, ~bit, memory_order_relaxed);
    machine_result(its_discard(function * PLAN_MAX_EVENTS + event, &pcpus[device->cpu[event]]));
    atomic_fetch_and_explicit(&word->pending, ~bit, memory_order_relaxed);
    device->intid[event] = 0;
}

void lpi_clear(const struct lpi_event *at)
{
    struct vgic_word *word = word_of(at->vcpu->zone, at->function);
    uint32_t bit = BIT32(at->event);

    atomic_fetch_and_explicit(&word->pending, ~bit, memory_order_relaxed);
    recall(at, word->target[at->event], true);
}

void lpi_unmap(const struct lpi_event *at)
{
    if (lpi_is_mapped(at)) {
        forget(at->vcpu->zone, at->function, at->event);
        lpi_clear(at);
    }
}

/* Two list registers must never hold one INTID. */
static bool is_taken(const struct zone *zone, uint32_t intid)
{
    for (uint32_t f = lpi_next(zone, 0); f < the_plan->function_count; f = lpi_next(zone, f + 1)) {
        for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
            if (lpi_devices[f].intid[e] == intid) {
                return true;
            }
        }
    }
    return false;
}

bool lpi_map(const struct lpi_event *at, uint32_t intid, uint32_t group)
{
    struct vgic_word *word = word_of(at->vcpu->zone, at->function);
    struct lpi_device *device = &lpi_devices[at->function];

    lpi_unmap(at);
    if (is_taken(at->vcpu->zone, intid)) {
        return false;
    }
    device->intid[at->event] = (uint16_t)intid;
    device->group[at->event] = (uint8_t)group;
    device->mapped |= BIT32(at->event);
    word->owned |= BIT32(at->event);
    lpi_load(at);
    machine_route(at);
    return true;
}

void lpi_move(const struct lpi_event *at, uint32_t group)
{
    struct lpi_device *device = &lpi_devices[at->function];
    uint32_t cpu = device->cpu[at->event];

    device->group[at->event] = (uint8_t)group;
    machine_result(its_discard(number_of(at), &pcpus[cpu]));
    machine_route(at);
    update(at);
}

void lpi_raise(const struct lpi_event *at)
{
    struct vgic_word *word = word_of(at->vcpu->zone, at->function);
    uint32_t bit = BIT32(at->event);

    atomic_fetch_or_explicit(&word->pending, bit, memory_order_relaxed);
    if ((vgic_enabled(word) & bit) != 0) {
        vgic_post_bits(at->vcpu, VGIC_LPI_WORD + at->function, bit);
    }
}

void lpi_device_map(struct vcpu *vcpu, uint32_t function, uint64_t limit)
{
    struct lpi_device *device = &lpi_devices[function];
    const struct pcpu *cpu = vcpu->zone->vcpus[0].cpu;

    for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
        lpi_unmap(&(struct lpi_event){ vcpu, function, e });
    }
    if (device->is_open != (limit != 0)) {
        machine_result(limit != 0 ? its_open(function, cpu) : its_close(function, cpu));
    }
    device->is_open = limit != 0;
    device->limit = limit;
}

void lpi_update_all(struct vcpu *vcpu)
{
    const struct zone *zone = vcpu->zone;

    for (uint32_t f = lpi_next(zone, 0); f < the_plan->function_count; f = lpi_next(zone, f + 1)) {
        for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
            struct lpi_event at = { vcpu, f, e };

            if (lpi_is_mapped(&at)) {
                update(&at);
            }
        }
    }
}

/* --- the machine's LPIs ---------------------------------------------------------------------- */

/* By the plan alone: whose function, which message. What is not mapped is dropped. No lock. */
void msi_claim(uint32_t intid)
{
    uint32_t n = intid - LPI_FIRST, function = n / PLAN_MAX_EVENTS;
    uint32_t bit = BIT32(n % PLAN_MAX_EVENTS);
    struct vgic_word *word;
    struct zone *zone;

    if (intid < LPI_FIRST || function >= the_plan->function_count) {
        return;
    }
    zone = &zones[the_plan->function[function].zone];
    word = word_of(zone, function);
    if ((word->owned & bit) == 0 || get(GITS_CTLR_ENABLE, zone->arch.vits->ctlr) == 0) {
        return;
    }
    atomic_fetch_or_explicit(&word->pending, bit, memory_order_relaxed);
    if ((vgic_enabled(word) & bit) != 0) {
        vgic_post_bits(&zone->vcpus[0], VGIC_LPI_WORD + function, bit);
    }
}

/* --- redistributors -------------------------------------------------------------------------- */

bool msi_is_on(const struct vcpu *vcpu)
{
    const struct vits *vits = vcpu->zone->arch.vits;

    return vits != NULL && (vits->on & BIT32(vcpu->id)) != 0;
}

/* The first vCPU decides where the table of properties is; checked here, once. */
static void table_take(struct vits *vits, const struct zone *zone, uint64_t base)
{
    uint64_t bits = get(LPI_ID_BITS, base) + 1;
    uint64_t size = BIT64(bits < LPI_BITS ? bits : LPI_BITS);
    hpa_t unused;

    vits->table = gpa(put(PROP_ADDR, get(PROP_ADDR, base)));
    vits->table_size = 0;
    if (size > LPI_FIRST && zone_ram_find(zone, vits->table, size - LPI_FIRST, &unused)) {
        vits->table_size = (uint32_t)(size - LPI_FIRST);
    }
}

void msi_turn_on(const struct vgic_at *at)
{
    struct vits *vits = at->vcpu->zone->arch.vits;

    if (vits == NULL || get(GICR_CTLR_LPIS, at->access->value) == 0 || msi_is_on(at->owner)) {
        return;
    }
    if (vits->on == 0) {
        table_take(vits, at->vcpu->zone, vits->prop[at->owner->id]);
    }
    vits->on |= BIT32(at->owner->id);
    lpi_update_all(at->vcpu);
}

/* Memory attributes read back as what the hypervisor uses. */
void msi_base(const struct vgic_at *at)
{
    struct vits *vits = at->vcpu->zone->arch.vits;
    bool is_prop = at->offset < GICR_PENDBASER;
    uint64_t mask = is_prop ? field_mask(PROP_ADDR) | field_mask(LPI_ID_BITS)
                            : field_mask(PEND_ADDR);
    uint64_t *base;

    if (vits == NULL) {
        at->access->value = 0;
        return;
    }
    base = is_prop ? &vits->prop[at->owner->id] : &vits->pend[at->owner->id];
    if (!at->access->write) {
        at->access->value = vgic_read64(at, *base | put(LPI_INNER, ITS_WRITE_BACK) |
                                                put(LPI_SHARE, ITS_INNER_SHAREABLE));
    } else if (!msi_is_on(at->owner)) {
        *base = vgic_write64(at, *base) & mask;
    }
}

/* --- life ------------------------------------------------------------------------------------ */

const char *msi_init(const struct plan *plan)
{
    if (plan->board.its_hpa == 0) {
        return NULL;
    }
    lpi_devices = pool_take(PLAN_MAX_FUNCTIONS * sizeof(*lpi_devices), SIZE_4K);
    return its_init(plan, mmu_map_device(hpa(plan->board.its_hpa), PLAN_ITS_FRAME));
}

void msi_cpu_init(struct pcpu *cpu)
{
    uint32_t zone = the_plan->cpu[cpu->id].zone;

    if (zone != PLAN_NONE && the_plan->zone[zone].its_gpa != 0) {
        its_cpu_init(cpu);
    }
}

/*
 * Devices see one page more than the zone's CPUs: the one where the machine's ITS takes messages,
 * whose sender the bus names. A CPU that could write there would have no such name.
 */
static void device_view(struct zone *zone)
{
    uint64_t *cpus = pool_va(hpa(put(VTTBR_BADDR, get(VTTBR_BADDR, zone->arch.vttbr))));
    struct s2_map doorbell = { zone->plan->its_gpa + PLAN_ITS_FRAME,
                               the_plan->board.its_hpa + PLAN_ITS_FRAME,
                               SIZE_4K,
                               true,
                               false,
                               true };
    uint64_t *root = s2_fork(cpus, doorbell.gpa);

    /* plan_check keeps the emulated ITS's frames free of all else. */
    ASSERT(s2_map(root, &doorbell) == OK);
    zone->arch.dma_vttbr = pool_pa(root).v |
                           put(VTTBR_VMID, zone->id + 1 + PLAN_MAX_ZONES); /* its own */
    dsb_ishst();
}

void msi_zone_init(struct zone *zone)
{
    if (zone->plan->its_gpa == 0) {
        return;
    }
    zone->arch.vits = pool_take(sizeof(*zone->arch.vits), SIZE_4K);
    device_view(zone);
    for (uint32_t f = lpi_next(zone, 0); f < the_plan->function_count; f = lpi_next(zone, f + 1)) {
        word_of(zone, f)->group = UINT32_MAX;
        word_of(zone, f)->edge = UINT32_MAX;
    }
    msi_zone_reset(zone);
    mmio_add(zone, &(struct mmio_dev){ zone->plan->its_gpa, PLAN_ITS_FRAME, vits_access });
}

void msi_zone_reset(struct zone *zone)
{
    struct vits *vits = zone->arch.vits;

    if (vits == NULL) {
        return;
    }
    for (uint32_t f = lpi_next(zone, 0); f < the_plan->function_count; f = lpi_next(zone, f + 1)) {
        struct lpi_device *device = &lpi_devices[f];

        for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
            if ((device->mapped & BIT32(e)) != 0) {
                forget(zone, f, e);
            }
        }
        if (device->is_open) {
            machine_result(its_close(f, zone->vcpus[0].cpu));
        }
        *device = (struct lpi_device){ .limit = 0 };
        atomic_store_explicit(&word_of(zone, f)->pending, 0, memory_order_relaxed);
    }
    *vits = (struct vits){ .ctlr = 0 };
    memset(vits->target, VITS_NONE, sizeof(vits->target));
}
