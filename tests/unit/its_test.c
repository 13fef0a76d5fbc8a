/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as LPIs: the zone's commands, what the machine's ITS is told, and what arrives. */
#include "its_fixture.h"

#include "hyp/core/pool.h"

#define LPI 8200u

/* One event of the zone's own device, on vCPU `vcpu`. */
static void map_one(uint32_t event, uint32_t intid, uint32_t vcpu)
{
    put_mapc(vcpu, vcpu);
    put_mapd(DEVICE_OWN, true);
    put_mapti(DEVICE_OWN, event, intid, vcpu);
    queue_go();
}

static void test_arrives(void **state)
{
    (void)state;
    map_one(5, LPI, 0);
    assert_true(its_fx.open[0]);
    assert_int_equal(its_fx.events[0], BIT32(5));
    message(0, 5);
    fx_flush();
    assert_true(fx_lr_of(LPI) >= 0);
    assert_int_equal(*fx_lr((unsigned)fx_lr_of(LPI)) >> 48, 0x50a0); /* pending, group 1 */
    message(0, 5); /* again, before the guest takes it: one list register */
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
}

static void test_not_mapped_is_dropped(void **state)
{
    (void)state;
    map_one(5, LPI, 0);
    message(0, 6);
    message(2, 0);
    message(1, 5);
    message(9, 0);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    assert_int_equal(vgic_pending(&fx.zone[1].arch.vgic.spi[VGIC_LPI_WORD + 1]), 0);
}

static void test_foreign_devices(void **state)
{
    unsigned before = its_fx.commands;

    (void)state;
    put_mapc(0, 0);
    for (uint32_t device = 0; device < 300; device++) {
        if (device != DEVICE_OWN && device != DEVICE_SMALL) {
            put_mapd(device, true);
            put_mapti(device, 0, LPI, 0);
            put_event(ITS_INT, device, 0);
            put_event(ITS_DISCARD, device, 0);
            queue_go();
        }
    }
    assert_int_equal(its_fx.commands, before);
    assert_int_equal(lpi_devices[1].mapped, 0);
    assert_int_equal(lpi_devices[1].limit, 0);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
}

static void test_events_are_bounded(void **state)
{
    (void)state;
    put_mapc(0, 0);
    put_mapd(DEVICE_SMALL, true);
    put_mapti(DEVICE_SMALL, 8, LPI, 0);
    put_mapti(DEVICE_SMALL, UINT32_MAX, LPI, 0);
    put_mapti(DEVICE_SMALL, 7, 8191, 0);
    put_mapti(DEVICE_SMALL, 7, 16384, 0);
    put_mapti(DEVICE_SMALL, 7, LPI, VITS_GROUPS);
    put_mapti(DEVICE_OWN, 0, LPI, 0); /* not mapped: no MAPD */
    queue_go();
    assert_int_equal(its_fx.events[2], 0);
    assert_int_equal(its_fx.events[0], 0);
    put_mapti(DEVICE_SMALL, 7, 16383, 0);
    queue_go();
    assert_int_equal(its_fx.events[2], BIT32(7));
}

static void test_work_is_bounded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        put_event(ITS_INT, DEVICE_OWN, i);
    }
    gits_wr(GITS_CWRITER, 8, put(QUEUE_OFFSET, 100));
    for (unsigned n = 16; n < 100; n += 16) {
        assert_int_equal(lpi_devices[0].mapped, 0);
        assert_int_equal(fx.zone[0].arch.vits->reader, n);
        (void)gits_rd(GITS_CREADR, 8);
    }
    assert_int_equal(gits_rd(GITS_CREADR, 8), put(QUEUE_OFFSET, 100));
    put_event(ITS_INVALL, 0, 0); /* a long one ends the batch */
    put_event(ITS_SYNC, 0, 0);
    gits_wr(GITS_CWRITER, 8, put(QUEUE_OFFSET, 102));
    assert_int_equal(fx.zone[0].arch.vits->reader, 101);
}

