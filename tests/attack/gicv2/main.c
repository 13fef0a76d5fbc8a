/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: a GICv2's distributor at every offset, by every width, aligned or not, from two vCPUs at
 * once; its CPU interface; the machine's own distributor and interfaces, which must not be there;
 * SGIs to all targets. Afterwards nothing of a foreign interrupt may be seen, and every SGI must
 * have come to whom it was sent inside the zone, and to nobody else.
 */
#include "guest/aarch64/gic.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "guest/internal.h"
#include "tests/attack/attack.h"

#define GICD_SIZE   0x1000u
#define GICC_SIZE   0x2000u
#define GICD_ICFGR  0x0c00u
#define GICC_APR    0x00d0u
#define AROUND_PAGE 0x1000u
#define AROUND_SIZE 0x200000u /* of addresses from the distributor on */
#define WIDTHS      4u
#define WORDS       32u
#define SGIS        16u
#define SENDS       400u
#define WAIT_US     2000000u
#define SETTLE_US   2000u
#define ALL         UINT32_MAX

FIELD(SGIR_INTID, 0, 4);
FIELD(SGIR_LIST, 16, 8);
FIELD(SGIR_FILTER, 24, 2);

static insn_fn *const loads[WIDTHS] = { insn_ldrb, insn_ldrh, insn_ldrw, insn_ldr };
static insn_fn *const stores[WIDTHS] = { insn_strb, insn_strh, insn_strw, insn_str };

/* What one vCPU does of the sweeps, and what it has found. */
struct sweep {
    bool write;
    uint64_t unaligned, unaligned_held; /* made, and refused */
    uint64_t words, words_held;         /* aligned, 32 bits: answered */
    uint64_t strange;                   /* ended in another way than an abort of that address */
    uint32_t done;
};

static struct sweep sweeps[2];
static uint32_t received[VG_MAX_VCPUS][SGIS];

static void sweep_one(struct sweep *s, uint64_t va, uint32_t width)
{
    uint64_t value = attack_below(4) == 0 ? UINT64_MAX : attack_random();
    struct attempt a = attack_try(s->write ? stores[width] : loads[width], va, value);

    s->strange += a.faulted && !attack_is_abort(&a, va);
    if (va % BIT64(width) != 0) {
        s->unaligned++;
        s->unaligned_held += a.faulted;
    } else if (width == 2) {
        s->words++;
        s->words_held += !a.faulted;
    }
}

/* By the window, which is normal memory to stage 1: else unaligned accesses fault before EL2. */
static void sweep_run(void *arg)
{
    struct sweep *s = arg;
    uint64_t va = WINDOW_VA + get(WINDOW_OFFSET, vg_boot()->gicd_gpa);
    bool unmasked = vg_irq_mask();

    for (uint64_t offset = 0; offset < GICD_SIZE; offset++) {
        for (uint32_t width = 0; width < WIDTHS; width++) {
            if (attack_sampled()) {
                sweep_one(s, va + offset, width);
            }
        }
    }
    vg_irq_restore(unmasked);
    __atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
}

static void test_sweeps(void)
{
    (void)window_to(vg_boot()->gicd_gpa, WINDOW_NORMAL);
    for (uint32_t round = 0; round < 2; round++) {
        sweeps[0] = (struct sweep){ .write = round == 1 };
        sweeps[1] = (struct sweep){ .write = true };
        check("a vCPU to help", vg_vcpu_start(1, sweep_run, &sweeps[1]) == 0);
        sweep_run(&sweeps[0]);
        while (__atomic_load_n(&sweeps[1].done, __ATOMIC_ACQUIRE) == 0 || vg_vcpu_is_on(1)) {
            vg_delay_us(SETTLE_US);
        }
        for (uint32_t i = 0; i < 2; i++) {
            check_equal("unaligned accesses fault", sweeps[i].unaligned_held, sweeps[i].unaligned);
            check_equal("words are answered", sweeps[i].words_held, sweeps[i].words);
            check_equal("strange endings", sweeps[i].strange, 0);
        }
    }
}

/* The machine's interfaces of CPU and hypervisor, and its guests' at its own address. */
static void test_around(void)
{
    const struct boot_info *boot = vg_boot();
    uint64_t held = 0, tried = 0;

    for (uint64_t at = 0; at < AROUND_SIZE; at += AROUND_PAGE) {
        uint64_t gpa = boot->gicd_gpa + at;

        if (at < GICD_SIZE || gpa - boot->gicc_gpa < GICC_SIZE) {
            continue;
        }
        for (uint32_t i = 0; i < 2; i++) {
            uint64_t va = window_to(gpa, WINDOW_NGNRE) + attack_below(AROUND_PAGE / 4) * 4;
            struct attempt a = attack_try(i == 0 ? insn_ldrw : insn_strw, va, ALL);

            held += attack_is_abort(&a, va);
            tried++;
        }
    }
    check_equal("nothing else of the machine's GIC is there", held, tried);
    check("much was tried", tried > 900);
}

/* The interface is the CPU's own: whatever is written there, only this vCPU can lose by it. */
static void test_interface(void)
{
    bool unmasked = vg_irq_mask();

    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t at = 0; at < GICC_SIZE; at += 4) {
            uint64_t va = window_to(vg_boot()->gicc_gpa, WINDOW_NGNRE) + at;

            (void)attack_try(attack_below(2) == 0 ? insn_ldrw : insn_strw, va, attack_random());
        }
    }
    window_set(0);
    vg_mmio_wr32(vg_boot()->gicc_gpa + GICC_APR, 0); /* no priority is active */
    vg_irq_restore(unmasked);
}

