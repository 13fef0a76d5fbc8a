/* SPDX-License-Identifier: Apache-2.0 */
/* GICv2 as a bare guest uses it (Arm IHI 0048): group 0 as IRQ, one priority. */
#include "guest/aarch64/gic.h"

#include "guest/aarch64/hw.h"

#define GICC_CTLR 0x0000u
#define GICC_PMR  0x0004u
#define GICC_BPR  0x0008u
#define GICC_IAR  0x000cu
#define GICC_EOIR 0x0010u

FIELD(PFR0_GIC, 24, 4);
FIELD(GICD_TYPER_CPUS, 5, 3);
FIELD(CTLR_ENABLE, 0, 1);
FIELD(SGIR_INTID, 0, 4);
FIELD(SGIR_LIST, 16, 8);
FIELD(AFF_NUMBER, 0, 3);

static uint64_t gicc(void)
{
    return gic_boot()->gicc_gpa;
}

bool gicv2_is_native(void)
{
    return get(PFR0_GIC, rd_id_aa64pfr0_el1()) == 0;
}

uint32_t gicv2_count_cpus(uint64_t gicd)
{
    return (uint32_t)get(GICD_TYPER_CPUS, hw_mmio_rd32(gicd + GICD_TYPER)) + 1;
}

static void init(uint64_t gicd)
{
    hw_mmio_wr32(gicd + GICD_CTLR, (uint32_t)put(CTLR_ENABLE, 1));
}

static void init_cpu(void)
{
    *gic_frame() = gic_boot()->gicd_gpa;
    gic_frame_init(gic_boot()->gicd_gpa);
    hw_mmio_wr32(gicc() + GICC_PMR, GIC_PRIORITY_MASK);
    hw_mmio_wr32(gicc() + GICC_BPR, 0);
    hw_mmio_wr32(gicc() + GICC_CTLR, (uint32_t)put(CTLR_ENABLE, 1));
    hw_dsb();
}

static uint32_t acknowledge(void)
{
    return hw_mmio_rd32(gicc() + GICC_IAR);
}

static void end(uint32_t taken)
{
    hw_mmio_wr32(gicc() + GICC_EOIR, taken);
    hw_dsb();
}

/* The bytes of its private interrupts show a vCPU its own bit; 0: there is no other. */
static void route(uint32_t spi)
{
    uint64_t gicd = gic_boot()->gicd_gpa;

    hw_mmio_wr8(gicd + GICD_ITARGETSR + spi, hw_mmio_rd8(gicd + GICD_ITARGETSR));
}

static void send(uint64_t affinity, uint32_t sgi)
{
    hw_dsb();
    hw_mmio_wr32(
        gic_boot()->gicd_gpa + GICD_SGIR,
        (uint32_t)(put(SGIR_LIST, BIT64(get(AFF_NUMBER, affinity))) | put(SGIR_INTID, sgi)));
}

const struct gic_kind gicv2_kind = {
    .init = init,
    .init_cpu = init_cpu,
    .acknowledge = acknowledge,
    .end = end,
    .route = route,
    .send = send,
};
