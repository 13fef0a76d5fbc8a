/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC of one zone driven by any sequence of register accesses, SGIs, machine
 * interrupts, acknowledgements, CPU starts and resets. The fixture ends a run on a write to the
 * machine that the zone does not own; here are the invariants between all steps.
 */
#include <string.h>

#include "gic_fixture.h"
#include "tests/fuzz/fuzz.h"
#include "vlr.h"

FIELD(HCR_EOI_COUNT, 27, 5);

#define VCPUS 3u
#define LRS   4u

static struct zone *zone;
static struct zone other_zone;
static struct vcpu other_vcpu;
static bool is_on[VCPUS];
static uint64_t hcr[VCPUS]; /* ICH_HCR_EL2 of the CPUs that are not self */
static bool is_active_set;  /* by the guest: then active is no longer a matter of list registers */

static struct vcpu *vcpu_of(unsigned n)
{
    return &fx.vcpu[0][n];
}

static struct vcpu *self(void)
{
    return fx.self->vcpu;
}

static void go_to(unsigned cpu)
{
    hcr[fx.self->id] = fake_ich_hcr_el2;
    fx_switch(cpu);
    fake_ich_hcr_el2 = hcr[cpu];
}

/* ---- invariants ---- */

static void check_word(const struct vgic_word *word, bool is_private)
{
    FUZZ_CHECK((vgic_enabled(word) & ~word->owned) == 0);
    FUZZ_CHECK((vgic_pending(word) & ~word->owned) == 0);
    FUZZ_CHECK((word->hw & ~word->owned) == 0);
    FUZZ_CHECK((word->active & ~(word->owned & ~word->hw)) == 0);
    FUZZ_CHECK((word->line & ~(word->owned & ~word->hw)) == 0);
    FUZZ_CHECK((word->in_lr & ~(word->owned & ~word->hw)) == 0);
    for (unsigned i = 0; i < 32; i++) {
        FUZZ_CHECK((word->priority[i] & ~VGIC_PRIORITY_MASK) == 0);
        FUZZ_CHECK(is_private || word->target[i] < VCPUS);
    }
}

static uint64_t lr_of(unsigned cpu, unsigned n)
{
    return fx.self->id == cpu ? *fx_lr(n) : fx.saved_lr[cpu][n];
}

static void check_lr(unsigned cpu, uint64_t lr)
{
    uint32_t intid = (uint32_t)get(LR_VINTID, lr);
    const struct vlr_spot at = vlr_spot(vcpu_of(cpu), intid < 1024 ? intid : 0);
    bool is_hw = get(LR_HW, lr) != 0;

    FUZZ_CHECK(is_on[cpu] && intid < 1020);
    FUZZ_CHECK((at.word->owned & at.bit) != 0);
    FUZZ_CHECK(is_hw == ((at.word->hw & at.bit) != 0));
    FUZZ_CHECK(!is_hw || get(LR_PINTID, lr) == intid);
    /* Pending and active at once is not for machine interrupts (IHI 0069, 12.4.7). */
    FUZZ_CHECK(!is_hw || get(LR_STATE, lr) != (LR_PENDING | LR_ACTIVE));
}

/* An interrupt is in one list register of a CPU, a shared one of one CPU. */
static void check_lrs(void)
{
    uint8_t in_lr[VCPUS][1024] = { 0 };

    for (unsigned cpu = 0; cpu < VCPUS; cpu++) {
        for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
            uint64_t lr = lr_of(cpu, i);

            if (get(LR_STATE, lr) == 0) {
                continue;
            }
            FUZZ_CHECK(i < LRS);
            check_lr(cpu, lr);
            FUZZ_CHECK(in_lr[cpu][get(LR_VINTID, lr)]++ == 0);
        }
    }
    for (unsigned i = INTID_SPI; i < 1020; i++) {
        FUZZ_CHECK(in_lr[0][i] + in_lr[1][i] + in_lr[2][i] <= 1);
    }
}

