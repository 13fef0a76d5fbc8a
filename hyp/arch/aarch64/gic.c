/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the machine's GICv3; knows nothing of guests. Setting it up is not on any hot path. */
#include "gic.h"

#include "gicv2.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/lock.h"
#include "hyp/core/zone.h"
#include "msi.h"

FIELD(SRE_ALL, 0, 4);     /* ICC_SRE_EL2: SRE, DFB, DIB, Enable */
FIELD(SRE_EL1_ALL, 0, 3); /* ICC_SRE_EL1: SRE, DFB, DIB */
FIELD(SRE_ENABLE, 3, 1);
FIELD(CTLR_EOIMODE, 1, 1); /* ICC_CTLR_EL1: EOIR drops priority, DIR deactivates */
FIELD(IGRPEN_ENABLE, 0, 1);
FIELD(PMR_ALL, 0, 8);
FIELD(CFG_REG, 4, 6); /* INTID in GICD_ICFGR<n>: 16 interrupts of two bits */
FIELD(CFG_INDEX, 0, 4);

#define SPIN_MAX      100000u /* polls of a register that changes within microseconds */
#define PRIORITIES(p) ((uint32_t)((p)*UINT32_C(0x01010101)))
#define ALL           UINT32_MAX

struct gic gic;

/* GICD_ICFGR: words of it are shared between zones. Taken inside a zone's vgic.lock. */
static struct lock config_lock;

uintptr_t gic_sgi_frame(const struct pcpu *cpu)
{
    if (cpu->arch.gicr != 0) {
        return cpu->arch.gicr + GICR_SGI;
    }
    return cpu->arch.gic_target != 0 && cpu == arch_cpu_this() ? gic.gicd : 0;
}

void gic_settle(uintptr_t frame)
{
    bool shared = frame == gic.gicd;
    uintptr_t base = shared ? frame : frame - GICR_SGI;
    uint64_t busy = shared ? field_mask(GICD_CTLR_RWP) : field_mask(GICR_CTLR_RWP);

    for (unsigned i = 0; i < SPIN_MAX && (mmio_rd32(base, GICD_CTLR) & busy) != 0; i++) {
        cpu_relax();
    }
}

/* Group 1; of a GICv2, 0, which is all it has where firmware in EL3 has the other. */
void gic_word_init(uintptr_t frame, uint32_t n)
{
    mmio_wr32(frame, GICD_ICENABLER + n * 4, ALL);
    mmio_wr32(frame, GICD_IGROUPR + n * 4, gic.v2 != NULL ? 0 : ALL);
    mmio_wr32(frame, GICD_ICPENDR + n * 4, ALL);
    mmio_wr32(frame, GICD_ICACTIVER + n * 4, ALL);
    for (uint32_t i = 0; i < 32; i += 4) {
        mmio_wr32(frame, GICD_IPRIORITYR + n * 32 + i, PRIORITIES(GIC_PRIORITY_RESET));
    }
}

void gic_facts(const struct plan_board *board)
{
    gic.maintenance = board->maintenance_intid;
    gic.hyp_timer = board->hyp_timer_intid;
    gic.words = (uint32_t)get(GICD_TYPER_LINES, mmio_rd32(gic.gicd, GICD_TYPER)) + 1;
}

void gic_init(const struct plan_board *board, uintptr_t gicd, uintptr_t gicr)
{
    gic = (struct gic){
        .gicd = gicd,
        .gicr = gicr,
        .gicr_size = board->gicr_size,
    };
    gic_facts(board);
    mmio_wr32(gicd, GICD_CTLR, 0);
    gic_settle(gicd);
    /* Affinity routing first: with it off the registers below have another meaning. */
    mmio_wr32(gicd, GICD_CTLR, (uint32_t)put(GICD_CTLR_ARE, 1));
    gic_settle(gicd);
    for (uint32_t n = 1; n < gic.words; n++) {
        gic_word_init(gicd, n);
        mmio_wr32(gicd, GICD_ICFGR + n * 8, 0);
        mmio_wr32(gicd, GICD_ICFGR + n * 8 + 4, 0);
    }
    mmio_wr32(gicd, GICD_CTLR, (uint32_t)(put(GICD_CTLR_ARE, 1) | put(GICD_CTLR_GRP1, 1)));
    gic_settle(gicd);
}

/* The frame whose affinity is the CPU's; crashes while booting on a machine without. */
static uintptr_t find_redistributor(const struct pcpu *cpu)
{
    uint64_t at = 0;

    while (at + GICR_SIZE <= gic.gicr_size) {
        uint64_t typer = mmio_rd64(gic.gicr, at + GICR_TYPER);

        if (get(GICR_TYPER_AFFINITY, typer) == gic_affinity32(cpu->hw_id)) {
            return gic.gicr + at;
        }
        if (get(GICR_TYPER_LAST, typer) != 0) {
            break;
        }
        at += get(GICR_TYPER_VLPIS, typer) != 0 ? GICR_SIZE_VLPI : GICR_SIZE;
    }
    arch_crash("no redistributor for this CPU");
}

static void wake(uintptr_t gicr)
{
    uint64_t waker = mmio_rd32(gicr, GICR_WAKER);

    mmio_wr32(gicr, GICR_WAKER, (uint32_t)with(GICR_WAKER_SLEEP, waker, 0));
    for (unsigned i = 0; i < SPIN_MAX; i++) {
        if (get(GICR_WAKER_ASLEEP, mmio_rd32(gicr, GICR_WAKER)) == 0) {
            return;
        }
        cpu_relax();
    }
    arch_crash("redistributor does not wake");
}

