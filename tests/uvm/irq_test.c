/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of micro-VMs: delivered, masked, never lost, never believed. */
#include "tests/uvm/irq_vm.h"

#include <pthread.h>
#include <time.h>

#include "abi/irq.h"

/* ---- Masking, priorities, lines ---- */

static void test_masked(void **state)
{
    (void)state;
    call("start", 500);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(call("masked", 3000), 0);
        assert_int_equal(call("masked_wait", 0), 0);
    }
    call("stop", 0);
}

static void test_priorities(void **state)
{
    (void)state;
    assert_int_equal(call("priorities", 0), 0x0302050604);
    assert_int_equal(call("nested", 0), 0x0502ee09);
    assert_int_equal(call("send_self", 7), 7);
    assert_int_equal(call("refused", 0), 0);
}

static void test_lines_between_calls(void **state)
{
    (void)state;
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    assert_int_equal(vt_irq_lower(vm, LINE), VT_OK);
    call("spin", 100);
    assert_int_equal(call("counted", 0), 0);
    call("listen", LINE); /* it has waited to be enabled */
    assert_int_equal(call("spin", 10), 0);
    assert_int_equal(call("heard", 0), LINE);
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK); /* is up already */
    assert_int_equal(vt_irq_lower(vm, LINE), VT_OK);
    assert_int_equal(vt_irq_lower(vm, LINE), VT_OK);
    call("spin", 10);
    assert_int_equal(call("heard", 0), LINE);
    assert_int_equal(call("deaf", LINE), 0);
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    call("spin", 100);
    assert_int_equal(call("heard", 0), 0);
}

static void test_bad_lines(void **state)
{
    static const uint32_t bad[] = { 0, 15, 27, 31, 64, 65, UINT32_MAX };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(vt_irq_raise(vm, bad[i]), VT_ERR_INVALID);
        assert_int_equal(vt_irq_lower(vm, bad[i]), VT_ERR_INVALID);
    }
    assert_int_equal(vt_irq_raise(NULL, LINE), VT_ERR_INVALID);
    assert_int_equal(vt_irq_lower(NULL, LINE), VT_ERR_INVALID);
}

struct raiser {
    unsigned count, pause_us;
};

static void *raise_often(void *arg)
{
    const struct raiser *r = arg;

    for (unsigned i = 0; i < r->count; i++) {
        struct timespec time = { 0, (long)r->pause_us * 1000 };

        nanosleep(&time, NULL);
        assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    }
    return NULL;
}

/* Each time that it goes up is one interrupt, whether the guest computes or sleeps. */
static void test_raised_by_another_thread(void **state)
{
    static const char *const how[] = { "await", "spin" };
    struct raiser raiser = { .count = 20, .pause_us = 2000 };

    (void)state;
    call("listen_level", LINE);
    for (unsigned i = 0; i < ARRAY_COUNT(how); i++) {
        uint64_t before = call("counted", 0);
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, raise_often, &raiser), 0);
        call(how[i], i == 0 ? before + 1 : 30000);
        pthread_join(thread, NULL);
        call("spin", 1000);
        assert_in_range(call("counted", 0) - before, 1, raiser.count);
    }
}

/* A vCPU wakes another, which has a timer of its own, and is parked between calls. */
static void test_between_vcpus(void **state)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = 2 };
    uint64_t rounds = uvm_emulated() ? 20 : 100;

    (void)state;
    vt_destroy(vm);
    vm = irq_make(&cfg);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call("ping_pong", rounds), rounds);
        uvm_sleep_ms(10);
    }
    assert_int_equal(call("listen", LINE), 0);
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    assert_int_equal(vt_irq_lower(vm, LINE), VT_OK);
    call("spin", 100);
    assert_int_equal(call("heard", 0) % 256, LINE);
    assert_int_equal(vt_set_budget(vm, 50 * MS, 0), VT_OK);
    assert_int_equal(uvm_try(vm, "hang_waiting", 1, NULL), VT_ERR_BUDGET);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(call("ping_pong", rounds), rounds);
}

