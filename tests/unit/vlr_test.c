/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/vlr.c, vlr_state.c, pirq.c: interrupts on their way to the guest. */
#include "gic_fixture.h"

#define LR_HW_BIT  BIT64(61)
#define LR_GRP_BIT BIT64(60)
#define HCR_EN_    1u
#define HCR_NPIE_  8u
#define HCR_COUNT_ UINT64_C(0xf8000000)

static void test_timer_fast_path(void **state)
{
    (void)state;
    fx_set_priority(FX_VTIMER, 0xa3);
    assert_int_equal(fx_raise(FX_VTIMER), PIRQ_GUEST);
    assert_true(*fx_lr(0) == (UINT64_C(1) << 62 | LR_HW_BIT | LR_GRP_BIT | UINT64_C(0xa0) << 48 |
                              (uint64_t)FX_VTIMER << 32 | FX_VTIMER));
    assert_int_equal(atomic_load(&fx_me()->arch.vgic.work), 0);
    fx_guest_ack(FX_VTIMER);
    assert_int_equal(fx.sgi[0].active[0], BIT32(FX_VTIMER));
    fx_guest_eoi(FX_VTIMER);
    assert_int_equal(fx.sgi[0].active[0], 0);
    assert_int_equal(fx_raise(FX_PTIMER), PIRQ_GUEST);
    assert_int_equal(fx_lr_of(FX_PTIMER), 0);
}

static void test_timer_beside_others(void **state)
{
    (void)state;
    assert_int_equal(fx_raise(FX_LEVEL), PIRQ_GUEST);
    assert_int_equal(fx_raise(FX_VTIMER), PIRQ_GUEST);
    assert_int_equal(fx_raise(FX_PTIMER), PIRQ_GUEST);
    assert_int_equal(fx_lr_of(FX_LEVEL), 0);
    assert_int_equal(fx_lr_of(FX_VTIMER), 1);
    assert_int_equal(fx_lr_of(FX_PTIMER), 2);
}

static void test_group_0_arrives_as_group_0(void **state)
{
    (void)state;
    fx_redist_wr(0, GICR_SGI + GICD_IGROUPR, 4, ~BIT32(FX_VTIMER));
    fx_flush();
    (void)fx_raise(FX_VTIMER);
    (void)fx_raise(FX_PTIMER);
    assert_true((*fx_lr((unsigned)fx_lr_of(FX_VTIMER)) & LR_GRP_BIT) == 0);
    assert_true((*fx_lr((unsigned)fx_lr_of(FX_PTIMER)) & LR_GRP_BIT) != 0);
}

static void test_disabled_group_waits(void **state)
{
    (void)state;
    fx_wr(GICD_CTLR, 4, 0);
    fx_flush();
    (void)fx_raise(FX_VTIMER);
    (void)fx_raise(FX_LEVEL);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    assert_false(arch_virq_pending(fx_me()));
    fx_wr(GICD_CTLR, 4, 2);
    assert_true(arch_virq_pending(fx_me()));
    fx_flush();
    assert_int_equal(fx_lr_count(), 2);
    assert_true(arch_virq_pending(fx_me()));
}

static void test_overflow_keeps_the_best_and_asks_for_more(void **state)
{
    static const uint32_t order[] = { 40, 41, 43, 44, 45, 46, 100, FX_VTIMER };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
        fx_set_priority(order[i], (uint8_t)(0xf0 - 0x10 * i)); /* later is more urgent */
        assert_int_equal(fx_raise(order[i]), PIRQ_GUEST);
        fx_flush();
    }
    assert_int_equal(fx_lr_count(), 4);
    for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
        assert_int_equal(fx_lr_of(order[i]) >= 0, i >= 4);
    }
    assert_int_equal(fake_ich_hcr_el2, HCR_EN_ | HCR_NPIE_);
    /* The guest takes them one by one and ends each: none is lost, in order of priority. */
    for (unsigned i = 4; i < 8; i++) {
        fx_guest_ack(order[11 - i]);
        fx_guest_eoi(order[11 - i]);
    }
    assert_int_equal(fx_raise(FX_MAINTENANCE), PIRQ_MAINTENANCE);
    arch_virq_sync(fx_me());
    assert_int_equal(fake_ich_hcr_el2, HCR_EN_);
    for (unsigned i = 0; i < 4; i++) {
        fx_guest_ack(order[3 - i]);
        fx_guest_eoi(order[3 - i]);
    }
    assert_int_equal(fx.gicd.active[1] | fx.gicd.active[3] | fx.sgi[0].active[0], 0);
}

