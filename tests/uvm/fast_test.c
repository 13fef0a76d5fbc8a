/* SPDX-License-Identifier: Apache-2.0 */
/* Fast handlers: what they may edit, passing on, removal; services of the runtime stay its own. */
#include "tests/uvm/support.h"

enum { REMOVE = 256 };

static struct vt_image *image;
static struct vt_vm *vm;
static uint64_t vector; /* of what the guest raises */

static int setup(void **state)
{
    (void)state;
    image = uvm_image("fast");
    vm = uvm_vm(image);
    vector = uvm_call(vm, "vector", 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    vt_image_free(image);
    return 0;
}

static void test_answers(void **state)
{
    (void)state;
    /* Unregistering is a service (x86_64: by ud2): it works while a fast handler has the vector. */
    assert_int_equal(uvm_call(vm, "set", vector), 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(uvm_call(vm, "skip", 0), 1);
        assert_int_equal(uvm_call(vm, "registers", 0), vector + 35);
        assert_int_equal(uvm_call(vm, "flags", 0), (7 + 8 + 9) * 2 + 1);
    }
}

static void test_passes_on(void **state)
{
    const struct fault_record *record;
    unsigned count = 0;
    uint64_t result;

    (void)state;
    assert_int_equal(uvm_try(vm, "pass", 0, &result), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_non_null(record);
    assert_int_equal(count, 1);
    assert_int_equal(record->reason, FAULT_REASON_UNDEFINED);
    assert_int_equal(record->gpr[FAULT_RAX], 2);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
}

/* A restore and a removal take the handler away: then the fault is the host's. */
static void test_is_gone(void **state)
{
    uint64_t result;

    (void)state;
    assert_int_equal(uvm_try(vm, "skip", 0, &result), VT_ERR_FAULT);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(uvm_call(vm, "set", vector), 1);
    assert_int_equal(uvm_call(vm, "skip", 0), 1);
    assert_int_equal(uvm_call(vm, "set", vector + REMOVE), 1);
    assert_int_equal(uvm_try(vm, "skip", 0, &result), VT_ERR_FAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_passes_on),
        cmocka_unit_test(test_is_gone),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
