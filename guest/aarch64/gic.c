/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's GICv3 (Arm IHI 0069): group 1, one priority, affinities; and what all GICs share. */
#include "guest/aarch64/gic.h"

#include "guest/aarch64/hw.h"
#include "vitrine-guest.h"

#define GICD_IROUTER 0x6000u

#define GICR_TYPER  0x0008u
#define GICR_WAKER  0x0014u
#define GICR_SGI    0x10000u /* the second frame: same offsets as the distributor's */
#define GICR_STRIDE 0x20000u

FIELD(GICR_TYPER_LAST, 4, 1);
FIELD(GICR_TYPER_AFFINITY, 32, 32);
FIELD(GICR_WAKER_SLEEP, 1, 1);
FIELD(GICR_WAKER_ASLEEP, 2, 1);
FIELD(GICD_CTLR_GROUPS, 0, 2); /* EnableGrp1 and EnableGrp1A, or EnableGrp0 and EnableGrp1 */
FIELD(GICD_CTLR_ARE, 4, 1);
FIELD(SGI_TARGETS, 0, 16);
FIELD(SGI_AFF1, 16, 8);
FIELD(SGI_INTID, 24, 4);
FIELD(SGI_AFF2, 32, 8);
FIELD(MPIDR_LOW, 0, 24);
FIELD(AFF0, 0, 8);
FIELD(AFF1, 8, 8);
FIELD(AFF2, 16, 8);

/* Redistributor answers within this many reads, or is not waited for. */
#define WAKE_BOUND 100000u

static const struct boot_info *boot;

const struct boot_info *gic_boot(void)
{
    return boot;
}

uint32_t gic_count_cpus(const struct boot_info *at)
{
    uint64_t gicr = at->gicr_gpa;

    if (at->gicc_gpa != 0) {
        return gicv2_count_cpus(at->gicd_gpa);
    }
    for (uint32_t n = 0; n < VG_MAX_VCPUS; n++) {
        if (get(GICR_TYPER_LAST, hw_mmio_rd64(gicr + n * GICR_STRIDE + GICR_TYPER)) != 0) {
            return n + 1;
        }
    }
    return VG_MAX_VCPUS;
}

static uint64_t find_redistributor(uint64_t affinity)
{
    uint64_t at = boot->gicr_gpa;

    for (uint32_t n = 0; n < VG_MAX_VCPUS; n++, at += GICR_STRIDE) {
        uint64_t typer = hw_mmio_rd64(at + GICR_TYPER);

        if (get(GICR_TYPER_AFFINITY, typer) == affinity) {
            return at;
        }
        if (get(GICR_TYPER_LAST, typer) != 0) {
            break;
        }
    }
    return boot->gicr_gpa;
}

/* Frame that holds the interrupt's bits: of the calling vCPU's own, or the distributor. */
static uint64_t frame_of(uint32_t intid)
{
    return intid < GIC_SPI ? *gic_frame() : boot->gicd_gpa;
}

static uint64_t word_of(uint32_t intid, uint32_t base)
{
    return frame_of(intid) + base + intid / 32 * sizeof(uint32_t);
}

void gic_frame_init(uint64_t frame)
{
    hw_mmio_wr32(frame + GICD_ICENABLER, UINT32_MAX);
    for (uint32_t i = 0; i < GIC_SPI; i++) {
        hw_mmio_wr8(frame + GICD_IPRIORITYR + i, GIC_PRIORITY);
    }
}

static void init(uint64_t gicd)
{
    uint64_t lines = get(GICD_TYPER_LINES, hw_mmio_rd32(gicd + GICD_TYPER)) + 1;

    for (uint64_t i = 1; i < lines; i++) {
        hw_mmio_wr32(gicd + GICD_IGROUPR + i * sizeof(uint32_t), UINT32_MAX);
    }
    hw_mmio_wr32(gicd + GICD_CTLR, (uint32_t)(put(GICD_CTLR_GROUPS, 3) | put(GICD_CTLR_ARE, 1)));
}

