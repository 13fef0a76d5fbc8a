/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test guest that drives its interrupt controller harder than an operating system does: more
 * pending interrupts than list registers, by priority, nested, masked, disabled, by register.
 * It makes the same claims on the bare machine.
 */
#include "guest/aarch64/gic.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "tests/guest/check.h"
#include "vitrine-guest.h"

#define SGIS       16u
#define ALL_SGIS   0xffffu
#define ROUNDS     50u
#define NEST_DEPTH 12u
#define TIMER      27u
#define WAIT_US    1000000u
#define STEP_US    10u

static volatile uint32_t order[64];
static volatile uint32_t taken;
static volatile uint32_t active_seen;

static uint32_t frame_rd(uint32_t reg)
{
    return vg_mmio_rd32(vcpu_this()->gic_frame + reg);
}

static void frame_wr(uint32_t reg, uint32_t value)
{
    vg_mmio_wr32(vcpu_this()->gic_frame + reg, value);
    hw_dsb();
}

static void set_priority(uint32_t intid, uint8_t priority)
{
    vg_mmio_wr8(vcpu_this()->gic_frame + GICD_IPRIORITYR + intid, priority);
}

/* By register: a GICv2 has registers of its own for SGIs, with a byte for the senders of each. */
static void pend(uint32_t sgi, bool set)
{
    if (vg_boot()->gicc_gpa != 0) {
        vg_mmio_wr8(vcpu_this()->gic_frame + (set ? GICD_SPENDSGIR : GICD_CPENDSGIR) + sgi, 1);
        hw_dsb();
    } else {
        frame_wr(set ? GICD_ISPENDR : GICD_ICPENDR, BIT32(sgi));
    }
}

static void on_sgi(uint32_t intid, void *arg)
{
    (void)arg;
    active_seen |= frame_rd(GICD_ISACTIVER) & BIT32(intid);
    if (taken < ARRAY_COUNT(order)) {
        order[taken] = intid;
    }
    taken++;
}

static void forget(void)
{
    taken = 0;
    active_seen = 0;
}

static bool wait_taken(uint32_t count)
{
    for (uint32_t us = 0; us < WAIT_US && taken < count; us += STEP_US) {
        vg_delay_us(STEP_US);
    }
    return taken == count;
}

static void send_all_masked(void)
{
    forget();
    for (uint32_t i = 0; i < SGIS; i++) {
        vg_irq_send(0, i);
    }
}

static void test_more_than_list_registers(void)
{
    uint32_t good = 0, ordered = 0, pending = 0;

    for (uint32_t i = 0; i < SGIS; i++) {
        set_priority(i, (uint8_t)(0x80 - 8 * i)); /* the higher the number, the more urgent */
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool unmasked = vg_irq_mask();
        bool in_order = true;

        send_all_masked();
        pending += (frame_rd(GICD_ISPENDR) & ALL_SGIS) == ALL_SGIS;
        vg_irq_restore(unmasked);
        good += wait_taken(SGIS) && active_seen == ALL_SGIS;
        for (uint32_t i = 0; i < SGIS; i++) {
            in_order = in_order && order[i] == SGIS - 1 - i;
        }
        ordered += in_order;
    }
    check_equal("all pending ones are shown", pending, ROUNDS);
    check_equal("all SGIs at once arrive once", good, ROUNDS);
    check_equal("the most urgent first", ordered, ROUNDS);
    check_equal("none is left", frame_rd(GICD_ISPENDR) & ALL_SGIS, 0);
    check_equal("none is active", frame_rd(GICD_ISACTIVER) & ALL_SGIS, 0);
}

/* Acknowledges as a handler would; false: not this one, or not in time. */
static bool acknowledge(uint32_t intid)
{
    for (uint32_t us = 0; us < WAIT_US; us += STEP_US) {
        uint64_t got = get(GIC_TAKEN_INTID, gic_kind()->acknowledge());

        if (got < GIC_SPECIAL) {
            return got == intid;
        }
        vg_delay_us(STEP_US);
    }
    return false;
}

/*
 * Handlers inside each other, each interrupted by a more urgent one (0 is the most urgent), deeper
 * than there are list registers; done by hand because the runtime does not nest.
 */