/* What the machine has active of the zone is on its way to the guest, or with it. */
static void check_active(uint32_t n)
{
    uint32_t left = fx.gicd.active[n] & fx.gicd.allowed[n] & ~vgic_pending(&zone->arch.vgic.spi[n]);

    for (unsigned i = 0; i < VCPUS; i++) {
        left &= ~vspill_find(vcpu_of(i), n);
    }
    for (; left != 0 && !is_active_set; left &= left - 1) {
        uint32_t intid = n * 32 + (uint32_t)__builtin_ctz(left);
        bool found = false;

        for (unsigned i = 0; i < VCPUS * LRS; i++) {
            uint64_t lr = lr_of(i / LRS, i % LRS);

            found = found || (get(LR_STATE, lr) != 0 && get(LR_VINTID, lr) == intid);
        }
        FUZZ_CHECK(found);
    }
}

static void check_all(void)
{
    for (uint32_t n = 1; n < VGIC_WORDS; n++) {
        const struct vgic_word *word = &zone->arch.vgic.spi[n];

        check_word(word, false);
        FUZZ_CHECK((fx.gicd.enabled[n] & word->hw) == (vgic_enabled(word) & word->hw));
        FUZZ_CHECK((fx.gicd.enabled[n] & fx.gicd.allowed[n]) == (vgic_enabled(word) & word->hw));
        check_active(n);
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        const struct vgic_cpu *v = &vcpu_of(i)->arch.vgic;

        check_word(&v->word, true);
        FUZZ_CHECK(is_on[i] || v->spill_mask == 0);
        FUZZ_CHECK(v->lr_mask == (is_on[i] ? BIT32(LRS) - 1 : 0));
    }
    check_lrs();
    FUZZ_CHECK(fx.requests[VCPUS] == 0);
    FUZZ_CHECK(memcmp(&other_zone, &fx.zone[1], sizeof(other_zone)) == 0);
    FUZZ_CHECK(memcmp(&other_vcpu, &fx.vcpu[1][0], sizeof(other_vcpu)) == 0);
}

/* Interrupts that the running vCPU should get and that are in no list register. */
static bool is_any_left(void)
{
    for (uint32_t n = 0; n < VGIC_WORDS; n++) {
        const struct vgic_word *word = vgic_word_at(self(), n);
        uint32_t set = vgic_candidates(zone, word);

        for (; set != 0; set &= set - 1) {
            if (n == 0 || word->target[__builtin_ctz(set)] == self()->id) {
                return true;
            }
        }
    }
    return false;
}

static bool is_maintenance(void)
{
    uint64_t now = fake_ich_hcr_el2;
    unsigned pending = 0;

    for (unsigned i = 0; i < LRS; i++) {
        pending += (fx_lr_state(i) & LR_PENDING) != 0;
    }
    return (get(HCR_UIE, now) != 0 && fx_lr_count() < 2) ||
           (get(HCR_NPIE, now) != 0 && pending == 0) ||
           (get(HCR_LRENPIE, now) != 0 && get(HCR_EOI_COUNT, now) != 0);
}

/* The end of an exit: nothing waits for which nobody will ask, and no interrupt asks for ever. */
static void enter(void)
{
    if (!is_on[fx.self->id]) {
        return;
    }
    arch_virq_flush(self());
    if (is_maintenance()) {
        arch_virq_sync(self());
        arch_virq_flush(self());
        FUZZ_CHECK(!is_maintenance());
    }
    FUZZ_CHECK(!is_any_left() || get(HCR_UIE, fake_ich_hcr_el2) != 0 ||
               get(HCR_NPIE, fake_ich_hcr_el2) != 0);
}

/* ---- steps ---- */

/* What this vCPU has just disabled no longer waits in its own list registers. */
static void check_withdrawn(uint32_t n, uint64_t bits)
{
    for (unsigned i = 0; i < LRS; i++) {
        uint32_t intid = fx_lr_intid(i);

        FUZZ_CHECK(fx_lr_state(i) != LR_PENDING || intid / 32 != n ||
                   (bits >> (intid % 32) & 1) == 0);
    }
}

