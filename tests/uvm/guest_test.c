/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest runtime's exceptions, each raised in user code, answered by a handler, and raised in a
 * handler: the table of docs/guest-runtime.md as a test, by guest faults.elf and as a static PIE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/include/vitrine.h"
#include "lib/field.h"
#include "tests/uvm/guest_rows.h"

static struct vt_image *image;
static struct vt_vm *vm;
static enum vt_action action; /* of the fault callback */

static bool is_emulated(void)
{
    const char *platform = getenv("UVM_PLATFORM");

    return platform != NULL && strcmp(platform, "native") != 0;
}

static enum vt_action on_fault(void *ctx, struct vt_vm *which, struct fault_record *record,
                               unsigned count)
{
    (void)ctx;
    (void)which;
    (void)record;
    (void)count;
    return action;
}

static int open_guest(const char *name)
{
    const char *dir = getenv("UVM_GUESTS");
    struct vt_cfg cfg = { .size = sizeof(cfg), .fault = on_fault, .wall_ns = 60000000000 };
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir == NULL ? "build/tests/uvm/guest" : dir, name);
    return vt_image_load_file(path, NULL, &image) != VT_OK || vt_create(image, &cfg, &vm) != VT_OK;
}

static int set_up(void **state)
{
    (void)state;
    return open_guest("faults.elf");
}

static int set_up_pie(void **state)
{
    (void)state;
    return open_guest("faults-pie.elf");
}

static int tear_down(void **state)
{
    (void)state;
    vt_destroy(vm);
    vt_image_free(image);
    return 0;
}

/* Calls a function with one or no argument, of whichever integer type it wants. */
static int call(const char *name, uint64_t arg, uint64_t *result)
{
    struct vt_value value = { .u = arg };
    struct vt_value out = { .type = CALL_VOID };
    unsigned index = 0;
    call_signature types;
    int err;

    assert_int_equal(vt_find(vm, name, &index), VT_OK);
    types = vt_export(vm, index, NULL) >> 4;
    value.type = (uint32_t)(types & 15);
    err = vt_call_index(vm, index, &value, types == 0 ? 0 : 1, &out);
    if (result != NULL) {
        *result = out.u;
    }
    return err;
}

static int with_handler(uint32_t on, enum test_action what)
{
    struct vt_value args[3] = { { .type = CALL_U32, .u = on },
                                { .type = CALL_U32, .u = what },
                                { .type = CALL_I32, .i = 0 } };
    struct vt_value number = { 0 };

    assert_int_equal(vt_call(vm, "with_handler", args, 3, &number), VT_OK);
    return (int)number.i;
}

static void restore(void)
{
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
}

/* After a test that failed, too. */
static int clean(void **state)
{
    (void)state;
    return vt_restore(vm, NULL);
}

/* ---- In user code ---- */

static struct row expected(const struct row *row)
{
    struct row here = *row;

    if (row->special == TCG_GP && is_emulated()) {
        here.vector = 13;
        here.reason = FAULT_REASON_PROTECTION;
    } else if (row->special == PVM_UD && !is_emulated()) {
        here.vector = 6;
        here.reason = FAULT_REASON_UNDEFINED;
    }
    return here;
}

static void check_record(const struct row *row, const struct fault_record *record)
{
    if (record->vector != row->vector || record->reason != row->reason) {
        print_error(
            "%s: vector %u class %u reason %u access %u error %#llx pc %#llx address %#llx\n",
            row->name, record->vector, record->class, record->reason, record->access,
            (unsigned long long)record->error_code, (unsigned long long)record->pc,
            (unsigned long long)record->address);
    }
    assert_int_equal(record->vector, row->vector);
    assert_int_equal(record->class, row->class);
    assert_int_equal(record->reason, row->reason);
    assert_int_equal(record->access, row->access);
}

static void assert_raises(int err, const char *name)
{
    if (err != VT_ERR_FAULT) {
        print_error("%s: no fault, error %d\n", name, err);
    }
    assert_int_equal(err, VT_ERR_FAULT);
}

static void test_user(void **state)
{
    (void)state;
    action = VT_TERMINATE;
    for (size_t i = 0; i < guest_rows.user_count; i++) {
        struct row row = expected(&guest_rows.user[i]);
        const struct fault_record *record;
        unsigned count = 0;
        int err = call(row.name, row.arg, NULL);

        if (row.special == TCG_NOT && is_emulated()) {
            assert_int_equal(err, VT_OK);
            continue;
        }
        assert_raises(err, row.name);
        record = vt_fault(vm, &count);
        assert_non_null(record);
        assert_int_equal(count, 1);
        check_record(&row, record);
        assert_int_equal(record->level, FAULT_LEVEL_USER);
        restore();
    }
}

