/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver of the machine's GICv2, in the place of what gic.c and pirq.c do with system registers. A
 * build without it has hyp/none/gicv2.c instead: nothing else names these files.
 */
#include "gicv2.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "mmu.h"

#define PRIORITY_ALL 0xffu
#define SGI_WORDS    4u /* registers with a byte for each SGI */
#define BANKED_WORDS 8u /* ITARGETSR registers of the CPU's own interrupts */

/* A CPU interface is a bit in target lists: the bytes say which, for all interrupts the same. */
static uint8_t own_target(void)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < BANKED_WORDS * 4; i++) {
        seen |= mmio_rd8(gic.gicd, GICD_ITARGETSR + i);
    }
    return seen == 0 ? 1 : (uint8_t)seen; /* 0: the only CPU (IHI 0048, 4.3.12) */
}

static void doorbell(struct pcpu *cpu, uint8_t target)
{
    cpu->arch.doorbell = put(DOORBELL_MMIO, 1) | put(GICD2_SGIR_LIST, target) |
                         put(GICD2_SGIR_INTID, GIC_DOORBELL);
}

static void cpu_init(struct pcpu *cpu)
{
    cpu->arch.gic_target = own_target();
    doorbell(cpu, cpu->arch.gic_target);
    mmio_wr32(gic.gicc, GICC_CTLR, 0);
    gic_word_init(gic.gicd, 0);
    for (uint32_t i = 0; i < SGI_WORDS; i++) {
        mmio_wr32(gic.gicd, GICD_CPENDSGIR + i * 4, UINT32_MAX);
    }
    mmio_wr32(gic.gicc, GICC_APR, 0);
    mmio_wr32(gic.gicc, GICC_PMR, PRIORITY_ALL);
    mmio_wr32(gic.gicc, GICC_BPR, 0);
    mmio_wr32(gic.gich, GICH_HCR, 0);
    mmio_wr32(gic.gicc, GICC_CTLR,
              (uint32_t)(put(GICC_CTLR_ENABLE, 1) | put(GICC_CTLR_EOIMODE, 1)));
    gic_own_enable(gic.gicd);
}

static enum pirq_kind claim(struct vcpu *vcpu)
{
    /* Of SGIs it names the sender too, and goes back as it came (IHI 0048, 4.4.5). */
    uint32_t iar = mmio_rd32(gic.gicc, GICC_IAR);
    uint32_t intid = (uint32_t)get(GICC_IAR_INTID, iar);
    enum pirq_kind kind;

    if (intid >= INTID_SPECIAL) {
        return PIRQ_NONE;
    }
    mmio_wr32(gic.gicc, GICC_EOIR, iar);
    kind = pirq_take(vcpu, intid);
    if (kind != PIRQ_GUEST) {
        mmio_wr32(gic.gicc, GICC_DIR, iar);
    }
    return kind;
}

static const struct gic_driver driver = {
    .cpu_init = cpu_init,
    .claim = claim,
    .virq_init = vgicv2_init,
    .lr_mask = vlr2_mask,
    .lr_ended = vlr2_ended,
    .hcr_read = vlr2_hcr_read,
    .hcr_write = vlr2_hcr_write,
    .interface_reset = vlr2_interface_reset,
    .end_private = vlr2_end_private,
    .sgi_join = vlr2_sgi_join,
    .sgi_insert = vlr2_sgi_insert,
};

/* Whether the first page comes again where the second should be: DIR would be written to CTLR. */
static bool repeats(uintptr_t gicc)
{
    uint32_t iidr = mmio_rd32(gicc, GICC_IIDR);

    return iidr != 0 && mmio_rd32(gicc, SIZE_4K + GICC_IIDR) == iidr;
}

const char *gicv2_init(const struct plan_board *board, uintptr_t gicd)
{
    gic = (struct gic){
        .gicd = gicd,
        .gicc = mmu_map_device(hpa(board->gicc_hpa), board->gicc_size),
        .gich = mmu_map_device(hpa(board->gich_hpa), board->gich_size),
        .v2 = &driver,
    };
    if (repeats(gic.gicc)) {
        return "the GICv2's pages are repeated, and the board does not say so (128 KiB of GICC)";
    }
    gic_facts(board);
    gic.soft_end = mmio_rd32(gicd, GICD_IIDR) == GICD_IIDR_QEMU;
    mmio_wr32(gicd, GICD_CTLR, 0);
    for (uint32_t n = 1; n < gic.words; n++) {
        gic_word_init(gicd, n);
    }
    mmio_wr32(gicd, GICD_CTLR, (uint32_t)put(GICD_CTLR_GRP0, 1));
    /* Each CPU corrects this when it comes: that interfaces are numbered as in the plan. */
    for (uint32_t i = 0; i < the_plan->cpu_count; i++) {
        doorbell(&pcpus[i], (uint8_t)BIT32(i));
    }
    return NULL;
}