static void init_cpu(void)
{
    uint64_t gicr = find_redistributor(get(MPIDR_LOW, rd_mpidr_el1()));

    hw_mmio_wr32(gicr + GICR_WAKER,
                 (uint32_t)with(GICR_WAKER_SLEEP, hw_mmio_rd32(gicr + GICR_WAKER), 0));
    for (uint32_t i = 0; i < WAKE_BOUND; i++) {
        if (get(GICR_WAKER_ASLEEP, hw_mmio_rd32(gicr + GICR_WAKER)) == 0) {
            break;
        }
    }
    *gic_frame() = gicr + GICR_SGI;
    gic_frame_init(gicr + GICR_SGI);
    hw_mmio_wr32(gicr + GICR_SGI + GICD_IGROUPR, UINT32_MAX);
    wr_icc_sre_el1(rd_icc_sre_el1() | 1);
    hw_isb();
    wr_icc_pmr_el1(GIC_PRIORITY_MASK);
    wr_icc_bpr1_el1(0);
    wr_icc_ctlr_el1(0);
    wr_icc_igrpen1_el1(1);
    hw_isb();
}

static uint32_t acknowledge(void)
{
    uint32_t taken = (uint32_t)rd_icc_iar1_el1();

    hw_isb();
    return taken;
}

static void end(uint32_t taken)
{
    wr_icc_eoir1_el1(taken);
    hw_isb();
}

static void route(uint32_t spi)
{
    hw_mmio_wr64(boot->gicd_gpa + GICD_IROUTER + spi * sizeof(uint64_t),
                 get(MPIDR_LOW, rd_mpidr_el1()));
}

static void send(uint64_t affinity, uint32_t sgi)
{
    hw_dsb();
    wr_icc_sgi1r_el1(put(SGI_TARGETS, BIT64(get(AFF0, affinity))) |
                     put(SGI_AFF1, get(AFF1, affinity)) | put(SGI_AFF2, get(AFF2, affinity)) |
                     put(SGI_INTID, sgi));
    hw_isb();
}

static const struct gic_kind gicv3_kind = {
    .init = init,
    .init_cpu = init_cpu,
    .acknowledge = acknowledge,
    .end = end,
    .route = route,
    .send = send,
};

const struct gic_kind *gic_kind(void)
{
    return boot->gicc_gpa != 0 ? &gicv2_kind : &gicv3_kind;
}

void gic_init(const struct boot_info *at)
{
    uint64_t gicd = at->gicd_gpa;
    uint64_t lines = get(GICD_TYPER_LINES, hw_mmio_rd32(gicd + GICD_TYPER)) + 1;

    boot = at;
    for (uint64_t i = 1; i < lines; i++) {
        hw_mmio_wr32(gicd + GICD_ICENABLER + i * sizeof(uint32_t), UINT32_MAX);
    }
    gic_kind()->init(gicd);
}

void gic_init_cpu(void)
{
    gic_kind()->init_cpu();
}

void gic_enable(uint32_t intid)
{
    if (intid >= GIC_SPI) {
        hw_mmio_wr8(boot->gicd_gpa + GICD_IPRIORITYR + intid, GIC_PRIORITY);
        gic_kind()->route(intid);
    }
    hw_mmio_wr32(word_of(intid, GICD_ISENABLER), BIT32(intid % 32));
    hw_dsb();
}

void gic_disable(uint32_t intid)
{
    hw_mmio_wr32(word_of(intid, GICD_ICENABLER), BIT32(intid % 32));
    hw_dsb();
}

bool gic_is_enabled(uint32_t intid)
{
    return (hw_mmio_rd32(word_of(intid, GICD_ISENABLER)) & BIT32(intid % 32)) != 0;
}

bool gic_is_pending(uint32_t intid)
{
    return (hw_mmio_rd32(word_of(intid, GICD_ISPENDR)) & BIT32(intid % 32)) != 0;
}

void gic_pend(uint32_t intid)
{
    hw_mmio_wr32(word_of(intid, GICD_ISPENDR), BIT32(intid % 32));
}
