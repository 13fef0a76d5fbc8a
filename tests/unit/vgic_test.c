/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/vgic.c: a zone and its vCPUs come and go, and leave nothing behind. */
#include "gic_fixture.h"

static void test_unload_gives_everything_back(void **state)
{
    (void)state;
    (void)fx_raise(FX_LEVEL);
    (void)fx_raise(FX_EDGE);
    (void)fx_raise(FX_HIGH);
    fx_guest_ack(FX_HIGH);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    (void)fx_raise(FX_VTIMER); /* overflow */
    vgic_vcpu_unload(fx_me());
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fake_ich_hcr_el2, 0);
    assert_int_equal(fx.gicd.active[1] | fx.gicd.active[3], 0);
    assert_int_equal(fx.gicd.pending[1], BIT32(FX_EDGE - 32));
    assert_int_equal(fx.sgi[0].enabled[0] & fx.sgi[0].allowed[0], 0);
    assert_int_equal(fx.sgi[0].active[0], 0);
    assert_int_equal(fx.zone[0].arch.vgic.spi[1].in_lr, 0);
    /* Off, it takes nothing; on again, the line that is still high comes. */
    arch_virq_flush(fx_me());
    (void)fx_raise(FX_LEVEL);
    assert_int_equal(fx_lr_count(), 0);
    vgic_vcpu_reset(fx_me());
    vgic_vcpu_load(fx_me());
    fx_flush();
    assert_true(fx_lr_of(FX_VUART) >= 0);
    assert_true(fx_lr_of(FX_LEVEL) >= 0);
}

static void test_zone_reset_leaves_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 43; i <= 46; i++) {
        (void)fx_raise(i);
    }
    (void)fx_raise(FX_HIGH);
    (void)fx_raise(FX_VTIMER);
    fx_guest_ack(44);
    fx_switch(1);
    (void)fx_raise(FX_VTIMER);
    (void)fx_raise(FX_LEVEL);
    fx_wr(GICD_ISACTIVER + 4, 4, UINT32_MAX);
    fx_wr(GICD_ISPENDR + 4, 4, UINT32_MAX);
    for (unsigned i = 0; i < 3; i++) {
        fx_switch(i);
        vgic_vcpu_unload(fx_me());
    }
    arch_virq_reset(&fx.zone[0]);
    for (uint32_t n = 0; n < 32; n++) {
        const struct vgic_word *word = &fx.zone[0].arch.vgic.spi[n];

        assert_int_equal(fx.gicd.enabled[n] | fx.gicd.active[n] | fx.gicd.pending[n], 0);
        assert_int_equal(vgic_pending(word) | vgic_enabled(word) | word->active | word->in_lr, 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(fx.sgi[i].enabled[0] & fx.sgi[i].allowed[0], 0);
        assert_int_equal(fx.sgi[i].active[0] | fx.sgi[i].pending[0], 0);
    }
    assert_int_equal(fx.gicd.edge[1], BIT32(FX_EDGE - 32));
    assert_int_equal(fx_rd(GICD_CTLR, 4), 0x50);
}

static void test_plan_becomes_ownership(void **state)
{
    const struct vgic_zone *g = &fx.zone[0].arch.vgic;

    (void)state;
    assert_int_equal(g->spi[1].owned, 0x7b02);
    assert_int_equal(g->spi[1].hw, 0x7b00);
    assert_int_equal(g->spi[3].owned, BIT32(FX_HIGH - 96));
    assert_int_equal(g->lines, 3);
    assert_int_equal(fx.zone[1].arch.vgic.spi[1].owned, BIT32(FX_FOREIGN - 32));
    assert_int_equal(fx.zone[1].arch.vgic.lines, 1);
    for (unsigned i = 0; i < 3; i++) {
        const struct vgic_word *word = &fx.vcpu[0][i].arch.vgic.word;

        assert_int_equal(word->hw, BIT32(FX_VTIMER) | BIT32(FX_PTIMER));
        assert_int_equal(word->owned, 0xffff | word->hw);
    }
    assert_int_equal(fx.zone[0].dev_count, 2);
    assert_true(fx.zone[0].dev[0].gpa == 0x1000000 && fx.zone[0].dev[0].size == 0x10000);
    assert_true(fx.zone[0].dev[1].gpa == 0x2000000 && fx.zone[0].dev[1].size == 3 * 0x20000);
    assert_true(mmio_rd64(FX_GICD, GICD_IROUTER + FX_FOREIGN * 8) == fx.cpu[3].hw_id);
    assert_int_equal(fx.gicd.edge[1], BIT32(FX_EDGE - 32));
}

