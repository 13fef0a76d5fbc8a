/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/vgicd.c and vword.c: the distributor, and what the machine sees of it. */
#include "gic_fixture.h"
#include "tests/unit/gic_table.h"

#define OWNED_1 (BIT32(1) | BIT32(8) | BIT32(9) | BIT32(11) | BIT32(12) | BIT32(13) | BIT32(14))
#define HW_1    (OWNED_1 & ~BIT32(1)) /* all but the emulated UART's */

static bool access_ok(uint32_t offset, unsigned size, bool write)
{
    struct mmio_access access = { offset, 0, (uint8_t)size, write };

    return vgicd_access(&fx.vcpu[0][0], &access);
}

static void test_rows_and_map(void **state)
{
    (void)state;
    gic_table_check(&vgicd_table, GICD_SIZE);
}

/* Every offset with every size: taken exactly if the row says so, or nothing is there. */
static void test_every_offset_and_size(void **state)
{
    (void)state;
    for (uint32_t offset = 0; offset < GICD_SIZE; offset++) {
        const struct vgic_reg *row = gic_table_row(&vgicd_table, offset);

        for (unsigned size = 1; size <= 8 && offset % size == 0; size *= 2) {
            bool want = row == NULL || (row->sizes & size) != 0;

            assert_int_equal(access_ok(offset, size, false), want);
            assert_int_equal(access_ok(offset, size, true), want);
        }
    }
}

/* The same with all ones: the fixture fails a test that lets a foreign bit through. */
static void test_all_ones_everywhere_reaches_only_owned(void **state)
{
    (void)state;
    for (uint32_t offset = 0; offset < GICD_SIZE; offset += 4) {
        struct mmio_access access = { offset, UINT32_MAX, 4, true };

        (void)vgicd_access(&fx.vcpu[0][0], &access);
    }
    assert_int_equal(fx_rd(GICD_IGROUPR + 4, 4), OWNED_1);
    assert_int_equal(fx_rd(GICD_IGROUPR + 8, 4), 0);
    assert_int_equal(fx_rd(GICD_IPRIORITYR + FX_FOREIGN, 1), 0);
    assert_true(fx_rd(GICD_IROUTER + FX_FOREIGN * 8, 8) == 0);
}

static void test_identification(void **state)
{
    (void)state;
    assert_int_equal(fx_rd(GICD_TYPER, 4), 3 | 9 << 19 | 1 << 25); /* up to INTID 127 */
    assert_int_equal(fx_rd(GICD_IIDR, 4), VGIC_IIDR);
    assert_int_equal(fx_rd(GICD_PIDR2, 4), 0x30);
    assert_int_equal(fx_rd(GICD_STATUSR, 4), 0);
    fx_wr(GICD_TYPER, 4, 0);
    assert_int_equal(fx_rd(GICD_TYPER, 4), 3 | 9 << 19 | 1 << 25);
}

static void test_ctlr(void **state)
{
    (void)state;
    fx_wr(GICD_CTLR, 4, UINT32_MAX);
    assert_int_equal(fx_rd(GICD_CTLR, 4), 0x53);
    assert_int_equal(mmio_rd32(FX_GICD, GICD_CTLR), 0x12); /* the machine's is not the guest's */
    fx_wr(GICD_CTLR, 4, 0);
    assert_int_equal(fx_rd(GICD_CTLR, 4), 0x50);
    fx.gicd.watch = false;
    mmio_wr32(FX_GICD, GICD_CTLR, BIT32(31) | 0x12); /* busy, perhaps for another zone */
    assert_int_equal(fx_rd(GICD_CTLR, 4), 0x50);
}

static void test_private_words_are_not_here(void **state)
{
    (void)state;
    for (uint32_t reg = GICD_IGROUPR; reg < GICD_IPRIORITYR; reg += 0x80) {
        fx_wr(reg, 4, UINT32_MAX);
        assert_int_equal(fx_rd(reg, 4), 0);
    }
    fx_wr(GICD_IPRIORITYR, 4, UINT32_MAX);
    assert_int_equal(fx_rd(GICD_IPRIORITYR, 4), 0);
    assert_int_equal(fx_rd(GICD_ICFGR, 4), 0);
    fx_wr(GICD_SGIR, 4, UINT32_MAX);
    assert_int_equal(fx_rd(GICD_SGIR, 4), 0);
    fx_wr(GICD_ITARGETSR + 40, 1, 0xff);
    assert_int_equal(fx_rd(GICD_ITARGETSR + 40, 1), 0);
    assert_int_equal(vgic_enabled(&fx.vcpu[0][0].arch.vgic.word), 0);
}