/* A line that stays up comes again and again, and the program goes on meanwhile. */
static void test_line_storm(void **state)
{
    (void)state;
    call("listen", LINE);
    assert_int_equal(vt_irq_raise(vm, LINE), VT_OK);
    assert_int_equal(vt_set_budget(vm, 100 * MS, 0), VT_OK);
    assert_int_equal(uvm_try(vm, "spin", 10000000, NULL), VT_ERR_BUDGET);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    uvm_check_alive(vm);
}

/* ---- What is interrupted ---- */

static void test_preserved(void **state)
{
    (void)state;
    assert_int_equal(call("preserved", uvm_emulated() ? 100 : 500), 0);
}

static void test_calls_by_handlers(void **state)
{
    (void)state;
    assert_int_equal(call("chatter", uvm_emulated() ? 200 : 500), 0);
}

static void test_handler_stack(void **state)
{
    (void)state;
    assert_int_equal(call("handler_stack", 0), 1);
}

/* ---- Faults in handlers ---- */

static void check_fault(const char *name, uint64_t address, enum fault_reason reason)
{
    const struct fault_record *record;

    assert_int_equal(uvm_try(vm, name, address, NULL), VT_ERR_FAULT);
    record = vt_fault(vm, NULL);
    assert_non_null(record);
    assert_int_equal(record->class, FAULT_CLASS_MEMORY);
    assert_int_equal(record->reason, reason);
    assert_int_equal(record->level, FAULT_LEVEL_USER);
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    uvm_check_alive(vm);
}

static void test_faults_in_handlers(void **state)
{
    (void)state;
    check_fault("handler_fault", 0xdead0000, FAULT_REASON_NOT_PRESENT);
    check_fault("handler_fault", 0, FAULT_REASON_STACK_OVERFLOW);
    check_fault("timer_fault", 0xdead0000, FAULT_REASON_NOT_PRESENT);
    check_fault("timer_fault", 0x8000, FAULT_REASON_PERMISSION);
}

static enum vt_action skip_it(void *ctx, struct vt_vm *of, struct fault_record *record,
                              unsigned count)
{
    (void)of;
    (void)record;
    (void)count;
    ++*(unsigned *)ctx;
    return VT_SKIP;
}

/* The host resumes a handler; the program goes on. */
static void test_resumed_handler(void **state)
{
    unsigned faults = 0;
    struct vt_cfg cfg = { .size = sizeof(cfg), .fault = skip_it, .fault_ctx = &faults };

    (void)state;
    vt_destroy(vm);
    vm = irq_make(&cfg);
    assert_int_equal(call("handler_fault", 0xdead0000), 2);
    assert_int_equal(faults, 1);
    assert_int_equal(call("priorities", 0), 0x0302050604);
}

/* ---- Budget and cancel ---- */

static const struct {
    const char *name;
    uint64_t arg;
} hangs[] = {
    { "hang_masked", 0 },
    { "hang_in_handler", 0 },
    { "hang_waiting", 0 },
    { "hang_waiting", 1 },
};

static void test_budget(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(hangs); i++) {
        uint64_t begin = uvm_now_ms();

        assert_int_equal(vt_set_budget(vm, 20 * MS, 0), VT_OK);
        assert_int_equal(uvm_try(vm, hangs[i].name, hangs[i].arg, NULL), VT_ERR_BUDGET);
        assert_in_range(uvm_now_ms() - begin, 19, 5000);
        assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
        uvm_check_restored(vm);
    }
}

/* CPU time stands still while a guest sleeps: then only the other budget ends it. */
static void test_cpu_budget(void **state)
{
    (void)state;
    assert_int_equal(vt_set_budget(vm, 0, 10 * MS), VT_OK);
    assert_int_equal(uvm_try(vm, "hang_masked", 0, NULL), VT_ERR_BUDGET);
    assert_int_equal(vt_set_budget(vm, 50 * MS, 1000 * MS), VT_OK);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(uvm_try(vm, "hang_waiting", 0, NULL), VT_ERR_BUDGET);
}