static void test_equal_priority_does_not_evict(void **state)
{
    (void)state;
    for (uint32_t i = 43; i <= 46; i++) {
        (void)fx_raise(i);
    }
    (void)fx_raise(FX_LEVEL);
    fake_isb_count = 0;
    fx_flush();
    assert_true(fake_isb_count < 10); /* it stops at once */
    assert_int_equal(fx_lr_of(FX_LEVEL), -1);
    assert_int_equal(fx_lr_count(), 4);
    assert_int_equal(fake_ich_hcr_el2, HCR_EN_ | HCR_NPIE_);
}

static void test_backlog_goes_first_when_a_register_falls_free(void **state)
{
    (void)state;
    for (uint32_t i = 43; i <= 46; i++) {
        (void)fx_raise(i);
    }
    fx_set_priority(FX_LEVEL, 0);
    fx_set_priority(FX_HIGH, 8);
    (void)fx_raise(FX_LEVEL);
    fx_flush();
    fx_guest_ack(43);
    fx_guest_eoi(43);
    (void)fx_raise(FX_HIGH); /* must not take the place of what waits longer and is more urgent */
    fx_flush();
    assert_true(fx_lr_of(FX_LEVEL) >= 0);
    assert_int_equal(fx_lr_of(FX_HIGH), -1);
}

static void test_sgi_merges(void **state)
{
    (void)state;
    assert_true(vgic_sgi1r_write(fx_me(), BIT64(0) | 5 << 24));
    fx_flush();
    assert_int_equal(fx_lr_of(5), 0);
    assert_int_equal(fx_lr_state(0), LR_PENDING);
    assert_true(vgic_sgi1r_write(fx_me(), BIT64(0) | 5 << 24));
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
    fx_guest_ack(5);
    assert_true(vgic_sgi1r_write(fx_me(), BIT64(0) | 5 << 24));
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
    assert_int_equal(fx_lr_state(0), LR_PENDING | LR_ACTIVE);
    fx_guest_eoi(5);
    assert_int_equal(fx_lr_state(0), LR_PENDING);
}

static void test_all_sgis_arrive(void **state)
{
    uint32_t seen = 0;

    (void)state;
    for (uint64_t i = 0; i < 16; i++) {
        assert_true(vgic_sgi1r_write(fx_me(), BIT64(0) | i << 24));
    }
    for (unsigned round = 0; round < 16 && seen != 0xffff; round++) {
        fx_flush();
        arch_virq_sync(fx_me());
        for (unsigned i = 0; i < 4; i++) {
            if (fx_lr_state(i) != 0) {
                uint32_t intid = fx_lr_intid(i);

                assert_int_equal(seen & BIT32(intid), 0);
                seen |= BIT32(intid);
                fx_guest_ack(intid);
                fx_guest_eoi(intid);
            }
        }
    }
    assert_int_equal(seen, 0xffff);
    arch_virq_sync(fx_me());
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fake_ich_hcr_el2, HCR_EN_);
}

static void test_level_line_comes_again_until_lowered(void **state)
{
    (void)state;
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    for (unsigned i = 0; i < 3; i++) {
        assert_true(fx_lr_of(FX_VUART) >= 0);
        assert_true((*fx_lr((unsigned)fx_lr_of(FX_VUART)) & LR_HW_BIT) == 0);
        fx_guest_ack(FX_VUART);
        fx_flush();
        assert_int_equal(fx_lr_state((unsigned)fx_lr_of(FX_VUART)), LR_ACTIVE);
        fx_guest_eoi(FX_VUART);
        fake_isb_hook();
        assert_int_equal(fake_ich_eisr_el2, 1);
        arch_virq_sync(fx_me());
        fx_flush();
    }
    fx_guest_ack(FX_VUART);
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    fx_flush();
    assert_int_equal(fx_lr_state((unsigned)fx_lr_of(FX_VUART)), LR_ACTIVE);
    fx_guest_eoi(FX_VUART);
    arch_virq_sync(fx_me());
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fx.zone[0].arch.vgic.spi[1].in_lr, 0);
}

static void test_lowered_line_takes_a_pending_one_back(void **state)
{
    (void)state;
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    /* The timer now in that register is none of the line's business. */
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    fx_guest_ack(FX_VUART);
    fx_guest_eoi(FX_VUART);
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    arch_virq_sync(fx_me());
    (void)fx_raise(FX_VTIMER);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    fx_flush();
    assert_int_equal(fx_lr_of(FX_VTIMER), 0);
}

/* A register that the guest emptied by ICPENDR keeps nothing of the line it held. */
static void test_register_of_a_cleared_line_is_reused(void **state)
{
    (void)state;
    fx_wr(GICD_ICFGR + 8, 4, 0);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    assert_int_equal(fx_lr_of(FX_VUART), 0);
    fx.zone[0].arch.vgic.spi[1].line = 0; /* lowered, and not looked at yet */
    fx_wr(GICD_ICPENDR + 4, 4, BIT32(FX_VUART - 32));
    assert_int_equal(fx_lr_count(), 0);
    (void)fx_raise(FX_VTIMER);
    arch_virq_sync(fx_me());
    assert_int_equal(fx_lr_of(FX_VTIMER), 0);
}

