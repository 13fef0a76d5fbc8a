/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's GICv2 distributor (IHI 0048, 4.3): register table and what a GICv3 has not: interrupts
 * 0..31 of the vCPU that asks, targets as bytes, SGIs by sender. A vCPU's number is its bit. The
 * CPU interface is the machine's virtual one, mapped by stage 2.
 */
#include "vgic.h"

#include "gicv2.h"
#include "hw.h"
#include "lib/plan_check.h"

FIELD(BYTE_INTID, 0, 10); /* INTID in the offset of GICD_ITARGETSR */
FIELD(SGI_INTID, 0, 4);   /* and in that of GICD_SPENDSGIR, GICD_CPENDSGIR */
FIELD(SGI_BITS, 0, 16);

#define ARCH_REV_2 0x20u

static void ctlr(const struct vgic_at *at)
{
    struct zone *zone = at->vcpu->zone;

    if (at->access->write) {
        vgic_ctlr_write(zone, at->access->value);
    } else {
        at->access->value = zone->arch.vgic.ctlr;
    }
}

static void typer(const struct vgic_at *at)
{
    if (!at->access->write) {
        at->access->value = put(GICD_TYPER_LINES, at->vcpu->zone->arch.vgic.lines) |
                            put(GICD_TYPER_CPUS, at->vcpu->zone->vcpu_count - 1);
    }
}

/* SGIs become pending and not pending by their own registers only (IHI 0048, 4.3.7). */
static void pend_set_private(const struct vgic_at *at)
{
    at->access->value = with(SGI_BITS, at->access->value, 0);
    vword_pend_set(at);
}

static void pend_clear_private(const struct vgic_at *at)
{
    at->access->value = with(SGI_BITS, at->access->value, 0);
    vword_pend_clear(at);
}

/* The first of the named vCPUs gets it; a list without any of the zone's is ignored. */
static void target_write(const struct vgic_at *at, uint32_t intid, uint32_t list)
{
    struct zone *zone = at->vcpu->zone;
    uint32_t n = (uint32_t)get(INTID_WORD, intid);
    uint32_t index = (uint32_t)get(INTID_BIT, intid);
    struct vgic_word *word = &zone->arch.vgic.spi[n];

    list &= BIT32(zone->vcpu_count) - 1;
    if (list == 0) {
        return;
    }
    word->target[index] = (uint8_t)__builtin_ctz(list);
    if ((word->hw & BIT32(index)) != 0) {
        gic_set_route(intid, zone->vcpus[word->target[index]].cpu);
    }
    vgic_post(&zone->vcpus[word->target[index]], BIT32(n));
}

static void target(const struct vgic_at *at)
{
    uint32_t intid = (uint32_t)get(BYTE_INTID, at->offset);
    uint64_t value = 0;

    for (uint32_t i = 0; i < at->access->size; i++) {
        const struct vgic_word *word = vgic_word_at(at->vcpu, (uint32_t)get(INTID_WORD, intid + i));
        uint32_t index = (uint32_t)get(INTID_BIT, intid + i);

        if ((word->owned & BIT32(index)) == 0) {
            continue;
        }
        if (at->access->write) {
            target_write(at, intid + i, vgic_byte(at->access->value, i));
        }
        value |= vgic_byte_put(BIT32(word->target[index]), i);
    }
    at->access->value = value;
}

/* Of its own interrupts each vCPU is the target: so it learns its number. */
static void target_private(const struct vgic_at *at)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < at->access->size; i++) {
        value |= vgic_byte_put(BIT32(at->vcpu->id), i);
    }
    at->access->value = value;
}

/* ---- SGIs ---- */

static void sgi_pend(struct vcpu *to, uint32_t intid, uint32_t sources)
{
    if (sources != 0) {
        to->arch.vgic.sgi_source[intid] |= (uint8_t)sources;
        atomic_fetch_or_explicit(&to->arch.vgic.word.pending, BIT32(intid), memory_order_relaxed);
        vgic_post(to, 1);
    }
}

/* Bits of the vCPUs that a value of GICD_SGIR means. */
static uint64_t sgir_targets(const struct vcpu *from, uint64_t value)
{
    switch (get(GICD2_SGIR_FILTER, value)) {
    case SGIR_LISTED: return get(GICD2_SGIR_LIST, value);
    case SGIR_OTHERS: return ~BIT64(from->id);
    case SGIR_SELF: return BIT64(from->id);
    default: return 0;
    }
}

static void sgir(const struct vgic_at *at)
{
    uint64_t value = at->access->value;
    uint64_t to = sgir_targets(at->vcpu, value);
    struct zone *zone = at->vcpu->zone;

    if (!at->access->write) {
        at->access->value = 0;
        return;
    }
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        if ((to & BIT64(i)) != 0) {
            sgi_pend(&zone->vcpus[i], (uint32_t)get(GICD2_SGIR_INTID, value), BIT32(at->vcpu->id));
        }
    }
}

