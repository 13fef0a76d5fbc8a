/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/arch/aarch64/gicv2.c, vgicv2.c and vlr2.c on a machine with a GICv2. */
#include "gicv2.h"

#include "gicv2_fixture.h"
#include "tests/unit/gic_table.h"
#include "vlr.h"

static uint64_t access_by(unsigned who, struct mmio_access access)
{
    assert_true(vgicd2_access(&fx.vcpu[0][who], &access));
    return access.value;
}

static uint64_t rd(unsigned who, uint32_t offset, unsigned size)
{
    return access_by(who, (struct mmio_access){ offset, UINT64_MAX, (uint8_t)size, false });
}

static void wr(unsigned who, uint32_t offset, unsigned size, uint64_t value)
{
    (void)access_by(who, (struct mmio_access){ offset, value, (uint8_t)size, true });
}

static void test_rows_and_map(void **state)
{
    (void)state;
    gic_table_check(&vgicd2_table, 0x1000);
}

/* Every offset and size with ones, by every vCPU: the fixture fails what the zone does not own. */
static void test_all_ones_reach_only_owned(void **state)
{
    (void)state;
    fx.gicd.watch = true;
    for (uint32_t offset = 0; offset < 0x1000; offset++) {
        for (unsigned size = 1; size <= 8 && offset % size == 0; size *= 2) {
            struct mmio_access access = { offset, UINT64_MAX, (uint8_t)size, true };
            bool taken = vgicd2_access(&fx.vcpu[0][0], &access);

            assert_false(size == 8 && taken && vgic_row(&vgicd2_table, offset) != NULL);
        }
    }
}

static void test_targets(void **state)
{
    uint32_t at = GICD_ITARGETSR + FX_LEVEL;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rd(i, GICD_ITARGETSR, 4), BIT32(i) * 0x01010101u);
        wr(i, GICD_ITARGETSR, 4, 0);
        assert_int_equal(rd(i, GICD_ITARGETSR + 27, 1), BIT32(i));
    }
    wr(0, at, 1, 0xf8); /* none of the zone's */
    assert_int_equal(rd(0, at, 1), 1);
    assert_int_equal(fx.gicd.bytes[at], 1);
    wr(0, at, 1, 0xfc); /* the machine's CPU of vCPU 2 */
    assert_int_equal(rd(1, at, 1), 4);
    assert_int_equal(fx.gicd.bytes[at], 4);
    fx.gicd.bytes[GICD_ITARGETSR + FX_FOREIGN] = 8;
    wr(0, GICD_ITARGETSR + FX_FOREIGN, 1, 1);
    assert_int_equal(rd(0, GICD_ITARGETSR + FX_FOREIGN, 1), 0);
    assert_int_equal(fx.gicd.bytes[GICD_ITARGETSR + FX_FOREIGN], 8);
}

/* Which vCPUs got it; clears it. */
static unsigned receivers(uint32_t intid, unsigned from)
{
    unsigned who = 0;

    for (unsigned i = 0; i < 3; i++) {
        struct vgic_cpu *v = &fx.vcpu[0][i].arch.vgic;

        if (atomic_exchange(&v->word.pending, 0) != 0) {
            who |= 1u << i;
            assert_int_equal(v->sgi_source[intid], BIT32(from));
            assert_true(fx.requests[i] != 0);
        }
        v->sgi_source[intid] = 0;
        fx.requests[i] = 0;
    }
    assert_int_equal(vgic_pending(&fx.vcpu[1][0].arch.vgic.word), 0);
    assert_int_equal(fx.requests[3], 0);
    return who;
}

static unsigned send(unsigned from, uint32_t value)
{
    wr(from, GICD_SGIR, 4, value);
    return receivers(value & 15, from);
}

static void test_sgir_filters(void **state)
{
    (void)state;
    assert_int_equal(send(0, 0x00020005), 2);
    assert_int_equal(send(1, 0x00ff0005), 7); /* no more than there are */
    assert_int_equal(send(1, 0x00f80005), 0); /* CPU 3 is the other zone's */
    assert_int_equal(send(1, 0x01ff0005), 5);
    assert_int_equal(send(2, 0x02000005), 4);
    assert_int_equal(send(0, 0x03ff0005), 0);
    assert_int_equal(rd(0, GICD_SGIR, 4), 0);
}

static void test_sgir_random_values_stay_in_the_zone(void **state)
{
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (unsigned i = 0; i < 50000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (void)send(i % 3, (uint32_t)seed);
    }
}