/* What a record says of the mapping, and of how the program got there. */
static void test_records(void **state)
{
    static const struct {
        const char *name, *map;
        uint32_t perm; /* 1 read, 2 write, 4 execute, 8 user */
    } maps[] = {
        { "write_rodata", "rodata", 1 | 8 },
        { "write_text", "text", 1 | 4 | 8 },
        { "exec_heap", "heap", 1 | 2 | 8 },
        { "exec_stack", "stack", 1 | 2 | 8 },
        { "stack_recurse", "stack guard", 0 },
        { "super_write", "sys data", 1 | 2 },
        { "wild_read", "", 0 },
    };
    unsigned count = 0;

    (void)state;
    action = VT_TERMINATE;
    for (size_t i = 0; i < ARRAY_COUNT(maps); i++) {
        const struct fault_record *record;

        assert_int_equal(call(maps[i].name, 0, NULL), VT_ERR_FAULT);
        record = vt_fault(vm, &count);
        assert_string_equal(record->map_name, maps[i].map);
        assert_int_equal(record->map_perm, maps[i].perm);
        assert_true(record->backtrace_count >= 1);
        assert_true(record->backtrace_count < FAULT_BACKTRACE ||
                    strcmp(maps[i].name, "stack_recurse") == 0);
        restore();
    }
}

static void test_abort(void **state)
{
    unsigned count = 0;
    const struct fault_record *record;

    (void)state;
    action = VT_TERMINATE;
    assert_int_equal(call("give_up", 77, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    check_record(&(struct row){ "abort", 0, guest_rows.service, FAULT_CLASS_SYSTEM,
                                FAULT_REASON_ABORT, FAULT_ACCESS_NONE, ALIKE },
                 record);
    assert_int_equal(record->error_code, 77);
    restore();
}

static void test_stack_grows(void **state)
{
    uint64_t left = 0, result = 0;

    (void)state;
    action = VT_TERMINATE;
    assert_int_equal(call("stack_left", 0, &left), VT_OK);
    assert_in_range(left, 1000000, 1 << 20);
    assert_int_equal(call("stack_deep", 1500, &result), VT_OK);
    assert_int_equal(result, 1500);
    assert_int_equal(call("stack_touch", left - 64, NULL), VT_OK);
    assert_int_equal(call("stack_touch", left + 64, NULL), VT_ERR_FAULT);
    restore();
}

/* ---- Resumed ---- */

static void test_host_resumes(void **state)
{
    uint64_t result = 99;

    (void)state;
    action = VT_SKIP;
    assert_int_equal(call("undefined", 0, &result), VT_OK);
    assert_int_equal(result, 1);
    assert_int_equal(call("survives", 0, &result), VT_OK);
    assert_int_equal(result, 0);
    restore();
}

static void test_handlers_resume(void **state)
{
    (void)state;
    action = VT_TERMINATE;
    for (size_t i = 0; i < guest_rows.fixed_count; i++) {
        uint64_t result = 99;

        assert_true(with_handler(guest_rows.fixed[i].on, guest_rows.fixed[i].what) >= 0);
        /* What TCG does not raise has the same result. */
        assert_int_equal(call(guest_rows.fixed[i].name, 0, &result), VT_OK);
        if (result != guest_rows.fixed[i].result) {
            print_error("%s: %#llx\n", guest_rows.fixed[i].name, (unsigned long long)result);
        }
        assert_int_equal(result, guest_rows.fixed[i].result);
        restore();
    }
}

/* Forward, a verdict that is none, and an address that no processor takes: all end at the host. */
static void test_handlers_forward(void **state)
{
    static const enum test_action ways[] = { TEST_NOTHING, TEST_NEXT, TEST_FORWARD,
                                             TEST_BAD_VERDICT, TEST_BAD_PC };

    (void)state;
    action = VT_TERMINATE;
    for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
        assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), ways[i]) >= 0);
        assert_int_equal(call("undefined", 0, NULL), VT_ERR_FAULT);
        restore();
    }
}

static void test_registration_is_checked(void **state)
{
    uint64_t number = 0;

    (void)state;
    for (int64_t offset = -0x2001; offset < 0x2000; offset += 0x1fe) {
        assert_int_equal(call("register_undeclared", (uint64_t)offset, &number), VT_OK);
        assert_int_equal((int32_t)number, VG_ERR_INVALID);
    }
    assert_int_equal(with_handler(256, TEST_SKIP), VG_ERR_INVALID);
    for (unsigned i = 0; i < VG_HANDLERS_MAX - 1; i++) { /* the guest's constructor took one */
        assert_true(with_handler(VG_ON_VECTOR(200), TEST_NEXT) >= 0);
    }
    assert_int_equal(with_handler(VG_ON_VECTOR(200), TEST_NEXT), VG_ERR_FULL);
    restore();
}

/* ---- In a handler ---- */

static void test_in_handler(void **state)
{
    (void)state;
    action = VT_TERMINATE;
    for (size_t i = 0; i < guest_rows.nested_count; i++) {
        const struct fault_record *record;
        unsigned count = 0;

        assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), guest_rows.nested[i].what) >=
                    0);
        assert_int_equal(call("undefined", 0, NULL), VT_ERR_FAULT);
        record = vt_fault(vm, &count);
        assert_int_equal(count, 2);
        check_record(&guest_rows.nested[i].row, &record[0]);
        assert_int_equal(record[0].level, FAULT_LEVEL_SUPERVISOR);
        assert_int_equal(record[1].vector, guest_rows.undefined);
        assert_int_equal(record[1].level, FAULT_LEVEL_USER);
        restore();
    }
}