static void access_any(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    uint64_t offset = fuzz_u16(in);
    struct mmio_access access = { .size = (uint8_t)(1u << (how & 3)), .write = (how & 4) != 0 };
    bool is_redist = (how & 8) != 0;
    uint64_t size = is_redist ? VCPUS * GICR_SIZE : GICD_SIZE;

    if (is_redist) { /* how's upper bits: which redistributor, and which frame */
        offset = (offset & 0xffff) + (uint64_t)(how >> 4) % 6 * GICR_SGI;
    }
    access.offset = offset & ~(uint64_t)(access.size - 1u);
    access.value = fuzz_word(in);
    if (access.size < 8) {
        access.value &= BIT64(access.size * 8u) - 1;
    }
    if (!is_on[fx.self->id] || access.offset + access.size > size) {
        return;
    }
    offset = access.offset % GICR_SGI;
    if (access.write && offset >= GICD_ISACTIVER && offset < GICD_ICACTIVER) {
        is_active_set = true;
    }
    (void)(is_redist ? vgicr_access : vgicd_access)(self(), &access);
}

/* One of the registers that matter, one of the zone's interrupts. */
static void access_likely(struct fuzz_in *in)
{
    static const uint16_t regs[] = { GICD_IGROUPR, GICD_ISENABLER, GICD_ICENABLER, GICD_ISPENDR,
                                     GICD_ICPENDR, GICD_ISACTIVER, GICD_ICACTIVER, GICD_CTLR };
    uint8_t how = fuzz_u8(in);
    uint32_t word = how >> 4 & 3, reg = regs[how & 7];
    struct mmio_access access = { reg + word * 4, fuzz_word(in) & UINT32_MAX, 4, true };

    if (!is_on[fx.self->id]) {
        return;
    }
    is_active_set = is_active_set || reg == GICD_ISACTIVER;
    if ((how & 8) != 0 || reg == GICD_CTLR) {
        access.offset = reg == GICD_CTLR ? reg : access.offset;
        (void)vgicd_access(self(), &access);
        if (reg == GICD_ICENABLER && word != 0) { /* word 0 is the redistributor's */
            check_withdrawn(word, access.value);
        }
    } else {
        access.offset = (how >> 6) % VCPUS * GICR_SIZE + GICR_SGI + reg;
        (void)vgicr_access(self(), &access);
        if (reg == GICD_ICENABLER && (how >> 6) % VCPUS == self()->id) {
            check_withdrawn(0, access.value);
        }
    }
}

/* The machine signals an interrupt only to the CPU it is routed to, enabled and not active. */
static void raise_irq(struct fuzz_in *in)
{
    static const uint16_t intids[] = {
        FX_LEVEL, FX_EDGE, FX_HIGH, 43, 44, 45, FX_VTIMER, FX_PTIMER
    };
    uint32_t intid = intids[fuzz_u8(in) % ARRAY_COUNT(intids)];
    const struct fx_frame *f = intid < 32 ? &fx.sgi[fx.self->id] : &fx.gicd;
    uint64_t route = fx.self->hw_id;

    if (intid >= 32) {
        memcpy(&route, f->bytes + GICD_IROUTER + intid * 8, sizeof(route));
    }
    if (((f->enabled[intid / 32] & ~f->active[intid / 32]) >> (intid % 32) & 1) != 0 &&
        route == fx.self->hw_id) {
        (void)fx_raise(intid);
    }
}

/* The guest takes or ends what a list register holds, or ends something else. */
static void guest_step(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    unsigned n = how % LRS;

    if (!is_on[fx.self->id]) {
        return;
    }
    if (fx_lr_state(n) == 0) {
        if (how >= 0xc0) {
            fake_ich_hcr_el2 = with(HCR_EOI_COUNT, fake_ich_hcr_el2,
                                    get(HCR_EOI_COUNT, fake_ich_hcr_el2) + 1);
        }
        return;
    }
    if (fx_lr_state(n) == LR_PENDING) {
        fx_guest_ack(fx_lr_intid(n));
    } else {
        fx_guest_eoi(fx_lr_intid(n));
    }
}