static void own_private(uintptr_t frame, uint32_t intid)
{
    mmio_wr8(frame, GICD_IPRIORITYR + intid, GIC_PRIORITY_OWN);
    mmio_wr32(frame, GICD_ISENABLER, BIT32(intid));
}

void gic_own_enable(uintptr_t frame)
{
    own_private(frame, GIC_DOORBELL);
    own_private(frame, gic.maintenance);
    own_private(frame, gic.hyp_timer);
}

static void interface_init(void)
{
    wr_icc_sre_el2(field_mask(SRE_ALL));
    isb(); /* the other registers exist from here on */
    wr_icc_sre_el1(field_mask(SRE_EL1_ALL));
    isb();
    wr_icc_sre_el2(field_mask(SRE_ALL) & ~field_mask(SRE_ENABLE)); /* EL1 may not change it */
    isb();
    wr_icc_pmr_el1(field_mask(PMR_ALL));
    wr_icc_bpr1_el1(0);
    wr_icc_ctlr_el1(put(CTLR_EOIMODE, 1));
    wr_ich_hcr_el2(0);
    wr_icc_igrpen1_el1(put(IGRPEN_ENABLE, 1));
    isb();
}

void gic_cpu_init(struct pcpu *cpu)
{
    uintptr_t frame;

    if (gic.v2 != NULL) {
        gic.v2->cpu_init(cpu);
        return;
    }
    cpu->arch.gicr = find_redistributor(cpu);
    wake(cpu->arch.gicr);
    frame = gic_sgi_frame(cpu);
    gic_word_init(frame, 0);
    gic_settle(frame);
    interface_init();
    gic_own_enable(frame);
    msi_cpu_init(cpu);
}

void gic_set_priority(uintptr_t frame, uint32_t intid, uint8_t priority)
{
    mmio_wr8(frame, GICD_IPRIORITYR + intid,
             priority < GIC_PRIORITY_GUEST ? GIC_PRIORITY_GUEST : priority);
}

/* The configuration may only change while the interrupt is disabled (IHI 0069, GICD_ICFGR). */
void gic_set_edge(uint32_t intid, bool edge)
{
    uint64_t word = get(INTID_WORD, intid) * 4;
    uint32_t self = BIT32(get(INTID_BIT, intid));
    bool enabled;
    uint64_t offset = GICD_ICFGR + get(CFG_REG, intid) * 4;
    uint32_t bit = BIT32(get(CFG_INDEX, intid) * 2 + 1);
    uint32_t config;

    /* The interrupt's owner alone changes its enable bit; the word below is shared. */
    enabled = (mmio_rd32(gic.gicd, GICD_ISENABLER + word) & self) != 0;
    mmio_wr32(gic.gicd, GICD_ICENABLER + word, self);
    gic_settle(gic.gicd);
    lock_take(&config_lock);
    config = mmio_rd32(gic.gicd, offset);
    mmio_wr32(gic.gicd, offset, edge ? config | bit : config & ~bit);
    lock_give(&config_lock);
    if (enabled) {
        mmio_wr32(gic.gicd, GICD_ISENABLER + word, self);
    }
}

void gic_set_route(uint32_t intid, const struct pcpu *cpu)
{
    if (gic.v2 != NULL) {
        mmio_wr8(gic.gicd, GICD_ITARGETSR + intid,
                 (uint8_t)get(GICD2_SGIR_LIST, cpu->arch.doorbell));
        return;
    }
    mmio_wr64(gic.gicd, GICD_IROUTER + (uint64_t)intid * 8,
              cpu->hw_id & (field_mask(AFF_210) | field_mask(AFF_3)));
}

void arch_pirq_assign(uint32_t intid, const struct pcpu *cpu)
{
    uint64_t n = get(INTID_WORD, intid);
    uint32_t bit = BIT32(get(INTID_BIT, intid));

    gic.own[n] |= bit;
    gic_set_edge(intid, false);
    gic_set_route(intid, cpu);
    mmio_wr8(gic.gicd, GICD_IPRIORITYR + intid, GIC_PRIORITY_OWN);
    mmio_wr32(gic.gicd, GICD_ISENABLER + n * 4, bit);
}

void gic_doorbell(struct pcpu *cpu)
{
    uint64_t aff = cpu->hw_id;

    cpu->arch.doorbell = put(SGIR_INTID, GIC_DOORBELL) | put(SGIR_AFF3, get(AFF_3, aff)) |
                         put(SGIR_AFF2, get(AFF_2, aff)) | put(SGIR_AFF1, get(AFF_1, aff)) |
                         put(SGIR_RANGE, get(AFF_0_RANGE, aff)) |
                         put(SGIR_LIST, BIT32(get(AFF_0_BIT, aff)));
}

void arch_ipi_send(struct pcpu *target)
{
    uint64_t doorbell = target->arch.doorbell;

    dsb_ishst(); /* what the doorbell announces is visible before it rings */
    if (get(DOORBELL_MMIO, doorbell) != 0) {
        mmio_wr32(gic.gicd, GICD_SGIR, (uint32_t)doorbell);
        return;
    }
    wr_icc_sgi1r_el1(doorbell);
    isb();
}
