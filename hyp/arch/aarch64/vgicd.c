/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's distributor (IHI 0069, 12.9): register table and what only the distributor has. Affinity
 * routing is always on, so that registers of interrupts 0..31 are the redistributors'.
 */
#include "vgic.h"

#include "hw.h"
#include "its.h"

FIELD(GICD_TYPER_NO_1N, 25, 1); /* no interrupts to any one of several CPUs */
FIELD(ROUTER_INTID, 3, 10);     /* INTID in the offset of GICD_IROUTER */
FIELD(ROUTER_IRM, 31, 1);

/* Out of line, so that reads need not save registers for it. */
__attribute__((noinline)) void vgic_ctlr_write(struct zone *zone, uint64_t value)
{
    uint64_t enables = field_mask(GICD_CTLR_GRP0) | field_mask(GICD_CTLR_GRP1);

    zone->arch.vgic.ctlr = (uint32_t)(value & enables);
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        vgic_quick_update(&zone->vcpus[i]);
        vgic_post(&zone->vcpus[i], VGIC_WORK_ALL);
    }
}

static void ctlr(const struct vgic_at *at)
{
    struct zone *zone = at->vcpu->zone;

    if (at->access->write) {
        vgic_ctlr_write(zone, at->access->value);
        return;
    }
    /*
     * RWP is 0: what the guest has disabled is not injected any more, whatever is under way in the
     * machine, whose RWP would tell of other zones.
     */
    at->access->value = zone->arch.vgic.ctlr | put(GICD_CTLR_ARE, 1) | put(GICD_CTLR_DS, 1);
}

static void typer(const struct vgic_at *at)
{
    if (!at->access->write) {
        at->access->value = at->vcpu->zone->arch.vgic.typer;
    }
}

uint32_t vgicd_typer(const struct zone *zone)
{
    bool has_its = zone->plan->its_gpa != 0;

    return (uint32_t)(put(GICD_TYPER_LINES, zone->arch.vgic.lines) | put(GICD_TYPER_LPIS, has_its) |
                      put(GICD_TYPER_ID_BITS, has_its ? LPI_BITS - 1 : 9) |
                      put(GICD_TYPER_NO_1N, 1));
}

static void router(const struct vgic_at *at)
{
    uint32_t intid = (uint32_t)get(ROUTER_INTID, at->offset - GICD_IROUTER);
    uint32_t n = (uint32_t)get(INTID_WORD, intid);
    uint64_t index = get(INTID_BIT, intid);
    struct zone *zone = at->vcpu->zone;
    struct vgic_word *word = &zone->arch.vgic.spi[n];
    uint64_t mask = field_mask(AFF_210) | field_mask(AFF_3);
    uint64_t value = zone->vcpus[word->target[index]].arch.vmpidr & mask;
    struct vcpu *target;

    if ((word->owned & BIT32(index)) == 0) {
        at->access->value = 0;
        return;
    }
    if (!at->access->write) {
        at->access->value = vgic_read64(at, value);
        return;
    }
    value = vgic_write64(at, value);
    target = get(ROUTER_IRM, value) != 0 ? &zone->vcpus[0] : vgic_find(zone, value);
    if (target == NULL) {
        return;
    }
    word->target[index] = (uint8_t)target->id;
    if ((word->hw & BIT32(index)) != 0) {
        gic_set_route(intid, target->cpu);
    }
    vgic_post(target, BIT64(n)); /* what waits for the old one is the new one's */
}

/* Word 0 is the redistributors' (affinity routing): reads 0, ignores writes. */
/* clang-format off */
static const struct vgic_reg vgicd_rows[] = {
    { GICD_CTLR,             GICD_CTLR + 3,          4,     ctlr,               0 },
    { GICD_TYPER,            GICD_TYPER + 3,         4,     typer,              0 },
    { GICD_IIDR,             GICD_IIDR + 3,          4,     NULL,               VGIC_IIDR },
    { GICD_STATUSR,          GICD_STATUSR + 3,       4,     NULL,               0 },
    { GICD_IGROUPR,          GICD_IGROUPR + 3,       4,     NULL,               0 },
    { GICD_IGROUPR + 4,      GICD_IGROUPR + 0x7f,    4,     vword_group,        0 },
    { GICD_ISENABLER,        GICD_ISENABLER + 3,     4,     NULL,               0 },
    { GICD_ISENABLER + 4,    GICD_ISENABLER + 0x7f,  4,     vword_enable_set,   0 },
    { GICD_ICENABLER,        GICD_ICENABLER + 3,     4,     NULL,               0 },
    { GICD_ICENABLER + 4,    GICD_ICENABLER + 0x7f,  4,     vword_enable_clear, 0 },
    { GICD_ISPENDR,          GICD_ISPENDR + 3,       4,     NULL,               0 },
    { GICD_ISPENDR + 4,      GICD_ISPENDR + 0x7f,    4,     vword_pend_set,     0 },
    { GICD_ICPENDR,          GICD_ICPENDR + 3,       4,     NULL,               0 },
    { GICD_ICPENDR + 4,      GICD_ICPENDR + 0x7f,    4,     vword_pend_clear,   0 },
    { GICD_ISACTIVER,        GICD_ISACTIVER + 3,     4,     NULL,               0 },
    { GICD_ISACTIVER + 4,    GICD_ISACTIVER + 0x7f,  4,     vword_active_set,   0 },
    { GICD_ICACTIVER,        GICD_ICACTIVER + 3,     4,     NULL,               0 },
    { GICD_ICACTIVER + 4,    GICD_ICACTIVER + 0x7f,  4,     vword_active_clear, 0 },
    { GICD_IPRIORITYR,       GICD_IPRIORITYR + 31,   1 + 4, NULL,               0 },
    { GICD_IPRIORITYR + 32,  GICD_IPRIORITYR + 1019, 1 + 4, vword_priority,     0 },
    { GICD_ITARGETSR,        GICD_ITARGETSR + 1019,  1 + 4, NULL,               0 },
    { GICD_ICFGR,            GICD_ICFGR + 7,         4,     NULL,               0 },
    { GICD_ICFGR + 8,        GICD_ICFGR + 0xff,      4,     vword_config,       0 },
    { GICD_IGRPMODR,         GICD_IGRPMODR + 0x7f,   4,     NULL,               0 },
    { GICD_SGIR,             GICD_SGIR + 3,          4,     NULL,               0 },
    { GICD_IROUTER + 0x100,  GICD_IROUTER + 0x1fdf,  4 + 8, router,             0 },
    { GICD_PIDR2,            GICD_PIDR2 + 3,         4,     NULL,               0x30 }, /* GICv3 */
};
/* clang-format on */

static uint8_t vgicd_map[VGIC_MAP_FRAME];

const struct vgic_table vgicd_table = { vgicd_rows, ARRAY_COUNT(vgicd_rows), vgicd_map };