static void test_latched_pending_is_not_the_lines(void **state)
{
    (void)state;
    fx_wr(GICD_ISPENDR + 4, 4, BIT32(FX_VUART - 32));
    fx_flush();
    assert_true(fx_lr_of(FX_VUART) >= 0);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    fx_flush();
    assert_true(fx_lr_of(FX_VUART) >= 0);
}

static void test_edge_configured_line_latches(void **state)
{
    (void)state;
    fx_wr(GICD_ICFGR + 8, 4, BIT32(1 * 2 + 1)); /* INTID 33 */
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    fx_flush();
    assert_true(fx_lr_of(FX_VUART) >= 0);
    fx_guest_ack(FX_VUART);
    fx_guest_eoi(FX_VUART);
    arch_virq_sync(fx_me());
    assert_int_equal(fx_lr_count(), 0);
}

static void test_line_of_a_foreign_number_is_ignored(void **state)
{
    (void)state;
    arch_virq_set(&fx.zone[0], FX_FOREIGN, true);
    arch_virq_set(&fx.zone[0], FX_LEVEL, true); /* the machine's, not emulated */
    arch_virq_set(&fx.zone[0], 5, true);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fx.zone[0].arch.vgic.spi[1].line, 0);
}

static void test_wrong_cpu_hands_over(void **state)
{
    (void)state;
    fx_wr(GICD_IROUTER + FX_LEVEL * 8, 8, 1);
    fx.requests[1] = 0;
    assert_int_equal(fx_raise(FX_LEVEL), PIRQ_GUEST); /* still on CPU 0 */
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    assert_true(fx.requests[1] > 0);
    fx_switch(1);
    fx_flush();
    assert_int_equal(fx_lr_of(FX_LEVEL), 0);
}

static void test_line_follows_its_route_after_eoi(void **state)
{
    (void)state;
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    fx_guest_ack(FX_VUART);
    fx_wr(GICD_IROUTER + FX_VUART * 8, 8, 2);
    fx_switch(2);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0); /* active on vCPU 0 */
    fx_switch(0);
    fx_guest_eoi(FX_VUART);
    fx.requests[2] = 0;
    arch_virq_sync(fx_me());
    assert_int_equal(fx_lr_count(), 0);
    assert_true(fx.requests[2] > 0);
    fx_switch(2);
    fx_flush();
    assert_int_equal(fx_lr_of(FX_VUART), 0);
}

static void test_disable_withdraws_what_is_only_pending(void **state)
{
    (void)state;
    (void)fx_raise(FX_LEVEL);
    (void)fx_raise(FX_EDGE);
    fx_guest_ack(FX_EDGE);
    fx_wr(GICD_ICENABLER + 4, 4, UINT32_MAX);
    fx_flush();
    assert_int_equal(fx_lr_of(FX_LEVEL), -1);
    assert_true(fx_lr_of(FX_EDGE) >= 0);
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4), BIT32(FX_LEVEL - 32));
    fx_wr(GICD_ISENABLER + 4, 4, UINT32_MAX);
    fx_flush();
    assert_true(fx_lr_of(FX_LEVEL) >= 0);
}

static void test_disabled_on_another_cpu_goes_back_to_the_machine(void **state)
{
    (void)state;
    fx_wr(GICD_ICENABLER + 4, 4, UINT32_MAX);
    fx_wr(GICD_IROUTER + FX_EDGE * 8, 8, 1);
    (void)fx_raise(FX_EDGE); /* was on its way: vCPU 0 is not its target any more */
    assert_int_equal(fx.gicd.active[1], 0);
    assert_int_equal(fx.gicd.pending[1], BIT32(FX_EDGE - 32)); /* the edge is kept */
    (void)fx_raise(FX_LEVEL + 60);
    assert_int_equal(vgic_pending(&fx.zone[0].arch.vgic.spi[1]), 0);
}

static void test_signalled_again_while_in_a_list_register(void **state)
{
    (void)state;
    (void)fx_raise(FX_EDGE);
    fx_guest_ack(FX_EDGE);
    fx.gicd.active[1] = 0; /* the guest deactivated it by register on another vCPU */
    (void)fx_raise(FX_EDGE);
    assert_int_equal(fx_lr_count(), 1);
    assert_int_equal(fx_lr_state((unsigned)fx_lr_of(FX_EDGE)), LR_PENDING);
}

