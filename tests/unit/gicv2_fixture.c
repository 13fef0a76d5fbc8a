/* SPDX-License-Identifier: Apache-2.0 */
/* The machine behind gicv2_fixture.h; never more list registers than FX2_LRS. */
#include "gicv2_fixture.h"

#include <string.h>

#include "mmu.h"

#define GICH_SIZE 0x200u
#define GICC_SIZE 0x2000u

struct pcpu *pcpus;
static uint8_t gicc_bytes[GICC_SIZE], gich_bytes[GICH_SIZE];

/* The distributor's registers that each CPU has its own of. */
static const struct {
    uint16_t at, size;
} banked[] = {
    { GICD_IGROUPR, 4 },    { GICD_ISENABLER, 4 }, { GICD_ICENABLER, 4 }, { GICD_ISPENDR, 4 },
    { GICD_ICPENDR, 4 },    { GICD_ISACTIVER, 4 }, { GICD_ICACTIVER, 4 }, { GICD_IPRIORITYR, 32 },
    { GICD_ITARGETSR, 32 }, { GICD_ICFGR, 8 },
};

/* A CPU that is not the running one. */
static struct bank {
    uint8_t gich[GICH_SIZE];
    uint8_t gicd[ARRAY_COUNT(banked)][32];
    uint32_t enabled, pending, active, edge;
} banks[FX_CPUS];

uintptr_t mmu_map_device(hpa_t pa, uint64_t size)
{
    (void)size;
    return pa.v;
}

static uint32_t word_of(const uint8_t *bytes, uint32_t offset)
{
    uint32_t word;

    memcpy(&word, bytes + offset, sizeof(word));
    return word;
}

uint32_t fx2_gich(unsigned cpu, uint32_t offset)
{
    return word_of(fx.self->id == cpu ? gich_bytes : banks[cpu].gich, offset);
}

uint32_t fx2_private(unsigned cpu, uint32_t offset)
{
    if (fx.self->id == cpu) {
        return word_of(fx.gicd.bytes, offset);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(banked); i++) {
        if (offset >= banked[i].at && offset < banked[i].at + (uint32_t)banked[i].size) {
            return word_of(banks[cpu].gicd[i], offset - banked[i].at);
        }
    }
    fail_msg("offset %#x is all CPUs'", offset);
    return 0;
}

uint32_t fx2_lr(unsigned n)
{
    return fx2_gich(fx.self->id, GICH_LR + n * 4);
}

unsigned fx2_lr_state(unsigned n)
{
    return fx2_lr(n) >> 28 & 3;
}

struct fx2_entry fx2_lr_of(unsigned cpu, unsigned n)
{
    uint32_t value = fx2_gich(cpu, GICH_LR + n * 4);
    struct fx2_entry lr = {
        .state = value >> 28 & 3,
        .intid = value & 0x3ff,
        .physical = value >> 10 & 0x3ff,
        .hw = (value & BIT32(31)) != 0,
    };

    lr.eoi = !lr.hw && (lr.physical & 0x200) != 0;
    lr.used = lr.state != 0 || lr.eoi;
    return lr;
}

/* What the machine computes from its list registers. */
static void gich_hook(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    uint32_t empty = 0, ended = 0;

    (void)offset, (void)size, (void)write, (void)value;
    fx.accesses++;
    for (unsigned i = 0; i < FX2_LRS; i++) {
        uint32_t word = word_of(gich_bytes, GICH_LR + i * 4);
        bool eoi = (word & BIT32(31)) == 0 && (word & BIT32(19)) != 0;

        empty |= (word >> 28 & 3) == 0 && !eoi ? BIT32(i) : 0;
        ended |= (word >> 28 & 3) == 0 && eoi ? BIT32(i) : 0;
    }
    memcpy(gich_bytes + GICH_ELRSR, &empty, sizeof(empty));
    memcpy(gich_bytes + GICH_EISR, &ended, sizeof(ended));
}

void fx2_switch(unsigned cpu)
{
    struct bank *from = &banks[fx.self->id], *to = &banks[cpu];

    memcpy(from->gich, gich_bytes, GICH_SIZE);
    from->enabled = fx.gicd.enabled[0];
    from->pending = fx.gicd.pending[0];
    from->active = fx.gicd.active[0];
    from->edge = fx.gicd.edge[0];
    for (unsigned i = 0; i < ARRAY_COUNT(banked); i++) {
        memcpy(from->gicd[i], fx.gicd.bytes + banked[i].at, banked[i].size);
        memcpy(fx.gicd.bytes + banked[i].at, to->gicd[i], banked[i].size);
    }
    memcpy(gich_bytes, to->gich, GICH_SIZE);
    fx.gicd.enabled[0] = to->enabled;
    fx.gicd.pending[0] = to->pending;
    fx.gicd.active[0] = to->active;
    fx.gicd.edge[0] = to->edge;
    fx.self = &fx.cpu[cpu];
}

