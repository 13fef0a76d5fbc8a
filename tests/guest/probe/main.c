/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test guest that does what guests should not and looks what comes of it: each access must be
 * answered as the architecture says, or fault at the guest's own vector, and never hang.
 */
#include "guest/aarch64/psci.h"
#include "lib/field.h"
#include "tests/guest/check.h"
#include "tests/guest/probe/probe.h"
#include "vitrine-guest.h"

#define NOWHERE     UINT64_C(0x3f00000000)
#define TABLE_INDEX 100u /* of the level 1 table: an address that nothing uses */
#define WAIT_US     3000000u
#define FOREIGN_SPI 48u /* QEMU virt's virtio-mmio; in no plan of these tests */
#define SGI_SELF    5u
#define FP_SEED     UINT64_C(0x5eed5eed00000000)
#define FP_ROUNDS   100u
#define FP_DELAY_US 50u

#define GICD_ISENABLER 0x0100u
#define GICD_ISPENDR   0x0200u
#define GICD_PIDR2     0xffe8u
#define GICD2_PIDR2    0x0fe8u
#define UART_FR        0x018u
#define UART_UNUSED    0x800u
#define UART_PERIPH_ID 0xfe0u

FIELD(ESR_EC, 26, 6);
FIELD(ESR_STATUS, 0, 6);
FIELD(PFR0_SVE, 32, 4);
FIELD(PFR1_MTE, 8, 4);
FIELD(DFR0_PMU, 8, 4);
FIELD(PIDR2_REV, 4, 4);
FIELD(CPACR_ZEN, 16, 2);
FIELD(CPACR_FPEN, 20, 2);
FIELD(LOW32, 0, 32);
FIELD(LEVEL1, 30, 9);

enum {
    CLASS_UNKNOWN = 0x00,
    CLASS_SVC = 0x15,
    CLASS_DATA_ABORT = 0x25,
    CLASS_BRK = 0x3c,
    STATUS_EXTERNAL = 0x10,
    STATUS_EXTERNAL_WALK0 = 0x14,
    STATUS_EXTERNAL_WALK3 = 0x17,
};

extern uint64_t mmu_level1[];

static struct outcome last;

static bool on_fault(struct vg_frame *frame, void *arg)
{
    (void)arg;
    last.faulted = true;
    last.class = get(ESR_EC, frame->syndrome);
    last.status = get(ESR_STATUS, frame->syndrome);
    last.address = frame->address;
    if (last.class != CLASS_SVC) { /* its return address is already the next instruction */
        frame->pc += sizeof(uint32_t);
    }
    return true;
}

struct outcome probe(probe_fn *fn, uint64_t base, uint64_t value)
{
    struct probe_regs regs;

    last = (struct outcome){ .faulted = false };
    regs = fn(base, value);
    last.value = regs.value;
    last.base = regs.base;
    return last;
}

static void check_undefined(const char *name, probe_fn *fn)
{
    struct outcome o = probe(fn, 0, 0);

    check(name, o.faulted && o.class == CLASS_UNKNOWN);
}

/* Emulated or faulted: both are right, hanging is not. */
static void check_ends(const char *name, probe_fn *fn, uint64_t base)
{
    struct outcome o = probe(fn, base, 0);

    check(name, !o.faulted || o.class == CLASS_DATA_ABORT || o.class == CLASS_UNKNOWN);
}

