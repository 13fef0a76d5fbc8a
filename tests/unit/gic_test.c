/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/gic.c and pirq.c: the machine's GIC, and whose each interrupt is. */
#include "gic_fixture.h"

static void test_init_disables_all_and_enables_own(void **state)
{
    uint32_t own = BIT32(GIC_DOORBELL) | BIT32(FX_MAINTENANCE) | BIT32(FX_HYP_TIMER);

    (void)state;
    assert_int_equal(mmio_rd32(FX_GICD, GICD_CTLR), 0x12);
    for (uint32_t n = 1; n < 32; n++) {
        assert_int_equal(fx.gicd.enabled[n], 0);
        assert_int_equal(fx.gicd.active[n], 0);
    }
    assert_int_equal(mmio_rd32(FX_GICD, GICD_IGROUPR + 4 * 8), UINT32_MAX);
    for (unsigned i = 0; i < FX_CPUS; i++) {
        assert_int_equal(fx.cpu[i].arch.gicr, FX_GICR + i * GICR_SIZE);
        assert_int_equal(fx.sgi[i].enabled[0], own);
        assert_int_equal(mmio_rd8(gic_sgi_frame(&fx.cpu[i]), GICD_IPRIORITYR + FX_HYP_TIMER),
                         GIC_PRIORITY_OWN);
    }
    assert_int_equal(fake_icc_sre_el2 & 7, 7);
    assert_int_equal(fake_icc_ctlr_el1, 2);
    assert_int_equal(fake_icc_pmr_el1, 0xff);
    assert_int_equal(fake_icc_igrpen1_el1, 1);
}

static void test_affinity_of_ipi(void **state)
{
    (void)state;
    gic_doorbell(&fx.cpu[1]);
    arch_ipi_send(&fx.cpu[1]);
    assert_true(fake_icc_sgi1r_el1 == ((uint64_t)GIC_DOORBELL << 24 | 2));
    gic_doorbell(&fx.cpu[2]);
    arch_ipi_send(&fx.cpu[2]);
    assert_true(fake_icc_sgi1r_el1 == (1 << 16 | 1));
    fx.cpu[3].hw_id = UINT64_C(0x0200010023); /* 2.1.0.35: range 2, bit 3 */
    gic_doorbell(&fx.cpu[3]);
    arch_ipi_send(&fx.cpu[3]);
    assert_true(fake_icc_sgi1r_el1 ==
                (UINT64_C(2) << 48 | UINT64_C(2) << 44 | UINT64_C(1) << 32 | 8));
}

static void test_own_interrupts_by_kind(void **state)
{
    (void)state;
    fx.gicd.watch = false;
    arch_pirq_assign(FX_UART, &fx.cpu[1]);
    assert_int_equal(fx.gicd.enabled[1], BIT32(FX_UART - 32));
    assert_true(mmio_rd64(FX_GICD, GICD_IROUTER + FX_UART * 8) == fx.cpu[1].hw_id);
    assert_int_equal(fx_raise(GIC_DOORBELL), PIRQ_KICK);
    assert_int_equal(fx_raise(FX_HYP_TIMER), PIRQ_ALARM);
    assert_int_equal(fx_raise(FX_MAINTENANCE), PIRQ_MAINTENANCE);
    assert_int_equal(fx_raise(FX_UART), PIRQ_CONSOLE);
    assert_int_equal(fx.gicd.active[1], 0);
    assert_int_equal(fx.sgi[0].active[0], 0);
    assert_int_equal(fx_lr_count(), 0);
}

static void test_nothing_pending(void **state)
{
    (void)state;
    fake_icc_eoir1_el1 = 0x5555;
    for (uint32_t i = 1020; i < 1024; i++) {
        fake_icc_iar1_el1 = i;
        assert_int_equal(arch_pirq_claim(fx.self->vcpu), PIRQ_NONE);
        assert_int_equal(arch_pirq_claim(NULL), PIRQ_NONE);
    }
    assert_int_equal(fake_icc_eoir1_el1, 0x5555);
}

