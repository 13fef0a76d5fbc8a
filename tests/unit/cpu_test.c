/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control registers of a CPU at EL2: what a guest's instruction traps, on a machine that has every
 * extension and on one that has none; and what a vCPU finds and leaves on its CPU.
 */
#include "unit.h"

#include <string.h>

#include "crash.h"
#include "el2.h"
#include "gic.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "mmu.h"
#include "psci.h"
#include "sysreg.h"
#include "vgic.h"

#define VTTBR   UINT64_C(0x0003000048002000)
#define GARBAGE UINT64_C(0xa5a5a5a5a5a5a5a5)

char secondary_entry[4];

static struct pcpu cpu;
static struct zone zone;
static struct vcpu vcpu;
static unsigned fp_resets, reg_resets, loads, unloads;
static uint64_t flushed, hcr_at_reset;

hpa_t mmu_image_pa(const void *p)
{
    (void)p;
    return hpa(0x40200000);
}

enum err psci_machine_cpu_on(uint64_t hw_id, uint64_t entry, uint64_t context)
{
    (void)context;
    return hw_id == 3 && entry == 0x40200000 ? OK : ERR_NONE;
}

void psci_machine_off(void) {}

void gic_cpu_init(struct pcpu *of)
{
    (void)of;
}

void vcpu_reset_fp(void)
{
    fp_resets++;
}

void sysreg_reset(void)
{
    hcr_at_reset = rd_hcr_el2();
    reg_resets++;
}

void vgic_vcpu_reset(struct vcpu *of)
{
    (void)of;
}

void vgic_vcpu_load(struct vcpu *of)
{
    (void)of;
    loads++;
}

void vgic_vcpu_unload(struct vcpu *of)
{
    (void)of;
    unloads++;
}

static void on_flush(void)
{
    flushed = rd_vttbr_el2();
}

/* Control registers as a careless firmware could leave them. */
static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&cpu, 0, sizeof(cpu));
    memset(&zone, 0, sizeof(zone));
    memset(&vcpu, 0, sizeof(vcpu));
    vcpu.zone = &zone;
    vcpu.cpu = &cpu;
    vcpu.id = 2;
    zone.arch.vttbr = VTTBR;
    fp_resets = reg_resets = loads = unloads = 0;
    flushed = 0;
    wr_hcr_el2(GARBAGE);
    wr_hcrx_el2(GARBAGE);
    wr_cptr_el2(GARBAGE);
    wr_mdcr_el2(GARBAGE);
    wr_hstr_el2(GARBAGE);
    wr_cnthctl_el2(GARBAGE);
    wr_cntvoff_el2(GARBAGE);
    wr_hfgrtr_el2(GARBAGE);
    wr_hfgwtr_el2(GARBAGE);
    wr_hfgitr_el2(GARBAGE);
    wr_hdfgrtr_el2(GARBAGE);
    wr_hdfgwtr_el2(GARBAGE);
    return 0;
}

static void test_traps(void **state)
{
    (void)state;
    arch_cpu_init(&cpu);
    /* VM, SWIO, FMO, IMO, AMO, TID3, TSC, TIDCP, TACR, RW, TLOR, TERR */
    assert_int_equal(rd_hcr_el2(), UINT64_C(0x18803c003b));
    assert_int_equal(rd_cptr_el2(), UINT64_C(0x401033ff)); /* trace, monitors, SVE, SME */
    assert_int_equal(rd_mdcr_el2(),
                     UINT64_C(0x84c60)); /* monitors, OS lock, ROM, profiling, trace */
    assert_int_equal(rd_hstr_el2(), 0);
    assert_int_equal(rd_cnthctl_el2(),
                     3); /* the counter and timer of its own CPU, no event stream */
    assert_int_equal(rd_cntvoff_el2(), 0);
    assert_int_equal(rd_cntv_ctl_el0() | rd_cntp_ctl_el0() | rd_cnthp_ctl_el2(), 0);
    assert_int_equal(rd_hcrx_el2(), GARBAGE); /* it does not exist here */
    assert_int_equal(rd_hfgitr_el2(), GARBAGE);
    assert_int_equal(rd_mpam2_el2(), 0);
}

static void test_traps_of_extensions(void **state)
{
    (void)state;
    fake_id_aa64isar1_el1 = UINT64_C(1) << 4;
    fake_id_aa64mmfr1_el1 = UINT64_C(1) << 40;
    fake_id_aa64mmfr0_el1 = UINT64_C(1) << 56 | 5;
    fake_id_aa64pfr0_el1 = UINT64_C(1) << 40;
    fake_id_aa64dfr0_el1 = UINT64_C(4) << 8;
    fake_mpamidr_el1 = UINT64_C(1) << 17;
    fake_pmcr_el0 = 6 << 11;
    arch_cpu_init(&cpu);
    assert_int_equal(rd_hcr_el2(), UINT64_C(0x318803c003b)); /* pointer authentication is not */
    assert_int_equal(rd_hcrx_el2(), 0);
    assert_int_equal(rd_hfgrtr_el2() | rd_hfgwtr_el2() | rd_hfgitr_el2(), 0);
    assert_int_equal(rd_hdfgrtr_el2() | rd_hdfgwtr_el2(), 0);
    assert_int_equal(rd_mpam2_el2(), UINT64_C(3) << 48 | UINT64_C(1) << 58);
    assert_int_equal(rd_mpamhcr_el2(), UINT64_C(1) << 31);
    assert_int_equal(rd_mdcr_el2() & 0x1f, 6);
}