static void test_registers(void)
{
    check_undefined("undefined instruction", probe_undefined);
    check_undefined("unallocated register", probe_unallocated);
    check_undefined("implementation defined register", probe_impdef);
    check_undefined("EL2 register", probe_vbar_el2);
    check_undefined("EL2 timer offset", probe_cntpoff);
    check_equal("reserved ID register reads zero", probe(probe_reserved_id, 0, 1).value, 0);
    check("ID_AA64ISAR1 is readable", !probe(probe_id_isar1, 0, 0).faulted);
    check("CTR_EL0 is readable", !probe(probe_ctr, 0, 0).faulted);
    check("MIDR_EL1 is readable", !probe(probe_midr, 0, 0).faulted);
    check_ends("ACTLR_EL1", probe_actlr, 0);
    check_ends("OSLAR_EL1", probe_oslar, 0);
    check_ends("MDSCR_EL1", probe_mdscr, 0);
    check_ends("DBGBCR0_EL1", probe_dbgbcr, 0);
    check_ends("DC ISW", probe_dc_isw, 0);
    check_equal("BRK", probe(probe_brk, 0, 0).class, CLASS_BRK);
    check_equal("SVC", probe(probe_svc, 0, 0).class, CLASS_SVC);
}

/* Only the separation kernel hides these. */
static void test_hidden(void)
{
    check_equal("no SVE", get(PFR0_SVE, probe(probe_id_pfr0, 0, 0).value), 0);
    check_equal("no memory tags", get(PFR1_MTE, probe(probe_id_pfr1, 0, 0).value), 0);
    check_equal("no PMU", get(DFR0_PMU, probe(probe_id_dfr0, 0, 0).value), 0);
    check_undefined("PMCR_EL0", probe_pmcr);
    check_undefined("PMCCNTR_EL0", probe_pmccntr);
    /* CPACR_EL1.ZEN comes before EL2: without this, on a machine with SVE it is our own trap. */
    probe(probe_cpacr, 0, put(CPACR_ZEN, 3) | put(CPACR_FPEN, 3));
    check_undefined("ZCR_EL1", probe_zcr);
    check_undefined("RDVL", probe_rdvl);
    check_undefined("TRBLIMITR_EL1", probe_trblimitr);
    check_ends("ICC_SGI0R_EL1", probe_icc_sgi0r, 0);
}

static void test_nowhere(void)
{
    struct outcome o = probe(probe_ldr, NOWHERE, 0);

    check_equal("load from nowhere: class", o.class, CLASS_DATA_ABORT);
    check_equal("load from nowhere: status", o.status, STATUS_EXTERNAL);
    check_equal("load from nowhere: address", o.address, NOWHERE);
    o = probe(probe_str, NOWHERE + sizeof(uint64_t), 0);
    check_equal("store to nowhere: class", o.class, CLASS_DATA_ABORT);
    check_equal("store to nowhere: address", o.address, NOWHERE + sizeof(uint64_t));
    check("store pair to nowhere", probe(probe_stp, NOWHERE, 0).faulted);
    check("load exclusive from nowhere", probe(probe_ldxr, NOWHERE, 0).faulted);
}

static void test_walk(void)
{
    struct outcome o;

    mmu_level1[TABLE_INDEX] = NOWHERE | 3;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __asm__ volatile("dsb sy; tlbi vmalle1; dsb sy; isb" : : : "memory");
    o = probe(probe_ldr, put(LEVEL1, TABLE_INDEX), 0);
    check_equal("table nowhere: class", o.class, CLASS_DATA_ABORT);
    check("table nowhere: status",
          o.status >= STATUS_EXTERNAL_WALK0 && o.status <= STATUS_EXTERNAL_WALK3);
    check_equal("table nowhere: address", o.address, put(LEVEL1, TABLE_INDEX));
}

static void test_device(void)
{
    uint64_t uart = vg_boot()->uart_gpa;
    struct outcome o = probe(probe_str_post, uart + UART_UNUSED, 0);

    check("store with write-back: done or not",
          o.faulted ? o.base == uart + UART_UNUSED : o.base == uart + UART_UNUSED + 4);
    check_ends("load with write-back", probe_ldr_pre, uart + UART_FR - 4);
    check_ends("load pair", probe_ldp, uart + UART_FR);
    check_ends("store pair", probe_stp, uart + UART_UNUSED);
    check_ends("load exclusive", probe_ldxr, uart + UART_FR);
    check_ends("swap", probe_swp, uart + UART_UNUSED);
    /* Alignment faults on real hardware; QEMU 7.2 does not look at the memory type. */
    check_ends("DC ZVA", probe_dc_zva, uart + UART_UNUSED);
    check_ends("unaligned load", probe_ldr_unaligned, uart + UART_FR);
    check_equal("UART identity", vg_mmio_rd32(uart + UART_PERIPH_ID), 0x11);
    check_equal("UART by bytes", vg_mmio_rd8(uart + UART_FR), vg_mmio_rd32(uart + UART_FR));
    check_equal("UART unused register", vg_mmio_rd32(uart + UART_UNUSED), 0);
}