/* SMEP. kvm_pvm refuses too, but with the error code and address of some other page fault. */
static void test_in_handler_user_code(void **state)
{
    const struct fault_record *record;
    unsigned count = 0;

    (void)state;
    action = VT_TERMINATE;
    assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), TEST_IN_EXEC_USER) >= 0);
    assert_int_equal(call("undefined", 0, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(count, 2);
    assert_int_equal(record->vector, guest_rows.fetch);
    assert_int_equal(record->pc, guest_rows.user_code);
    assert_int_equal(record->class, FAULT_CLASS_MEMORY);
    if (is_emulated()) {
        assert_int_equal(record->reason, FAULT_REASON_FETCH);
        assert_int_equal(record->address, record->pc);
    }
    restore();
}

/* Where ring 0 is emulated, what the emulator lacks; elsewhere it works, and int n interrupts. */
static void test_in_handler_unsupported(void **state)
{
    (void)state;
    action = VT_TERMINATE;
    for (size_t i = 0; i < guest_rows.unsupported_count; i++) {
        const struct unsupported_row *row = &guest_rows.unsupported[i];
        unsigned count = 0;
        int err;

        assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), row->what) >= 0);
        err = call("undefined", 0, NULL);
        assert_int_equal(err, is_emulated() ? row->err : VT_ERR_FAULT);
        if (err == VT_ERR_FAULT) {
            const struct fault_record *record = vt_fault(vm, &count);

            assert_int_equal(count, 2);
            assert_int_equal(record->level, FAULT_LEVEL_SUPERVISOR);
            assert_int_equal(record->reason,
                             is_emulated() ? FAULT_REASON_INTERRUPT : FAULT_REASON_NOT_EMULATED);
        }
        restore();
    }
}

/* No handler should, but one can: the call ends, the host goes on. */
static void test_in_handler_halt(void **state)
{
    (void)state;
    assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), TEST_IN_HLT) >= 0);
    assert_true(call("undefined", 0, NULL) < 0);
    restore();
}

/* A handler that never ends is caught by the call's budget. */
static void test_in_handler_loop(void **state)
{
    enum { HALF_A_SECOND = 500000000 };

    (void)state;
    assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), TEST_IN_LOOP) >= 0);
    assert_int_equal(vt_set_budget(vm, HALF_A_SECOND, 0), VT_OK);
    assert_int_equal(call("undefined", 0, NULL), VT_ERR_BUDGET);
    restore();
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
}

static void test_depth(void **state)
{
    const struct fault_record *record;
    unsigned count = 0;

    (void)state;
    action = VT_TERMINATE;
    assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), TEST_IN_RECURSIVE_FAULT) >= 0);
    assert_int_equal(call("undefined", 0, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(count, FAULT_DEPTH);
    assert_int_equal(record[0].reason, FAULT_REASON_DEPTH);
    assert_int_equal(record[0].vector, guest_rows.undefined);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(record[i].level,
                         i == count - 1 ? FAULT_LEVEL_USER : FAULT_LEVEL_SUPERVISOR);
        assert_int_equal(record[i].vector, guest_rows.undefined);
    }
    restore();
}

/* The host skips a fault in a handler: that goes on, and so does the program. */
static void test_in_handler_resumed(void **state)
{
    uint64_t result = 0;

    (void)state;
    action = VT_SKIP;
    assert_true(with_handler(VG_ON_VECTOR(guest_rows.undefined), TEST_IN_UNDEFINED) >= 0);
    assert_int_equal(call("undefined", 0, &result), VT_OK);
    assert_int_equal(result, 1);
    restore();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_user, clean),
        cmocka_unit_test_teardown(test_records, clean),
        cmocka_unit_test_teardown(test_abort, clean),
        cmocka_unit_test_teardown(test_stack_grows, clean),
        cmocka_unit_test_teardown(test_host_resumes, clean),
        cmocka_unit_test_teardown(test_handlers_resume, clean),
        cmocka_unit_test_teardown(test_handlers_forward, clean),
        cmocka_unit_test_teardown(test_registration_is_checked, clean),
        cmocka_unit_test_teardown(test_in_handler, clean),
        cmocka_unit_test_teardown(test_in_handler_user_code, clean),
        cmocka_unit_test_teardown(test_in_handler_unsupported, clean),
        cmocka_unit_test_teardown(test_in_handler_halt, clean),
        cmocka_unit_test_teardown(test_in_handler_loop, clean),
        cmocka_unit_test_teardown(test_depth, clean),
        cmocka_unit_test_teardown(test_in_handler_resumed, clean),
    };
    int failed = cmocka_run_group_tests_name("faults.elf", tests, set_up, tear_down);

    return failed + cmocka_run_group_tests_name("faults-pie.elf", tests, set_up_pie, tear_down);
}