static void test_cancel(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(hangs); i++) {
        struct uvm_canceller canceller = { .vm = vm, .ms = 20 };

        uvm_cancel_begin(&canceller);
        assert_int_equal(uvm_try(vm, hangs[i].name, hangs[i].arg, NULL), VT_ERR_CANCELLED);
        uvm_cancel_end(&canceller);
        uvm_check_restored(vm);
    }
}

/* With a fast timer, too. */
static void test_budget_among_interrupts(void **state)
{
    (void)state;
    call("start", 100);
    assert_int_equal(vt_set_budget(vm, 50 * MS, 0), VT_OK);
    assert_int_equal(uvm_try(vm, "spin", 10000000, NULL), VT_ERR_BUDGET);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    uvm_check_restored(vm);
    assert_int_equal(call("spin", 5000), 0); /* the image has no timer */
}

/* ---- Hostile guests ---- */

static void test_hostile_words(void **state)
{
    unsigned rounds = uvm_emulated() ? 20 : 60;

    (void)state;
    assert_int_equal(vt_set_budget(vm, 2000 * MS, 0), VT_OK);
    for (uint64_t seed = 1; seed <= rounds; seed++) {
        int err = uvm_try(vm, "hostile", seed * UINT64_C(0x9e3779b97f4a7c15), NULL);

        assert_true(err == VT_OK || err == VT_ERR_FAULT || err == VT_ERR_GUEST ||
                    err == VT_ERR_BUDGET);
        assert_int_equal(vt_irq_raise(vm, 32 + (uint32_t)seed % 32), VT_OK);
        if (err == VT_OK) { /* timers may be armed, words may be anything: no more than a fault */
            err = uvm_try(vm, "ok", 0, NULL);
            assert_true(err == VT_OK || err == VT_ERR_FAULT || err == VT_ERR_BUDGET);
        }
        assert_int_equal(vt_restore(vm, NULL), VT_OK);
        uvm_check_alive(vm);
    }
}

/* The program's own claims, which a zone's test reads from the console. */
static void test_claims(void **state)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = 2 };

    (void)state;
    vt_destroy(vm);
    vm = irq_make(&cfg);
    assert_int_equal(call("main", 0), 0);
}

static void test_bad_requests(void **state)
{
    static const uint64_t bad[] = { 0, IRQ_REQUEST_COUNT, 0x80000000, UINT32_MAX };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(uvm_try(vm, "bad_request", bad[i], NULL), VT_ERR_GUEST);
        uvm_check_restored(vm);
    }
}

static void test_bad_entries(void **state)
{
    /* no memory, ring 0's text, not canonical, none */
    static const uint64_t bad[] = { 0xdead0000, 0x8000, UINT64_C(1) << 63, 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        int err = uvm_try(vm, "bad_entry", bad[i], NULL);

        assert_int_equal(err, i < 2 ? VT_ERR_FAULT : VT_OK);
        uvm_check_restored(vm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IRQ_TEST(test_masked),
        IRQ_TEST(test_priorities),
        IRQ_TEST(test_lines_between_calls),
        IRQ_TEST(test_bad_lines),
        IRQ_TEST(test_raised_by_another_thread),
        IRQ_TEST(test_between_vcpus),
        IRQ_TEST(test_line_storm),
        IRQ_TEST(test_preserved),
        IRQ_TEST(test_calls_by_handlers),
        IRQ_TEST(test_handler_stack),
        IRQ_TEST(test_faults_in_handlers),
        IRQ_TEST(test_resumed_handler),
        IRQ_TEST(test_budget),
        IRQ_TEST(test_cpu_budget),
        IRQ_TEST(test_cancel),
        IRQ_TEST(test_budget_among_interrupts),
        IRQ_TEST(test_hostile_words),
        IRQ_TEST(test_claims),
        IRQ_TEST(test_bad_requests),
        IRQ_TEST(test_bad_entries),
    };

    return cmocka_run_group_tests(tests, irq_setup, irq_teardown);
}