static void test_enable_and_disable(void **state)
{
    (void)state;
    fx_wr(GICD_ISENABLER + 4, 4, UINT32_MAX);
    assert_int_equal(fx_rd(GICD_ISENABLER + 4, 4), OWNED_1);
    assert_int_equal(fx_rd(GICD_ICENABLER + 4, 4), OWNED_1);
    assert_int_equal(fx.gicd.enabled[1], HW_1);
    fx_wr(GICD_ICENABLER + 4, 4, BIT32(8));
    assert_int_equal(fx_rd(GICD_ISENABLER + 4, 4), OWNED_1 & ~BIT32(8));
    assert_int_equal(fx.gicd.enabled[1], HW_1 & ~BIT32(8));
    fx_wr(GICD_ISENABLER + 4, 4, 0);
    assert_int_equal(fx.gicd.enabled[1], HW_1 & ~BIT32(8));
    fx_wr(GICD_ISENABLER + 12, 4, UINT32_MAX);
    assert_int_equal(fx.gicd.enabled[3], BIT32(FX_HIGH - 96));
}

static void test_foreign_state_is_not_readable(void **state)
{
    (void)state;
    fx.gicd.watch = false;
    for (uint32_t n = 1; n < 9; n++) {
        mmio_wr32(FX_GICD, GICD_ISPENDR + n * 4, UINT32_MAX);
        mmio_wr32(FX_GICD, GICD_ISACTIVER + n * 4, UINT32_MAX);
        mmio_wr32(FX_GICD, GICD_ISENABLER + n * 4, UINT32_MAX);
    }
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4), HW_1);
    assert_int_equal(fx_rd(GICD_ICPENDR + 4, 4), HW_1);
    assert_int_equal(fx_rd(GICD_ISACTIVER + 4, 4), HW_1);
    assert_int_equal(fx_rd(GICD_ICACTIVER + 4, 4), HW_1);
    assert_int_equal(fx_rd(GICD_ISENABLER + 4, 4), 0);
    assert_int_equal(fx_rd(GICD_ISPENDR + 8, 4), 0);
    assert_int_equal(fx_rd(GICD_ISPENDR + 0x7c, 4), 0);
}

static void test_pending_of_machine_and_of_software(void **state)
{
    (void)state;
    fx_wr(GICD_ISPENDR + 4, 4, UINT32_MAX);
    assert_int_equal(fx.gicd.pending[1], HW_1);
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4), OWNED_1);
    fx_wr(GICD_ICPENDR + 4, 4, BIT32(1) | BIT32(8));
    assert_int_equal(fx.gicd.pending[1], HW_1 & ~BIT32(8));
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4), OWNED_1 & ~BIT32(1) & ~BIT32(8));
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx_wr(GICD_ICPENDR + 4, 4, BIT32(1));
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4) & BIT32(1), BIT32(1)); /* the line is high */
}

static void test_clearing_pending_of_acknowledged_ones(void **state)
{
    (void)state;
    fx_enable_all();
    (void)fx_raise(FX_LEVEL);
    fx_wr(GICD_IROUTER + FX_EDGE * 8, 8, 1);
    (void)fx_raise(FX_EDGE); /* waits for vCPU 1 */
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4), BIT32(8) | BIT32(9));
    assert_int_equal(fx_rd(GICD_ISACTIVER + 4, 4), 0);
    fx_wr(GICD_ICPENDR + 4, 4, UINT32_MAX);
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fx.gicd.active[1], 0); /* the machine may signal them again */
    assert_int_equal(fx_rd(GICD_ISPENDR + 4, 4), 0);
}