/* 40 bits of IPA, or as many as the machine has. */
static void test_stage2_shape(void **state)
{
    static const struct {
        uint8_t range, t0sz, ps;
    } rows[] = { { 0, 32, 0 }, { 1, 28, 1 }, { 2, 24, 2 }, { 5, 24, 5 }, { 6, 24, 5 } };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        fake_id_aa64mmfr0_el1 = rows[i].range;
        arch_cpu_init(&cpu);
        assert_int_equal(rd_vtcr_el2() & 0x3f, rows[i].t0sz);
        assert_int_equal(rd_vtcr_el2() >> 16 & 7, rows[i].ps);
        assert_int_equal(rd_vtcr_el2() >> 6 & 3, 1);    /* from level 1 */
        assert_int_equal(rd_vtcr_el2() >> 14 & 3, 0);   /* 4 KiB */
        assert_int_equal(rd_vtcr_el2() >> 21, 1 << 10); /* nothing but RES1 */
    }
}

static void test_reset(void **state)
{
    const struct vcpu_start start = { .pc = 0x1000, .arg0 = 7, .arg1 = 8 };

    (void)state;
    arch_cpu_init(&cpu);
    wr_hcr_el2(rd_hcr_el2() | 1u << 8); /* an SError of the life before */
    memset(&vcpu.arch.x, 0xa5, sizeof(vcpu.arch.x));
    memset(&vcpu.arch.shadow, 0xa5, sizeof(vcpu.arch.shadow));
    arch_vcpu_reset(&vcpu, &start);
    assert_int_equal(rd_hcr_el2() & 1u << 8, 0);
    assert_int_equal(hcr_at_reset, UINT64_C(0x18803c003b));
    assert_int_equal(vcpu.arch.x[0], 7);
    assert_int_equal(vcpu.arch.x[1], 8);
    for (unsigned i = 2; i < ARRAY_COUNT(vcpu.arch.x); i++) {
        assert_int_equal(vcpu.arch.x[i], 0);
    }
    for (unsigned i = 0; i < A64_SHADOW_COUNT; i++) {
        assert_int_equal(vcpu.arch.shadow[i], 0);
    }
    assert_int_equal(vcpu.arch.pc, 0x1000);
    assert_int_equal(vcpu.arch.pstate, 0x3c5); /* EL1h, all masked */
    assert_int_equal(fp_resets, 1);
    assert_int_equal(reg_resets, 1);
}

/* What the CPU has translated with this VMID before is dropped, before the guest runs. */
static void test_load(void **state)
{
    (void)state;
    fake_tlbi_vmalls12e1_hook = on_flush;
    arch_vcpu_init(&vcpu);
    arch_vcpu_load(&vcpu);
    assert_int_equal(rd_vttbr_el2(), VTTBR);
    assert_int_equal(flushed, VTTBR);
    assert_int_equal(fake_tlbi_vmalls12e1_count, 1);
    assert_true(fake_dsb_nsh_count != 0 && fake_isb_count >= 2);
    assert_int_equal(rd_vmpidr_el2(), UINT64_C(0x80000002));
    assert_int_equal(loads, 1);
}

/* A held vCPU's timer rests, and goes on in the time that the zone has then. */
static void test_rest_and_wake(void **state)
{
    (void)state;
    wr_cntv_ctl_el0(3);
    arch_vcpu_rest(&vcpu);
    assert_int_equal(rd_cntv_ctl_el0(), 0);
    zone.time_offset = 1234;
    arch_vcpu_wake(&vcpu);
    assert_int_equal(rd_cntvoff_el2(), 1234);
    assert_int_equal(rd_cntv_ctl_el0(), 3);
    zone.time_offset = 0;
    arch_vcpu_load(&vcpu);
    assert_int_equal(rd_cntvoff_el2(), 0);
}

/* A vCPU that has left rings no more on its CPU. */
static void test_unload(void **state)
{
    (void)state;
    wr_cntv_ctl_el0(1);
    wr_cntp_ctl_el0(1);
    arch_vcpu_unload(&vcpu);
    assert_int_equal(rd_cntv_ctl_el0() | rd_cntp_ctl_el0(), 0);
    assert_int_equal(unloads, 1);
}

static void test_alarm(void **state)
{
    (void)state;
    arch_alarm_set(0x1234);
    assert_int_equal(rd_cnthp_cval_el2(), 0x1234);
    assert_int_equal(rd_cnthp_ctl_el2(), 1);
    arch_alarm_set(UINT64_MAX);
    assert_int_equal(rd_cnthp_ctl_el2(), 0);
}

static void test_hopeless(void **state)
{
    struct trap trap = { .kind = TRAP_FETCH };

    (void)state;
    wr_vbar_el1(0x10000);
    for (uint64_t at = 0xf000; at < 0x12000; at += 4) {
        trap.mem.gva = gva(at);
        assert_int_equal(arch_fault_is_hopeless(&vcpu, &trap), at >= 0x10000 && at < 0x10800);
    }
}

static void test_cpu_on(void **state)
{
    (void)state;
    cpu.hw_id = 3;
    assert_int_equal(arch_cpu_on(&cpu), OK);
    cpu.hw_id = 4;
    assert_int_equal(arch_cpu_on(&cpu), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_traps, setup),
        cmocka_unit_test_setup(test_traps_of_extensions, setup),
        cmocka_unit_test_setup(test_stage2_shape, setup),
        cmocka_unit_test_setup(test_reset, setup),
        cmocka_unit_test_setup(test_load, setup),
        cmocka_unit_test_setup(test_rest_and_wake, setup),
        cmocka_unit_test_setup(test_unload, setup),
        cmocka_unit_test_setup(test_alarm, setup),
        cmocka_unit_test_setup(test_hopeless, setup),
        cmocka_unit_test_setup(test_cpu_on, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
