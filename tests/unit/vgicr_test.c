/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/vgicr.c and the SGIs of vgic.c: what is private to the vCPUs of a zone. */
#include "gic_fixture.h"
#include "tests/unit/gic_table.h"

#define SGI(reg) (GICR_SGI + (reg))
#define TIMERS   (BIT32(FX_VTIMER) | BIT32(FX_PTIMER))

static bool access_ok(uint64_t offset, unsigned size, bool write)
{
    struct mmio_access access = { offset, UINT32_MAX, (uint8_t)size, write };

    return vgicr_access(&fx.vcpu[0][0], &access);
}

static void test_rows_and_map(void **state)
{
    (void)state;
    gic_table_check(&vgicr_table, GICR_SIZE);
}

/* All frames, offsets and sizes, with ones: the fixture fails what goes beyond the timers. */
static void test_every_offset_and_size(void **state)
{
    (void)state;
    for (uint64_t offset = 0; offset < 3 * GICR_SIZE; offset++) {
        const struct vgic_reg *row = gic_table_row(&vgicr_table, offset % GICR_SIZE);

        for (unsigned size = 1; size <= 8 && offset % size == 0; size *= 2) {
            bool want = row == NULL || (row->sizes & size) != 0;

            assert_int_equal(access_ok(offset, size, false), want);
            assert_int_equal(access_ok(offset, size, true), want);
        }
    }
    assert_false(access_ok(3 * GICR_SIZE, 4, false)); /* beyond the zone's vCPUs */
    assert_false(access_ok(UINT64_C(1) << 40, 4, false));
}

static void test_typer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t want = (uint64_t)i << 32 | i << 8 | (i == 2 ? 16 : 0);

        assert_true(fx_redist_rd(i, GICR_TYPER, 8) == want);
        assert_true(fx_redist_rd(i, GICR_TYPER, 4) == (uint32_t)want);
        assert_true(fx_redist_rd(i, GICR_TYPER + 4, 4) == i);
    }
    assert_int_equal(fx_redist_rd(1, GICR_PIDR2, 4), 0x30);
    assert_int_equal(fx_redist_rd(1, GICR_IIDR, 4), VGIC_IIDR);
    assert_int_equal(fx_redist_rd(1, GICR_CTLR, 4), 0);
}

static void test_waker(void **state)
{
    (void)state;
    assert_int_equal(fx_redist_rd(1, GICR_WAKER, 4), 6);
    fx_redist_wr(1, GICR_WAKER, 4, 0);
    assert_int_equal(fx_redist_rd(1, GICR_WAKER, 4), 0);
    fx_redist_wr(1, GICR_WAKER, 4, UINT32_MAX);
    assert_int_equal(fx_redist_rd(1, GICR_WAKER, 4), 6);
    assert_int_equal(fx_redist_rd(0, GICR_WAKER, 4), 6);
}

static void test_enable_reaches_the_right_redistributor(void **state)
{
    uint32_t own = BIT32(GIC_DOORBELL) | BIT32(FX_MAINTENANCE) | BIT32(FX_HYP_TIMER);

    (void)state;
    fx_redist_wr(2, SGI(GICD_ISENABLER), 4, UINT32_MAX);
    assert_int_equal(fx_redist_rd(2, SGI(GICD_ISENABLER), 4), 0xffff | TIMERS);
    assert_int_equal(fx.sgi[2].enabled[0], own | TIMERS);
    assert_int_equal(fx.sgi[0].enabled[0], own);
    /* Linux clears all while it starts: ours stay. */
    fx_redist_wr(2, SGI(GICD_ICENABLER), 4, UINT32_MAX);
    assert_int_equal(fx.sgi[2].enabled[0], own);
    assert_int_equal(fx_redist_rd(2, SGI(GICD_ISENABLER), 4), 0);
}

static void test_own_interrupts_are_not_readable(void **state)
{
    (void)state;
    fx.sgi[1].watch = false;
    mmio_wr32(gic_sgi_frame(&fx.cpu[1]), GICD_ISPENDR, UINT32_MAX);
    mmio_wr32(gic_sgi_frame(&fx.cpu[1]), GICD_ISACTIVER, UINT32_MAX);
    assert_int_equal(fx_redist_rd(1, SGI(GICD_ISPENDR), 4), TIMERS);
    assert_int_equal(fx_redist_rd(1, SGI(GICD_ISACTIVER), 4), TIMERS);
}

static void test_configuration_is_fixed(void **state)
{
    (void)state;
    fx_redist_wr(0, SGI(GICD_ICFGR), 4, 0);
    fx_redist_wr(0, SGI(GICD_ICFGR) + 4, 4, UINT32_MAX);
    assert_int_equal(fx_redist_rd(0, SGI(GICD_ICFGR), 4), 0xaaaaaaaa);
    assert_int_equal(fx_redist_rd(0, SGI(GICD_ICFGR) + 4, 4), 0);
}

static void test_priorities(void **state)
{
    (void)state;
    fx_redist_wr(1, SGI(GICD_IPRIORITYR) + 24, 4, UINT64_C(0xe0d0c0b0));
    assert_int_equal(fx_redist_rd(1, SGI(GICD_IPRIORITYR) + 24, 4), 0xe0000000);
    assert_int_equal(mmio_rd8(gic_sgi_frame(&fx.cpu[1]), GICD_IPRIORITYR + FX_VTIMER), 0xe0);
    assert_int_equal(mmio_rd8(gic_sgi_frame(&fx.cpu[1]), GICD_IPRIORITYR + FX_HYP_TIMER), 0);
    fx_redist_wr(1, SGI(GICD_IPRIORITYR) + 3, 1, 0x7f);
    assert_int_equal(fx_redist_rd(1, SGI(GICD_IPRIORITYR), 4), 0x78000000);
    assert_int_equal(fx_redist_rd(0, SGI(GICD_IPRIORITYR), 4), 0);
}