/* One list register, the senders one after the other; each once however often it sends. */
static void test_senders_take_turns(void **state)
{
    struct vcpu *vcpu = &fx.vcpu[0][0];

    (void)state;
    wr(0, GICD_CTLR, 4, 1);
    wr(0, GICD_ISENABLER, 4, BIT32(3));
    for (unsigned i = 0; i < 6; i++) {
        wr(i % 3, GICD_SGIR, 4, 0x00010003);
        arch_virq_flush(vcpu);
    }
    for (unsigned source = 0; source < 3; source++) {
        assert_int_equal(fx2_lr_state(0), LR_PENDING);
        assert_int_equal(fx2_lr(0) & 0x3ff, 3);
        assert_int_equal(fx2_lr(0) >> 10 & 7, source);
        assert_int_equal(fx2_lr_state(1), 0);
        assert_int_equal(rd(0, GICD_SPENDSGIR + 3, 1), 7u & ~(BIT32(source) - 1));
        fx2_guest_ack(0);
        fx2_guest_eoi(0);
        arch_virq_sync(vcpu);
        arch_virq_flush(vcpu);
    }
    assert_int_equal(fx2_lr_state(0), 0);
    assert_int_equal(rd(0, GICD_ISPENDR, 4), 0);
}

static void test_sgi_registers(void **state)
{
    (void)state;
    wr(0, GICD_ISPENDR, 4, 0xffff); /* SGIs have registers of their own */
    assert_int_equal(rd(0, GICD_ISPENDR, 4), 0);
    wr(0, GICD_SPENDSGIR + 4, 4, 0xff02ff00);
    assert_int_equal(rd(0, GICD_CPENDSGIR + 4, 4), 0x07020700);
    assert_int_equal(rd(0, GICD_ISPENDR, 4), 0xe0);
    assert_int_equal(rd(1, GICD_ISPENDR, 4), 0);
    wr(0, GICD_ICPENDR, 4, 0xffff);
    assert_int_equal(rd(0, GICD_ISPENDR, 4), 0xe0);
    wr(0, GICD_CPENDSGIR + 4, 4, 0x0102ff00);
    assert_int_equal(rd(0, GICD_SPENDSGIR + 4, 4), 0x06000000);
    assert_int_equal(rd(0, GICD_ISPENDR, 4), 0x80);
}

static void test_machine_interrupt(void **state)
{
    (void)state;
    wr(0, GICD_CTLR, 4, 1);
    wr(0, GICD_ISENABLER + 4, 4, BIT32(FX_LEVEL % 32));
    fake_mmio_wr(FX2_GICC + GICC_IAR, 4, FX_LEVEL);
    assert_int_equal(arch_pirq_claim(&fx.vcpu[0][0]), PIRQ_GUEST);
    assert_int_equal(fake_mmio_rd(FX2_GICC + GICC_EOIR, 4), FX_LEVEL);
    assert_int_equal(fake_mmio_rd(FX2_GICC + GICC_DIR, 4), 0); /* the guest's end does that */
    assert_int_equal(fx2_lr(0) & ~(0x1fu << 23), BIT32(31) | 1u << 28 | FX_LEVEL << 10 | FX_LEVEL);
    fake_mmio_wr(FX2_GICC + GICC_IAR, 4, 2u << 10 | GIC_DOORBELL);
    assert_int_equal(arch_pirq_claim(&fx.vcpu[0][0]), PIRQ_KICK);
    assert_int_equal(fake_mmio_rd(FX2_GICC + GICC_DIR, 4), 2u << 10 | GIC_DOORBELL);
    fake_mmio_wr(FX2_GICC + GICC_IAR, 4, 1023);
    assert_int_equal(arch_pirq_claim(&fx.vcpu[0][0]), PIRQ_NONE);
}

static void test_doorbell_and_typer(void **state)
{
    (void)state;
    arch_ipi_send(&fx.cpu[2]);
    assert_int_equal(fake_mmio_rd(FX_GICD + GICD_SGIR, 4), 4u << 16 | GIC_DOORBELL);
    assert_int_equal(rd(0, GICD_TYPER, 4) >> 5, 2);
    assert_int_equal(rd(0, GICD_ICPIDR2, 4), 0x20);
    assert_int_equal(fx.zone[0].dev_count, 1); /* no redistributors */
}

/* A board that repeats pages and whose tree does not say so would end interrupts by its CTLR. */
static void test_repeated_pages_are_refused(void **state)
{
    (void)state;
    fake_mmio_wr(FX2_GICC + GICC_IIDR, 4, 0x0202143b);
    assert_null(gicv2_init(&fx.plan.board, FX_GICD));
    fake_mmio_wr(FX2_GICC + 0x1000 + GICC_IIDR, 4, 0x0202143b);
    assert_non_null(gicv2_init(&fx.plan.board, FX_GICD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_repeated_pages_are_refused, fx2_setup),
        cmocka_unit_test_setup(test_rows_and_map, fx2_setup),
        cmocka_unit_test_setup(test_all_ones_reach_only_owned, fx2_setup),
        cmocka_unit_test_setup(test_targets, fx2_setup),
        cmocka_unit_test_setup(test_sgir_filters, fx2_setup),
        cmocka_unit_test_setup(test_sgir_random_values_stay_in_the_zone, fx2_setup),
        cmocka_unit_test_setup(test_senders_take_turns, fx2_setup),
        cmocka_unit_test_setup(test_sgi_registers, fx2_setup),
        cmocka_unit_test_setup(test_machine_interrupt, fx2_setup),
        cmocka_unit_test_setup(test_doorbell_and_typer, fx2_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