/* ---- the guest, and interrupts ---- */

static void lr_set_state(unsigned n, unsigned state)
{
    fake_mmio_wr(FX2_GICH + GICH_LR + n * 4, 4, (fx2_lr(n) & ~(3u << 28)) | state << 28);
}

void fx2_guest_ack(unsigned n)
{
    assert_int_equal(fx2_lr_state(n), LR_PENDING);
    lr_set_state(n, LR_ACTIVE);
}

static void machine_set(uint32_t reg, uint32_t intid)
{
    bool watch = fx.gicd.watch;

    fx.gicd.watch = false;
    fake_mmio_wr(FX_GICD + reg + intid / 32 * 4, 4, BIT32(intid % 32));
    fx.gicd.watch = watch;
}

void fx2_guest_eoi(unsigned n)
{
    assert_true((fx2_lr_state(n) & LR_ACTIVE) != 0);
    lr_set_state(n, fx2_lr_state(n) & LR_PENDING);
    if ((fx2_lr(n) & BIT32(31)) != 0) {
        machine_set(GICD_ICACTIVER, fx2_lr(n) >> 10 & 0x3ff);
    }
}

enum pirq_kind fx2_raise(uint32_t iar)
{
    uint32_t intid = iar & 0x3ff;
    enum pirq_kind kind;

    machine_set(GICD_ISACTIVER, intid);
    machine_set(GICD_ICPENDR, intid);
    fake_mmio_wr(FX2_GICC + GICC_IAR, 4, iar);
    fake_mmio_wr(FX2_GICC + GICC_DIR, 4, UINT32_MAX);
    kind = arch_pirq_claim(fx.self->vcpu);
    assert_int_equal(fake_mmio_rd(FX2_GICC + GICC_EOIR, 4), iar);
    if (fake_mmio_rd(FX2_GICC + GICC_DIR, 4) != UINT32_MAX) {
        assert_int_equal(fake_mmio_rd(FX2_GICC + GICC_DIR, 4), iar);
        machine_set(GICD_ICACTIVER, intid);
    }
    fake_mmio_wr(FX2_GICC + GICC_IAR, 4, 1023);
    return kind;
}

/* ---- set-up ---- */

static void allow_own(void)
{
    for (uint32_t i = 0; i < fx.plan.irq_count; i++) {
        if (fx.plan.irq[i].zone == 0) {
            fx.gicd.allowed[fx.plan.irq[i].intid / 32] |= BIT32(fx.plan.irq[i].intid % 32);
        }
    }
    fx.gicd.allowed[0] = BIT32(FX_VTIMER) | BIT32(FX_PTIMER);
}

void fx2_boot(uint32_t iidr)
{
    (void)fx_setup(NULL);
    memset(banks, 0, sizeof(banks));
    memset(gicc_bytes, 0, sizeof(gicc_bytes));
    fake_mmio_add(&(struct fake_mmio){ FX2_GICC, sizeof(gicc_bytes), gicc_bytes, NULL });
    fake_mmio_add(&(struct fake_mmio){ FX2_GICH, sizeof(gich_bytes), gich_bytes, gich_hook });
    memcpy(fx.gicd.bytes + GICD_IIDR, &iidr, sizeof(iidr));
    pcpus = fx.cpu;
    fx.plan.board.gicc_hpa = FX2_GICC;
    fx.plan.board.gich_hpa = FX2_GICH;
    assert_null(gicv2_init(&fx.plan.board, FX_GICD));
    for (unsigned i = FX_CPUS; i-- > 0;) {
        fx2_switch(i);
        memset(gich_bytes, 0, sizeof(gich_bytes));
        gich_bytes[GICH_VTR] = FX2_LRS - 1;
        gich_hook(0, 0, false, 0);
        fx.self->arch.gicr = 0;
        fx.gicd.bytes[GICD_ITARGETSR] = (uint8_t)BIT32(i);
        gic_cpu_init(fx.self);
    }
    fx.zone[0].dev_count = fx.zone[1].dev_count = 0;
    arch_virq_init(&fx.zone[0], &fx.plan);
    arch_virq_init(&fx.zone[1], &fx.plan);
    for (unsigned i = 0; i < FX_CPUS; i++) {
        fx.cpu[i].vcpu->arch.vgic.quick = 0; /* as at boot; the fixture began with a GICv3 */
    }
    vgic_vcpu_load(&fx.vcpu[0][0]);
    allow_own();
    arch_virq_flush(&fx.vcpu[0][0]);
    memset(fx.requests, 0, sizeof(fx.requests));
}

int fx2_setup(void **state)
{
    (void)state;
    fx2_boot(0);
    return 0;
}
