/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GICv2 of one zone driven by any sequence of register accesses, SGIs, machine
 * interrupts, acknowledgements, CPU starts and resets. The fixture ends a run on a write to the
 * machine that the zone does not own; vgicv2_model.c has the invariants between all steps, and here
 * is a model of targets and of which vCPU has an SGI of which other one waiting.
 */
#include <string.h>

#include "gicv2_fixture.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/vgicv2_model.h"
#include "vlr.h"

FIELD(HCR_EOI_COUNT, 27, 5);

#define ALL_VCPUS  7u
#define WORK_MAX   700u /* accesses to the machine's GIC that one step may cost */
#define WORK_RESET 2000u
#define KICK_MAX   64u /* vCPUs told to look, by one step */

static struct vcpu *self(void)
{
    return fx.self->vcpu;
}

static unsigned me(void)
{
    return fx.self->id;
}

/* ---- the end of an exit ---- */

/* Interrupts that the running vCPU should get and that are in no list register. */
static bool is_any_left(void)
{
    for (uint32_t n = 0; n < VGIC_WORDS; n++) {
        const struct vgic_word *word = vgic_word_at(self(), n);

        for (unsigned i = 0; i < 32; i++) {
            bool set = (vgic_candidates(model.zone, word) & BIT32(i)) != 0;

            if (set && (n == 0 || model.targets[n * 32 + i] == me())) {
                return true;
            }
        }
    }
    return false;
}

static bool is_maintenance(uint32_t hcr)
{
    unsigned valid = 0, pending = 0, ended = 0;

    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(me(), i);

        valid += lr.state != 0;
        pending += lr.state == LR_PENDING;
        ended += lr.used && lr.state == 0;
    }
    return ended != 0 || (get(HCR_UIE, hcr) != 0 && valid < 2) ||
           (get(HCR_NPIE, hcr) != 0 && pending == 0) ||
           (get(HCR_LRENPIE, hcr) != 0 && get(HCR_EOI_COUNT, hcr) != 0);
}

/* Nothing waits for which nobody will ask, and no interrupt asks for ever. */
static void enter(void)
{
    uint32_t hcr;

    if (!model.is_on[me()]) {
        return;
    }
    arch_virq_flush(self());
    if (is_maintenance(fx2_gich(me(), GICH_HCR))) {
        arch_virq_sync(self());
        arch_virq_flush(self());
    }
    hcr = fx2_gich(me(), GICH_HCR);
    FUZZ_CHECK(get(HCR_EN, hcr) != 0 && !is_maintenance(hcr));
    FUZZ_CHECK(!is_any_left() || get(HCR_UIE, hcr) != 0 || get(HCR_NPIE, hcr) != 0);
    FUZZ_CHECK(self()->arch.vgic.spill_mask == 0 || get(HCR_LRENPIE, hcr) != 0);
}

/* ---- accesses ---- */

static void model_send(unsigned to, uint32_t intid, uint32_t sources)
{
    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(to, i);

        if (lr.intid == intid && (lr.state & LR_PENDING) != 0) {
            model.again[to][intid] |= (uint8_t)(sources & BIT32(lr.physical & 7));
        }
    }
    model.sgis[to][intid] |= (uint8_t)sources;
}

static void model_sgir(uint32_t value)
{
    for (unsigned i = 0; i < VCPUS; i++) {
        const bool meant[] = { (value >> 16 & BIT32(i)) != 0, i != me(), i == me(), false };

        model_send(i, value & 15, meant[value >> 24 & 3] ? BIT32(me()) : 0);
    }
}

static void model_byte(uint32_t offset, uint8_t byte)
{
    uint32_t intid = offset - GICD_ITARGETSR;

    if (offset >= GICD_ITARGETSR + INTID_SPI && intid < SPI_MAX) {
        if (v2_is_owned(intid) && (byte & ALL_VCPUS) != 0) {
            model.targets[intid] = (byte & 1) != 0 ? 0 : (byte & 2) != 0 ? 1 : 2;
        }
    } else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR) {
        model.sgis[me()][offset % 16] &= (uint8_t)~byte;
    } else if (offset >= GICD_SPENDSGIR && offset < GICD_SPENDSGIR + VGIC_SGIS) {
        model_send(me(), offset % 16, byte & ALL_VCPUS);
    }
}