static void test_flush_without_work_touches_nothing(void **state)
{
    (void)state;
    fake_isb_count = 0;
    arch_virq_flush(fx_me());
    assert_int_equal(fake_isb_count, 0);
}

/* Any mix of events keeps the invariants: no INTID twice, nothing of the machine's lost. */
static void test_random_events(void **state)
{
    static const uint32_t all[] = { 40, 41, 43, 44, 45, 46, 100, FX_VTIMER, FX_PTIMER };
    uint32_t seed = 12345;
    struct fx_guest guest;

    (void)state;
    fx_guest_init(&guest);
    for (unsigned step = 0; step < 200000; step++) {
        uint32_t intid;

        seed = seed * 1664525 + 1013904223;
        intid = all[(seed >> 8) % ARRAY_COUNT(all)];
        switch ((seed >> 20) % 8) {
        case 0:
        case 1:
            if (((intid < 32 ? fx.sgi[0].active[0] : fx.gicd.active[intid / 32]) >> (intid % 32) &
                 1) == 0) {
                assert_int_equal(fx_raise(intid), PIRQ_GUEST);
            }
            break;
        case 2: (void)vgic_sgi1r_write(fx_me(), 1 | ((seed >> 12) & 15) << 24); break;
        case 3: arch_virq_set(&fx.zone[0], FX_VUART, (seed >> 13) & 1); break;
        case 4: fx_set_priority(intid, (uint8_t)(seed >> 10)); break;
        case 5: arch_virq_sync(fx_me()); break;
        default:
            if ((seed >> 14 & 1) != 0 ? !fx_guest_take(&guest) : !fx_guest_end(&guest)) {
                break;
            }
            if ((fake_ich_hcr_el2 & HCR_COUNT_) != 0) {
                arch_virq_sync(fx_me()); /* its maintenance interrupt comes at once */
            }
            break;
        }
        fx_flush();
        for (unsigned i = 0; i < 4; i++) {
            assert_true(fx_lr_state(i) == 0 || fx_lr_of(fx_lr_intid(i)) == (int)i);
        }
    }
    /* Drained: the guest sees every one of them through. */
    arch_virq_set(&fx.zone[0], FX_VUART, false);
    do {
        arch_virq_sync(fx_me());
        fx_flush();
    } while (fx_guest_take(&guest) || fx_guest_end(&guest));
    arch_virq_sync(fx_me());
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fx.gicd.active[1] | fx.gicd.active[3] | fx.sgi[0].active[0], 0);
    assert_int_equal(fake_ich_hcr_el2, HCR_EN_);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_timer_fast_path, fx_setup_entered),
        cmocka_unit_test_setup(test_timer_beside_others, fx_setup_entered),
        cmocka_unit_test_setup(test_group_0_arrives_as_group_0, fx_setup_entered),
        cmocka_unit_test_setup(test_disabled_group_waits, fx_setup_entered),
        cmocka_unit_test_setup(test_overflow_keeps_the_best_and_asks_for_more, fx_setup_entered),
        cmocka_unit_test_setup(test_equal_priority_does_not_evict, fx_setup_entered),
        cmocka_unit_test_setup(test_backlog_goes_first_when_a_register_falls_free,
                               fx_setup_entered),
        cmocka_unit_test_setup(test_sgi_merges, fx_setup_entered),
        cmocka_unit_test_setup(test_all_sgis_arrive, fx_setup_entered),
        cmocka_unit_test_setup(test_level_line_comes_again_until_lowered, fx_setup_entered),
        cmocka_unit_test_setup(test_lowered_line_takes_a_pending_one_back, fx_setup_entered),
        cmocka_unit_test_setup(test_register_of_a_cleared_line_is_reused, fx_setup_entered),
        cmocka_unit_test_setup(test_latched_pending_is_not_the_lines, fx_setup_entered),
        cmocka_unit_test_setup(test_edge_configured_line_latches, fx_setup_entered),
        cmocka_unit_test_setup(test_line_of_a_foreign_number_is_ignored, fx_setup_entered),
        cmocka_unit_test_setup(test_wrong_cpu_hands_over, fx_setup_entered),
        cmocka_unit_test_setup(test_line_follows_its_route_after_eoi, fx_setup_entered),
        cmocka_unit_test_setup(test_disable_withdraws_what_is_only_pending, fx_setup_entered),
        cmocka_unit_test_setup(test_disabled_on_another_cpu_goes_back_to_the_machine,
                               fx_setup_entered),
        cmocka_unit_test_setup(test_signalled_again_while_in_a_list_register, fx_setup_entered),
        cmocka_unit_test_setup(test_flush_without_work_touches_nothing, fx_setup_entered),
        cmocka_unit_test_setup(test_random_events, fx_setup_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
