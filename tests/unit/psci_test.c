/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI and SMCCC as guests see them: each row, each refusal; nothing reaches the firmware. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "hyp/arch/fake/arch.h"
#include "psci.h"

#define RAM UINT64_C(0x40000000)

static struct zone zone;
static struct vcpu vcpus[2];
static enum err on_answer;
static struct vcpu *on_target;
static struct vcpu_start on_start;
static unsigned offs;
static enum stop_reason stopped;

enum err vcpu_on(struct vcpu *vcpu, const struct vcpu_start *start)
{
    on_target = vcpu;
    on_start = *start;
    return on_answer;
}

void vcpu_off(struct vcpu *vcpu)
{
    (void)vcpu;
    offs++;
}

void zone_stop(struct zone *of, enum stop_reason why)
{
    (void)of;
    stopped = why;
}

bool zone_ram_find(const struct zone *of, gpa_t at, uint64_t size, hpa_t *out)
{
    (void)of;
    (void)out;
    return at.v >= RAM && at.v - RAM <= SIZE_2M - size;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&zone, 0, sizeof(zone));
    memset(vcpus, 0, sizeof(vcpus));
    memset(&fake_arch, 0, sizeof(fake_arch));
    memset(fake_smc_args, 0, sizeof(fake_smc_args));
    zone.vcpus = vcpus;
    zone.vcpu_count = 2;
    vcpus[0].zone = vcpus[1].zone = &zone;
    vcpus[1].id = 1;
    on_answer = OK;
    on_target = NULL;
    offs = 0;
    stopped = STOP_NONE;
    return 0;
}

static uint64_t call_imm(uint16_t imm, uint64_t fid, uint64_t a, uint64_t b)
{
    struct trap trap = { .kind = TRAP_CALL, .call = { .imm = imm } };

    vcpus[0].arch.x[0] = fid;
    vcpus[0].arch.x[1] = a;
    vcpus[0].arch.x[2] = b;
    vcpus[0].arch.x[3] = 0x77;
    arch_firmware_call(&vcpus[0], &trap);
    assert_int_equal(fake_smc_args[0], 0);
    return vcpus[0].arch.x[0];
}

static uint64_t call(uint64_t fid, uint64_t a, uint64_t b)
{
    return call_imm(0, fid, a, b);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < psci_row_count; i++) {
        assert_non_null(psci_rows[i].fn);
        assert_true(i == 0 || psci_rows[i - 1].fid < psci_rows[i].fid);
    }
}

static void test_versions(void **state)
{
    (void)state;
    assert_int_equal(call(0x84000000, 0, 0), 0x10001);
    assert_int_equal(call(0x80000000, 0, 0), 0x10001);
    assert_int_equal(call(0x84000006, 0, 0), 2);
}

static void test_unknown_is_minus_one(void **state)
{
    static const uint32_t unknown[] = {
        0,          0x84000005, 0x84000007, 0x8400000b, 0x84000010, 0xc4000009, 0x84000050,
        0x80008000, 0x80007fff, 0xc2000000, 0x82000000, 0xb2000000, 0xffffffff, 0x04000000,
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(unknown); i++) {
        assert_true(call(unknown[i], 1, 2) == UINT64_MAX);
    }
    assert_true(call_imm(1, 0x84000000, 0, 0) == UINT64_MAX);
    assert_int_equal(stopped, STOP_NONE);
}

static void test_features(void **state)
{
    (void)state;
    for (size_t i = 0; i < psci_row_count; i++) {
        uint64_t answer = call(0x8400000a, psci_rows[i].fid, 0);

        assert_true(answer == (psci_rows[i].fid == 0x80000001 ? UINT64_MAX : 0));
    }
    assert_true(call(0x8400000a, 0x84000005, 0) == UINT64_MAX);
    assert_int_equal(call(0x80000001, 0x80000001, 0), 0);
    assert_true(call(0x80000001, 0x80008000, 0) == UINT64_MAX);
}

