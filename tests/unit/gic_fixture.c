/* SPDX-License-Identifier: Apache-2.0 */
/* The machine behind gic_fixture.h; it aborts a test that writes what its zone does not own. */
#include "gic_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "gicv2.h"
#include "hyp/core/log.h"

struct fx fx;
const struct plan *the_plan;

static uint8_t gicd_bytes[GICD_SIZE], gicr_bytes[FX_CPUS * GICR_SIZE];

static const uint64_t hw_ids[FX_CPUS] = { 0, 1, 0x100, UINT64_C(0x200010003) };

/* ---- doubles ---- */

void pcpu_request(struct pcpu *cpu, uint32_t bits)
{
    atomic_fetch_or(&cpu->requests, bits);
    fx.requests[cpu->id]++;
}

void mmio_add(struct zone *zone, const struct mmio_dev *dev)
{
    zone->dev[zone->dev_count++] = *dev;
}

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    (void)level;
    (void)text;
    (void)args;
    fx.logs++;
}

struct pcpu *arch_cpu_this(void)
{
    return fx.self;
}

_Noreturn void arch_crash(const char *why)
{
    fail_msg("%s", why);
    abort();
}

/* ---- distributor and SGI frames ---- */

static void put32(struct fx_frame *f, uint32_t offset, uint32_t value)
{
    memcpy(f->bytes + offset, &value, sizeof(value));
}

static void show_word(struct fx_frame *f, uint32_t n)
{
    put32(f, GICD_ISENABLER + n * 4, f->enabled[n]);
    put32(f, GICD_ICENABLER + n * 4, f->enabled[n]);
    put32(f, GICD_ISPENDR + n * 4, f->pending[n]);
    put32(f, GICD_ICPENDR + n * 4, f->pending[n]);
    put32(f, GICD_ISACTIVER + n * 4, f->active[n]);
    put32(f, GICD_ICACTIVER + n * 4, f->active[n]);
}

static void check_owned(const struct fx_frame *f, uint32_t n, uint32_t bits)
{
    if (f->watch) {
        assert_int_equal(bits & ~f->allowed[n], 0);
    }
}

static void bitmap_write(struct fx_frame *f, uint32_t offset, uint32_t value)
{
    uint32_t *const sets[] = { f->enabled, f->pending, f->active };
    uint32_t n = (offset & 0x7f) / 4;
    uint32_t *set = sets[(offset - GICD_ISENABLER) / 0x100];

    check_owned(f, n, value);
    set[n] = (offset & 0x80) != 0 ? set[n] & ~value : set[n] | value;
    show_word(f, n);
}

static void config_write(struct fx_frame *f, uint32_t offset, uint32_t value)
{
    uint32_t first = (offset - GICD_ICFGR) * 4;

    for (uint32_t i = first; i < first + 16; i++) {
        uint32_t edge = (value >> ((i - first) * 2 + 1)) & 1;

        if (((f->edge[i / 32] >> (i % 32)) & 1) != edge) {
            check_owned(f, i / 32, BIT32(i % 32));
            f->edge[i / 32] ^= BIT32(i % 32);
        }
    }
}

static void frame_write(struct fx_frame *f, uint32_t offset, unsigned size, uint64_t value)
{
    if (offset >= GICD_ISENABLER && offset < GICD_IPRIORITYR) {
        assert_int_equal(size, 4);
        bitmap_write(f, offset, (uint32_t)value);
    } else if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
        check_owned(f, (offset - GICD_IPRIORITYR) / 32, BIT32(offset % 32));
    } else if (gic.v2 != NULL && offset >= GICD_ITARGETSR && offset < GICD_ICFGR) {
        assert_int_equal(size, 1);
        check_owned(f, (offset - GICD_ITARGETSR) / 32, BIT32(offset % 32));
    } else if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR) {
        config_write(f, offset, (uint32_t)value);
    } else if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 0x2000) {
        check_owned(f, (offset - GICD_IROUTER) / 256, BIT32((offset - GICD_IROUTER) / 8 % 32));
    } else {
        assert_false(f->watch);
    }
}

static void gicd_hook(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    fx.accesses++;
    if (write) {
        frame_write(&fx.gicd, (uint32_t)offset, size, value);
    }
}

static void gicr_hook(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    unsigned cpu = (unsigned)(offset / GICR_SIZE);
    uint32_t at = (uint32_t)(offset % GICR_SIZE);

    if (write && at >= GICR_SGI) {
        frame_write(&fx.sgi[cpu], at - GICR_SGI, size, value);
    }
}