static void test_active_state(void **state)
{
    (void)state;
    fx_enable_all();
    (void)fx_raise(FX_LEVEL);
    fx_guest_ack(FX_LEVEL);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    arch_virq_flush(&fx.vcpu[0][0]);
    assert_int_equal(fx_rd(GICD_ISACTIVER + 4, 4), BIT32(8));
    fx_guest_ack(FX_VUART);
    assert_int_equal(fx_rd(GICD_ISACTIVER + 4, 4), BIT32(8) | BIT32(1));
    fx_wr(GICD_ICACTIVER + 4, 4, UINT32_MAX);
    assert_int_equal(fx.gicd.active[1], 0);
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(fx_rd(GICD_ISACTIVER + 4, 4), 0);
    arch_virq_flush(&fx.vcpu[0][0]);
    assert_true(fx_lr_of(FX_VUART) >= 0); /* still high */
}

static void test_set_active_blocks(void **state)
{
    (void)state;
    fx_enable_all();
    fx_wr(GICD_ISACTIVER + 4, 4, BIT32(1) | BIT32(8));
    assert_int_equal(fx.gicd.active[1], BIT32(8));
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    arch_virq_flush(&fx.vcpu[0][0]);
    assert_int_equal(fx_lr_count(), 0);
    fx_wr(GICD_ICACTIVER + 4, 4, BIT32(1) | BIT32(8));
    arch_virq_flush(&fx.vcpu[0][0]);
    assert_int_equal(fx_lr_of(FX_VUART), 0);
    assert_int_equal(fx.gicd.active[1], 0);
}

static void test_deactivating_what_is_only_pending_keeps_it(void **state)
{
    (void)state;
    fx_enable_all();
    (void)fx_raise(FX_LEVEL);
    fx_wr(GICD_ICACTIVER + 4, 4, UINT32_MAX);
    assert_true(fx_lr_of(FX_LEVEL) >= 0);
    assert_int_equal(fx.gicd.active[1], BIT32(8));
}

static void test_priorities(void **state)
{
    (void)state;
    fx_wr(GICD_IPRIORITYR + FX_LEVEL, 4, UINT64_C(0xa5b6c7d8)); /* 40, 41, foreign 42, 43 */
    assert_int_equal(fx_rd(GICD_IPRIORITYR + FX_LEVEL, 4), 0xa000c0d8);
    assert_int_equal(fx_rd(GICD_IPRIORITYR + FX_EDGE, 1), 0xc0);
    assert_int_equal(mmio_rd8(FX_GICD, GICD_IPRIORITYR + FX_EDGE), 0xc0);
    assert_int_equal(mmio_rd8(FX_GICD, GICD_IPRIORITYR + FX_FOREIGN), GIC_PRIORITY_GUEST);
    fx_wr(GICD_IPRIORITYR + FX_EDGE, 1, 0);
    assert_int_equal(fx_rd(GICD_IPRIORITYR + FX_LEVEL, 4), 0xa00000d8);
    assert_int_equal(mmio_rd8(FX_GICD, GICD_IPRIORITYR + FX_EDGE), GIC_PRIORITY_GUEST);
}

static void test_configuration(void **state)
{
    (void)state;
    assert_int_equal(fx_rd(GICD_ICFGR + 8, 4), 1 << 19); /* 41 is edge, by the plan */
    fx_wr(GICD_ICFGR + 8, 4, UINT32_MAX);
    assert_int_equal(fx.gicd.edge[1], HW_1);
    fx_wr(GICD_ICFGR + 8, 4, 1 << 17);
    assert_int_equal(fx.gicd.edge[1], BIT32(8));
    assert_int_equal(fx_rd(GICD_ICFGR + 8, 4), 1 << 17);
    fx_wr(GICD_ICFGR + 12, 4, UINT32_MAX);
    assert_int_equal(fx_rd(GICD_ICFGR + 12, 4), 0);
}

