/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: every offset of distributor and redistributors, with every width, aligned or not, from
 * the right vCPU and from wrong ones, all at once; then SGIs by all forms of affinity. Afterwards
 * nothing of an interrupt that is not the zone's may be seen, and every SGI must have come where
 * the sender's value says, inside the zone, and nowhere else.
 */
#include "tests/attack/attack.h"

#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "guest/internal.h"

#define GICD_SIZE 0x10000u
#define GICR_SIZE 0x20000u
#define SGI_FRAME 0x10000u
#define WIDTHS    4u
#define WORDS     32u /* of 32 interrupts */
#define SGIS      16u
#define SENDS     600u
#define WAIT_US   2000000u
#define SETTLE_US 2000u
#define ALL       UINT32_MAX

#define IGROUPR    0x0080u
#define ISENABLER  0x0100u
#define ISPENDR    0x0200u
#define ICPENDR    0x0280u
#define ISACTIVER  0x0300u
#define ICACTIVER  0x0380u
#define IPRIORITYR 0x0400u
#define ICFGR      0x0c00u
#define IROUTER    0x6000u

FIELD(SGI_LIST, 0, 16);
FIELD(SGI_AFF1, 16, 8);
FIELD(SGI_INTID, 24, 4);
FIELD(SGI_AFF2, 32, 8);
FIELD(SGI_IRM, 40, 1);
FIELD(SGI_RANGE, 44, 4);
FIELD(SGI_AFF3, 48, 8);

static insn_fn *const loads[WIDTHS] = { insn_ldrb, insn_ldrh, insn_ldrw, insn_ldr };
static insn_fn *const stores[WIDTHS] = { insn_strb, insn_strh, insn_strw, insn_str };

/* What one vCPU does of the sweeps, and what it has found. */
struct sweep {
    uint64_t base, size;
    bool write;
    uint64_t unaligned, unaligned_held; /* made, and refused */
    uint64_t words, words_held;         /* aligned, 32 bits: answered */
    uint64_t strange;                   /* ended in another way than an abort of that address */
    uint32_t done;
};

static struct sweep sweeps[3];
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
    uint64_t va = WINDOW_VA + s->base;
    bool unmasked = vg_irq_mask();

    for (uint64_t offset = 0; offset < s->size; offset++) {
        for (uint32_t width = 0; width < WIDTHS; width++) {
            if (attack_sampled()) {
                sweep_one(s, va + offset, width);
            }
        }
    }
    vg_irq_restore(unmasked);
    __atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
}

static void wait_done(struct sweep *s)
{
    while (__atomic_load_n(&s->done, __ATOMIC_ACQUIRE) == 0) {
        vg_delay_us(SETTLE_US);
    }
}

static void sweep_all(const struct sweep *wanted)
{
    for (uint32_t i = 0; i < ARRAY_COUNT(sweeps); i++) {
        sweeps[i] = wanted[i];
    }
    for (uint32_t i = 1; i < ARRAY_COUNT(sweeps); i++) {
        check("a vCPU to help", vg_vcpu_start(i, sweep_run, &sweeps[i]) == 0);
    }
    sweep_run(&sweeps[0]);
    for (uint32_t i = 0; i < ARRAY_COUNT(sweeps); i++) {
        wait_done(&sweeps[i]);
        while (i != 0 && vg_vcpu_is_on(i)) {
            vg_delay_us(SETTLE_US);
        }
        check_equal("unaligned accesses fault", sweeps[i].unaligned_held, sweeps[i].unaligned);
        check_equal("words are answered", sweeps[i].words_held, sweeps[i].words);
        check_equal("strange endings", sweeps[i].strange, 0);
    }
}

static void test_sweeps(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa, gicr = vg_boot()->gicr_gpa;
    /* Own and others' redistributor: vCPU 0 its own, 2 that of 1 while 1 is in the distributor. */
    struct sweep reads[] = {
        { .base = gicr, .size = GICR_SIZE },
        { .base = gicd, .size = GICD_SIZE },
        { .base = gicr + GICR_SIZE, .size = GICR_SIZE },
    };
    struct sweep writes[] = {
        { .base = gicr + GICR_SIZE, .size = GICR_SIZE, .write = true },
        { .base = gicd, .size = GICD_SIZE, .write = true },
        { .base = gicr, .size = GICR_SIZE, .write = true },
    };

    (void)window_to(gicd, WINDOW_NORMAL);
    sweep_all(reads);
    sweep_all(writes);
    window_set(0);
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
    static const uint32_t bitmaps[] = { IGROUPR, ISENABLER, ISPENDR, ISACTIVER };
    uint64_t gicd = vg_boot()->gicd_gpa, gicr = vg_boot()->gicr_gpa;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < ARRAY_COUNT(bitmaps); i++) {
        for (uint32_t n = 1; n < WORDS; n++) {
            vg_mmio_wr32(gicd + bitmaps[i] + n * 4, ALL);
            seen |= vg_mmio_rd32(gicd + bitmaps[i] + n * 4) & ~owned(n);
        }
        for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
            uint64_t frame = gicr + v * GICR_SIZE + SGI_FRAME;

            vg_mmio_wr32(frame + bitmaps[i], bitmaps[i] == IGROUPR ? ALL : ~owned(0));
            seen |= vg_mmio_rd32(frame + bitmaps[i]) & ~owned(0);
        }
    }
    check_equal("no bit of a foreign interrupt", seen, 0);
}