static uint64_t call(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    struct vg_call regs = { .x = { function, a, b, c } };

    vg_call(&regs);
    return regs.x[0];
}

/* 32-bit functions answer in w0. */
static uint64_t call32(uint64_t function, uint64_t a)
{
    return get(LOW32, call(function, a, 0, 0));
}

static void test_firmware(void)
{
    uint64_t none = (uint64_t)PSCI_NOT_SUPPORTED;
    uint64_t none32 = get(LOW32, none);

    check_equal("PSCI_VERSION", call32(PSCI_VERSION, 0), 0x10001);
    check_equal("features: CPU_ON", call32(PSCI_FEATURES, PSCI_CPU_ON_64), 0);
    check_equal("features: unknown", call32(PSCI_FEATURES, 0x8400ffff), none32);
    check_equal("MIGRATE_INFO_TYPE", call32(PSCI_MIGRATE_INFO_TYPE, 0), 2);
    check_equal("AFFINITY_INFO of oneself", call(PSCI_AFFINITY_INFO_64, 0, 0, 0), PSCI_AFFINITY_ON);
    check_equal("AFFINITY_INFO of nobody", call(PSCI_AFFINITY_INFO_64, 0xff0000, 0, 0),
                (uint64_t)PSCI_INVALID_PARAMS);
    check_equal("CPU_ON of nobody", call(PSCI_CPU_ON_64, 0xff0000, 0x40200000, 0),
                (uint64_t)PSCI_INVALID_PARAMS);
    check_equal("CPU_ON of oneself", call(PSCI_CPU_ON_64, 0, 0x40200000, 0),
                (uint64_t)PSCI_ALREADY_ON);
    check_equal("unknown standard call", call(0x8400ffff, 0, 0, 0), none);
}

static void test_firmware_zone(void)
{
    uint64_t none = (uint64_t)PSCI_NOT_SUPPORTED;

    check_equal("features: SMCCC_VERSION", call32(PSCI_FEATURES, SMCCC_VERSION), 0);
    check("features: SYSTEM_RESET2", call32(PSCI_FEATURES, PSCI_SYSTEM_RESET2_64) == 0);
    check("SMCCC 1.1 or later", call32(SMCCC_VERSION, 0) >= 0x10001);
    check("no unknown feature", call32(SMCCC_ARCH_FEATURES, 0x8000ffff) == get(LOW32, none));
    check_equal("unknown SMC", probe(probe_smc, 0, 0xc600beef).value, none);
    check_equal("SMC of a trusted OS", probe(probe_smc, 0, 0xb2000001).value, none);
    check_equal("PSCI_VERSION by SMC", get(LOW32, probe(probe_smc, 0, PSCI_VERSION).value),
                0x10001);
    check_ends("HVC with an immediate", probe_hvc_imm, 0);
    if (vg_vcpu_count() > 1) {
        check_equal("CPU_ON at no memory", call(PSCI_CPU_ON_64, 1, NOWHERE, 0),
                    (uint64_t)PSCI_INVALID_ADDRESS);
    }
}

static void on_sgi(uint32_t intid, void *arg)
{
    (void)intid;
    __atomic_fetch_add((uint32_t *)arg, 1, __ATOMIC_RELAXED);
}

