/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: every offset of distributor and redistributors, with every width, aligned or not, from
 * the right vCPU and from wrong ones, all at once; then SGIs by all forms of affinity. Afterwards
 * nothing of an interrupt that is not the zone's may be seen, and every SGI must have come where
 * the sender's value says, inside the zone, and nowhere else.
 */
#include "guest/aarch64/gic.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "guest/internal.h"
#include "tests/attack/attack.h"
#include "tests/attack/gic.h"

#define GICD_SIZE    0x10000u
#define GICR_SIZE    0x20000u
#define SGI_FRAME    0x10000u
#define WORDS        32u /* of 32 interrupts */
#define SENDS        600u
#define ALL          UINT32_MAX
#define GICD_ICFGR   0x0c00u
#define GICD_IROUTER 0x6000u

FIELD(SGI_LIST, 0, 16);
FIELD(SGI_AFF1, 16, 8);
FIELD(SGI_INTID, 24, 4);
FIELD(SGI_AFF2, 32, 8);
FIELD(SGI_IRM, 40, 1);
FIELD(SGI_RANGE, 44, 4);
FIELD(SGI_AFF3, 48, 8);

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
    sweep_all(reads, ARRAY_COUNT(reads));
    sweep_all(writes, ARRAY_COUNT(writes));
    window_set(0);
}

static void test_foreign_words(void)
{
    static const uint32_t bitmaps[] = { GICD_IGROUPR, GICD_ISENABLER, GICD_ISPENDR,
                                        GICD_ISACTIVER };
    uint64_t gicd = vg_boot()->gicd_gpa, gicr = vg_boot()->gicr_gpa;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < ARRAY_COUNT(bitmaps); i++) {
        for (uint32_t n = 1; n < WORDS; n++) {
            vg_mmio_wr32(gicd + bitmaps[i] + n * 4, ALL);
            seen |= vg_mmio_rd32(gicd + bitmaps[i] + n * 4) & ~gic_owned(n);
        }
        for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
            uint64_t frame = gicr + v * GICR_SIZE + SGI_FRAME;

            vg_mmio_wr32(frame + bitmaps[i], bitmaps[i] == GICD_IGROUPR ? ALL : ~gic_owned(0));
            seen |= vg_mmio_rd32(frame + bitmaps[i]) & ~gic_owned(0);
        }
    }
    check_equal("no bit of a foreign interrupt", seen, 0);
}

static void test_foreign_fields(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa, routes = 0;
    uint32_t priorities = 0, edges = 0;

    for (uint32_t intid = 32; intid < 1020; intid++) {
        if ((gic_owned(intid / 32) & BIT32(intid % 32)) != 0) {
            continue;
        }
        vg_mmio_wr8(gicd + GICD_IPRIORITYR + intid, 0xff);
        priorities |= vg_mmio_rd8(gicd + GICD_IPRIORITYR + intid);
        vg_mmio_wr64(gicd + GICD_IROUTER + intid * 8u, 1 + attack_below(2)); /* vCPUs that exist */
        routes |= vg_mmio_rd64(gicd + GICD_IROUTER + intid * 8u);
    }
    for (uint32_t word = 2; word < 2 * WORDS; word++) {
        uint32_t mine = word == vg_boot()->uart_intid / 16
                            ? UINT32_C(3) << (vg_boot()->uart_intid % 16 * 2)
                            : 0;

        vg_mmio_wr32(gicd + GICD_ICFGR + word * 4, ALL);
        edges |= vg_mmio_rd32(gicd + GICD_ICFGR + word * 4) & ~mine;
        vg_mmio_wr32(gicd + GICD_ICFGR + word * 4, 0);
    }
    check_equal("no priority of a foreign interrupt", priorities, 0);
    check_equal("no route of a foreign interrupt", routes, 0);
    check_equal("no trigger of a foreign interrupt", edges, 0);
}

/* ---- SGIs ---- */

/* As the library wants them, after what the sweeps have left. */
static void interrupts_begin(void)
{
    uint64_t frame = vcpu_this()->gic_frame;

    gic_init_cpu();
    vg_mmio_wr32(frame + GICD_ICPENDR, ALL);
    vg_mmio_wr32(frame + GICD_ICACTIVER, ALL);
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

/* All are in group 1: those of group 0 and of the other world reach nobody. */
static struct sgi_sent send(uint32_t round)
{
    uint64_t value = any_value(round / 4);
    struct sgi_sent sent = { (uint32_t)get(SGI_INTID, value), 0 };

    if (round % 4 == 0) {
        __asm__ volatile("msr s3_0_c12_c11_7, %0; isb" : : "r"(value)); /* SGI0R */
    } else if (round % 4 == 1) {
        __asm__ volatile("msr s3_0_c12_c11_6, %0; isb" : : "r"(value)); /* ASGI1R */
    } else {
        wr_icc_sgi1r_el1(value);
        hw_isb();
    }
    for (uint32_t v = 0; v < vg_vcpu_count() && round % 4 >= 2; v++) {
        sent.targets |= is_target(v, value) ? BIT32(v) : 0;
    }
    return sent;
}

static void test_sgis(void)
{
    sgi_attack_run(&(struct sgi_attack){ SENDS, interrupts_begin, send });
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