/* ---- list registers ---- */

#define LR_ADDRESS(i) &fake_ich_lr##i##_el2
static uint64_t *const lrs[VGIC_LR_MAX] = {
    LR_ADDRESS(0),  LR_ADDRESS(1),  LR_ADDRESS(2),  LR_ADDRESS(3),  LR_ADDRESS(4),  LR_ADDRESS(5),
    LR_ADDRESS(6),  LR_ADDRESS(7),  LR_ADDRESS(8),  LR_ADDRESS(9),  LR_ADDRESS(10), LR_ADDRESS(11),
    LR_ADDRESS(12), LR_ADDRESS(13), LR_ADDRESS(14), LR_ADDRESS(15),
};

#define LR_BIT_EOI   BIT64(41)
#define LR_BIT_HW    BIT64(61)
#define LR_STATE_LSB 62

uint64_t *fx_lr(unsigned n)
{
    return lrs[n];
}

unsigned fx_lr_state(unsigned n)
{
    return (unsigned)(*lrs[n] >> LR_STATE_LSB);
}

uint32_t fx_lr_intid(unsigned n)
{
    return fx_lr_state(n) == 0 ? 0 : (uint32_t)*lrs[n];
}

unsigned fx_lr_count(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
        count += fx_lr_state(i) != 0;
    }
    return count;
}

int fx_lr_of(uint32_t intid)
{
    int found = -1;

    for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
        if (fx_lr_state(i) != 0 && (uint32_t)*lrs[i] == intid) {
            assert_int_equal(found, -1); /* never twice: IHI 0069, 8.4.5 */
            found = (int)i;
        }
    }
    return found;
}

/* What the machine computes from the list registers, visible after a barrier. */
static void lr_status(void)
{
    uint64_t empty = 0, ended = 0;

    for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
        bool eoi = (*lrs[i] & LR_BIT_HW) == 0 && (*lrs[i] & LR_BIT_EOI) != 0;

        if (fx_lr_state(i) == 0) {
            empty |= eoi ? 0 : BIT64(i);
            ended |= eoi ? BIT64(i) : 0;
        }
    }
    fake_ich_elrsr_el2 = empty;
    fake_ich_eisr_el2 = ended;
}

void fx_switch(unsigned cpu)
{
    for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
        fx.saved_lr[fx.self->id][i] = *lrs[i];
        *lrs[i] = fx.saved_lr[cpu][i];
    }
    fx.self = &fx.cpu[cpu];
}

static struct fx_frame *frame_of(uint32_t intid)
{
    return intid < 32 ? &fx.sgi[fx.self->id] : &fx.gicd;
}

void fx_guest_ack(uint32_t intid)
{
    int i = fx_lr_of(intid);

    assert_true(i >= 0 && (fx_lr_state((unsigned)i) & LR_PENDING) != 0);
    *lrs[i] = (*lrs[i] & ~(UINT64_C(3) << LR_STATE_LSB)) | (UINT64_C(2) << LR_STATE_LSB);
}

void fx_guest_eoi(uint32_t intid)
{
    int i = fx_lr_of(intid);

    if (i < 0 || (fx_lr_state((unsigned)i) & LR_ACTIVE) == 0) {
        fake_ich_hcr_el2 += BIT64(27); /* EOIcount */
        return;
    }
    *lrs[i] &= ~(UINT64_C(2) << LR_STATE_LSB);
    if ((*lrs[i] & LR_BIT_HW) != 0) {
        assert_int_equal((*lrs[i] >> 32) & 0x1fff, intid);
        frame_of(intid)->active[intid / 32] &= ~BIT32(intid % 32);
        show_word(frame_of(intid), intid / 32);
    }
}

enum pirq_kind fx_raise(uint32_t intid)
{
    struct fx_frame *f = frame_of(intid);
    enum pirq_kind kind;

    f->active[intid / 32] |= BIT32(intid % 32);
    f->pending[intid / 32] &= ~BIT32(intid % 32);
    show_word(f, intid / 32);
    fake_icc_iar1_el1 = intid;
    fake_icc_dir_el1 = UINT32_MAX;
    kind = arch_pirq_claim(fx.self->vcpu);
    assert_int_equal(fake_icc_eoir1_el1, intid);
    if (fake_icc_dir_el1 != UINT32_MAX) {
        assert_int_equal(fake_icc_dir_el1, intid);
        f->active[intid / 32] &= ~BIT32(intid % 32);
        show_word(f, intid / 32);
    }
    fake_icc_iar1_el1 = 1023;
    return kind;
}