/* Affinity fields 1 to 3 and the range of a target list are 0 for all vCPUs of this zone. */
static bool is_target(unsigned n, uint64_t value)
{
    if ((value >> 40 & 1) != 0) {
        return n != self()->id;
    }
    return (value >> 44 & 0xfff) == 0 && (value >> 32 & 0xff) == 0 && (value >> 16 & 0xff) == 0 &&
           (value >> n & 1) != 0;
}

static void sgi(struct fuzz_in *in)
{
    uint64_t value = fuzz_u64(in);
    bool is_group0 = (fuzz_u8(in) & 1) != 0;
    uint32_t bit = BIT32(value >> 24 & 15), before[VCPUS];

    if (!is_on[fx.self->id]) {
        return;
    }
    if ((value & UINT64_C(1) << 63) == 0) { /* most SGIs that reach anybody have affinities 0 */
        value &= 0xffff | UINT64_C(15) << 24 | UINT64_C(1) << 40;
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        before[i] = vgic_pending(&vcpu_of(i)->arch.vgic.word);
    }
    (void)(is_group0 ? vgic_sgi0r_write : vgic_sgi1r_write)(self(), value);
    for (unsigned i = 0; i < VCPUS; i++) {
        const struct vgic_word *word = &vcpu_of(i)->arch.vgic.word;
        bool is_meant = is_target(i, value) && ((word->group & bit) == 0) == is_group0;

        FUZZ_CHECK(vgic_pending(word) == (before[i] | (is_meant ? bit : 0)));
    }
}

static void switch_cpu(struct fuzz_in *in)
{
    go_to(fuzz_u8(in) % VCPUS);
}

static void line(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);

    arch_virq_set(zone, (how & 0xc) == 0xc ? FX_LEVEL : FX_VUART, (how & 1) != 0);
}

static void off(void)
{
    if (is_on[fx.self->id]) {
        is_on[fx.self->id] = false;
        vgic_vcpu_unload(self());
    }
}

static void on_off(struct fuzz_in *in)
{
    (void)in;
    if (is_on[fx.self->id]) {
        off();
        return;
    }
    vgic_vcpu_reset(self());
    vgic_vcpu_load(self());
    is_on[fx.self->id] = true;
}

static void zone_reset(struct fuzz_in *in)
{
    (void)in;
    for (unsigned i = VCPUS; i-- > 0;) {
        go_to(i);
        off();
    }
    arch_virq_reset(zone);
    is_active_set = false;
    for (uint32_t n = 0; n < VGIC_WORDS; n++) {
        FUZZ_CHECK((fx.gicd.enabled[n] & fx.gicd.allowed[n]) == 0);
        FUZZ_CHECK((fx.gicd.active[n] & fx.gicd.allowed[n]) == 0);
        FUZZ_CHECK((fx.gicd.pending[n] & fx.gicd.allowed[n]) == 0);
    }
    on_off(in);
}

static void nothing(struct fuzz_in *in)
{
    (void)in;
}

static void (*const steps[])(struct fuzz_in *in) = {
    access_any, access_likely, access_likely, raise_irq, raise_irq, guest_step, guest_step,
    guest_step, sgi,           switch_cpu,    line,      on_off,    zone_reset, nothing,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    (void)fx_setup_running(NULL);
    zone = &fx.zone[0];
    is_active_set = false;
    memset(is_on, true, sizeof(is_on));
    for (unsigned i = 0; i < VCPUS; i++) {
        hcr[i] = vcpu_of(i)->arch.vgic.hcr;
    }
    fake_ich_hcr_el2 = hcr[0];
    memset(fx.requests, 0, sizeof(fx.requests));
    if ((fuzz_u8(&in) & 1) != 0) {
        fx_enable_all();
    }
    other_zone = fx.zone[1];
    other_vcpu = fx.vcpu[1][0];
    while (in.left != 0) {
        uint8_t how = fuzz_u8(&in);

        steps[(how & 0x7f) % ARRAY_COUNT(steps)](&in);
        if ((how & 0x80) != 0) {
            enter();
        }
        check_all();
    }
    return 0;
}