static void test_nesting(void)
{
    uint32_t good = 0, ended = 0;

    for (uint32_t i = 0; i < SGIS; i++) {
        set_priority(i, (uint8_t)(0x20 + 8 * i));
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool unmasked = vg_irq_mask();
        uint32_t deep = 0;

        for (uint32_t i = NEST_DEPTH; i-- > 0;) {
            vg_irq_send(0, i);
            deep += acknowledge(i);
        }
        good += deep == NEST_DEPTH &&
                (frame_rd(GICD_ISACTIVER) & ALL_SGIS) == (uint32_t)(BIT32(NEST_DEPTH) - 1);
        for (uint32_t i = 0; i < NEST_DEPTH; i++) {
            gic_kind()->end(i); /* of a GICv2: sent by vCPU 0 */
        }
        vg_delay_us(STEP_US);
        ended += (frame_rd(GICD_ISACTIVER) & ALL_SGIS) == 0;
        vg_irq_restore(unmasked);
    }
    check_equal("handlers nest at any depth", good, ROUNDS);
    check_equal("and all end", ended, ROUNDS);
}

static void test_registers(void)
{
    bool unmasked = vg_irq_mask();

    /* SGIs of a machine's GICv2 may be such that they are always enabled (IHI 0048, 4.3.5). */
    if (vg_boot()->gicc_gpa != 0 && check_is_native()) {
        vg_irq_restore(unmasked);
        return;
    }
    forget();
    vg_irq_disable(5);
    vg_irq_send(0, 5);
    vg_irq_restore(unmasked);
    vg_delay_us(100);
    check_equal("a disabled one waits", taken, 0);
    check("and is pending", vg_irq_is_pending(5));
    pend(5, false);
    check("until it is cleared", !vg_irq_is_pending(5));
    vg_irq_enable(5);
    vg_delay_us(100);
    check_equal("then it never comes", taken, 0);
    pend(6, true);
    check("set pending by register", wait_taken(1) && order[0] == 6);

    unmasked = vg_irq_mask();
    forget();
    vg_irq_send(0, 7);
    vg_irq_send(0, 7);
    frame_wr(GICD_ICENABLER, BIT32(7));
    frame_wr(GICD_ISENABLER, BIT32(7));
    vg_irq_restore(unmasked);
    check("twice sent, once taken", wait_taken(1) && order[0] == 7);

    forget();
    frame_wr(GICD_ISACTIVER, BIT32(8));
    vg_irq_send(0, 8);
    vg_delay_us(100);
    check_equal("an active one is not taken", taken, 0);
    frame_wr(GICD_ICACTIVER, BIT32(8));
    check("until it is inactive", wait_taken(1) && order[0] == 8);
}

/* A GICv2 keeps apart who has sent an SGI: it comes once for each. */
static void test_senders(void)
{
    uint32_t senders = BIT32(vg_vcpu_count()) - 1, good = 0;
    uint64_t spend = vcpu_this()->gic_frame + GICD_SPENDSGIR;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool unmasked = vg_irq_mask();

        forget();
        vg_mmio_wr8(spend + 9, (uint8_t)senders);
        vg_mmio_wr8(spend + 9, (uint8_t)senders);
        good += vg_mmio_rd8(spend + 9) == senders;
        vg_irq_restore(unmasked);
        good += wait_taken(vg_vcpu_count());
        good += vg_mmio_rd8(spend + 9) == 0;
    }
    check_equal("an SGI of each sender comes once", good, 3 * ROUNDS);
    vg_mmio_wr32(vcpu_this()->gic_frame + GICD_ISPENDR, BIT32(9));
    check("not by GICD_ISPENDR", !vg_irq_is_pending(9));
    check_equal("a private one's target is the vCPU",
                vg_mmio_rd32(vcpu_this()->gic_frame + GICD_ITARGETSR), 0x01010101);
}

static void on_timer(const struct vg_expiry *expiry)
{
    (void)expiry;
    taken++;
}

/* The machine's interrupt among software's, with no list register free when it comes. */
static void test_timer_in_a_crowd(void)
{
    uint32_t good = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool unmasked = vg_irq_mask();

        send_all_masked();
        vg_timer_once(VG_TIMER_VIRT, vg_now(), on_timer, NULL);
        vg_timer_once(VG_TIMER_PHYS, vg_now(), on_timer, NULL);
        vg_delay_us(20);
        vg_irq_restore(unmasked);
        good += wait_taken(SGIS + 2);
    }
    check_equal("timers come in a crowd", good, ROUNDS);
    check("the timer is idle", (frame_rd(GICD_ISACTIVER) & BIT32(TIMER)) == 0);
}

void guest_main(void)
{
    for (uint32_t i = 0; i < SGIS; i++) {
        vg_irq_handler(i, on_sgi, NULL);
        vg_irq_enable(i);
    }
    test_more_than_list_registers();
    test_registers();
    test_timer_in_a_crowd();
    test_nesting();
    if (vg_boot()->gicc_gpa != 0 && vg_vcpu_count() > 1) {
        test_senders();
    }
    check_sum("gic");
}
