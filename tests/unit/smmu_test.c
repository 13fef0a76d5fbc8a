/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hyp/arch/aarch64/smmu.c on a fake SMMU that executes commands at once and keeps what it was told
 * of each stream: entries, order of invalidation, queues, events, refusals.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "gic.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "mmu.h"
#include "smmu.h"

#define BASE   0x9050000u
#define ECAM   UINT64_C(0x4010000000)
#define POOL   0x40000u
#define VTCR   UINT64_C(0x80043558)
#define STREAM 0x10u

static struct plan plan;
static struct zone zone_store[2];
static uint8_t registers[0x20000], *pool_memory;
static uint8_t ops[64];
static unsigned mapped, hosts, op_count, lines, errors_logged;
static uint64_t last_address;
static bool dead;

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;
struct gic gic;

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    (void)text;
    lines++;
    errors_logged += level == LOG_ERROR;
    for (; args->name != NULL; args++) {
        last_address = strcmp(args->name, LOG_ARG_HEX "address") == 0 ? args->value : last_address;
    }
}

bool log_budget_take(struct log_budget *budget, const struct zone *zone)
{
    (void)zone;
    return budget->used++ < LOG_GUEST_BUDGET;
}

uintptr_t mmu_map_device(hpa_t pa, uint64_t size)
{
    (void)size;
    mapped++;
    return pa.v;
}

void pcihost_init(const struct plan *p, uintptr_t ecam)
{
    (void)p;
    assert_int_equal(ecam, ECAM);
    hosts++;
}

void arch_pirq_assign(uint32_t intid, const struct pcpu *cpu)
{
    (void)cpu;
    assert_int_equal(intid, 106);
}

void gic_set_edge(uint32_t intid, bool edge)
{
    assert_int_equal(intid, 106);
    assert_true(edge);
}

_Noreturn void arch_crash(const char *why)
{
    fail_msg("%s", why);
    abort();
}

static uint32_t reg_get(uint64_t offset)
{
    uint32_t value;

    memcpy(&value, registers + offset, sizeof(value));
    return value;
}

static void reg_set(uint64_t offset, uint32_t value)
{
    memcpy(registers + offset, &value, sizeof(value));
}

static uint64_t *table_of(uint64_t offset)
{
    uint64_t base;

    memcpy(&base, registers + offset, sizeof(base));
    return pool_va(hpa(base & UINT64_C(0xffffffffffe0)));
}

static uint64_t *entry_of(uint32_t stream)
{
    return table_of(SMMU_STRTAB_BASE) + stream * STE_WORDS;
}

/* Consumes commands, acknowledges control registers. */
static void on_access(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    (void)size;
    if (!write || dead) {
        return;
    }
    if (offset == SMMU_CR0 || offset == SMMU_IRQ_CTRL) {
        reg_set(offset + 4, (uint32_t)value);
    } else if (offset == SMMU_GBPA) {
        reg_set(offset, (uint32_t)with(GBPA_UPDATE, value, 0));
    } else if (offset == SMMU_CMDQ_PROD) {
        uint32_t at = reg_get(SMMU_CMDQ_CONS);

        for (; at != (uint32_t)value; at = smmu_queue_next(at, SMMU_CMDQ_LOG2)) {
            uint64_t *command = table_of(SMMU_CMDQ_BASE) +
                                2 * (size_t)smmu_queue_slot(at, SMMU_CMDQ_LOG2);

            ops[op_count++ % sizeof(ops)] = (uint8_t)get(CMD_OP, command[0]);
        }
        reg_set(SMMU_CMDQ_CONS, at);
    }
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(registers, 0, sizeof(registers));
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    pool_memory = aligned_alloc(0x10000, POOL);
    pool_init(pool_memory, POOL, hpa(0x40000000));
    fake_mmio_add(&(struct fake_mmio){ BASE, sizeof(registers), registers, on_access });
    reg_set(SMMU_IDR0,
            (uint32_t)(put(IDR0_S2P, 1) | put(IDR0_TTF_AARCH64, 1) | put(IDR0_COHACC, 1)));
    reg_set(SMMU_IDR1,
            (uint32_t)(put(IDR1_SIDSIZE, 16) | put(IDR1_CMDQS, 19) | put(IDR1_EVENTQS, 19)));
    reg_set(SMMU_IDR5, (uint32_t)(put(IDR5_OAS, 4) | put(IDR5_GRAN4K, 1)));
    fake_vtcr_el2 = VTCR;
    plan.function_count = 2;
    plan.function[0] = (struct plan_function){ .zone = 0, .bdf = STREAM, .stream = STREAM };
    plan.function[1] = (struct plan_function){ .zone = 1, .bdf = STREAM + 8, .stream = STREAM + 8 };
    plan.board.smmu_event_intid = 106;
    for (unsigned i = 0; i < 2; i++) {
        zone_store[i].id = i;
        zone_store[i].plan = &plan.zone[i];
        plan.zone[i].host_size = 0x400000;
        zone_store[i].arch.vttbr = (UINT64_C(1) + i) << 48 | (0x50000000 + i * 0x2000);
        zone_store[i].arch.dma_vttbr = (UINT64_C(1) + i) << 48 | (0x50000000 + i * 0x2000);
    }
    dead = false;
    op_count = lines = errors_logged = 0;
    last_address = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(pool_memory);
    return 0;
}

