/* SPDX-License-Identifier: Apache-2.0 */
/* GICv3 as a bare guest uses it (Arm IHI 0069): group 1, one priority, affinity routing. */
#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "guest/internal.h"
#include "lib/field.h"

#define GICD_CTLR       0x0000u
#define GICD_TYPER      0x0004u
#define GICD_IGROUPR    0x0080u
#define GICD_ISENABLER  0x0100u
#define GICD_ICENABLER  0x0180u
#define GICD_ISPENDR    0x0200u
#define GICD_IPRIORITYR 0x0400u
#define GICD_IROUTER    0x6000u

#define GICR_TYPER  0x0008u
#define GICR_WAKER  0x0014u
#define GICR_SGI    0x10000u /* the second frame: same offsets as the distributor's */
#define GICR_STRIDE 0x20000u

FIELD(GICD_TYPER_LINES, 0, 5);
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

enum { FIRST_SPI = 32, SPECIAL = 1020, PRIORITY = 0xa0, PRIORITY_MASK = 0xf0 };

/* Redistributor answers within this many reads, or is not waited for. */
#define WAKE_BOUND 100000u

struct irq_slot {
    void (*fn)(uint32_t intid, void *arg);
    void *arg;
};

static struct irq_slot slots[VG_MAX_INTID];

uint32_t gic_count_cpus(uint64_t gicr)
{
    for (uint32_t n = 0; n < VG_MAX_VCPUS; n++) {
        if (get(GICR_TYPER_LAST, hw_mmio_rd64(gicr + n * GICR_STRIDE + GICR_TYPER)) != 0) {
            return n + 1;
        }
    }
    return VG_MAX_VCPUS;
}

static uint64_t find_redistributor(uint64_t affinity)
{
    uint64_t at = vg_boot()->gicr_gpa;

    for (uint32_t n = 0; n < VG_MAX_VCPUS; n++, at += GICR_STRIDE) {
        uint64_t typer = hw_mmio_rd64(at + GICR_TYPER);

        if (get(GICR_TYPER_AFFINITY, typer) == affinity) {
            return at;
        }
        if (get(GICR_TYPER_LAST, typer) != 0) {
            break;
        }
    }
    return vg_boot()->gicr_gpa;
}

/* Frame that holds the interrupt's bits: the calling vCPU's redistributor or the distributor. */
static uint64_t frame_of(uint32_t intid)
{
    return intid < FIRST_SPI ? vcpu_this()->gicr + GICR_SGI : vg_boot()->gicd_gpa;
}

static uint64_t word_of(uint32_t intid, uint32_t base)
{
    return frame_of(intid) + base + intid / 32 * sizeof(uint32_t);
}

void gic_init(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa;
    uint64_t lines = get(GICD_TYPER_LINES, hw_mmio_rd32(gicd + GICD_TYPER)) + 1;

    for (uint64_t i = 1; i < lines; i++) {
        hw_mmio_wr32(gicd + GICD_ICENABLER + i * sizeof(uint32_t), UINT32_MAX);
        hw_mmio_wr32(gicd + GICD_IGROUPR + i * sizeof(uint32_t), UINT32_MAX);
    }
    hw_mmio_wr32(gicd + GICD_CTLR, (uint32_t)(put(GICD_CTLR_GROUPS, 3) | put(GICD_CTLR_ARE, 1)));
}

void gic_init_cpu(void)
{
    struct vcpu *self = vcpu_this();
    uint64_t affinity = get(MPIDR_LOW, rd_mpidr_el1());

    self->gicr = find_redistributor(affinity);
    hw_mmio_wr32(self->gicr + GICR_WAKER,
                 (uint32_t)with(GICR_WAKER_SLEEP, hw_mmio_rd32(self->gicr + GICR_WAKER), 0));
    for (uint32_t i = 0; i < WAKE_BOUND; i++) {
        if (get(GICR_WAKER_ASLEEP, hw_mmio_rd32(self->gicr + GICR_WAKER)) == 0) {
            break;
        }
    }
    hw_mmio_wr32(self->gicr + GICR_SGI + GICD_ICENABLER, UINT32_MAX);
    hw_mmio_wr32(self->gicr + GICR_SGI + GICD_IGROUPR, UINT32_MAX);
    for (uint32_t i = 0; i < FIRST_SPI; i++) {
        hw_mmio_wr8(self->gicr + GICR_SGI + GICD_IPRIORITYR + i, PRIORITY);
    }
    wr_icc_sre_el1(rd_icc_sre_el1() | 1);
    hw_isb();
    wr_icc_pmr_el1(PRIORITY_MASK);
    wr_icc_bpr1_el1(0);
    wr_icc_ctlr_el1(0);
    wr_icc_igrpen1_el1(1);
    hw_isb();
}

void gic_dispatch(void)
{
    for (;;) {
        uint32_t intid = (uint32_t)rd_icc_iar1_el1();

        if (intid >= SPECIAL) {
            return;
        }
        hw_isb();
        if (intid < VG_MAX_INTID && slots[intid].fn != NULL) {
            slots[intid].fn(intid, slots[intid].arg);
        } else {
            vg_irq_disable(intid); /* nobody will ever serve it */
        }
        wr_icc_eoir1_el1(intid);
        hw_isb();
    }
}

int vg_irq_handler(uint32_t intid, void (*fn)(uint32_t intid, void *arg), void *arg)
{
    if (intid >= VG_MAX_INTID) {
        return -1;
    }
    slots[intid].arg = arg;
    __atomic_store_n(&slots[intid].fn, fn, __ATOMIC_RELEASE);
    return 0;
}

void vg_irq_enable(uint32_t intid)
{
    if (intid >= FIRST_SPI) {
        hw_mmio_wr8(vg_boot()->gicd_gpa + GICD_IPRIORITYR + intid, PRIORITY);
        hw_mmio_wr64(vg_boot()->gicd_gpa + GICD_IROUTER + intid * sizeof(uint64_t),
                     get(MPIDR_LOW, rd_mpidr_el1()));
    }
    hw_mmio_wr32(word_of(intid, GICD_ISENABLER), BIT32(intid % 32));
    hw_dsb();
}

void vg_irq_disable(uint32_t intid)
{
    hw_mmio_wr32(word_of(intid, GICD_ICENABLER), BIT32(intid % 32));
    hw_dsb();
}

bool vg_irq_is_enabled(uint32_t intid)
{
    return (hw_mmio_rd32(word_of(intid, GICD_ISENABLER)) & BIT32(intid % 32)) != 0;
}

bool vg_irq_is_pending(uint32_t intid)
{
    return (hw_mmio_rd32(word_of(intid, GICD_ISPENDR)) & BIT32(intid % 32)) != 0;
}

void vg_irq_pend(uint32_t intid)
{
    hw_mmio_wr32(word_of(intid, GICD_ISPENDR), BIT32(intid % 32));
}

void vg_irq_send(uint32_t vcpu, uint32_t sgi)
{
    uint64_t affinity = vcpu_affinity(vcpu);

    hw_dsb();
    wr_icc_sgi1r_el1(put(SGI_TARGETS, BIT64(get(AFF0, affinity))) |
                     put(SGI_AFF1, get(AFF1, affinity)) | put(SGI_AFF2, get(AFF2, affinity)) |
                     put(SGI_INTID, sgi));
    hw_isb();
}