static uint64_t sgi_read(const struct vgic_at *at)
{
    uint32_t intid = (uint32_t)get(SGI_INTID, at->offset);
    uint64_t value = 0;

    for (uint32_t i = 0; i < at->access->size; i++) {
        value |= vgic_byte_put(
            at->vcpu->arch.vgic.sgi_source[intid + i] | vlr2_sgi_sources(at->vcpu, intid + i), i);
    }
    return value;
}

static void sgi_set(const struct vgic_at *at)
{
    uint32_t intid = (uint32_t)get(SGI_INTID, at->offset);
    uint32_t all = BIT32(at->vcpu->zone->vcpu_count) - 1;

    if (!at->access->write) {
        at->access->value = sgi_read(at);
        return;
    }
    for (uint32_t i = 0; i < at->access->size; i++) {
        sgi_pend(at->vcpu, intid + i, vgic_byte(at->access->value, i) & all);
    }
}

static void sgi_clear(const struct vgic_at *at)
{
    uint32_t intid = (uint32_t)get(SGI_INTID, at->offset);
    struct vgic_cpu *v = &at->vcpu->arch.vgic;

    if (!at->access->write) {
        at->access->value = sgi_read(at);
        return;
    }
    for (uint32_t i = 0; i < at->access->size; i++) {
        uint32_t sources = vgic_byte(at->access->value, i);

        v->sgi_source[intid + i] &= (uint8_t)~sources;
        if (v->sgi_source[intid + i] == 0) {
            atomic_fetch_and_explicit(&v->word.pending, ~BIT32(intid + i), memory_order_relaxed);
        }
        vlr2_sgi_clear(at->vcpu, intid + i, sources);
    }
}

/* clang-format off */
static const struct vgic_reg vgicd2_rows[] = {
    { GICD_CTLR,             GICD_CTLR + 3,          4,     ctlr,               0 },
    { GICD_TYPER,            GICD_TYPER + 3,         4,     typer,              0 },
    { GICD_IIDR,             GICD_IIDR + 3,          4,     NULL,               VGIC_IIDR },
    { GICD_IGROUPR,          GICD_IGROUPR + 0x7f,    4,     vword_group,        0 },
    { GICD_ISENABLER,        GICD_ISENABLER + 0x7f,  4,     vword_enable_set,   0 },
    { GICD_ICENABLER,        GICD_ICENABLER + 0x7f,  4,     vword_enable_clear, 0 },
    { GICD_ISPENDR,          GICD_ISPENDR + 3,       4,     pend_set_private,   0 },
    { GICD_ISPENDR + 4,      GICD_ISPENDR + 0x7f,    4,     vword_pend_set,     0 },
    { GICD_ICPENDR,          GICD_ICPENDR + 3,       4,     pend_clear_private, 0 },
    { GICD_ICPENDR + 4,      GICD_ICPENDR + 0x7f,    4,     vword_pend_clear,   0 },
    { GICD_ISACTIVER,        GICD_ISACTIVER + 0x7f,  4,     vword_active_set,   0 },
    { GICD_ICACTIVER,        GICD_ICACTIVER + 0x7f,  4,     vword_active_clear, 0 },
    { GICD_IPRIORITYR,       GICD_IPRIORITYR + 1019, 1 + 4, vword_priority,     0 },
    { GICD_ITARGETSR,        GICD_ITARGETSR + 31,    1 + 4, target_private,     0 },
    { GICD_ITARGETSR + 32,   GICD_ITARGETSR + 1019,  1 + 4, target,             0 },
    { GICD_ICFGR,            GICD_ICFGR + 0xff,      4,     vword_config,       0 },
    { GICD_SGIR,             GICD_SGIR + 3,          4,     sgir,               0 },
    { GICD_CPENDSGIR,        GICD_CPENDSGIR + 15,    1 + 4, sgi_clear,          0 },
    { GICD_SPENDSGIR,        GICD_SPENDSGIR + 15,    1 + 4, sgi_set,            0 },
    { GICD_ICPIDR2,          GICD_ICPIDR2 + 3,       4,     NULL,               ARCH_REV_2 },
};
/* clang-format on */

static uint8_t vgicd2_map[VGIC_MAP_FRAME];

const struct vgic_table vgicd2_table = { vgicd2_rows, ARRAY_COUNT(vgicd2_rows), vgicd2_map };

bool vgicd2_access(struct vcpu *vcpu, struct mmio_access *access)
{
    struct vgic_at at = {
        .vcpu = vcpu,
        .owner = vcpu,
        .access = access,
        .offset = (uint32_t)access->offset,
    };

    return vgic_dispatch(&vgicd2_table, &at);
}

void vgicv2_init(struct zone *zone)
{
    vgic_map_init(&vgicd2_table);
    mmio_add(zone, &(struct mmio_dev){ zone->plan->gicd_gpa, PLAN_GICD2_SIZE, vgicd2_access });
}