static void test_queue_outside(void **state)
{
    static const uint64_t bases[] = { 0, RAM_GPA + RAM_SIZE, RAM_GPA - 0x10000, 0xffffffff0000 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(bases); i++) {
        gits_wr(GITS_CTLR, 4, 0);
        gits_wr(GITS_CBASER, 8, put(TABLE_VALID, 1) | bases[i]);
        gits_wr(GITS_CTLR, 4, 1);
        its_fx.copies = 0;
        gits_wr(GITS_CWRITER, 8, 0x20);
        assert_int_equal(gits_rd(GITS_CREADR, 8), 1); /* stalled */
        assert_int_equal(its_fx.copies, 0);
    }
    gits_wr(GITS_CWRITER, 8, 0x8000); /* beyond the queue: ignored */
    assert_int_equal(gits_rd(GITS_CWRITER, 8), 0x20);
}

static void test_properties(void **state)
{
    (void)state;
    property_put(LPI, 0x40); /* disabled */
    map_one(0, LPI, 0);
    message(0, 0);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    property_put(LPI, 0x41);
    put_event(ITS_INV, DEVICE_OWN, 0);
    queue_go();
    fx_flush();
    assert_int_equal(*fx_lr((unsigned)fx_lr_of(LPI)) >> 48 & 0xff, 0x40);
    property_put(LPI, 0x40);
    put_event(ITS_INVALL, 0, 0);
    queue_go();
    assert_int_equal(fx_lr_count(), 0); /* taken back, and still pending */
    property_put(LPI, 0x41);
    put_event(ITS_INVALL, 0, 0);
    queue_go();
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
}

static void test_table_outside(void **state)
{
    (void)state;
    arch_virq_reset(&fx.zone[0]);
    fx_wr(GICD_CTLR, 4, 3);
    fx_redist_wr(0, GICR_PROPBASER, 8, (RAM_GPA + RAM_SIZE - 0x1000) | (LPI_BITS - 1));
    fx_redist_wr(0, GICR_CTLR, 4, 1);
    fx_redist_wr(0, GICR_PROPBASER, 8, (RAM_GPA + TABLE_AT) | (LPI_BITS - 1)); /* too late */
    gits_wr(GITS_CBASER, 8, put(TABLE_VALID, 1) | (RAM_GPA + QUEUE_AT));
    gits_wr(GITS_CTLR, 4, 1);
    map_one(0, LPI, 0);
    put_event(ITS_INT, DEVICE_OWN, 0);
    queue_go();
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
}

static void test_int_and_clear(void **state)
{
    (void)state;
    map_one(1, LPI, 0);
    put_event(ITS_INT, DEVICE_OWN, 1);
    queue_go();
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
    put_event(ITS_CLEAR, DEVICE_OWN, 1);
    queue_go();
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
}

static void test_one_number_once(void **state)
{
    (void)state;
    map_one(1, LPI, 0);
    put_mapti(DEVICE_OWN, 2, LPI, 0);
    queue_go();
    assert_int_equal(its_fx.events[0], BIT32(1));
    put_event(ITS_DISCARD, DEVICE_OWN, 1);
    put_mapti(DEVICE_OWN, 2, LPI, 0);
    queue_go();
    assert_int_equal(its_fx.events[0], BIT32(2));
}

static void test_moves(void **state)
{
    (void)state;
    map_one(1, LPI, 0);
    put_mapc(1, 1);
    queue_put(put(ITS_OP, ITS_MOVI) | put(ITS_DEVICE, DEVICE_OWN), 1, 1);
    queue_go();
    assert_int_equal(its_fx.events[0], BIT32(1));
    message(0, 1);
    fx_flush();
    assert_int_equal(fx_lr_count(), 0);
    assert_true(fx.requests[1] > 0);
    fx_switch(1);
    fx_flush();
    assert_true(fx_lr_of(LPI) >= 0);
}

/* An LPI of vCPU 1 in its list register; the next command is vCPU 0's. */
static void pending_at_the_other(void)
{
    map_one(1, LPI, 1);
    message(0, 1);
    fx_switch(1);
    fx_flush();
    assert_true(fx_lr_of(LPI) >= 0);
    fx_switch(0);
}

