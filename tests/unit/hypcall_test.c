/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's own calls: the table, who may, fault records of any place and content. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/fault.h"
#include "abi/hypcall.h"
#include "hyp/arch/fake/arch.h"
#include "hyp/core/hypcall.h"
#include "lib/fault_check.h"
#include "lib/field.h"

FIELD(OWNER, 24, 6); /* of a function number: who serves it */

#define RAM    UINT64_C(0x40000000)
#define PA     UINT64_C(0x80000000)
#define RAMS   (2 * SIZE_2M)
#define BUDGET 3u

static struct plan_zone plan_zone = { .name = "bare", .role = PLAN_ROLE_USER };
static struct zone zone = { .plan = &plan_zone };
static struct vcpu vcpu = { .zone = &zone };
static uint8_t *ram;
static uint64_t mapped;
static unsigned lines, budget;
static char line[LOG_LINE_MAX];
static enum stop_reason stopped;

void *arch_window_map(hpa_t pa)
{
    mapped = pa.v;
    return ram + (pa.v - PA);
}

void arch_window_unmap(void) {}

bool zone_ram_find(const struct zone *of, gpa_t at, uint64_t size, hpa_t *out)
{
    assert_ptr_equal(of, &zone);
    *out = hpa(PA + (at.v - RAM));
    return at.v >= RAM && at.v - RAM <= RAMS && size <= RAMS - (at.v - RAM);
}

void zone_stop(struct zone *of, enum stop_reason why)
{
    assert_ptr_equal(of, &zone);
    stopped = why;
}

bool log_guest(struct vcpu *of)
{
    assert_ptr_equal(of, &vcpu);
    return budget-- != 0;
}

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    size_t used = strlen(text);

    assert_int_equal(level, LOG_WARN);
    lines++;
    memcpy(line, text, used + 1);
    for (unsigned i = 0; args[i].name != NULL; i++) {
        const char *name = args[i].name + 1;
        char *at = line + used;
        size_t left = sizeof(line) - used;

        assert_true(i < LOG_MAX_ARGS);
        if (args[i].name[0] == 's') {
            used += (size_t)snprintf(at, left, " %s=%s", name, (const char *)args[i].value);
        } else {
            used += (size_t)snprintf(at, left, " %s=%#lx", name, args[i].value);
        }
    }
}

static struct fault_record good(void)
{
    return (struct fault_record){
        .magic = FAULT_MAGIC,
        .version = FAULT_VERSION,
        .size = sizeof(struct fault_record),
        .arch = FAULT_ARCH_AARCH64,
        .class = FAULT_CLASS_MEMORY,
        .reason = FAULT_REASON_NOT_PRESENT,
        .vector = 0x24,
        .pc = 0x1234,
        .address = 0x5678,
    };
}

static int64_t report(uint64_t at, uint64_t size, uint64_t how)
{
    const uint64_t arg[HYPCALL_ARGS] = { at, size, how };

    return hypcall_run(&vcpu, HYPCALL_FAULT, arg);
}

static int64_t report_at(uint64_t at)
{
    return report(at, sizeof(struct fault_record), HYPCALL_FAULT_GO_ON);
}

static int setup(void **state)
{
    struct fault_record record = good();

    (void)state;
    ram = calloc(1, RAMS);
    memcpy(ram, &record, sizeof(record));
    mapped = 0;
    lines = 0;
    budget = BUDGET;
    stopped = STOP_NONE;
    zone.faults = 0;
    plan_zone.role = PLAN_ROLE_USER;
    return ram == NULL;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < hypcall_row_count; i++) {
        assert_non_null(hypcall_rows[i].fn);
        assert_true(i == 0 || hypcall_rows[i - 1].number < hypcall_rows[i].number);
        assert_int_equal(get(OWNER, hypcall_rows[i].number), 6);
        assert_true(hypcall_rows[i].who != 0 && hypcall_rows[i].who < BIT32(3));
    }
}

