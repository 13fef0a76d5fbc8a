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
#include "tests/attack/gic.h"

#define GICD_SIZE   0x1000u
#define GICC_SIZE   0x2000u
#define GICC_CTLR   0x0000u
#define GICC_APR    0x00d0u
#define AROUND_PAGE 0x1000u
#define AROUND_SIZE 0x200000u /* of addresses from the distributor on */
#define WORDS       32u
#define SENDS       400u
#define ALL         UINT32_MAX

FIELD(SGIR_INTID, 0, 4);
FIELD(SGIR_LIST, 16, 8);
FIELD(SGIR_FILTER, 24, 2);

static void test_sweeps(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa;

    (void)window_to(gicd, WINDOW_NORMAL);
    for (uint32_t round = 0; round < 2; round++) {
        struct sweep sweeps[] = {
            { .base = gicd, .size = GICD_SIZE, .write = round == 1 },
            { .base = gicd, .size = GICD_SIZE, .write = true },
        };

        sweep_all(sweeps, ARRAY_COUNT(sweeps));
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

/*
 * The interface is the CPU's own: whatever is written there, only this vCPU can lose by it. It
 * stays off until the SGIs: what the sweeps have left pending in group 1 would come without end,
 * since GICC_IAR names no such interrupt unless AckCtl is set (IHI 0048B, 4.4.4).
 */
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
    vg_mmio_wr32(vg_boot()->gicc_gpa + GICC_CTLR, 0);
    vg_irq_restore(unmasked);
}

static void test_foreign_words(void)
{
    static const uint32_t bitmaps[] = { GICD_IGROUPR, GICD_ISENABLER, GICD_ISPENDR,
                                        GICD_ISACTIVER };
    uint64_t gicd = vg_boot()->gicd_gpa;
    uint32_t seen = 0;

    for (uint32_t i = 0; i < ARRAY_COUNT(bitmaps); i++) {
        for (uint32_t n = 0; n < WORDS; n++) {
            vg_mmio_wr32(gicd + bitmaps[i] + n * 4, n == 0 ? ~gic_owned(0) : ALL);
            seen |= vg_mmio_rd32(gicd + bitmaps[i] + n * 4) & ~gic_owned(n);
        }
    }
    check_equal("no bit of a foreign interrupt", seen, 0);
}

static void test_foreign_fields(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa;
    uint32_t priorities = 0, targets = 0;

    for (uint32_t intid = 32; intid < 1020; intid++) {
        if ((gic_owned(intid / 32) & BIT32(intid % 32)) == 0) {
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

/* As the library wants them, after what the sweeps have left. */
static void interrupts_begin(void)
{
    uint64_t frame = vcpu_this()->gic_frame;

    vg_mmio_wr32(frame + GICD_IGROUPR, 0);
    vg_mmio_wr32(frame + GICD_ICACTIVER, ALL);
    for (uint32_t i = 0; i < GIC_SGIS; i += 4) {
        vg_mmio_wr32(frame + GICD_CPENDSGIR + i, ALL);
    }
    gic_init_cpu();
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

static struct sgi_sent send(uint32_t round)
{
    uint32_t value = (uint32_t)attack_random();
    struct sgi_sent sent = { (uint32_t)get(SGIR_INTID, value), 0 };

    value = round % 4 != 0 ? value : (uint32_t)with(SGIR_FILTER, value | field_mask(SGIR_LIST), 0);
    for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
        sent.targets |= is_target(v, value) ? BIT32(v) : 0;
    }
    vg_mmio_wr32(vg_boot()->gicd_gpa + GICD_SGIR, value);
    return sent;
}

static void test_sgis(void)
{
    sgi_attack_run(&(struct sgi_attack){ SENDS, interrupts_begin, send });
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