static void model_write(const struct mmio_access *a)
{
    if (a->offset == GICD_SGIR && a->size == 4) {
        model_sgir((uint32_t)a->value);
    }
    for (unsigned i = 0; i < a->size; i++) {
        model_byte((uint32_t)a->offset + i, (uint8_t)(a->value >> (i * 8)));
    }
}

/* A byte of a register with something for each interrupt: of foreign ones it is 0. */
static void check_read_byte(uint32_t offset, uint8_t byte)
{
    uint32_t intid = offset % 0x400;

    if (offset >= GICD_ITARGETSR && offset < GICD_ITARGETSR + SPI_MAX) {
        FUZZ_CHECK(byte == (intid < 32           ? BIT32(me())
                            : v2_is_owned(intid) ? BIT32(model.targets[intid])
                                                 : 0));
    } else if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR + SPI_MAX) {
        FUZZ_CHECK((byte & ~(v2_is_owned(intid) ? VGIC_PRIORITY_MASK : 0)) == 0);
    } else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + VGIC_SGIS) {
        FUZZ_CHECK(byte == model.sgis[me()][offset % 16]);
    } else if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR) {
        FUZZ_CHECK((byte & ~(v2_owned((offset & 0x7f) / 4) >> (offset % 4 * 8))) == 0);
    }
}

/* What this vCPU has just disabled no longer waits in its own list registers. */
static void check_withdrawn(const struct mmio_access *a)
{
    uint32_t n = (uint32_t)a->offset % 0x80 / 4;

    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(me(), i);

        FUZZ_CHECK(lr.state != LR_PENDING || lr.intid / 32 != n ||
                   (a->value >> (lr.intid % 32) & 1) == 0);
    }
}

static void access_do(struct mmio_access access)
{
    struct mmio_access done = access;

    if (!model.is_on[me()]) {
        return;
    }
    if (!vgicd2_access(self(), &done)) {
        FUZZ_CHECK(access.size != 4); /* words are answered everywhere */
        return;
    }
    if (access.write) {
        bool disables = access.offset >= GICD_ICENABLER && access.offset < GICD_ISPENDR;
        bool activates = access.offset >= GICD_ISACTIVER && access.offset < GICD_ICACTIVER;

        model.is_active_set = model.is_active_set || activates;
        model_write(&access);
        if (disables && access.size == 4) {
            check_withdrawn(&access);
        }
        return;
    }
    FUZZ_CHECK(access.size == 8 || done.value >> (access.size * 8u) == 0);
    for (unsigned i = 0; i < access.size; i++) {
        check_read_byte((uint32_t)access.offset + i, (uint8_t)(done.value >> (i * 8)));
    }
}

static void access_any(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    struct mmio_access access = { .size = (uint8_t)(1u << (how & 3)), .write = (how & 4) != 0 };

    access.offset = fuzz_u16(in) & 0xfff & ~(access.size - 1u);
    access.value = fuzz_word(in);
    if (access.size < 8) {
        access.value &= BIT64(access.size * 8u) - 1;
    }
    access_do(access);
}

/* One of the registers that matter, one of the words with the zone's interrupts. */
static void access_likely(struct fuzz_in *in)
{
    static const uint16_t regs[] = { GICD_IGROUPR,   GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                     GICD_ICPENDR,   GICD_ISACTIVER, GICD_ICACTIVER, GICD_CTLR,
                                     GICD_ISENABLER, GICD_CTLR };
    uint8_t how = fuzz_u8(in);
    uint16_t reg = regs[(how & 15) % ARRAY_COUNT(regs)];
    uint32_t offset = reg == GICD_CTLR ? reg : reg + (how >> 4 & 3u) * 4u;

    access_do((struct mmio_access){ offset, fuzz_word(in) & UINT32_MAX, 4, (how & 0x40) == 0 });
}