static void test_cpu_on(void **state)
{
    (void)state;
    assert_int_equal(call(0xc4000003, 1, RAM + 0x1000), 0);
    assert_ptr_equal(on_target, &vcpus[1]);
    assert_int_equal(on_start.pc, RAM + 0x1000);
    assert_int_equal(on_start.arg0, 0x77);
    /* The 32-bit convention uses the lower halves only. */
    assert_int_equal(call(0x84000003, UINT64_C(0xffffffff00000001), RAM), 0);
    assert_ptr_equal(on_target, &vcpus[1]);
    on_answer = ERR_BUSY;
    vcpus[1].state = VCPU_ON;
    assert_true((int64_t)call(0xc4000003, 1, RAM) == -4);
    vcpus[1].state = VCPU_READY;
    assert_true((int64_t)call(0xc4000003, 1, RAM) == -5);
    on_answer = ERR_DENIED;
    assert_true((int64_t)call(0xc4000003, 1, RAM) == -3);
}

static void test_cpu_on_refusals(void **state)
{
    static const uint64_t wild[] = { 2,          0x100,      0x10000,   UINT64_C(1) << 32,
                                     0x80000001, UINT64_MAX, 0x40000001 };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wild); i++) {
        assert_true((int64_t)call(0xc4000003, wild[i], RAM) == -2);
    }
    assert_true((int64_t)call(0xc4000003, 1, RAM - 4) == -9);
    assert_true((int64_t)call(0xc4000003, 1, RAM + 2) == -9);
    assert_true((int64_t)call(0xc4000003, 1, UINT64_MAX - 3) == -9);
    assert_null(on_target);
}

static void test_affinity_info(void **state)
{
    (void)state;
    assert_int_equal(call(0xc4000004, 1, 0), 1);
    vcpus[1].state = VCPU_ON_PENDING;
    assert_int_equal(call(0xc4000004, 1, 0), 2);
    vcpus[1].state = VCPU_READY;
    assert_int_equal(call(0x84000004, 1, 0), 2);
    vcpus[1].state = VCPU_ON;
    assert_int_equal(call(0xc4000004, 1, 0), 0);
    assert_true((int64_t)call(0xc4000004, 2, 0) == -2);
    assert_true((int64_t)call(0xc4000004, 1, 1) == -2);
}

static void test_suspend(void **state)
{
    (void)state;
    assert_int_equal(call(0xc4000001, 0, 0), 0);
    assert_int_equal(fake_arch.waits, 1);
    fake_arch.virq_pending = true;
    assert_int_equal(call(0x84000001, 0x10000, 0), 0);
    assert_int_equal(fake_arch.waits, 1);
}

static void test_off_and_reset(void **state)
{
    (void)state;
    call(0x84000002, 0, 0);
    assert_int_equal(offs, 1);
    call(0x84000008, 0, 0);
    assert_int_equal(stopped, STOP_POWER_OFF);
    call(0x84000009, 0, 0);
    assert_int_equal(stopped, STOP_RESET);
    stopped = STOP_NONE;
    assert_true((int64_t)call(0x84000012, 1, 0) == -2);
    assert_true((int64_t)call(0xc4000012, 0x80000000, 0) == -2);
    assert_int_equal(stopped, STOP_NONE);
    call(0xc4000012, 0, 0);
    assert_int_equal(stopped, STOP_RESET);
}

static void test_machine_calls(void **state)
{
    (void)state;
    fake_smc_answer = 0;
    assert_int_equal(psci_machine_cpu_on(3, 0x1000, 0x2000), OK);
    assert_int_equal(fake_smc_args[0], 0xc4000003);
    assert_int_equal(fake_smc_args[1], 3);
    assert_int_equal(fake_smc_args[2], 0x1000);
    assert_int_equal(fake_smc_args[3], 0x2000);
    fake_smc_answer = (uint64_t)-2;
    assert_int_equal(psci_machine_cpu_on(3, 0x1000, 0x2000), ERR_NONE);
    psci_machine_off();
    assert_int_equal(fake_smc_args[0], 0x84000008);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_table, setup),
        cmocka_unit_test_setup(test_versions, setup),
        cmocka_unit_test_setup(test_unknown_is_minus_one, setup),
        cmocka_unit_test_setup(test_features, setup),
        cmocka_unit_test_setup(test_cpu_on, setup),
        cmocka_unit_test_setup(test_cpu_on_refusals, setup),
        cmocka_unit_test_setup(test_affinity_info, setup),
        cmocka_unit_test_setup(test_suspend, setup),
        cmocka_unit_test_setup(test_off_and_reset, setup),
        cmocka_unit_test_setup(test_machine_calls, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
