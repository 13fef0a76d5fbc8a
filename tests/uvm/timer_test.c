/* SPDX-License-Identifier: Apache-2.0 */
/* Timers and clocks of micro-VMs: never early, none lost, never back, snapshots with all of it. */
#include "tests/uvm/irq_vm.h"

#include <time.h>

/* ---- Timers ---- */

static void test_once(void **state)
{
    (void)state;
    for (uint64_t us = 100; us <= 10000; us *= 10) {
        assert_in_range(call("once", us), us, us + 1000000);
    }
    assert_int_equal(call("too_early", 0), 0);
}

/* As many as time has passed, at any rate, whether the program runs or sleeps. */
static void test_periodic(void **state)
{
    (void)state;
    call("start", 1000);
    assert_in_range(call("spin", 200000), 1, 100000); /* few, where all stands still at times */
    assert_true(call("await", 100) >= 100);
    assert_int_equal(call("too_early", 0), 0);
    assert_true(call("stop", 0) >= 100);
    assert_int_equal(call("spin", 5000), 0);
}

/* A timer of 1 ms that began then has had each of its deadlines, but for the last few: a busy
 * machine gets time for them. */
static void check_caught_up(uint64_t begin, uint64_t few)
{
    uint64_t due = 0;
    uint64_t had = 0;

    for (int i = 0; i < 100 && (i == 0 || had + few < due); i++) {
        due = (call("now_us", 0) - begin) / 1000;
        call("spin", 5000);
        had = call("counted", 0);
    }
    assert_in_range(had, due - few, UINT64_MAX);
}

/* None is lost while no call runs, and none while masked. */
static void test_catches_up(void **state)
{
    uint64_t begin;

    (void)state;
    call("start", 1000);
    begin = call("now_us", 0);
    uvm_sleep_ms(100);
    call("ok", 0);
    uvm_sleep_ms(20);
    call("spin", 2000);
    assert_int_equal(call("masked", 20000), 0);
    call("spin", 3000);
    check_caught_up(begin, 3);
    call("stop", 0);
}

static void test_floor(void **state)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .timer_floor_ns = 5 * MS };
    uint64_t begin;

    (void)state;
    assert_in_range(call("storm", 100), 99 * 50, 10000000); /* the default */
    vt_destroy(vm);
    vm = irq_make(&cfg);
    assert_in_range(call("storm", 10), 45000, 10000000);
    /* Deadlines that are closer are delivered all the same. */
    call("start", 1000);
    begin = call("now_us", 0);
    call("spin", 100000);
    check_caught_up(begin, 20);
    assert_int_equal(call("too_early", 0), 0);
    call("stop", 0);
}

/* ---- Snapshots ---- */

static void test_snapshot(void **state)
{
    struct vt_snapshot *snapshot = NULL;
    struct vt_vm *clone = NULL;
    uint64_t begin, at;

    (void)state;
    call("listen", LINE);
    call("start", 5000);
    call("spin", 20000);
    begin = call("counted", 0);
    at = call("now_us", 0);
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    assert_int_equal(vt_irq_lower(vm, LINE), VT_OK);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    call("stop", 0);
    uvm_sleep_ms(1000);
    assert_int_equal(vt_clone(snapshot, NULL, &clone), VT_OK);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    /* The pause is none of their time. */
    assert_in_range(uvm_call(clone, "now_us", 0), at, at + 800000);
    assert_in_range(uvm_call(vm, "now_us", 0), at, at + 800000);
    for (int i = 0; i < 2; i++) {
        struct vt_vm *of = i == 0 ? vm : clone;

        assert_int_equal(uvm_call(of, "heard", 0) % 256, LINE);
        uvm_call(of, "spin", 100000);
        assert_in_range(uvm_call(of, "counted", 0) - begin, 15, 1000);
        assert_int_equal(uvm_call(of, "too_early", 0), 0);
        uvm_call(of, "stop", 0);
    }
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(call("spin", 5000), 0);
    vt_destroy(clone);
    vt_snapshot_free(snapshot);
}

/* Time never goes back, however often it is restored. */
static void test_time_goes_on(void **state)
{
    struct vt_snapshot *snapshot = NULL;
    uint64_t last = call("now_us", 0);

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct vt_vm *clone = NULL;
        uint64_t now;

        assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
        assert_int_equal(vt_clone(snapshot, NULL, &clone), VT_OK);
        now = uvm_call(clone, "now_us", 0);
        assert_true(now >= last);
        assert_int_equal(vt_restore(vm, snapshot), VT_OK);
        now = call("now_us", 0);
        assert_true(now >= last);
        last = now;
        vt_destroy(clone);
        vt_snapshot_free(snapshot);
    }
}

static void test_wall(void **state)
{
    uint64_t now = (uint64_t)time(NULL);

    (void)state;
    assert_in_range(call("wall_s", 0), now - 1, now + 2);
    uvm_sleep_ms(1100);
    assert_in_range(call("wall_s", 0), now, now + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IRQ_TEST(test_once),  IRQ_TEST(test_periodic), IRQ_TEST(test_catches_up),
        IRQ_TEST(test_floor), IRQ_TEST(test_snapshot), IRQ_TEST(test_time_goes_on),
        IRQ_TEST(test_wall),
    };

    return cmocka_run_group_tests(tests, irq_setup, irq_teardown);
}
