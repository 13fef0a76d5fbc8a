/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GICv2 of one zone driven by any sequence of register accesses, SGIs, machine
 * interrupts, acknowledgements, CPU starts and resets. The fixture ends a run on a write to the
 * machine that the zone does not own; here are the invariants between all steps, and a model of
 * targets and of which vCPU has an SGI of which other one waiting.
 */
#include <string.h>

#include "gicv2_fixture.h"
#include "tests/fuzz/fuzz.h"
#include "vlr.h"

FIELD(HCR_EOI_COUNT, 27, 5);

#define VCPUS      3u
#define ALL_VCPUS  7u
#define FOREIGN    3u /* the CPU of the other zone */
#define SPI_MAX    1020u
#define WORK_MAX   700u /* accesses to the machine's GIC that one step may cost */
#define WORK_RESET 2000u
#define KICK_MAX   64u /* vCPUs told to look, by one step */

static const uint16_t own_spis[] = { FX_VUART, FX_LEVEL, FX_EDGE, 43, 44, 45, 46, FX_HIGH };

static struct zone *zone;
static struct zone other_zone;
static struct vcpu other_vcpu;
static bool is_on[VCPUS];
static bool is_active_set; /* by the guest: then active is no longer a matter of list registers */

/* The model: target of each SPI, and vCPUs whose SGI a vCPU has not taken yet. */
static uint8_t targets[1024];
static uint8_t sgis[VCPUS][VGIC_SGIS];

/* Of these: sent again while a list register held the first one, not taken yet. */
static uint8_t again[VCPUS][VGIC_SGIS];

static struct vcpu *vcpu_of(unsigned n)
{
    return &fx.vcpu[0][n];
}

static struct vcpu *self(void)
{
    return fx.self->vcpu;
}

static unsigned me(void)
{
    return fx.self->id;
}

static uint32_t owned(uint32_t n)
{
    uint32_t bits = n == 0 ? 0xffffu | BIT32(FX_VTIMER) | BIT32(FX_PTIMER) : 0;

    for (unsigned i = 0; i < ARRAY_COUNT(own_spis); i++) {
        bits |= own_spis[i] / 32u == n ? BIT32(own_spis[i] % 32u) : 0;
    }
    return bits;
}

static bool is_owned(uint32_t intid)
{
    return (owned(intid / 32) & BIT32(intid % 32)) != 0;
}

static bool is_hw(uint32_t intid)
{
    return intid >= VGIC_SGIS && intid != FX_VUART && is_owned(intid);
}

/* ---- list registers ---- */

/* A GICv2 has the sender of an SGI where others have the machine's number. */
static void check_lr(unsigned cpu, const struct fx2_entry *lr)
{
    const struct vlr_spot at = vlr_spot(vcpu_of(cpu), lr->intid);
    bool backed = is_hw(lr->intid);

    FUZZ_CHECK(is_on[cpu] && lr->intid < SPI_MAX && is_owned(lr->intid));
    FUZZ_CHECK(lr->hw == (backed && !gic.soft_end));
    FUZZ_CHECK(!lr->hw || lr->physical == lr->intid);
    FUZZ_CHECK(!backed || lr->state != (LR_PENDING | LR_ACTIVE));
    if (lr->intid < VGIC_SGIS) {
        FUZZ_CHECK((lr->physical & 0x1ff) < VCPUS);
    } else if (!lr->hw) {
        FUZZ_CHECK(lr->physical == 0x200 || (lr->intid < INTID_SPI && lr->physical == 0));
        FUZZ_CHECK(lr->intid < INTID_SPI || backed || (at.word->in_lr & at.bit) != 0);
    }
}

static void check_lrs(void)
{
    uint8_t in_lr[VCPUS][1024] = { 0 };

    for (unsigned i = 0; i < VCPUS * FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(i / FX2_LRS, i % FX2_LRS);

        if (lr.used) {
            check_lr(i / FX2_LRS, &lr);
        }
        FUZZ_CHECK(lr.state == 0 || in_lr[i / FX2_LRS][lr.intid]++ == 0);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(own_spis); i++) {
        unsigned at = own_spis[i];

        FUZZ_CHECK(in_lr[0][at] + in_lr[1][at] + in_lr[2][at] <= 1);
    }
}