/* Two commands: the second waits for vCPU 1, which gives up what is in its list register. */
static void waits_for_the_other(void)
{
    uint32_t end = fx.zone[0].arch.vits->reader + 2;
    unsigned requests = fx.requests[1];

    put_event(ITS_SYNC, 0, 0);
    gits_wr(GITS_CWRITER, 8, put(QUEUE_OFFSET, end));
    assert_int_equal(gits_rd(GITS_CREADR, 8), put(QUEUE_OFFSET, end - 1));
    assert_true(fx.requests[1] > requests);
    fx_switch(1);
    fx_flush();
    assert_int_equal(fx_lr_of(LPI), -1);
    fx_switch(0);
    assert_int_equal(gits_rd(GITS_CREADR, 8), put(QUEUE_OFFSET, end));
}

static void test_discarded_at_another_vcpu(void **state)
{
    (void)state;
    pending_at_the_other();
    put_event(ITS_DISCARD, DEVICE_OWN, 1);
    waits_for_the_other();
    put_mapti(DEVICE_OWN, 1, LPI, 1);
    queue_go();
    fx_switch(1);
    fx_flush();
    assert_int_equal(fx_lr_of(LPI), -1); /* nothing is left of it */
    fx_switch(0);
    message(0, 1);
    fx_switch(1);
    fx_flush();
    assert_true(fx_lr_of(LPI) >= 0);
    fx_switch(0);
}

static void test_disabled_at_another_vcpu(void **state)
{
    (void)state;
    pending_at_the_other();
    property_put(LPI, 0xa0);
    put_event(ITS_INV, DEVICE_OWN, 1);
    waits_for_the_other();
    property_put(LPI, 0xa1);
    put_event(ITS_INV, DEVICE_OWN, 1);
    queue_go();
    fx_switch(1);
    fx_flush();
    assert_true(fx_lr_of(LPI) >= 0); /* still pending */
    fx_switch(0);
}

static void test_moved_from_another_vcpu(void **state)
{
    (void)state;
    pending_at_the_other();
    put_mapc(0, 0);
    queue_go();
    queue_put(put(ITS_OP, ITS_MOVI) | put(ITS_DEVICE, DEVICE_OWN), 1, 0);
    waits_for_the_other();
    fx_flush();
    assert_true(fx_lr_of(LPI) >= 0);
}

/* It gives back what it has when it stops: nobody waits for it. */
static void test_other_vcpu_stops(void **state)
{
    (void)state;
    pending_at_the_other();
    put_event(ITS_DISCARD, DEVICE_OWN, 1);
    gits_wr(GITS_CWRITER, 8, put(QUEUE_OFFSET, fx.zone[0].arch.vits->reader + 1));
    assert_int_equal(fx.zone[0].arch.vits->recall, BIT32(1));
    fx_switch(1);
    vgic_vcpu_unload(fx.self->vcpu);
    fx_switch(0);
    assert_int_equal(fx.zone[0].arch.vits->recall, 0);
    assert_int_equal(vgic_pending(&fx.zone[0].arch.vgic.spi[VGIC_LPI_WORD]), 0);
}

static void test_reset(void **state)
{
    (void)state;
    map_one(1, LPI, 0);
    message(0, 1);
    arch_virq_reset(&fx.zone[0]);
    assert_false(its_fx.open[0]);
    assert_int_equal(its_fx.events[0], 0);
    message(0, 1); /* one that was under way */
    assert_int_equal(vgic_pending(&fx.zone[0].arch.vgic.spi[VGIC_LPI_WORD]), 0);
    assert_int_equal(fx_redist_rd(0, GICR_CTLR, 4), 0);
    assert_int_equal(gits_rd(GITS_CTLR, 4), put(GITS_CTLR_QUIESCENT, 1));
    assert_int_equal(get(PROP_ADDR, fx_redist_rd(0, GICR_PROPBASER, 8)), 0);
}

