/* SPDX-License-Identifier: Apache-2.0 */
/* Traps and emulated devices of hyp/core: which answer each kind gets, and what a load leaves. */
#include "unit.h"

#include <string.h>

#include "hyp/arch/fake/arch.h"
#include "hyp/core/log.h"
#include "hyp/core/mmio.h"
#include "hyp/core/trap.h"

#define DEVICE UINT64_C(0x9000000)

static struct plan_zone plan_zone;
static struct zone zone;
static struct vcpu vcpu;
static struct mmio_access seen[4];
static unsigned accesses;
static uint64_t device_value;
static bool fetch_works, register_known, hopeless;
static enum stop_reason stopped;
static unsigned finished, interrupts, calls;

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    (void)level;
    (void)text;
    (void)args;
}

bool log_guest(struct vcpu *of)
{
    (void)of;
    return true;
}

void run_interrupts(struct pcpu *cpu)
{
    (void)cpu;
    interrupts++;
}

void zone_stop(struct zone *of, enum stop_reason why)
{
    (void)of;
    stopped = why;
}

bool reg_access(struct vcpu *of, struct reg_access *access)
{
    (void)of;
    if (!access->write) {
        access->value = 0x1234;
    }
    return register_known;
}

void arch_firmware_call(struct vcpu *of, const struct trap *trap)
{
    (void)of;
    (void)trap;
    calls++;
}

bool arch_fault_is_hopeless(const struct vcpu *of, const struct trap *trap)
{
    (void)of;
    (void)trap;
    return hopeless;
}

bool arch_trap_fetch(struct vcpu *of, struct trap *trap)
{
    (void)of;
    trap->mem.decoded = fetch_works;
    return fetch_works;
}

void arch_trap_finish(struct vcpu *of, const struct trap *trap)
{
    (void)of;
    (void)trap;
    finished++;
}

static bool device(struct vcpu *of, struct mmio_access *access)
{
    (void)of;
    seen[accesses++] = *access;
    access->value = device_value;
    return access->offset != 0x800;
}

static int setup(void **state)
{
    (void)state;
    memset(&zone, 0, sizeof(zone));
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&fake_arch, 0, sizeof(fake_arch));
    memset(seen, 0, sizeof(seen));
    zone.plan = &plan_zone;
    vcpu.zone = &zone;
    vcpu.arch.pc = 0x1000;
    accesses = finished = interrupts = calls = 0;
    fetch_works = register_known = true;
    hopeless = false;
    stopped = STOP_NONE;
    mmio_add(&zone, &(struct mmio_dev){ DEVICE, 0x1000, device });
    return 0;
}

static struct trap access_of(uint64_t offset, uint8_t size, bool write)
{
    return (struct trap){ .kind = TRAP_MMIO,
                          .bytes = 4,
                          .mem = { .gpa = gpa(DEVICE + offset),
                                   .write = write,
                                   .decoded = true,
                                   .count = 1,
                                   .size = size,
                                   .reg = 3 } };
}

static void test_loads_extend(void **state)
{
    static const struct {
        uint8_t size;
        bool sign, wide;
        uint64_t result;
    } rows[] = {
        { 1, false, false, 0x88 },
        { 1, true, false, 0xffffff88 },
        { 1, true, true, UINT64_C(0xffffffffffffff88) },
        { 2, false, false, 0x9988 },
        { 2, true, true, UINT64_C(0xffffffffffff9988) },
        { 4, false, false, 0xbbaa9988 },
        { 4, true, true, UINT64_C(0xffffffffbbaa9988) },
        { 8, false, true, UINT64_C(0xffeeddccbbaa9988) },
    };

    (void)state;
    device_value = UINT64_C(0xffeeddccbbaa9988);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct trap trap = access_of(0x10, rows[i].size, false);

        accesses = 0;
        trap.mem.sign_extend = rows[i].sign;
        trap.mem.wide = rows[i].wide;
        vcpu.arch.x[3] = UINT64_MAX;
        trap_handle(&vcpu, &trap);
        assert_true(vcpu.arch.x[3] == rows[i].result);
    }
    assert_int_equal(fake_arch.faults, 0);
    assert_int_equal(vcpu.arch.pc, 0x1000 + 4 * 8);
}

static void test_stores_are_cut(void **state)
{
    struct trap trap = access_of(0x20, 2, true);

    (void)state;
    vcpu.arch.x[3] = UINT64_C(0x1122334455667788);
    trap_handle(&vcpu, &trap);
    assert_int_equal(seen[0].value, 0x7788);
    assert_int_equal(seen[0].offset, 0x20);
    assert_true(seen[0].write);
    assert_int_equal(finished, 1);
}

static void test_pair(void **state)
{
    struct trap trap = access_of(0x30, 8, false);

    (void)state;
    device_value = 5;
    trap.mem.count = 2;
    trap.mem.wide = true;
    trap.mem.reg2 = 4;
    trap_handle(&vcpu, &trap);
    assert_int_equal(accesses, 2);
    assert_int_equal(seen[1].offset, 0x38);
    assert_int_equal(vcpu.arch.x[4], 5);
}

static void test_no_access_is_stepped_over(void **state)
{
    struct trap trap = access_of(0x30, 8, false);

    (void)state;
    trap.mem.count = 0;
    trap_handle(&vcpu, &trap);
    assert_int_equal(accesses, 0);
    assert_int_equal(fake_arch.skipped, 1);
}