/* What may not be injected because it is in a list register is in one that asks at its end. */
static void check_in_lr(unsigned cpu)
{
    struct vcpu *vcpu = vcpu_of(cpu);
    uint32_t left = vcpu->arch.vgic.word.in_lr & ~vspill_find(vcpu, 0);

    FUZZ_CHECK((vcpu->arch.vgic.word.in_lr & ~0xffffu) == 0);
    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(cpu, i);

        left &= lr.eoi && lr.intid < 32 ? ~BIT32(lr.intid) : UINT32_MAX;
    }
    FUZZ_CHECK(left == 0);
}

/* Each SGI waits in a list register or by its sender's bit; none is lost, and none made up. */
static void check_sgis(unsigned cpu)
{
    const struct vgic_cpu *v = &vcpu_of(cpu)->arch.vgic;
    uint8_t waiting[VGIC_SGIS];

    memcpy(waiting, v->sgi_source, sizeof(waiting));
    for (unsigned i = 0; i < VGIC_SGIS; i++) {
        FUZZ_CHECK((waiting[i] != 0) == ((vgic_pending(&v->word) & BIT32(i)) != 0));
    }
    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(cpu, i);

        if (lr.intid < VGIC_SGIS && (lr.state & LR_PENDING) != 0) {
            waiting[lr.intid] |= (uint8_t)(1u << (lr.physical & 7));
        }
    }
    FUZZ_CHECK(memcmp(waiting, sgis[cpu], sizeof(waiting)) == 0);
}

/* ---- the rest of the state ---- */

static void check_word(const struct vgic_word *word, uint32_t n)
{
    FUZZ_CHECK(word->owned == owned(n));
    FUZZ_CHECK((vgic_enabled(word) & ~word->owned) == 0);
    FUZZ_CHECK((vgic_pending(word) & ~word->owned) == 0);
    FUZZ_CHECK(((word->active | word->line | word->in_lr) & ~(word->owned & ~word->hw)) == 0);
    for (unsigned i = 0; i < 32; i++) {
        FUZZ_CHECK((word->priority[i] & ~VGIC_PRIORITY_MASK) == 0);
    }
}

/* The interrupt is with a vCPU: in a list register, ended there and not seen, or spilled. */
static bool is_with_guest(uint32_t intid)
{
    for (unsigned i = 0; i < VCPUS * FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(i / FX2_LRS, i % FX2_LRS);

        if (lr.used && lr.intid == intid) {
            return true;
        }
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        if ((vspill_find(vcpu_of(i), intid / 32) & BIT32(intid % 32)) != 0) {
            return true;
        }
    }
    return false;
}

static void check_spi(uint32_t intid)
{
    const struct vgic_word *word = &zone->arch.vgic.spi[intid / 32];
    uint32_t n = intid / 32, bit = BIT32(intid % 32);

    FUZZ_CHECK(word->target[intid % 32] == targets[intid]);
    if (!is_hw(intid)) {
        return;
    }
    FUZZ_CHECK(fx.gicd.bytes[GICD_ITARGETSR + intid] == BIT32(targets[intid]));
    FUZZ_CHECK((fx.gicd.enabled[n] & bit) == (vgic_enabled(word) & bit));
    if ((fx.gicd.active[n] & bit) != 0 && !is_active_set) {
        FUZZ_CHECK((vgic_pending(word) & bit) != 0 || is_with_guest(intid));
    }
}

static void check_cpu(unsigned cpu)
{
    const struct vgic_cpu *v = &vcpu_of(cpu)->arch.vgic;
    uint32_t timers = BIT32(FX_VTIMER) | BIT32(FX_PTIMER);
    uint32_t own = BIT32(FX_MAINTENANCE) | BIT32(FX_HYP_TIMER) | BIT32(GIC_DOORBELL);
    uint32_t enabled = fx2_private(cpu, GICD_ISENABLER);

    check_word(&v->word, 0);
    FUZZ_CHECK((enabled & timers) == (vgic_enabled(&v->word) & timers & (is_on[cpu] ? ~0u : 0)));
    FUZZ_CHECK((enabled & own) == own);
    FUZZ_CHECK(is_on[cpu] || v->spill_mask == 0);
    FUZZ_CHECK(v->lr_mask == (is_on[cpu] ? (BIT32(FX2_LRS) - 1) << VLR_V2_FIRST : 0));
    check_in_lr(cpu);
    check_sgis(cpu);
}

static void check_all(void)
{
    for (uint32_t n = 1; n < VGIC_WORDS; n++) {
        check_word(&zone->arch.vgic.spi[n], n);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(own_spis); i++) {
        check_spi(own_spis[i]);
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        check_cpu(i);
    }
    check_lrs();
    FUZZ_CHECK(fx.requests[FOREIGN] == 0);
    FUZZ_CHECK(memcmp(&other_zone, &fx.zone[1], sizeof(other_zone)) == 0);
    FUZZ_CHECK(memcmp(&other_vcpu, &fx.vcpu[1][0], sizeof(other_vcpu)) == 0);
}