static void test_unmapping_a_device(void **state)
{
    (void)state;
    map_one(1, LPI, 0);
    put_mapd(DEVICE_OWN, false);
    put_mapti(DEVICE_OWN, 1, LPI, 0);
    queue_go();
    assert_false(its_fx.open[0]);
    assert_int_equal(its_fx.events[0], 0);
    assert_int_equal(lpi_devices[0].mapped, 0);
}

static void test_dead_machine(void **state)
{
    (void)state;
    its_fx.dead = true;
    map_one(1, LPI, 0);
    assert_int_equal(fx.logs, 1);
    map_one(2, LPI + 1, 0);
    assert_int_equal(fx.logs, 1);
    put_event(ITS_INT, DEVICE_OWN, 2); /* what needs no machine goes on */
    queue_go();
    fx_flush();
    assert_int_equal(fx_lr_count(), 1);
}

/* The page where devices write messages: theirs only. */
static void test_views(void **state)
{
    const struct zone *zone = &fx.zone[0];
    struct pt_leaf leaf;
    hpa_t pa;

    (void)state;
    assert_false(s2_lookup(pool_va(hpa(zone->arch.vttbr & 0xffffffffffff)),
                           gpa(ITS_GPA + PLAN_ITS_FRAME), &leaf, &pa));
    assert_true(s2_lookup(pool_va(hpa(zone->arch.dma_vttbr & 0xffffffffffff)),
                          gpa(ITS_GPA + PLAN_ITS_FRAME), &leaf, &pa));
    assert_int_equal(pa.v, fx.plan.board.its_hpa + PLAN_ITS_FRAME);
    assert_true(leaf.write && !leaf.exec && leaf.device);
    assert_false(
        s2_lookup(pool_va(hpa(zone->arch.dma_vttbr & 0xffffffffffff)), gpa(ITS_GPA), &leaf, &pa));
    assert_int_not_equal(zone->arch.vttbr >> 48, zone->arch.dma_vttbr >> 48);
    assert_int_equal(zone->dev[0].size, PLAN_ITS_FRAME); /* no device where CPUs could write */
}

static void test_registers(void **state)
{
    struct mmio_access odd = { GITS_CTLR, 0, 8, false };

    (void)state;
    for (uint32_t i = 1; i < vits_row_count; i++) {
        assert_true(vits_rows[i].first > vits_rows[i - 1].last);
    }
    for (uint32_t at = 0; at < PLAN_ITS_FRAME; at += 4) {
        if (at != GITS_CTLR && at != GITS_CTLR + 4) {
            (void)gits_rd(at, 4);
            gits_wr(at, 4, UINT32_MAX);
        }
    }
    assert_false(fx.zone[0].dev[0].fn(&fx.vcpu[0][0], &odd));
    assert_int_equal(gits_rd(GITS_PIDR2, 4), 0x30);
    assert_int_equal(gits_rd(GITS_BASER, 8), 0);
}

/* Every command there is, with all bits set and with none: none is lost, none does harm. */
static void test_all_commands(void **state)
{
    (void)state;
    for (unsigned op = 0; op < 256; op++) {
        queue_put(op, 0, 0);
        queue_put(op | ~UINT64_C(0xff), UINT64_MAX, UINT64_MAX);
        queue_put(op | put(ITS_DEVICE, DEVICE_OWN), UINT64_MAX, UINT64_MAX);
        queue_go();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_arrives, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_not_mapped_is_dropped, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_foreign_devices, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_events_are_bounded, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_work_is_bounded, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_queue_outside, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_properties, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_table_outside, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_int_and_clear, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_one_number_once, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_moves, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_discarded_at_another_vcpu, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_disabled_at_another_vcpu, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_moved_from_another_vcpu, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_other_vcpu_stops, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_reset, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_unmapping_a_device, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_dead_machine, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_views, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_registers, its_setup, its_teardown),
        cmocka_unit_test_setup_teardown(test_all_commands, its_setup, its_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