static void test_numbers(void **state)
{
    const uint64_t arg[HYPCALL_ARGS] = { 0 };

    (void)state;
    assert_int_equal(hypcall_run(&vcpu, HYPCALL_VERSION, arg), HYPCALL_ABI);
    assert_int_equal(hypcall_run(&vcpu, HYPCALL_FAULT + 1, arg), HYPCALL_NOT_SUPPORTED);
    assert_int_equal(hypcall_run(&vcpu, 0, arg), HYPCALL_NOT_SUPPORTED);
    plan_zone.role = 31; /* of no row */
    assert_int_equal(hypcall_run(&vcpu, HYPCALL_VERSION, arg), HYPCALL_DENIED);
    assert_int_equal(report_at(RAM), HYPCALL_DENIED);
    assert_int_equal(lines, 0);
}

static void test_line(void **state)
{
    (void)state;
    assert_int_equal(report_at(RAM), 0);
    assert_int_equal(mapped, PA);
    assert_string_equal(line, "zone reports a fault zone=bare vcpu=0 class=memory reason=0x1 "
                              "level=0 pc=0x1234 address=0x5678 code=0 count=0x1");
    assert_int_equal(stopped, STOP_NONE);
    assert_int_equal(report(RAM, sizeof(struct fault_record), HYPCALL_FAULT_STOP), 0);
    assert_int_equal(stopped, STOP_FAULT);
}

static void test_stop_alone(void **state)
{
    (void)state;
    assert_int_equal(report(RAM, 0, HYPCALL_FAULT_GO_ON), HYPCALL_INVALID);
    assert_int_equal(stopped, STOP_NONE);
    assert_int_equal(report(UINT64_MAX, 0, HYPCALL_FAULT_STOP), 0);
    assert_int_equal(stopped, STOP_FAULT);
    assert_int_equal(lines, 0);
    assert_int_equal(zone.faults, 0);
    assert_int_equal(mapped, 0);
}

/* Nothing is done and nothing but the record's own bytes are mapped. */
static void test_places(void **state)
{
    static const uint64_t wild[] = {
        0,          RAM - 8,        RAM + 4,           RAM + 1,
        RAM + RAMS, RAM + RAMS - 8, RAM + SIZE_2M - 8, /* over the end of the window */
        UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63,
    };
    struct fault_record record = good();

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wild); i++) {
        assert_int_equal(report_at(wild[i]), HYPCALL_INVALID);
    }
    assert_int_equal(mapped, 0);
    assert_int_equal(report(RAM, sizeof(record) - 1, 0), HYPCALL_INVALID);
    assert_int_equal(report(RAM, UINT64_MAX, 0), HYPCALL_INVALID);
    assert_int_equal(report(RAM, sizeof(record), HYPCALL_FAULT_COUNT), HYPCALL_INVALID);
    assert_int_equal(report(RAM, sizeof(record), UINT64_MAX), HYPCALL_INVALID);
    assert_int_equal(zone.faults, 0);
    memcpy(ram + RAMS - sizeof(record), &record, sizeof(record));
    assert_int_equal(report_at(RAM + RAMS - sizeof(record)), 0);
}

#define BAD(field, value)                                                                          \
    do {                                                                                           \
        struct fault_record bad = good();                                                          \
        bad.field = (value);                                                                       \
        assert_false(fault_record_is_good(&bad));                                                  \
        memcpy(ram, &bad, sizeof(bad));                                                            \
        assert_int_equal(report(RAM, sizeof(bad), HYPCALL_FAULT_STOP), HYPCALL_INVALID);           \
    } while (0)

static void test_records(void **state)
{
    (void)state;
    BAD(magic, 0);
    BAD(version, FAULT_VERSION + 1);
    BAD(size, sizeof(struct fault_record) - 1);
    BAD(arch, 0);
    BAD(level, FAULT_LEVEL_SUPERVISOR + 1);
    BAD(class, FAULT_CLASS_NONE);
    BAD(class, FAULT_CLASS_COUNT);
    BAD(class, UINT16_MAX);
    BAD(reason, FAULT_REASON_NONE);
    BAD(reason, FAULT_REASON_COUNT);
    BAD(access, FAULT_ACCESS_EXEC + 1);
    BAD(vector, 256);
    assert_int_equal(stopped, STOP_NONE);
    assert_int_equal(zone.faults, 0);
    assert_int_equal(lines, 0);
}

static void test_flood(void **state)
{
    enum { MANY = 1000 };

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        budget = i < BUDGET ? BUDGET - i : 0;
        assert_int_equal(report_at(RAM), 0);
    }
    assert_int_equal(lines, BUDGET);
    assert_int_equal(zone.faults, MANY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
