/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/vspill.c: handlers nested deeper than there are list registers. */
#include "gic_fixture.h"

#define HCR_EN_    1u
#define HCR_LRENP_ 4u
#define HCR_COUNT_ UINT64_C(0xf8000000)

/* Deeper nesting than list registers: a more urgent one comes in at once at any depth. */
static void test_nesting_deeper_than_list_registers(void **state)
{
    static const uint32_t order[] = { 40, 41, 3, 43, 44, 45, FX_VTIMER, 46, 100 };
    struct fx_guest guest;

    (void)state;
    fx_guest_init(&guest);
    for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
        fx_set_priority(order[i], (uint8_t)(0xe0 - 0x10 * i));
        if (order[i] < 16) {
            assert_true(vgic_sgi1r_write(fx_me(), 1 | order[i] << 24));
        } else {
            (void)fx_raise(order[i]);
        }
        fx_flush();
        assert_true(fx_lr_of(order[i]) >= 0);
        assert_true(fx_guest_take(&guest));
        assert_int_equal(fake_ich_hcr_el2, i < 4 ? HCR_EN_ : HCR_EN_ | HCR_LRENP_);
    }
    assert_int_equal(fx_rd(GICD_ISACTIVER + 4, 4), 0x7b00);
    assert_true((fx_redist_rd(0, GICR_SGI + GICD_ISACTIVER, 4) & BIT32(3)) != 0);
    while (fx_guest_end(&guest)) {
        if ((fake_ich_hcr_el2 & HCR_COUNT_) != 0) {
            arch_virq_sync(fx_me());
            assert_int_equal(fake_ich_hcr_el2 & HCR_COUNT_, 0);
        }
        fx_flush();
        for (unsigned i = 0; i < ARRAY_COUNT(order); i++) {
            uint32_t intid = order[i];
            uint32_t active = intid < 32 ? fx.sgi[0].active[0] : fx.gicd.active[intid / 32];

            /* Exactly what the guest has not ended is active in the machine. */
            assert_int_equal((active >> (intid % 32)) & 1, i < guest.depth && intid >= 16);
        }
    }
    assert_int_equal(fx.gicd.active[1] | fx.gicd.active[3] | fx.sgi[0].active[0], 0);
    assert_int_equal(fake_ich_hcr_el2, HCR_EN_);
    assert_int_equal(fx_me()->arch.vgic.spill_mask, 0);
}

/* A line without list register is seen again after its end; unload ends all. */
static void test_spilled_line_and_unload(void **state)
{
    struct fx_guest guest;

    (void)state;
    fx_guest_init(&guest);
    fx_set_priority(FX_VUART, 0xf0);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_flush();
    assert_true(fx_guest_take(&guest));
    for (uint32_t i = 43; i <= 46; i++) {
        fx_set_priority(i, (uint8_t)(0xf0 - (i - 42) * 8));
        (void)fx_raise(i);
        fx_flush();
        assert_true(fx_guest_take(&guest));
    }
    assert_int_equal(fx_lr_of(FX_VUART), -1);
    assert_true((fx_rd(GICD_ISACTIVER + 4, 4) & BIT32(FX_VUART - 32)) != 0);
    fx_flush();
    assert_int_equal(fx_lr_count(), 4); /* blocked while active */
    while (fx_guest_end(&guest)) {
        fx_flush();
    }
    arch_virq_sync(fx_me());
    fx_flush();
    assert_true(fx_lr_of(FX_VUART) >= 0);
    assert_true(fx_guest_take(&guest));
    for (uint32_t i = 43; i <= 46; i++) {
        (void)fx_raise(i);
        fx_flush();
        assert_true(fx_guest_take(&guest));
    }
    assert_true(fx_me()->arch.vgic.spill_mask != 0);
    vgic_vcpu_unload(fx_me());
    assert_int_equal(fx_me()->arch.vgic.spill_mask, 0);
    assert_int_equal(fx.gicd.active[1], 0);
    assert_int_equal(fx.zone[0].arch.vgic.spi[1].in_lr, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nesting_deeper_than_list_registers, fx_setup_entered),
        cmocka_unit_test_setup(test_spilled_line_and_unload, fx_setup_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