static void test_routes(void **state)
{
    uint32_t reg = GICD_IROUTER + FX_LEVEL * 8;

    (void)state;
    assert_true(fx_rd(reg, 8) == 0);
    fx_wr(reg, 8, 2);
    assert_true(fx_rd(reg, 8) == 2);
    assert_true(mmio_rd64(FX_GICD, reg) == fx.cpu[2].hw_id);
    fx_wr(reg, 8, 7); /* no such vCPU */
    fx_wr(reg, 8, BIT64(32) | 1);
    fx_wr(reg, 8, 0x101);
    assert_true(fx_rd(reg, 8) == 2);
    fx_wr(reg, 4, 1);
    assert_int_equal(fx_rd(reg, 4), 1);
    assert_int_equal(fx_rd(reg + 4, 4), 0);
    fx_wr(reg + 4, 4, 5);
    assert_true(fx_rd(reg, 8) == 1);
    fx_wr(reg, 8, BIT64(31)); /* any: the first */
    assert_true(fx_rd(reg, 8) == 0);
    assert_true(mmio_rd64(FX_GICD, reg) == fx.cpu[0].hw_id);
    assert_true(mmio_rd64(FX_GICD, GICD_IROUTER + FX_FOREIGN * 8) == fx.cpu[3].hw_id);
    fx_wr(GICD_IROUTER + FX_FOREIGN * 8, 8, 1);
    assert_true(fx_rd(GICD_IROUTER + FX_FOREIGN * 8, 8) == 0);
    fx_wr(GICD_IROUTER + FX_VUART * 8, 8, 1); /* emulated: not the machine's */
    assert_true(mmio_rd64(FX_GICD, GICD_IROUTER + FX_VUART * 8) == 0);
    assert_true(fx_rd(GICD_IROUTER + FX_VUART * 8, 8) == 1);
}

/* What waits for a vCPU goes to the one it is routed to now. */
static void test_route_takes_waiting_ones_along(void **state)
{
    (void)state;
    fx_enable_all();
    fx_wr(GICD_IROUTER + FX_LEVEL * 8, 8, 1);
    (void)fx_raise(FX_LEVEL); /* acknowledged on CPU 0, waits for vCPU 1 */
    fx_switch(2);
    arch_virq_flush(&fx.vcpu[0][2]);
    fx.requests[2] = 0;
    fx_wr(GICD_IROUTER + FX_LEVEL * 8, 8, 2);
    assert_int_equal(fx.requests[2], 1);
    arch_virq_flush(&fx.vcpu[0][2]);
    assert_int_equal(fx_lr_of(FX_LEVEL), 0);
}

static void test_enabling_wakes_only_the_target(void **state)
{
    (void)state;
    fx_wr(GICD_IROUTER + FX_VUART * 8, 8, 2);
    arch_virq_set(&fx.zone[0], FX_VUART, true);
    fx.requests[0] = fx.requests[1] = fx.requests[2] = 0;
    fx_wr(GICD_ISENABLER + 4, 4, UINT32_MAX);
    assert_int_equal(fx.requests[0] + fx.requests[1], 0);
    assert_int_equal(fx.requests[2], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_rows_and_map, fx_setup),
        cmocka_unit_test_setup(test_every_offset_and_size, fx_setup_running),
        cmocka_unit_test_setup(test_all_ones_everywhere_reaches_only_owned, fx_setup_running),
        cmocka_unit_test_setup(test_identification, fx_setup_running),
        cmocka_unit_test_setup(test_ctlr, fx_setup_running),
        cmocka_unit_test_setup(test_private_words_are_not_here, fx_setup_running),
        cmocka_unit_test_setup(test_enable_and_disable, fx_setup_running),
        cmocka_unit_test_setup(test_foreign_state_is_not_readable, fx_setup_running),
        cmocka_unit_test_setup(test_pending_of_machine_and_of_software, fx_setup_running),
        cmocka_unit_test_setup(test_clearing_pending_of_acknowledged_ones, fx_setup_running),
        cmocka_unit_test_setup(test_active_state, fx_setup_running),
        cmocka_unit_test_setup(test_set_active_blocks, fx_setup_running),
        cmocka_unit_test_setup(test_deactivating_what_is_only_pending_keeps_it, fx_setup_running),
        cmocka_unit_test_setup(test_priorities, fx_setup_running),
        cmocka_unit_test_setup(test_configuration, fx_setup_running),
        cmocka_unit_test_setup(test_routes, fx_setup_running),
        cmocka_unit_test_setup(test_route_takes_waiting_ones_along, fx_setup_running),
        cmocka_unit_test_setup(test_enabling_wakes_only_the_target, fx_setup_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