static void test_foreign_fields(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa, routes = 0;
    uint32_t priorities = 0, edges = 0;

    for (uint32_t intid = 32; intid < 1020; intid++) {
        if ((owned(intid / 32) & BIT32(intid % 32)) != 0) {
            continue;
        }
        vg_mmio_wr8(gicd + IPRIORITYR + intid, 0xff);
        priorities |= vg_mmio_rd8(gicd + IPRIORITYR + intid);
        vg_mmio_wr64(gicd + IROUTER + intid * 8u, 1 + attack_below(2)); /* vCPUs that exist */
        routes |= vg_mmio_rd64(gicd + IROUTER + intid * 8u);
    }
    for (uint32_t word = 2; word < 2 * WORDS; word++) {
        uint32_t mine = word == vg_boot()->uart_intid / 16
                            ? UINT32_C(3) << (vg_boot()->uart_intid % 16 * 2)
                            : 0;

        vg_mmio_wr32(gicd + ICFGR + word * 4, ALL);
        edges |= vg_mmio_rd32(gicd + ICFGR + word * 4) & ~mine;
        vg_mmio_wr32(gicd + ICFGR + word * 4, 0);
    }
    check_equal("no priority of a foreign interrupt", priorities, 0);
    check_equal("no route of a foreign interrupt", routes, 0);
    check_equal("no trigger of a foreign interrupt", edges, 0);
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

    gic_init_cpu();
    vg_mmio_wr32(frame + ICPENDR, ALL);
    vg_mmio_wr32(frame + ICACTIVER, ALL);
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

static bool is_target(uint32_t vcpu, uint64_t value)
{
    if (get(SGI_IRM, value) != 0) {
        return vcpu != vg_vcpu_id();
    }
    return get(SGI_AFF1, value) == 0 && get(SGI_AFF2, value) == 0 && get(SGI_AFF3, value) == 0 &&
           get(SGI_RANGE, value) == 0 && (get(SGI_LIST, value) & BIT64(vcpu)) != 0;
}

/* A value of one of the shapes that affinity can have; no shape is left to chance alone. */
static uint64_t any_value(uint32_t round)
{
    uint64_t value = attack_random();
    uint64_t list = put(SGI_LIST, value) | put(SGI_INTID, value >> 32);

    switch (round % 8) {
    case 0: return value;
    case 1: return list;
    case 2: return value | put(SGI_IRM, 1);
    case 3: return list | put(SGI_IRM, 1);
    case 4: return list | put(SGI_RANGE, 1 + attack_below(15));
    case 5: return list | put(SGI_AFF1, 1 + attack_below(255));
    case 6: return list | put(SGI_AFF2, attack_below(256)) | put(SGI_AFF3, 1 + attack_below(255));
    default: return put(SGI_LIST, UINT64_MAX) | put(SGI_INTID, value);
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

static void send(uint64_t value, uint32_t round)
{
    switch (round % 4) {
    case 0: __asm__ volatile("msr s3_0_c12_c11_7, %0; isb" : : "r"(value)); break; /* SGI0R */
    case 1: __asm__ volatile("msr s3_0_c12_c11_6, %0; isb" : : "r"(value)); break; /* ASGI1R */
    default: wr_icc_sgi1r_el1(value); hw_isb();
    }
    attack_count(1);
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
        uint64_t value = any_value(round / 4);

        /* All are in group 1: those of group 0 and of the other world reach nobody. */
        for (uint32_t v = 0; v < vg_vcpu_count() && round % 4 >= 2; v++) {
            expected[v][get(SGI_INTID, value)] += is_target(v, value);
            sent += is_target(v, value);
        }
        send(value, round);
        came += all_came(expected, (uint32_t)get(SGI_INTID, value));
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
    attack_begin("gic");
    test_sweeps();
    test_foreign_words();
    test_foreign_fields();
    test_sgis();
    attack_end();
}
