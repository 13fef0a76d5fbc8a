/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's redistributors (IHI 0069, 12.11): one for each vCPU, next to each other, reachable from
 * all vCPUs of the zone and from nobody else.
 */
#include "vgic.h"

#include "hw.h"
#include "its.h"
#include "msi.h"

FIELD(REDIST_OFFSET, 0, 17); /* in an offset of the window */
FIELD(REDIST_NUMBER, 17, 47);

static void ctlr(const struct vgic_at *at)
{
    uintptr_t gicr = at->owner->cpu->arch.gicr;

    if (at->access->write) {
        msi_turn_on(at);
    } else {
        at->access->value = (gicr == 0 ? 0
                                       : mmio_rd32(gicr, GICR_CTLR) & field_mask(GICR_CTLR_RWP)) |
                            put(GICR_CTLR_LPIS, msi_is_on(at->owner));
    }
}

static void typer(const struct vgic_at *at)
{
    if (!at->access->write) {
        at->access->value = vgic_read64(at, at->owner->arch.vgic.typer);
    }
}

uint64_t vgicr_typer(const struct vcpu *vcpu)
{
    bool last = vcpu->id + 1 == vcpu->zone->vcpu_count;

    return put(GICR_TYPER_AFFINITY, gic_affinity32(vcpu->arch.vmpidr)) |
           put(GICR_TYPER_NUMBER, vcpu->id) | put(GICR_TYPER_LAST, last) |
           put(GICR_TYPER_LPIS, vcpu->zone->plan->its_gpa != 0);
}

/* Sleep and its acknowledgement; a vCPU's interrupts do not depend on it. */
static void waker(const struct vgic_at *at)
{
    struct vgic_cpu *v = &at->owner->arch.vgic;

    if (at->access->write) {
        v->waker = (uint32_t)(at->access->value & field_mask(GICR_WAKER_SLEEP));
    } else {
        at->access->value = v->waker | (v->waker != 0 ? put(GICR_WAKER_ASLEEP, 1) : 0);
    }
}

/* clang-format off */
#define SGI(reg) (GICR_SGI + (reg))
static const struct vgic_reg vgicr_rows[] = {
    { GICR_CTLR,            GICR_CTLR + 3,             4,     ctlr,               0 },
    { GICR_IIDR,            GICR_IIDR + 3,             4,     NULL,               VGIC_IIDR },
    { GICR_TYPER,           GICR_TYPER + 7,            4 + 8, typer,              0 },
    { GICR_STATUSR,         GICR_STATUSR + 3,          4,     NULL,               0 },
    { GICR_WAKER,           GICR_WAKER + 3,            4,     waker,              0 },
    { GICR_PROPBASER,       GICR_PROPBASER + 7,        4 + 8, msi_base,           0 },
    { GICR_PENDBASER,       GICR_PENDBASER + 7,        4 + 8, msi_base,           0 },
    { GICR_PIDR2,           GICR_PIDR2 + 3,            4,     NULL,               0x30 },
    { SGI(GICD_IGROUPR),    SGI(GICD_IGROUPR) + 3,     4,     vword_group,        0 },
    { SGI(GICD_ISENABLER),  SGI(GICD_ISENABLER) + 3,   4,     vword_enable_set,   0 },
    { SGI(GICD_ICENABLER),  SGI(GICD_ICENABLER) + 3,   4,     vword_enable_clear, 0 },
    { SGI(GICD_ISPENDR),    SGI(GICD_ISPENDR) + 3,     4,     vword_pend_set,     0 },
    { SGI(GICD_ICPENDR),    SGI(GICD_ICPENDR) + 3,     4,     vword_pend_clear,   0 },
    { SGI(GICD_ISACTIVER),  SGI(GICD_ISACTIVER) + 3,   4,     vword_active_set,   0 },
    { SGI(GICD_ICACTIVER),  SGI(GICD_ICACTIVER) + 3,   4,     vword_active_clear, 0 },
    { SGI(GICD_IPRIORITYR), SGI(GICD_IPRIORITYR) + 31, 1 + 4, vword_priority,     0 },
    { SGI(GICD_ICFGR),      SGI(GICD_ICFGR) + 7,       4,     vword_config,       0 },
    { SGI(GICD_IGRPMODR),   SGI(GICD_IGRPMODR) + 3,    4,     NULL,               0 },
    { SGI(GICR_NSACR),      SGI(GICR_NSACR) + 3,       4,     NULL,               0 },
};
/* clang-format on */

static uint8_t vgicr_map[VGIC_MAP_SIZE];

const struct vgic_table vgicr_table = { vgicr_rows, ARRAY_COUNT(vgicr_rows), vgicr_map };

__attribute__((flatten)) bool vgicr_access(struct vcpu *vcpu, struct mmio_access *access)
{
    uint64_t number = get(REDIST_NUMBER, access->offset);
    struct vgic_at at = {
        .vcpu = vcpu,
        .access = access,
        .offset = (uint32_t)get(REDIST_OFFSET, access->offset),
    };

    if (number >= vcpu->zone->vcpu_count) {
        return false;
    }
    at.owner = &vcpu->zone->vcpus[number];
    return vgic_dispatch(&vgicr_table, &at);
}