static void expect_external_abort(struct trap trap)
{
    fake_arch.faults = 0;
    trap_handle(&vcpu, &trap);
    assert_int_equal(fake_arch.faults, 1);
    assert_int_equal(fake_arch.fault, FAULT_DATA_EXTERNAL);
    assert_int_equal(fake_arch.skipped, 0);
}

static void test_aborts(void **state)
{
    struct trap denied = { .kind = TRAP_DATA };

    (void)state;
    expect_external_abort(access_of(0x1000, 4, false));              /* behind the device */
    expect_external_abort(access_of(UINT64_MAX - DEVICE, 4, false)); /* before it */
    expect_external_abort(access_of(0x2, 4, true));                  /* unaligned */
    expect_external_abort(access_of(0xffe, 4, false));               /* over its end */
    assert_int_equal(accesses, 0);
    expect_external_abort(access_of(0x800, 4, false)); /* the device refuses */
    expect_external_abort(denied);
    fetch_works = false;
    denied = access_of(0, 4, false);
    denied.mem.decoded = false;
    expect_external_abort(denied);
}

static void test_undecoded_is_fetched(void **state)
{
    struct trap trap = access_of(0x10, 4, false);

    (void)state;
    trap.mem.decoded = false;
    trap_handle(&vcpu, &trap);
    assert_int_equal(accesses, 1);
    assert_int_equal(fake_arch.faults, 0);
}

static void test_registers(void **state)
{
    struct trap trap = { .kind = TRAP_REG, .bytes = 4, .reg = { .reg = 7 } };

    (void)state;
    trap_handle(&vcpu, &trap);
    assert_int_equal(vcpu.arch.x[7], 0x1234);
    assert_int_equal(vcpu.arch.pc, 0x1004);
    register_known = false;
    vcpu.arch.x[7] = 1;
    trap_handle(&vcpu, &trap);
    assert_int_equal(vcpu.arch.x[7], 1);
    assert_int_equal(fake_arch.fault, FAULT_UNDEFINED);
    assert_int_equal(vcpu.arch.pc, 0x1004);
}

static void test_other_kinds(void **state)
{
    struct trap trap = { .kind = TRAP_INTERRUPT };

    (void)state;
    trap_handle(&vcpu, &trap);
    assert_int_equal(interrupts, 1);
    trap.kind = TRAP_CALL;
    trap_handle(&vcpu, &trap);
    assert_int_equal(calls, 1);
    trap.kind = TRAP_UNKNOWN;
    trap_handle(&vcpu, &trap);
    assert_int_equal(fake_arch.fault, FAULT_UNDEFINED);
    trap.kind = TRAP_SERROR;
    trap_handle(&vcpu, &trap);
    assert_int_equal(fake_arch.fault, FAULT_SERROR);
    trap.kind = TRAP_FETCH;
    trap_handle(&vcpu, &trap);
    assert_int_equal(fake_arch.fault, FAULT_FETCH_EXTERNAL);
    assert_int_equal(stopped, STOP_NONE);
    hopeless = true;
    trap_handle(&vcpu, &trap);
    assert_int_equal(stopped, STOP_FAULT);
}

/* Every kind has a handler: none of them may end in a call of NULL. */
static void test_table_is_complete(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < TRAP_KIND_COUNT; kind++) {
        struct trap trap = { .kind = (enum trap_kind)kind };

        trap_handle(&vcpu, &trap);
    }
}

/* Each kind of trap counts once, in its class; an interrupt has been counted already. */
static void test_exits_are_counted(void **state)
{
    static const struct {
        struct trap trap;
        enum exit_class class;
    } rows[] = {
        { { .kind = TRAP_MMIO, .mem = { .gpa = { 0 }, .decoded = true } }, EXITS_READ },
        { { .kind = TRAP_MMIO, .mem = { .write = true, .decoded = true } }, EXITS_WRITE },
        { { .kind = TRAP_DATA }, EXITS_FAULT },
        { { .kind = TRAP_FETCH }, EXITS_FAULT },
        { { .kind = TRAP_REG }, EXITS_REG },
        { { .kind = TRAP_CALL }, EXITS_HVC },
        { { .kind = TRAP_CALL, .call = { .smc = true } }, EXITS_SMC },
        { { .kind = TRAP_WAIT }, EXITS_WAIT },
        { { .kind = TRAP_SERROR }, EXITS_FAULT },
        { { .kind = TRAP_UNKNOWN }, EXITS_OTHER },
        { { .kind = TRAP_INTERRUPT }, EXITS_COUNT },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct trap trap = rows[i].trap;

        memset(vcpu.exits, 0, sizeof(vcpu.exits));
        trap_handle(&vcpu, &trap);
        for (unsigned class = 0; class < EXITS_COUNT; class ++) {
            assert_int_equal(vcpu.exits[class], class == rows[i].class ? 1 : 0);
        }
    }
    for (unsigned class = 0; class < EXITS_COUNT; class ++) {
        assert_true(exits_name((enum exit_class) class)[0] != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_loads_extend, setup),
        cmocka_unit_test_setup(test_stores_are_cut, setup),
        cmocka_unit_test_setup(test_pair, setup),
        cmocka_unit_test_setup(test_no_access_is_stepped_over, setup),
        cmocka_unit_test_setup(test_aborts, setup),
        cmocka_unit_test_setup(test_undecoded_is_fetched, setup),
        cmocka_unit_test_setup(test_registers, setup),
        cmocka_unit_test_setup(test_other_kinds, setup),
        cmocka_unit_test_setup(test_exits_are_counted, setup),
        cmocka_unit_test_setup(test_table_is_complete, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
