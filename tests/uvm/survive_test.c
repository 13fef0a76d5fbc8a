/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that harm themselves: each way ends the call with a record that says what happened, the
 * micro-VM is poisoned until it is restored, and works again then.
 */
#include "tests/uvm/support.h"

#include <string.h>

#include "abi/uvm.h"
#include "lib/field.h"
#include "tests/uvm/survive.h"

static struct vt_image *image;
static struct vt_vm *vm;

static bool emulator_lacks(enum hurt way)
{
    return way == HURT_ALIGNMENT || way == HURT_SIMD;
}

static void check_record(const struct expectation *e, const struct fault_record *record)
{
    bool first = record->vector == e->vector && record->reason == e->reason;
    bool second = e->other != 0 && record->vector == e->other_vector && record->reason == e->other;

    if (!first && !second) {
        print_error("%s: vector %u class %u reason %u\n", e->name, record->vector, record->class,
                    record->reason);
    }
    assert_true(first || second);
    assert_true(second || record->class == e->class);
    assert_int_equal(record->magic, FAULT_MAGIC);
    assert_int_equal(record->level, FAULT_LEVEL_USER);
    assert_int_equal(record->arch, survive_arch);
}

static void hurt(enum hurt way)
{
    const struct fault_record *record;
    unsigned count = 0;

    if (uvm_try(vm, "fault", way, NULL) != VT_ERR_FAULT) {
        fail_msg("%s: no fault", survive_expected[way].name);
    }
    record = vt_fault(vm, &count);
    assert_non_null(record);
    assert_int_equal(count, 1);
    check_record(&survive_expected[way], record);
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
    uvm_check_restored(vm);
}

static void test_every_way(void **state)
{
    (void)state;
    for (enum hurt way = 0; way < HURT_COUNT; way++) {
        if (survive_expected[way].name != NULL && !emulator_lacks(way)) {
            hurt(way);
        }
    }
}

static void test_alignment(void **state)
{
    (void)state;
    if (uvm_on("kvm_amd")) {
        uvm_skip("QEMU's TCG raises no #AC");
    }
    hurt(HURT_ALIGNMENT);
}

static void test_simd(void **state)
{
    (void)state;
    if (uvm_on("kvm_amd")) {
        uvm_skip("QEMU's TCG raises no #XM");
    }
    if (survive_expected[HURT_SIMD].name == NULL) {
        uvm_skip("the architecture need not trap floating point");
    }
    hurt(HURT_SIMD);
}

static void test_memory_record(void **state)
{
    const struct fault_record *record;
    unsigned count;

    (void)state;
    assert_int_equal(uvm_try(vm, "fault", HURT_NULL_WRITE, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(record->address, 8);
    assert_int_equal(record->access, FAULT_ACCESS_WRITE);
    assert_true(record->backtrace_count >= 1);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(uvm_try(vm, "fault", HURT_WRITE_RODATA, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(record->access, FAULT_ACCESS_WRITE);
    assert_true(record->map_size > 0 && record->address >= record->map_start &&
                record->address - record->map_start < record->map_size);
    assert_int_equal(record->map_perm & 2, 0);
    assert_true(memchr(record->map_name, 0, sizeof(record->map_name)) != NULL);
    assert_true(record->map_name[0] != 0);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(uvm_try(vm, "fault", HURT_EXEC_HEAP, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(record->access, FAULT_ACCESS_EXEC);
    assert_int_equal(record->address, record->pc);
    uvm_check_restored(vm);
}

static void test_recursion(void **state)
{
    uint64_t pages;

    (void)state;
    pages = uvm_call(vm, "stack_left", 0) / 4096;
    assert_true(pages > 100);
    /* A level is a page and a bit. */
    assert_int_equal(uvm_call(vm, "deep", pages * 9 / 10), pages * 9 / 10);
    assert_int_equal(uvm_try(vm, "deep", pages + 10, NULL), VT_ERR_FAULT);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    uvm_check_alive(vm);
}

static void test_runaway_recursion(void **state)
{
    const struct fault_record *record;
    unsigned count;

    (void)state;
    assert_int_equal(uvm_try(vm, "recurse", 0, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(record->class, FAULT_CLASS_MEMORY);
    assert_int_equal(record->reason, FAULT_REASON_STACK_OVERFLOW);
    assert_int_equal(record->backtrace_count, FAULT_BACKTRACE);
    for (unsigned i = 1; i < FAULT_BACKTRACE; i++) {
        assert_true(record->backtrace[i] != 0);
    }
    assert_string_equal(record->map_name, "stack guard");
    uvm_check_restored(vm);
}

/* Stack pages come back with a restore. */
static void test_stack_returns(void **state)
{
    struct vt_metrics metrics = { .size = sizeof(metrics) };

    (void)state;
    assert_int_equal(uvm_call(vm, "deep", 100), 100);
    assert_int_equal(vt_metrics(vm, &metrics), VT_OK);
    assert_true(metrics.stack_pages >= 100);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_metrics(vm, &metrics), VT_OK);
    assert_true(metrics.stack_pages <= 17); /* some stay for the next call */
    assert_int_equal(uvm_call(vm, "deep", 100), 100);
    uvm_check_restored(vm);
}

static void test_rampage(void **state)
{
    (void)state;
    assert_int_equal(uvm_try(vm, "rampage", 0, NULL), VT_ERR_FAULT);
    uvm_check_restored(vm);
}

static void test_scribble(void **state)
{
    (void)state;
    for (uint64_t request = 0; request < 8; request++) {
        int err = uvm_try(vm, "scribble", request, NULL);

        assert_true(err == VT_ERR_GUEST || err == VT_ERR_FAULT || err == VT_ERR_HOST_FUNCTION);
        uvm_check_restored(vm);
    }
}

/* A record as text, in every length of buffer. */
static void test_text(void **state)
{
    const struct fault_record *record;
    unsigned count;
    char whole[4096];
    char part[4096];
    int len;

    (void)state;
    assert_int_equal(uvm_try(vm, "fault", HURT_UD2, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    len = vt_fault_text(record, whole, sizeof(whole));
    assert_in_range(len, 40, sizeof(whole) - 1);
    assert_int_equal(strlen(whole), len);
    for (size_t size = 0; size <= (size_t)len + 1; size++) {
        memset(part, 0x7e, sizeof(part));
        assert_int_equal(vt_fault_text(record, size == 0 ? NULL : part, size), len);
        assert_true(part[size] == 0x7e);
        if (size > 0) {
            assert_int_equal(strlen(part), size - 1);
            assert_memory_equal(part, whole, size - 1);
        }
    }
    uvm_check_restored(vm);
}

/* Before each test, so that a failure stays alone. */
static int fresh(void **state)
{
    (void)state;
    return vt_restore(vm, NULL);
}

static int setup(void **state)
{
    (void)state;
    image = uvm_image("hurt");
    vm = uvm_vm(image);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    vt_image_free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_way, fresh),
        cmocka_unit_test_setup(test_alignment, fresh),
        cmocka_unit_test_setup(test_simd, fresh),
        cmocka_unit_test_setup(test_memory_record, fresh),
        cmocka_unit_test_setup(test_recursion, fresh),
        cmocka_unit_test_setup(test_runaway_recursion, fresh),
        cmocka_unit_test_setup(test_stack_returns, fresh),
        cmocka_unit_test_setup(test_rampage, fresh),
        cmocka_unit_test_setup(test_scribble, fresh),
        cmocka_unit_test_setup(test_text, fresh),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