static void test_foreign_interrupt_is_disabled(void **state)
{
    (void)state;
    fx.gicd.watch = false;
    fx.gicd.enabled[1] = BIT32(FX_FOREIGN - 32) | BIT32(FX_LEVEL - 32);
    assert_int_equal(fx_raise(FX_FOREIGN), PIRQ_SPURIOUS);
    assert_int_equal(fx.gicd.enabled[1], BIT32(FX_LEVEL - 32));
    assert_int_equal(fx.gicd.active[1], 0);
    assert_int_equal(fx.logs, 1);
    assert_int_equal(fx_lr_count(), 0);
    /* The emulated UART's number is no machine interrupt of the zone either. */
    assert_int_equal(fx_raise(FX_VUART), PIRQ_SPURIOUS);
    assert_int_equal(fx_lr_count(), 0);
}

static void test_without_vcpu_all_are_foreign(void **state)
{
    (void)state;
    fx.gicd.watch = false;
    fx.sgi[0].watch = false;
    fx.self->vcpu = NULL;
    fx.gicd.enabled[1] = BIT32(FX_LEVEL - 32);
    assert_int_equal(fx_raise(FX_LEVEL), PIRQ_SPURIOUS);
    assert_int_equal(fx.gicd.enabled[1], 0);
    assert_int_equal(fx_raise(FX_VTIMER), PIRQ_SPURIOUS);
    assert_int_equal(fx.sgi[0].enabled[0] & BIT32(FX_VTIMER), 0);
    assert_int_equal(fx_raise(GIC_DOORBELL), PIRQ_KICK);
    /* An SGI of the machine that nobody uses, an extended PPI, an LPI. */
    assert_int_equal(fx_raise(5), PIRQ_SPURIOUS);
    fake_icc_iar1_el1 = 1056;
    assert_int_equal(arch_pirq_claim(fx.self->vcpu), PIRQ_SPURIOUS);
    fake_icc_iar1_el1 = 8192;
    assert_int_equal(arch_pirq_claim(fx.self->vcpu), PIRQ_GUEST); /* and nobody's: dropped */
}

static void test_edges_of_neighbours_survive(void **state)
{
    (void)state;
    fx.gicd.watch = false;
    gic_set_edge(47, true);
    gic_set_edge(32, true);
    gic_set_edge(33, true);
    gic_set_edge(33, false);
    assert_int_equal(fx.gicd.edge[1], BIT32(47 - 32) | BIT32(FX_EDGE - 32) | BIT32(0));
}

static void test_guest_priority_never_beats_ours(void **state)
{
    (void)state;
    gic_set_priority(FX_GICD, FX_LEVEL, 0);
    assert_int_equal(mmio_rd8(FX_GICD, GICD_IPRIORITYR + FX_LEVEL), GIC_PRIORITY_GUEST);
    gic_set_priority(FX_GICD, FX_LEVEL, 0xf0);
    assert_int_equal(mmio_rd8(FX_GICD, GICD_IPRIORITYR + FX_LEVEL), 0xf0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_init_disables_all_and_enables_own, fx_setup),
        cmocka_unit_test_setup(test_affinity_of_ipi, fx_setup),
        cmocka_unit_test_setup(test_own_interrupts_by_kind, fx_setup_running),
        cmocka_unit_test_setup(test_nothing_pending, fx_setup_running),
        cmocka_unit_test_setup(test_foreign_interrupt_is_disabled, fx_setup_running),
        cmocka_unit_test_setup(test_without_vcpu_all_are_foreign, fx_setup_running),
        cmocka_unit_test_setup(test_edges_of_neighbours_survive, fx_setup_running),
        cmocka_unit_test_setup(test_guest_priority_never_beats_ours, fx_setup_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