/* ---- set-up ---- */

static void plan_init(struct plan *p)
{
    static const struct plan_irq irqs[] = {
        { 0, FX_LEVEL, 0, 0 }, { 0, FX_EDGE, PLAN_IRQ_EDGE, 0 },
        { 0, FX_HIGH, 0, 0 },  { 1, FX_FOREIGN, 0, 0 },
        { 0, 43, 0, 0 },       { 0, 44, 0, 0 },
        { 0, 45, 0, 0 },       { 0, 46, 0, 0 },
    };

    p->irq_count = ARRAY_COUNT(irqs);
    memcpy(p->irq, irqs, sizeof(irqs));
    p->zone_count = 2;
    p->cpu_count = FX_CPUS;
    p->zone[0] = (struct plan_zone){ .name = "a",
                                     .console = PLAN_CONSOLE_EMULATED,
                                     .vuart_intid = FX_VUART,
                                     .gicd_gpa = 0x1000000,
                                     .gicr_gpa = 0x2000000 };
    p->zone[1] = (struct plan_zone){ .name = "b", .gicd_gpa = 0x1000000, .gicr_gpa = 0x2000000 };
    p->board = (struct plan_board){
        .gicr_size = FX_CPUS * GICR_SIZE,
        .maintenance_intid = FX_MAINTENANCE,
        .hyp_timer_intid = FX_HYP_TIMER,
        .virt_timer_intid = FX_VTIMER,
        .phys_timer_intid = FX_PTIMER,
    };
}

void fx_guest_init(struct fx_guest *guest)
{
    *guest = (struct fx_guest){ 0 };
}

bool fx_guest_take(struct fx_guest *guest)
{
    uint64_t best = guest->depth == 0 ? 256 : guest->priority[guest->depth - 1];
    int found = -1;

    for (unsigned i = 0; i < VGIC_LR_MAX; i++) {
        uint64_t priority = (*lrs[i] >> 48) & 0xff;

        if (fx_lr_state(i) == LR_PENDING && priority < best) {
            best = priority;
            found = (int)i;
        }
    }
    if (found < 0) {
        return false;
    }
    guest->intid[guest->depth] = fx_lr_intid((unsigned)found);
    guest->priority[guest->depth++] = best;
    fx_guest_ack(fx_lr_intid((unsigned)found));
    return true;
}

bool fx_guest_end(struct fx_guest *guest)
{
    if (guest->depth == 0) {
        return false;
    }
    fx_guest_eoi(guest->intid[--guest->depth]);
    return true;
}

static void machine_init(void)
{
    memset(gicd_bytes, 0, sizeof(gicd_bytes));
    memset(gicr_bytes, 0, sizeof(gicr_bytes));
    fx.gicd.bytes = gicd_bytes;
    put32(&fx.gicd, GICD_TYPER, 8); /* 288 interrupts */
    for (unsigned i = 0; i < FX_CPUS; i++) {
        uint8_t *rd = gicr_bytes + i * GICR_SIZE;
        uint64_t typer = (uint64_t)gic_affinity32(hw_ids[i]) << 32 | (i == FX_CPUS - 1 ? 16u : 0u);

        memcpy(rd + GICR_TYPER, &typer, sizeof(typer));
        fx.sgi[i].bytes = rd + GICR_SGI;
    }
    fake_mmio_add(&(struct fake_mmio){ FX_GICD, GICD_SIZE, gicd_bytes, gicd_hook });
    fake_mmio_add(&(struct fake_mmio){ FX_GICR, sizeof(gicr_bytes), gicr_bytes, gicr_hook });
    fake_isb_hook = lr_status;
    fake_ich_vtr_el2 = UINT64_C(4) << 26 | 3; /* 4 list registers, 5 preemption bits */
    fake_icc_iar1_el1 = 1023;
}

static void zone_add(unsigned id, unsigned first_cpu, unsigned vcpu_count)
{
    struct zone *zone = &fx.zone[id];

    zone->id = id;
    zone->plan = &fx.plan.zone[id];
    zone->vcpus = fx.vcpu[id];
    zone->vcpu_count = vcpu_count;
    for (unsigned i = 0; i < vcpu_count; i++) {
        struct vcpu *vcpu = &fx.vcpu[id][i];

        vcpu->zone = zone;
        vcpu->id = i;
        vcpu->cpu = &fx.cpu[first_cpu + i];
        vcpu->cpu->vcpu = vcpu;
        vcpu->arch.vmpidr = i | BIT64(31);
    }
    arch_virq_init(zone, &fx.plan);
}