/* ---- the end of an exit ---- */

/* Interrupts that the running vCPU should get and that are in no list register. */
static bool is_any_left(void)
{
    for (uint32_t n = 0; n < VGIC_WORDS; n++) {
        const struct vgic_word *word = vgic_word_at(self(), n);

        for (unsigned i = 0; i < 32; i++) {
            bool set = (vgic_candidates(zone, word) & BIT32(i)) != 0;

            if (set && (n == 0 || targets[n * 32 + i] == me())) {
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

    if (!is_on[me()]) {
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
            again[to][intid] |= (uint8_t)(sources & BIT32(lr.physical & 7));
        }
    }
    sgis[to][intid] |= (uint8_t)sources;
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
        if (is_owned(intid) && (byte & ALL_VCPUS) != 0) {
            targets[intid] = (byte & 1) != 0 ? 0 : (byte & 2) != 0 ? 1 : 2;
        }
    } else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR) {
        sgis[me()][offset % 16] &= (uint8_t)~byte;
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
        FUZZ_CHECK(byte == (intid < 32        ? BIT32(me())
                            : is_owned(intid) ? BIT32(targets[intid])
                                              : 0));
    } else if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR + SPI_MAX) {
        FUZZ_CHECK((byte & ~(is_owned(intid) ? VGIC_PRIORITY_MASK : 0)) == 0);
    } else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + VGIC_SGIS) {
        FUZZ_CHECK(byte == sgis[me()][offset % 16]);
    } else if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR) {
        FUZZ_CHECK((byte & ~(owned((offset & 0x7f) / 4) >> (offset % 4 * 8))) == 0);
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

    if (!is_on[me()]) {
        return;
    }
    if (!vgicd2_access(self(), &done)) {
        FUZZ_CHECK(access.size != 4); /* words are answered everywhere */
        return;
    }
    if (access.write) {
        bool disables = access.offset >= GICD_ICENABLER && access.offset < GICD_ISPENDR;
        bool activates = access.offset >= GICD_ISACTIVER && access.offset < GICD_ICACTIVER;

        is_active_set = is_active_set || activates;
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
    uint32_t spi = own_spis[(how >> 2) % ARRAY_COUNT(own_spis)];
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
        uint32_t twice = again[me()][lr->intid] & self()->arch.vgic.sgi_source[lr->intid];
        uint32_t source = BIT32(lr->physical & 7);

        sgis[me()][lr->intid] &= (uint8_t) ~(source & ~twice);
        again[me()][lr->intid] &= (uint8_t)~source;
    }
}

/* The guest takes or ends what a list register holds, or ends something else. */
static void guest_step(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    struct fx2_entry lr = fx2_lr_of(me(), how % FX2_LRS);

    if (!is_on[me()]) {
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

    arch_virq_set(zone, (how & 0xc) == 0xc ? FX_LEVEL : FX_VUART, (how & 1) != 0);
}

/* ---- life ---- */

static void off(void)
{
    if (is_on[me()]) {
        is_on[me()] = false;
        memset(sgis[me()], 0, sizeof(sgis[0]));
        memset(again[me()], 0, sizeof(again[0]));
        vgic_vcpu_unload(self());
    }
}

static void on_off(struct fuzz_in *in)
{
    (void)in;
    if (is_on[me()]) {
        off();
        return;
    }
    vgic_vcpu_reset(self());
    vgic_vcpu_load(self());
    is_on[me()] = true;
}

static void zone_reset(struct fuzz_in *in)
{
    for (unsigned i = VCPUS; i-- > 0;) {
        fx2_switch(i);
        off();
    }
    arch_virq_reset(zone);
    is_active_set = false;
    memset(targets, 0, sizeof(targets));
    memset(sgis, 0, sizeof(sgis));
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
    zone = &fx.zone[0];
    fx.gicd.watch = true;
    is_active_set = false;
    memset(targets, 0, sizeof(targets));
    memset(sgis, 0, sizeof(sgis));
    memset(again, 0, sizeof(again));
    memset(is_on, false, sizeof(is_on));
    is_on[0] = true;
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
    other_zone = fx.zone[1];
    other_vcpu = fx.vcpu[1][0];
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
    check_all();
    while (in.left != 0) {
        step(&in, fuzz_u8(&in));
        check_all();
    }
    return 0;
}