/* A byte for one of the zone's SPIs, or for an SGI. */
static void access_byte(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in), value = fuzz_u8(in);
    uint32_t spi = v2_own_spis[(how >> 2) % ARRAY_COUNT(v2_own_spis)];
    const uint32_t offsets[] = { GICD_ITARGETSR + spi, GICD_IPRIORITYR + spi,
                                 GICD_CPENDSGIR + (how >> 2 & 15u),
                                 GICD_SPENDSGIR + (how >> 2 & 15u) };

    access_do((struct mmio_access){ offsets[how & 3], value, 1, how < 0xc0 });
}

static void sgi(struct fuzz_in *in)
{
    uint32_t value = fuzz_u32(in);

    access_do((struct mmio_access){ GICD_SGIR, value, 4, true });
}

/* ---- the machine and the guest ---- */

/* The machine signals an interrupt only to the CPU it is routed to, enabled and not active. */
static void raise_irq(struct fuzz_in *in)
{
    static const uint16_t intids[] = { FX_LEVEL, FX_EDGE, FX_HIGH, 43, 44, 45, 46, 27, FX_PTIMER };
    uint32_t intid = intids[fuzz_u8(in) % ARRAY_COUNT(intids)];
    uint32_t free = fx.gicd.enabled[intid / 32] & ~fx.gicd.active[intid / 32];
    bool here = intid < 32 || fx.gicd.bytes[GICD_ITARGETSR + intid] == BIT32(me());

    if (here && (free & BIT32(intid % 32)) != 0) {
        FUZZ_CHECK(fx2_raise(intid) == PIRQ_GUEST);
        /* Until the guest ends it. */
        FUZZ_CHECK((fx.gicd.active[intid / 32] & BIT32(intid % 32)) != 0);
    }
}

/* The hypervisor's own, from any CPU, and what nobody owns. */
static void raise_own(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    const uint32_t intids[] = { GIC_DOORBELL | (how >> 2 & 7u) << 10, FX_MAINTENANCE,
                                FX_HYP_TIMER };
    static const enum pirq_kind kinds[] = { PIRQ_KICK, PIRQ_MAINTENANCE, PIRQ_ALARM };
    unsigned which = how % ARRAY_COUNT(kinds);

    FUZZ_CHECK(fx2_raise(intids[which]) == kinds[which]);
}

/* One that came meanwhile, and has not been joined with this one yet, comes once more. */
static void model_ack(const struct fx2_entry *lr)
{
    if (lr->intid < VGIC_SGIS) {
        uint32_t twice = model.again[me()][lr->intid] & self()->arch.vgic.sgi_source[lr->intid];
        uint32_t source = BIT32(lr->physical & 7);

        model.sgis[me()][lr->intid] &= (uint8_t) ~(source & ~twice);
        model.again[me()][lr->intid] &= (uint8_t)~source;
    }
}

/* The guest takes or ends what a list register holds, or ends something else. */
static void guest_step(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    struct fx2_entry lr = fx2_lr_of(me(), how % FX2_LRS);

    if (!model.is_on[me()]) {
        return;
    }
    if (lr.state == LR_PENDING) {
        model_ack(&lr);
        fx2_guest_ack(how % FX2_LRS);
    } else if (lr.state != 0) {
        fx2_guest_eoi(how % FX2_LRS);
    } else if (how >= 0xc0) {
        uint64_t hcr = fx2_gich(me(), GICH_HCR);

        hcr = with(HCR_EOI_COUNT, hcr, get(HCR_EOI_COUNT, hcr) + 1);
        fake_mmio_wr(FX2_GICH + GICH_HCR, 4, hcr);
    }
}

static void switch_cpu(struct fuzz_in *in)
{
    fx2_switch(fuzz_u8(in) % VCPUS);
}