static void on_timer(const struct vg_expiry *expiry)
{
    __atomic_fetch_add((uint32_t *)expiry->arg, expiry->now >= expiry->deadline ? 1 : 0,
                       __ATOMIC_RELAXED);
}

static bool comes(const uint32_t *count)
{
    for (uint32_t us = 0; us < WAIT_US && __atomic_load_n(count, __ATOMIC_RELAXED) == 0; us += 10) {
        vg_delay_us(10);
    }
    return __atomic_load_n(count, __ATOMIC_RELAXED) == 1;
}

static void test_interrupts(void)
{
    static uint32_t sgis, virt, phys;
    uint64_t soon = vg_tick_rate() / 100;

    bool is_v2 = vg_boot()->gicc_gpa != 0;

    check_equal(
        "the distributor's version",
        get(PIDR2_REV, vg_mmio_rd32(vg_boot()->gicd_gpa + (is_v2 ? GICD2_PIDR2 : GICD_PIDR2))),
        is_v2 ? 2 : 3);
    vg_irq_handler(SGI_SELF, on_sgi, &sgis);
    vg_irq_enable(SGI_SELF);
    vg_irq_send(0, SGI_SELF);
    check("an SGI comes once", comes(&sgis));
    vg_timer_once(VG_TIMER_VIRT, vg_now() + soon, on_timer, &virt);
    check("virtual timer", comes(&virt));
    vg_timer_once(VG_TIMER_PHYS, vg_now() + soon, on_timer, &phys);
    check("physical timer", comes(&phys));
}

static void test_suspend(void)
{
    static uint32_t count;
    bool unmasked = vg_irq_mask();

    vg_timer_once(VG_TIMER_VIRT, vg_now() + vg_tick_rate() / 100, on_timer, &count);
    check_equal("CPU_SUSPEND to standby", call(PSCI_CPU_SUSPEND_64, 0, 0, 0), 0);
    vg_irq_restore(unmasked);
    check("its interrupt comes", comes(&count));
}

/* Calls, device accesses, trapped registers and interrupts leave floating point alone. */
static void test_floating_point(void)
{
    static uint32_t sgis;
    uint32_t rounds = 0;

    probe(probe_cpacr, 0, put(CPACR_FPEN, 3));
    vg_irq_handler(SGI_SELF, on_sgi, &sgis);
    fp_fill(FP_SEED);
    for (; rounds < FP_ROUNDS && fp_check(FP_SEED) == 0; rounds++) {
        (void)call32(PSCI_VERSION, 0);
        (void)vg_mmio_rd32(vg_boot()->uart_gpa + UART_FR);
        (void)probe(probe_impdef, 0, 0);
        vg_irq_send(0, SGI_SELF);
        vg_delay_us(FP_DELAY_US);
    }
    check_equal("no floating point register changed", fp_check(FP_SEED), 0);
    check_equal("rounds of traps", rounds, FP_ROUNDS);
    check("interrupts came between", sgis == FP_ROUNDS);
}

static void test_foreign(void)
{
    uint64_t gicd = vg_boot()->gicd_gpa;
    uint64_t word = FOREIGN_SPI / 32 * sizeof(uint32_t);

    vg_mmio_wr32(gicd + GICD_ISENABLER + word, UINT32_MAX);
    check("a foreign interrupt stays disabled", !vg_irq_is_enabled(FOREIGN_SPI));
    vg_mmio_wr32(gicd + GICD_ISPENDR + word, UINT32_MAX);
    check("a foreign interrupt stays idle", !vg_irq_is_pending(FOREIGN_SPI));
}

void guest_main(void)
{
    vg_puts("probe: begins\n");
    vg_fault_handler(on_fault, NULL);
    test_registers();
    test_nowhere();
    test_walk();
    test_device();
    test_firmware();
    test_interrupts();
    test_suspend();
    test_floating_point();
    if (!check_is_native()) {
        test_hidden();
        test_firmware_zone();
        test_foreign();
    }
    check_sum("probe");
}