/* Bits of word n that the plan gave this zone. */
static uint32_t owned(uint32_t n)
{
    const struct boot_info *boot = vg_boot();
    uint32_t uart = boot->uart_intid / 32 == n ? BIT32(boot->uart_intid % 32) : 0;

    return n == 0 ? 0xffffu | BIT32(boot->virt_timer_intid) | BIT32(boot->phys_timer_intid) : uart;
}

static void test_foreign_words(void)
{
    static const uint32_t bitmaps[] = { GICD_IGROUPR, GICD_ISENABLER, GICD_ISPENDR,
                                        GICD_ISACTIVER };
    uint64_t gicd = vg_boot()->gicd_gpa;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < ARRAY_COUNT(bitmaps); i++) {
        for (uint32_t n = 0; n < WORDS; n++) {
            vg_mmio_wr32(gicd + bitmaps[i] + n * 4, n == 0 ? ~owned(0) : ALL);
            seen |= vg_mmio_rd32(gicd + bitmaps[i] + n * 4) & ~owned(n);
        }
    }
    check_equal("no bit of a foreign interrupt", seen, 0);
}

static void test_foreign_fields(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa;
    uint32_t priorities = 0, targets = 0;

    for (uint32_t intid = 32; intid < 1020; intid++) {
        if ((owned(intid / 32) & BIT32(intid % 32)) == 0) {
            vg_mmio_wr8(gicd + GICD_IPRIORITYR + intid, 0xff);
            priorities |= vg_mmio_rd8(gicd + GICD_IPRIORITYR + intid);
            vg_mmio_wr8(gicd + GICD_ITARGETSR + intid, 0xff);
            targets |= vg_mmio_rd8(gicd + GICD_ITARGETSR + intid);
        }
    }
    vg_mmio_wr8(gicd + GICD_ITARGETSR + vg_boot()->uart_intid, 0xff);
    check_equal("no priority of a foreign interrupt", priorities, 0);
    check_equal("no target of a foreign interrupt", targets, 0);
    check_equal("no vCPU beyond the zone's is a target",
                vg_mmio_rd8(gicd + GICD_ITARGETSR + vg_boot()->uart_intid) >> vg_vcpu_count(), 0);
}

/* ---- SGIs ---- */

static void on_sgi(uint32_t intid, void *arg)
{
    (void)arg;
    __atomic_fetch_add(&received[vg_vcpu_id()][intid], 1, __ATOMIC_RELAXED);
}

/* Interrupts as the library wants them, after what the sweeps have left. */
static void interrupts_begin(void)
{
    uint64_t frame = vcpu_this()->gic_frame;

    vg_mmio_wr32(frame + GICD_IGROUPR, 0);
    vg_mmio_wr32(frame + GICD_ICACTIVER, ALL);
    for (uint32_t i = 0; i < SGIS; i += 4) {
        vg_mmio_wr32(frame + GICD_CPENDSGIR + i, ALL);
    }
    gic_init_cpu();
    for (uint32_t i = 0; i < SGIS; i++) {
        vg_irq_enable(i);
    }
}

static void receiver(void *arg)
{
    interrupts_begin();
    __atomic_fetch_add((uint32_t *)arg, 1, __ATOMIC_RELEASE);
    for (;;) {
        vg_wait();
    }
}

static bool is_target(uint32_t vcpu, uint32_t value)
{
    switch (get(SGIR_FILTER, value)) {
    case 0: return (get(SGIR_LIST, value) & BIT64(vcpu)) != 0;
    case 1: return vcpu != vg_vcpu_id();
    case 2: return vcpu == vg_vcpu_id();
    default: return false;
    }
}

static bool all_came(uint32_t expected[VG_MAX_VCPUS][SGIS], uint32_t intid)
{
    for (uint32_t us = 0; us < WAIT_US; us += 10) {
        bool all = true;

        for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
            all = all &&
                  __atomic_load_n(&received[v][intid], __ATOMIC_RELAXED) == expected[v][intid];
        }
        if (all) {
            return true;
        }
        vg_delay_us(10);
    }
    return false;
}

static void test_sgis(void)
{
    static uint32_t expected[VG_MAX_VCPUS][SGIS];
    static uint32_t ready;
    uint32_t came = 0, wrong = 0, sent = 0;

    gic_init();
    for (uint32_t i = 0; i < SGIS; i++) {
        vg_irq_handler(i, on_sgi, NULL);
    }
    interrupts_begin();
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        check("a vCPU to receive", vg_vcpu_start(v, receiver, &ready) == 0);
    }
    while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) != vg_vcpu_count() - 1) {
        vg_delay_us(10);
    }
    for (uint32_t round = 0; round < SENDS; round++) {
        uint32_t value = (uint32_t)attack_random();
        uint32_t intid = (uint32_t)get(SGIR_INTID, value);

        value = round % 4 != 0 ? value
                               : (uint32_t)with(SGIR_FILTER, value | field_mask(SGIR_LIST), 0);
        for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
            expected[v][intid] += is_target(v, value);
            sent += is_target(v, value);
        }
        vg_mmio_wr32(vg_boot()->gicd_gpa + GICD_SGIR, value);
        attack_count(1);
        came += all_came(expected, intid);
    }
    vg_delay_us(SETTLE_US);
    for (uint32_t v = 0; v < VG_MAX_VCPUS; v++) {
        for (uint32_t i = 0; i < SGIS; i++) {
            wrong += received[v][i] != expected[v][i];
        }
    }
    check_equal("every SGI came to whom it was sent", came, SENDS);
    check_equal("and to nobody else", wrong, 0);
    check("many were sent", sent > SENDS / 4);
}

void guest_main(void)
{
    attack_begin("gicv2");
    test_sweeps();
    test_around();
    test_interface();
    test_foreign_words();
    test_foreign_fields();
    test_sgis();
    attack_end();
}