/* What is emulated beside the console rings at its own zone, and by no line of the machine. */
static void test_emulated_devices_are_owned(void **state)
{
    static struct plan plan = { .channel_count = 1, .virtio_count = 1 };
    static struct zone zone;
    static struct vcpu vcpu = { .zone = &zone, .cpu = &fx.cpu[0] };
    const struct vgic_word *word = &zone.arch.vgic.spi[2];

    (void)state;
    zone = (struct zone){ .plan = &plan.zone[0], .vcpus = &vcpu, .vcpu_count = 1 };
    plan.board.virt_timer_intid = FX_VTIMER;
    plan.board.phys_timer_intid = FX_PTIMER;
    plan.channel[0].side[0] = (struct plan_channel_side){ .zone = 1, .intid = 71 };
    plan.channel[0].side[1] = (struct plan_channel_side){ .zone = 0, .intid = 70 };
    plan.control = (struct plan_control){ .region = 1, .zone = 0, .intid = 72 };
    plan.virtio[0] = (struct plan_virtio){ .zone = 0, .intid = 73 };
    arch_virq_init(&zone, &plan);
    assert_int_equal(word->owned, BIT32(70 - 64) | BIT32(72 - 64) | BIT32(73 - 64));
    assert_int_equal(word->hw, 0);
}

/* Private interrupts enabled by another vCPU before this one runs are enabled when it does. */
static void test_load_enables_what_was_enabled_before(void **state)
{
    uintptr_t gicr = fx.cpu[1].arch.gicr;

    (void)state;
    fx_switch(1);
    vgic_vcpu_unload(fx_me());
    fx.cpu[1].arch.gicr = 0; /* not up yet */
    fx_redist_wr(1, GICR_SGI + GICD_ISENABLER, 4, UINT32_MAX);
    (void)fx_redist_rd(1, GICR_SGI + GICD_ISPENDR, 4);
    (void)fx_redist_rd(1, GICR_CTLR, 4);
    fx.cpu[1].arch.gicr = gicr;
    assert_int_equal(fx.sgi[1].enabled[0] & fx.sgi[1].allowed[0], 0);
    vgic_vcpu_reset(fx_me());
    vgic_vcpu_load(fx_me());
    assert_int_equal(fx.sgi[1].enabled[0] & fx.sgi[1].allowed[0], fx.sgi[1].allowed[0]);
}

static void test_preemption_registers_by_their_number(void **state)
{
    (void)state;
    fake_ich_ap1r1_el2 = fake_ich_ap1r3_el2 = fake_ich_ap0r0_el2 = 5;
    fake_ich_vmcr_el2 = 5;
    vgic_vcpu_load(fx_me());
    assert_true(fake_ich_ap0r0_el2 == 0 && fake_ich_ap1r1_el2 == 5 && fake_ich_ap1r3_el2 == 5);
    assert_true(fake_ich_vmcr_el2 == 0);
    fake_ich_vtr_el2 = UINT64_C(5) << 26 | 15; /* 6 bits, 16 list registers */
    vgic_vcpu_load(fx_me());
    assert_true(fake_ich_ap1r1_el2 == 0 && fake_ich_ap1r3_el2 == 5);
    assert_int_equal(fx_me()->arch.vgic.lr_mask, 0xffff);
    fake_ich_vtr_el2 = UINT64_C(6) << 26 | 31; /* 7 bits, more registers than the architecture */
    vgic_vcpu_load(fx_me());
    assert_true(fake_ich_ap1r3_el2 == 0);
    assert_int_equal(fx_me()->arch.vgic.lr_mask, 0xffff);
}

/* An SGI sent to a vCPU on its way up is not lost. */
static void test_sgi_before_load_arrives(void **state)
{
    (void)state;
    fx_switch(1);
    vgic_vcpu_unload(fx_me());
    assert_true(vgic_sgi1r_write(&fx.vcpu[0][0], 2 | 1 << 24));
    arch_virq_flush(fx_me());
    vgic_vcpu_reset(fx_me());
    vgic_vcpu_load(fx_me());
    fx_redist_wr(1, GICR_SGI + GICD_ISENABLER, 4, UINT32_MAX);
    fx_flush();
    assert_int_equal(fx_lr_of(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_plan_becomes_ownership, fx_setup_entered),
        cmocka_unit_test_setup(test_emulated_devices_are_owned, fx_setup_entered),
        cmocka_unit_test_setup(test_unload_gives_everything_back, fx_setup_entered),
        cmocka_unit_test_setup(test_zone_reset_leaves_nothing, fx_setup_entered),
        cmocka_unit_test_setup(test_load_enables_what_was_enabled_before, fx_setup_entered),
        cmocka_unit_test_setup(test_preemption_registers_by_their_number, fx_setup_entered),
        cmocka_unit_test_setup(test_sgi_before_load_arrives, fx_setup_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