static void test_entries(void **state)
{
    uint64_t ste[STE_WORDS];

    (void)state;
    smmu_ste_abort(ste);
    assert_int_equal(ste[0], 1);
    smmu_ste_stage2(ste, UINT64_C(0x0003000050002000), VTCR, 4);
    assert_int_equal(ste[0], 0xd); /* valid, stage 2 only */
    assert_int_equal(ste[1], UINT64_C(1) << 44);
    assert_int_equal(ste[2] & 0xffff, 3);
    assert_int_equal(ste[2] >> 32 & 0xffff, VTCR & 0xffff); /* T0SZ 24, SL0 1, 4 KiB */
    assert_int_equal(ste[2] >> 48 & 7, 4);
    assert_int_equal(ste[2] >> 51, 1 | 1 << 3 | 1 << 7); /* AA64, PTW, R; never S, HA, HD */
    assert_int_equal(ste[3], 0x50002000);
    for (unsigned i = 4; i < STE_WORDS; i++) {
        assert_int_equal(ste[i], 0);
    }
    smmu_ste_stage2(ste, 0, VTCR, 2); /* the SMMU has fewer address bits than the CPU */
    assert_int_equal(ste[2] >> 48 & 7, 2);
}

static void test_queue_wraps(void **state)
{
    uint32_t prod = 0, cons = 0;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        unsigned count = 0;

        while ((prod ^ cons) != 64) { /* full when only the wrap bit differs */
            assert_int_equal(smmu_queue_slot(prod, 6), prod % 64);
            prod = smmu_queue_next(prod, 6);
            assert_in_range(prod, 0, 127);
            count++;
        }
        assert_int_equal(count, round == 0 ? 64 : 3);
        for (unsigned i = 0; i < 3; i++) {
            cons = smmu_queue_next(cons, 6);
        }
    }
}

static void test_everything_is_blocked_at_first(void **state)
{
    (void)state;
    assert_null(smmu_init(BASE));
    for (uint32_t i = 0; i < PLAN_MAX_STREAMS; i++) {
        assert_int_equal(entry_of(i)[0], 1);
    }
    assert_int_equal(reg_get(SMMU_CR0), 0x1d); /* on, events, commands, translated checked */
    assert_int_equal(reg_get(SMMU_GBPA), 1u << 20);
    assert_int_equal(reg_get(SMMU_STRTAB_BASE_CFG), 10);
    assert_int_equal(op_count, 4);
    assert_int_equal(ops[0], CMD_CFGI_ALL);
    assert_int_equal(ops[3], CMD_SYNC);
}

static void test_attach_and_detach(void **state)
{
    static const uint8_t open[] = { CMD_CFGI_STE, CMD_SYNC, CMD_CFGI_STE, CMD_SYNC };
    static const uint8_t block[] = { CMD_CFGI_STE, CMD_SYNC, CMD_TLBI_S12_VMALL, CMD_SYNC };

    (void)state;
    assert_null(smmu_init(BASE));
    op_count = 0;
    assert_int_equal(arch_iommu_attach(&zones[1]), OK);
    assert_memory_equal(ops, open, sizeof(open));
    assert_int_equal(entry_of(STREAM)[0], 1); /* the other zone's stays blocked */
    assert_int_equal(entry_of(STREAM + 8)[0], 0xd);
    assert_int_equal(entry_of(STREAM + 8)[3], 0x50002000);
    op_count = 0;
    assert_int_equal(arch_iommu_detach(&zones[1]), OK);
    assert_memory_equal(ops, block, sizeof(block));
    for (unsigned i = 0; i < STE_WORDS; i++) {
        assert_int_equal(entry_of(STREAM + 8)[i], i == 0);
    }
    for (unsigned i = 0; i < 100; i++) { /* the queue wraps */
        assert_int_equal(arch_iommu_attach(&zones[0]), OK);
        assert_int_equal(arch_iommu_detach(&zones[0]), OK);
    }
}