static void test_pending_sgi_by_register(void **state)
{
    (void)state;
    fx_redist_wr(1, SGI(GICD_ISENABLER), 4, 0xffff);
    fx.requests[1] = 0;
    fx_redist_wr(1, SGI(GICD_ISPENDR), 4, BIT32(3));
    assert_int_equal(fx.requests[1], 1);
    assert_int_equal(fx_redist_rd(1, SGI(GICD_ISPENDR), 4), BIT32(3));
    fx_redist_wr(1, SGI(GICD_ICPENDR), 4, BIT32(3));
    assert_int_equal(fx_redist_rd(1, SGI(GICD_ISPENDR), 4), 0);
}

/* ---- SGIs ---- */

/* Which vCPUs of zone 0 have exactly this SGI pending; clears it. */
static unsigned receivers(uint32_t intid)
{
    unsigned who = 0;

    for (unsigned i = 0; i < 3; i++) {
        uint32_t bits = atomic_exchange(&fx.vcpu[0][i].arch.vgic.word.pending, 0);

        assert_true(bits == 0 || bits == BIT32(intid));
        if (bits != 0) {
            who |= 1u << i;
            assert_true((atomic_load(&fx.vcpu[0][i].arch.vgic.work) & 1) != 0);
            assert_true(fx.requests[i] > 0);
        } else {
            assert_int_equal(fx.requests[i], 0);
        }
        fx.requests[i] = 0;
    }
    assert_int_equal(vgic_pending(&fx.vcpu[1][0].arch.vgic.word), 0);
    assert_int_equal(fx.requests[3], 0);
    return who;
}

static unsigned send(unsigned from, uint64_t value)
{
    assert_true(vgic_sgi1r_write(&fx.vcpu[0][from], value));
    return receivers((uint32_t)(value >> 24) & 15);
}

static void test_sgi_target_lists(void **state)
{
    (void)state;
    assert_int_equal(send(0, 2 | 7 << 24), 2);
    assert_int_equal(send(0, 1 | 7 << 24), 1); /* to itself */
    assert_int_equal(send(1, 7 | 15 << 24), 7);
    assert_int_equal(send(0, 0), 0);
    assert_int_equal(send(0, 0xfff8), 0); /* no such vCPUs */
    assert_int_equal(send(0, 0xffff), 7);
}

static void test_sgi_other_affinities_reach_nobody(void **state)
{
    (void)state;
    assert_int_equal(send(0, 0xffff | 1 << 16), 0);
    assert_int_equal(send(0, 0xffff | UINT64_C(1) << 32), 0);
    assert_int_equal(send(0, 0xffff | UINT64_C(1) << 48), 0);
    assert_int_equal(send(0, 0xffff | UINT64_C(1) << 44), 0);
    assert_int_equal(send(0, 0xffff | UINT64_C(15) << 44 | UINT64_C(0xff) << 48), 0);
}

static void test_sgi_to_all_others(void **state)
{
    uint64_t irm = BIT64(40);

    (void)state;
    assert_int_equal(send(0, irm | 3 << 24), 6);
    assert_int_equal(send(2, irm | 3 << 24), 3);
    assert_int_equal(send(1, irm | 0xffff | UINT64_C(0xff) << 48), 5); /* lists do not count */
}

static void test_sgi_ignores_reserved_bits(void **state)
{
    uint64_t reserved = ~(UINT64_C(0x00fff1ff0fffffff));

    (void)state;
    assert_int_equal(send(0, reserved | 2 | 9 << 24), 2);
}

static void test_sgi_range_selector(void **state)
{
    (void)state;
    fx.vcpu[0][2].arch.vmpidr = BIT64(31) | 0x25; /* affinity 0.0.0.37 */
    assert_int_equal(send(0, BIT64(5) | UINT64_C(2) << 44), 4);
    assert_int_equal(send(0, BIT64(5)), 0);
    fx.vcpu[0][2].arch.vmpidr = BIT64(31) | BIT64(32) | 0x30201; /* 1.3.2.1 */
    assert_int_equal(send(0, 2 | UINT64_C(1) << 48 | UINT64_C(3) << 32 | 2 << 16), 4);
}

static void test_sgi_groups(void **state)
{
    (void)state;
    fx_redist_wr(1, SGI(GICD_IGROUPR), 4, ~BIT32(4));
    (void)receivers(0);
    assert_int_equal(send(0, 7 | 4 << 24), 5);
    assert_true(vgic_sgi0r_write(&fx.vcpu[0][0], 7 | 4 << 24));
    assert_int_equal(receivers(4), 2);
}

static void test_sgi_random_patterns_stay_in_the_zone(void **state)
{
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (void)send(i % 3, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rows_and_map, fx_setup),
        cmocka_unit_test_setup(test_every_offset_and_size, fx_setup_running),
        cmocka_unit_test_setup(test_typer, fx_setup_running),
        cmocka_unit_test_setup(test_waker, fx_setup_running),
        cmocka_unit_test_setup(test_enable_reaches_the_right_redistributor, fx_setup_running),
        cmocka_unit_test_setup(test_own_interrupts_are_not_readable, fx_setup_running),
        cmocka_unit_test_setup(test_configuration_is_fixed, fx_setup_running),
        cmocka_unit_test_setup(test_priorities, fx_setup_running),
        cmocka_unit_test_setup(test_pending_sgi_by_register, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_target_lists, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_other_affinities_reach_nobody, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_to_all_others, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_ignores_reserved_bits, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_range_selector, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_groups, fx_setup_running),
        cmocka_unit_test_setup(test_sgi_random_patterns_stay_in_the_zone, fx_setup_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