static void allow(uint32_t intid)
{
    fx.gicd.allowed[intid / 32] |= BIT32(intid % 32);
}

int fx_setup(void **state)
{
    (void)state;
    fake_reset();
    fx = (struct fx){ .self = &fx.cpu[0] };
    plan_init(&fx.plan);
    the_plan = &fx.plan;
    machine_init();
    gic_init(&fx.plan.board, FX_GICD, FX_GICR);
    for (unsigned i = 0; i < FX_CPUS; i++) {
        fx.cpu[i].id = i;
        fx.cpu[i].hw_id = hw_ids[i];
        gic_cpu_init(&fx.cpu[i]);
    }
    zone_add(0, 0, 3);
    zone_add(1, 3, 1);
    return 0;
}

int fx_setup_running(void **state)
{
    (void)fx_setup(state);
    /* From here on only zone 0 acts: any bit of another owner is a failure. */
    for (uint32_t i = 0; i < fx.plan.irq_count; i++) {
        if (fx.plan.irq[i].zone == 0) {
            allow(fx.plan.irq[i].intid);
        }
    }
    fx.gicd.watch = true;
    for (unsigned i = 0; i < FX_CPUS; i++) {
        fx.sgi[i].watch = true;
        fx.sgi[i].allowed[0] = i < 3 ? BIT32(FX_VTIMER) | BIT32(FX_PTIMER) : 0;
    }
    for (unsigned i = 3; i-- > 0;) {
        fx_switch(i);
        vgic_vcpu_reset(fx.self->vcpu);
        vgic_vcpu_load(fx.self->vcpu);
        arch_virq_flush(fx.self->vcpu);
    }
    fx_wr(GICD_CTLR, 4, 3);
    for (unsigned i = 0; i < FX_CPUS; i++) {
        fx.requests[i] = 0;
        atomic_store(&fx.cpu[i].requests, 0);
        if (fx.cpu[i].vcpu->zone == &fx.zone[0]) {
            fx_switch(i);
            arch_virq_flush(fx.self->vcpu);
        }
    }
    fx_switch(0);
    return 0;
}

/* ---- guest accesses ---- */

static uint64_t guest(mmio_fn fn, struct mmio_access access)
{
    assert_true(fn(&fx.vcpu[0][0], &access));
    return access.value;
}

uint64_t fx_rd(uint32_t offset, unsigned size)
{
    return guest(vgicd_access, (struct mmio_access){ offset, UINT64_MAX, (uint8_t)size, false });
}

void fx_wr(uint32_t offset, unsigned size, uint64_t value)
{
    (void)guest(vgicd_access, (struct mmio_access){ offset, value, (uint8_t)size, true });
}

uint64_t fx_redist_rd(unsigned vcpu, uint32_t offset, unsigned size)
{
    return guest(vgicr_access, (struct mmio_access){ (uint64_t)vcpu * GICR_SIZE + offset,
                                                     UINT64_MAX, (uint8_t)size, false });
}

void fx_redist_wr(unsigned vcpu, uint32_t offset, unsigned size, uint64_t value)
{
    (void)guest(vgicr_access, (struct mmio_access){ (uint64_t)vcpu * GICR_SIZE + offset, value,
                                                    (uint8_t)size, true });
}

void fx_enable_all(void)
{
    for (uint32_t n = 1; n < 32; n++) {
        fx_wr(GICD_ISENABLER + n * 4, 4, UINT32_MAX);
    }
    for (unsigned i = 0; i < 3; i++) {
        fx_redist_wr(i, GICR_SGI + GICD_ISENABLER, 4, UINT32_MAX);
    }
}

struct vcpu *fx_me(void)
{
    return fx.self->vcpu;
}

void fx_flush(void)
{
    arch_virq_flush(fx_me());
    fake_isb_hook();
}

int fx_setup_entered(void **state)
{
    (void)fx_setup_running(state);
    fx_enable_all();
    for (unsigned i = 3; i-- > 0;) {
        fx_switch(i);
        fx_flush();
    }
    return 0;
}

void fx_set_priority(uint32_t intid, uint8_t priority)
{
    if (intid < 32) {
        fx_redist_wr(fx_me()->id, GICR_SGI + GICD_IPRIORITYR + intid, 1, priority);
    } else {
        fx_wr(GICD_IPRIORITYR + intid, 1, priority);
    }
}