static void line(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);

    arch_virq_set(model.zone, (how & 0xc) == 0xc ? FX_LEVEL : FX_VUART, (how & 1) != 0);
}

/* ---- life ---- */

static void off(void)
{
    if (model.is_on[me()]) {
        model.is_on[me()] = false;
        memset(model.sgis[me()], 0, sizeof(model.sgis[0]));
        memset(model.again[me()], 0, sizeof(model.again[0]));
        vgic_vcpu_unload(self());
    }
}

static void on_off(struct fuzz_in *in)
{
    (void)in;
    if (model.is_on[me()]) {
        off();
        return;
    }
    vgic_vcpu_reset(self());
    vgic_vcpu_load(self());
    model.is_on[me()] = true;
}

static void zone_reset(struct fuzz_in *in)
{
    for (unsigned i = VCPUS; i-- > 0;) {
        fx2_switch(i);
        off();
    }
    arch_virq_reset(model.zone);
    model.is_active_set = false;
    memset(model.targets, 0, sizeof(model.targets));
    memset(model.sgis, 0, sizeof(model.sgis));
    for (uint32_t n = 0; n < VGIC_WORDS; n++) {
        uint32_t left = fx.gicd.enabled[n] | fx.gicd.active[n] | fx.gicd.pending[n];

        FUZZ_CHECK((left & fx.gicd.allowed[n]) == 0);
    }
    on_off(in);
}

static void nothing(struct fuzz_in *in)
{
    (void)in;
}

static void (*const steps[])(struct fuzz_in *in) = {
    access_any, access_likely, access_likely, access_byte, access_byte, raise_irq,
    raise_irq,  raise_own,     guest_step,    guest_step,  guest_step,  sgi,
    sgi,        switch_cpu,    line,          on_off,      zone_reset,  nothing,
};

/* Ready for a run: all vCPUs on; if asked for, the distributor forwards, all enabled, entered. */
static void begin(uint8_t how)
{
    fx2_boot((how & 2) != 0 ? GICD_IIDR_QEMU : 0);
    memset(&model, 0, sizeof(model));
    model.zone = &fx.zone[0];
    fx.gicd.watch = true;
    model.is_on[0] = true;
    for (unsigned i = VCPUS; i-- > 0;) {
        fx2_switch(i);
        if (i != 0) {
            on_off(NULL);
        }
        for (uint32_t n = 0; (how & 1) != 0 && n < 32; n++) {
            access_do((struct mmio_access){ GICD_ISENABLER + n * 4, UINT32_MAX, 4, true });
        }
    }
    access_do((struct mmio_access){ GICD_CTLR, how >> 2 & 3, 4, true });
    for (unsigned i = VCPUS; (how & 0x10) != 0 && i-- > 0;) {
        fx2_switch(i);
        enter();
    }
    model.other_zone = fx.zone[1];
    model.other_vcpu = fx.vcpu[1][0];
}

/* One step costs a bounded amount of work, whatever came before. */
static void step(struct fuzz_in *in, uint8_t how)
{
    void (*fn)(struct fuzz_in * in) = steps[(how & 0x7f) % ARRAY_COUNT(steps)];
    unsigned kicks = 0;

    memset(fx.requests, 0, sizeof(fx.requests));
    fx.accesses = 0;
    fn(in);
    FUZZ_CHECK(fx.accesses <= (fn == zone_reset ? WORK_RESET : WORK_MAX));
    fx.accesses = 0;
    if ((how & 0x80) != 0) {
        enter();
    }
    FUZZ_CHECK(fx.accesses <= WORK_MAX);
    for (unsigned i = 0; i < FX_CPUS; i++) {
        kicks += fx.requests[i];
    }
    FUZZ_CHECK(kicks <= KICK_MAX || fn == zone_reset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    begin(fuzz_u8(&in));
    v2_check();
    while (in.left != 0) {
        step(&in, fuzz_u8(&in));
        v2_check();
    }
    return 0;
}