static void test_dead_smmu(void **state)
{
    (void)state;
    assert_null(smmu_init(BASE));
    dead = true;
    assert_int_equal(arch_iommu_detach(&zones[0]), ERR_BUSY);
    dead = false;
    assert_int_equal(arch_iommu_attach(&zones[0]), ERR_BUSY); /* never trusted again */
    assert_int_equal(entry_of(STREAM)[0], 1);
}

static void event_put(unsigned i, uint32_t stream, uint64_t address)
{
    uint64_t *event = table_of(SMMU_EVENTQ_BASE) + i * EVENT_WORDS;

    event[0] = 0x10 | (uint64_t)stream << 32;
    event[1] = 0;
    event[2] = address;
}

static void test_events(void **state)
{
    (void)state;
    assert_null(smmu_init(BASE));
    assert_int_equal(arch_iommu_attach(&zones[0]), OK);
    event_put(0, STREAM, 0x12345000);
    reg_set(SMMU_EVENTQ_PROD, 1);
    arch_iommu_events();
    assert_int_equal(lines, 1);
    assert_int_equal(last_address, 0x12345000);
    assert_int_equal(reg_get(SMMU_EVENTQ_CONS), 1);
    event_put(1, 0x77, 0); /* nobody's */
    reg_set(SMMU_EVENTQ_PROD, 0x80000002);
    arch_iommu_events();
    assert_int_equal(lines, 2);
    assert_int_equal(reg_get(SMMU_EVENTQ_CONS), 0x80000002); /* the overflow is acknowledged */
    assert_int_equal(entry_of(STREAM)[0], 0xd);
}

static void test_flood_is_cut_off(void **state)
{
    (void)state;
    assert_null(smmu_init(BASE));
    assert_int_equal(arch_iommu_attach(&zones[0]), OK);
    assert_int_equal(arch_iommu_attach(&zones[1]), OK);
    for (uint32_t i = 0, prod = 0; i < SMMU_FAULTS_MAX; i++) {
        event_put(smmu_queue_slot(prod, SMMU_EVENTQ_LOG2), STREAM, i * UINT64_C(0x800));
        assert_int_equal(entry_of(STREAM)[0], 0xd);
        prod = smmu_queue_next(prod, SMMU_EVENTQ_LOG2);
        reg_set(SMMU_EVENTQ_PROD, prod);
        arch_iommu_events();
        assert_int_equal(zone_store[0].dma_budget.used, i / 2 + 1); /* once for each page */
    }
    assert_int_equal(entry_of(STREAM)[0], 1);
    assert_int_equal(entry_of(STREAM + 8)[0], 0xd);
    assert_int_equal(errors_logged, 1);
    assert_int_equal(lines, LOG_GUEST_BUDGET + 1);
    assert_int_equal(arch_iommu_attach(&zones[0]), OK); /* the next start gets them back */
    assert_int_equal(entry_of(STREAM)[0], 0xd);
}

static void test_refusals(void **state)
{
    static const struct {
        uint64_t offset;
        uint32_t clear;
    } rows[] = { { SMMU_IDR0, 1 },          { SMMU_IDR0, 1u << 3 }, { SMMU_IDR0, 1u << 4 },
                 { SMMU_IDR5, 1u << 4 },    { SMMU_IDR1, 0x3f },    { SMMU_IDR1, 0x1fu << 16 },
                 { SMMU_IDR1, 0x1fu << 21 } };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        uint32_t value = reg_get(rows[i].offset);

        reg_set(rows[i].offset, value & ~rows[i].clear);
        assert_non_null(smmu_init(BASE));
        assert_int_equal(reg_get(SMMU_CR0), 0); /* and left alone */
        reg_set(rows[i].offset, value);
    }
    dead = true;
    assert_non_null(smmu_init(BASE));
}

static void test_report_to(void **state)
{
    (void)state;
    assert_null(smmu_init(BASE));
    arch_iommu_report_to(NULL);
    assert_int_equal(gic.iommu, 106);
}

static void test_only_what_the_plan_uses(void **state)
{
    (void)state;
    mapped = hosts = 0;
    plan.function_count = 0;
    assert_null(dma_init(&plan));
    assert_int_equal(mapped, 0);
    plan.function_count = 1;
    plan.board.pci_ecam_hpa = ECAM;
    assert_null(dma_init(&plan)); /* trusted: no SMMU */
    assert_int_equal(hosts, 1);
    assert_int_equal(mapped, 1);
    plan.board.smmu_hpa = BASE;
    assert_null(dma_init(&plan));
    assert_int_equal(mapped, 3);
    assert_int_equal(reg_get(SMMU_CR0), 0x1d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_queue_wraps),
        cmocka_unit_test_setup_teardown(test_everything_is_blocked_at_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attach_and_detach, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_smmu, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_what_the_plan_uses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_report_to, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
