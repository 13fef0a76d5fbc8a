/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers across faults and calls: general, flags, those of threads, floating point, vectors;
 * what the host edits, what it may not edit, and going on at places where nothing is.
 */
#include "tests/uvm/support.h"

#include "abi/uvm.h"
#include "tests/uvm/state.h"

static struct vt_image *image;
static struct vt_vm *vm;

/* What the callback does at its next calls. */
static struct {
    enum vt_action action;
    bool edit;
    uint64_t pc, sp, result, flags; /* pc: 0: after the instruction */
    unsigned count, most;
    uint16_t reason; /* given to a fault that is terminated; 0: none */
    uint16_t levels;
} plan;

static enum vt_action on_fault(void *ctx, struct vt_vm *from, struct fault_record *record,
                               unsigned count)
{
    (void)ctx;
    assert_ptr_equal(from, vm);
    assert_true(count >= 1);
    plan.levels = (uint16_t)(plan.levels | 1u << record->level);
    if (++plan.count > plan.most) {
        record->reason = plan.reason != 0 ? plan.reason : record->reason;
        return VT_TERMINATE;
    }
    if (plan.edit) {
        record->pc = plan.pc != 0 ? plan.pc : record->pc + state_arch.insn_size;
        record->gpr[state_arch.result] = plan.result;
        record->flags |= plan.flags;
        record->gpr[state_arch.sp] = plan.sp != 0 ? plan.sp : record->gpr[state_arch.sp];
    }
    return plan.action;
}

static void plan_skip(void)
{
    plan.action = VT_SKIP;
    plan.edit = false;
    plan.count = 0;
    plan.most = 10;
    plan.levels = 0;
}

static void plan_resume(void)
{
    plan_skip();
    plan.action = VT_RESUME;
    plan.edit = true;
    plan.pc = plan.sp = plan.result = plan.flags = 0;
}

static void unchanged(const char *function)
{
    for (int i = 0; i < 3; i++) {
        plan_skip();
        assert_int_equal(uvm_call(vm, function, 0), 0);
        assert_int_equal(plan.count, 1);
        plan_resume();
        plan.edit = i == 0;
    }
}

static void test_sets(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATE_SETS && state_arch.sets[i] != NULL; i++) {
        unchanged(state_arch.sets[i]);
    }
}

/* Where the processor has it; elsewhere the instruction does not exist. */
static void vectors(const char *function, uint64_t feature)
{
    const struct fault_record *record;
    unsigned count;

    plan_skip();
    if ((uvm_call(vm, "features", 0) & feature) != 0) {
        unchanged(function);
        return;
    }
    plan.most = 0;
    assert_int_equal(uvm_try(vm, function, 0, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, &count);
    assert_int_equal(record->reason, FAULT_REASON_UNDEFINED);
}

static void test_vectors(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STATE_VECTORS && state_arch.vectors[i].function != NULL; i++) {
        assert_int_equal(vt_restore(vm, NULL), VT_OK);
        vectors(state_arch.vectors[i].function, state_arch.vectors[i].feature);
    }
}

static void test_bases(void **state)
{
    struct vt_snapshot *snapshot;
    struct vt_vm *clone;

    (void)state;
    plan_skip();
    assert_int_equal(uvm_call(vm, "bases_over_fault", 0x123450), 1);
    assert_int_equal(uvm_call(vm, "bases_are", 0x123450), 1);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    assert_int_equal(uvm_call(vm, "set_bases", UINT64_C(0x7fffdeadbee0)), UINT64_C(0x7fffdeadbee0));
    assert_int_equal(uvm_call(vm, "bases_are", UINT64_C(0x7fffdeadbee0)), 1);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    assert_int_equal(uvm_call(vm, "bases_are", 0x123450), 1);
    assert_int_equal(vt_clone(snapshot, NULL, &clone), VT_OK);
    assert_int_equal(uvm_call(clone, "bases_are", 0x123450), 1);
    vt_destroy(clone);
    vt_snapshot_free(snapshot);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(uvm_call(vm, "bases_are", 0x123450), 0);
}

static void test_edited(void **state)
{
    (void)state;
    plan_resume();
    plan.result = 0x123456789abcdef0;
    assert_int_equal(uvm_call(vm, "edited", 0), 0x123456789abcdef0);
    assert_int_equal(plan.count, 1);
}

/* Of the flags only arithmetic ones can be set. */
static void test_flags(void **state)
{
    uint64_t before, after;

    (void)state;
    plan_resume();
    before = uvm_call(vm, "flags", 0);
    plan_resume();
    plan.flags = state_arch.flags_asked;
    after = uvm_call(vm, "flags", 0);
    assert_int_equal(after & state_arch.flags_system, before & state_arch.flags_system);
    assert_int_equal(after & state_arch.flags_set, state_arch.flags_set);
}

/* Going on where nothing is: faults again, until the callback gives up. */
static void test_wild_resume(void **state)
{
    static const struct {
        uint64_t pc, sp;
    } wild[] = {
        { 8, 0 },
        { UINT64_C(0x7f0000000000), 0 },
        { UINT64_C(0x8000000000000000), 0 },
        { UVM_CPU_GVA, 0 },
        { UVM_IMAGE_GVA, 0 },
        { UVM_GATE_GVA, 8 },
        { UVM_GATE_GVA + 2, UINT64_C(0x8000000000000000) },
        { 0, UINT64_C(0x8000000000000000) },
        { 0, 8 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        int err;

        plan_resume();
        plan.most = 3;
        plan.pc = wild[i].pc;
        plan.sp = wild[i].sp;
        err = uvm_try(vm, "edited", 0, NULL);
        assert_true(err == VT_ERR_FAULT || err == VT_ERR_GUEST ||
                    (err == VT_OK && wild[i].pc == 0));
        if (err != VT_OK) {
            assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
        }
        uvm_check_restored(vm);
    }
}

/* The reason that the callback gives is the one that stays. */
static void test_reason(void **state)
{
    const struct fault_record *record;
    unsigned count;

    (void)state;
    plan_skip();
    plan.most = 0;
    plan.reason = FAULT_REASON_ABORT;
    assert_int_equal(uvm_try(vm, "general", 0, NULL), VT_ERR_FAULT);
    plan.reason = 0;
    record = vt_fault(vm, &count);
    assert_int_equal(count, 1);
    assert_int_equal(record->reason, FAULT_REASON_ABORT);
}

static void test_stop(void **state)
{
    struct fault_record *record;
    unsigned count;

    (void)state;
    plan_resume();
    plan.action = VT_STOP;
    assert_int_equal(uvm_try(vm, "edited", 0, NULL), VT_ERR_STOPPED);
    record = (struct fault_record *)(uintptr_t)vt_fault(vm, &count);
    assert_non_null(record);
    assert_int_equal(count, 1);
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
    uvm_check_restored(vm);
    assert_null(vt_fault(vm, &count));
}

/* Before each test, so that a failure stays alone. */
static int fresh(void **state)
{
    (void)state;
    return vt_restore(vm, NULL);
}

static int setup(void **state)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .fault = on_fault };

    (void)state;
    image = uvm_image("state");
    return vt_create(image, &cfg, &vm);
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
        cmocka_unit_test_setup(test_sets, fresh),   cmocka_unit_test_setup(test_vectors, fresh),
        cmocka_unit_test_setup(test_bases, fresh),  cmocka_unit_test_setup(test_edited, fresh),
        cmocka_unit_test_setup(test_flags, fresh),  cmocka_unit_test_setup(test_wild_resume, fresh),
        cmocka_unit_test_setup(test_reason, fresh), cmocka_unit_test_setup(test_stop, fresh),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
