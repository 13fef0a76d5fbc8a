/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops without end, in user code and in ring 0: budgets of wall clock and CPU time end them, and
 * so does another thread, at any moment; what the program does with signals is untouched.
 */
#define _GNU_SOURCE
#include "tests/uvm/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/uvm/puppet.h"

enum { MS = 1000000, CANCELS = 1000, CANCELS_EMULATED = 150, BUDGET_MS = 50, LATE_MS = 5000 };
enum { SIGNALS = 32 };

static struct vt_image *hurt, *puppet;
static struct vt_vm *vm;    /* user code */
static struct vt_vm *ring0; /* a ring 0 that loops */

static int host_note(void *ctx, struct vt_vm *from, const struct vt_value *args, unsigned count,
                     struct vt_value *result)
{
    (void)from;
    (void)count;
    result->u = args[0].u;
    if (ctx != NULL) {
        assert_int_equal(vt_cancel(from), VT_OK);
    }
    return 0;
}

static void loop_in_ring0(void)
{
    struct puppet_step spin = { PUPPET_SPIN, 0, 0, 0 };

    assert_int_equal(vt_restore(ring0, NULL), VT_OK);
    puppet_script(ring0, &spin, 1);
}

static void ends_by_budget(struct vt_vm *from, const char *function, uint64_t wall, uint64_t cpu)
{
    uint64_t least = cpu == 0 || (wall != 0 && wall < cpu) ? wall : cpu;
    uint64_t begin = uvm_now_ms();
    uint64_t took;

    assert_int_equal(vt_set_budget(from, wall * MS, cpu * MS), VT_OK);
    assert_int_equal(uvm_try(from, function, 0, NULL), VT_ERR_BUDGET);
    took = uvm_now_ms() - begin;
    assert_in_range(took, least - 1, LATE_MS);
    assert_int_equal(uvm_try(from, "ok", 0, NULL), VT_ERR_POISONED);
    assert_int_equal(vt_restore(from, NULL), VT_OK);
    assert_int_equal(vt_set_budget(from, 0, 0), VT_OK);
    uvm_check_alive(from);
}

static void test_user_loop(void **state)
{
    (void)state;
    ends_by_budget(vm, "spin", BUDGET_MS, 0);
    ends_by_budget(vm, "spin", 0, BUDGET_MS);
    ends_by_budget(vm, "spin", BUDGET_MS, 60000);
    ends_by_budget(vm, "spin", 60000, BUDGET_MS);
}

static void test_user_loop_tiny(void **state)
{
    (void)state;
    for (uint64_t ns = 1; ns < 2000000; ns = ns * 2 + 1) {
        int err;

        assert_int_equal(vt_set_budget(vm, ns, 0), VT_OK);
        err = uvm_try(vm, "spin", 0, NULL);
        assert_int_equal(err, VT_ERR_BUDGET);
        assert_int_equal(vt_restore(vm, NULL), VT_OK);
    }
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    uvm_check_alive(vm);
}

static void test_ring0_loop(void **state)
{
    (void)state;
    loop_in_ring0();
    ends_by_budget(ring0, "ok", BUDGET_MS, 0);
    loop_in_ring0();
    ends_by_budget(ring0, "ok", 0, BUDGET_MS);
}

static void test_pestering(void **state)
{
    (void)state;
    assert_int_equal(vt_register(vm, "host_note", SIG_U64_U64, host_note, NULL), VT_OK);
    ends_by_budget(vm, "pester", BUDGET_MS, 0);
    ends_by_budget(vm, "pester", 0, BUDGET_MS);
}

static void test_enough_time(void **state)
{
    (void)state;
    assert_int_equal(vt_set_budget(vm, 20000 * (uint64_t)MS, 20000 * (uint64_t)MS), VT_OK);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(uvm_call(vm, "count_to", 1000), 1000);
    }
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
}

/* ---- Threads ---- */

static void *loop_in_thread(void *arg)
{
    int *err = arg;

    *err = uvm_try(vm, "spin", 0, NULL);
    return (void *)(uintptr_t)gettid();
}

/* The number that the next thread gets; false: this process may not say so. */
static bool next_thread(uintptr_t number)
{
    FILE *f = fopen("/proc/sys/kernel/ns_last_pid", "w");
    bool done = f != NULL && fprintf(f, "%llu", (unsigned long long)number - 1) > 0;

    return f != NULL && fclose(f) == 0 && done;
}

/* A thread that has the number of one that has ended is another: the timers know. */
static void test_number_comes_again(void **state)
{
    struct timespec late;
    void *first = NULL;
    void *now = NULL;
    pthread_t thread;
    int err = VT_OK;

    (void)state;
    assert_int_equal(vt_set_budget(vm, BUDGET_MS * (uint64_t)MS, 0), VT_OK);
    for (int i = 0; i < 100 && (first == NULL || now != first); i++) {
        if (first != NULL && !next_thread((uintptr_t)first)) {
            uvm_skip("/proc/sys/kernel/ns_last_pid can't be written");
        }
        assert_int_equal(pthread_create(&thread, NULL, loop_in_thread, &err), 0);
        clock_gettime(CLOCK_REALTIME, &late);
        late.tv_sec += LATE_MS / 1000;
        if (pthread_timedjoin_np(thread, &now, &late) != 0) {
            assert_int_equal(vt_cancel(vm), VT_OK);
            pthread_join(thread, &now);
        }
        assert_int_equal(err, VT_ERR_BUDGET);
        assert_int_equal(vt_restore(vm, NULL), VT_OK);
        if (first == NULL) {
            first = now;
            now = NULL;
        }
    }
    assert_ptr_equal(now, first);
}

/* ---- Cancel ---- */

struct canceller {
    struct vt_vm *vm;
    atomic_bool stop;
    atomic_uint cancels;
    unsigned pause_us;
};

static void *cancel_loop(void *arg)
{
    struct canceller *c = arg;
    unsigned seed = 1;

    while (!atomic_load(&c->stop)) {
        struct timespec pause = { 0, (long)((unsigned)rand_r(&seed) % c->pause_us) * 1000 };

        nanosleep(&pause, NULL);
        assert_int_equal(vt_cancel(c->vm), VT_OK);
        atomic_fetch_add(&c->cancels, 1);
    }
    return NULL;
}

/* Calls that may be cancelled at any moment, or end by themselves at the same. */
static void test_cancel_race(void **state)
{
    struct canceller c = { .vm = vm, .pause_us = 300 };
    unsigned wanted = uvm_emulated() ? CANCELS_EMULATED : CANCELS;
    unsigned seed = 7;
    unsigned cancelled = 0;
    unsigned done = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, cancel_loop, &c), 0);
    while (cancelled < wanted) {
        uint64_t n = (uint64_t)rand_r(&seed) % 200000;
        uint64_t result = 0;
        int err = uvm_try(vm, "count_to", n, &result);

        if (err == VT_ERR_CANCELLED) {
            cancelled++;
            do {
                err = vt_restore(vm, NULL);
            } while (err == VT_ERR_CANCELLED);
        } else {
            assert_int_equal(result, n);
            done++;
        }
        assert_int_equal(err, VT_OK);
    }
    atomic_store(&c.stop, true);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&c.cancels) >= cancelled);
    assert_true(done > 0);
    uvm_check_alive(vm);
}

static void cancelled_once(struct vt_vm *from, const char *function)
{
    struct canceller c = { .vm = from, .pause_us = 30000 };
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, cancel_loop, &c), 0);
    assert_int_equal(uvm_try(from, function, 0, NULL), VT_ERR_CANCELLED);
    atomic_store(&c.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(uvm_try(from, "ok", 0, NULL), VT_ERR_POISONED);
    uvm_check_restored(from);
}

static void test_cancel(void **state)
{
    (void)state;
    cancelled_once(vm, "spin");
    cancelled_once(vm, "pester");
    loop_in_ring0();
    cancelled_once(ring0, "ok");
}

/* Between calls it does nothing; from a host function it ends the call. */
static void test_cancel_when(void **state)
{
    int any = 1;

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vt_cancel(vm), VT_OK);
        uvm_check_alive(vm);
    }
    assert_int_equal(vt_register(vm, "host_note", SIG_U64_U64, host_note, &any), VT_OK);
    assert_int_equal(uvm_try(vm, "note", 1, NULL), VT_ERR_CANCELLED);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(vt_register(vm, "host_note", SIG_U64_U64, host_note, NULL), VT_OK);
    assert_int_equal(uvm_call(vm, "note", 9), 9);
}

/* ---- Signals of the program ---- */

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
    (void)signal;
    alarms++;
}

static void test_own_signals(void **state)
{
    struct sigaction action = { .sa_handler = on_alarm }, old;
    struct itimerval each = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
    uint64_t end = uvm_now_ms() + 300;

    (void)state;
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &each, NULL), 0);
    assert_int_equal(vt_set_budget(vm, 20000 * (uint64_t)MS, 0), VT_OK);
    while (uvm_now_ms() < end) {
        assert_int_equal(uvm_call(vm, "count_to", 3000000), 3000000);
    }
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_true(alarms > 5);
}

/* The mask is as before, nothing stays pending, no handler was installed. */
static void test_no_traces(void **state)
{
    struct sigaction before[SIGNALS], after;
    sigset_t mask, mask_after, pending;

    (void)state;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    for (int signal = 1; signal < SIGNALS; signal++) {
        assert_int_equal(sigaction(signal, NULL, &before[signal]), 0);
    }
    ends_by_budget(vm, "spin", 5, 0);
    cancelled_once(vm, "spin");
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask_after), 0);
    assert_int_equal(sigpending(&pending), 0);
    for (int signal = 1; signal < SIGNALS; signal++) {
        assert_int_equal(sigaction(signal, NULL, &after), 0);
        assert_true(after.sa_handler == before[signal].sa_handler);
        assert_int_equal(sigismember(&mask, signal), sigismember(&mask_after, signal));
        assert_int_equal(sigismember(&pending, signal), 0);
    }
}

/* Before each test, so that a failure stays alone. */
static int fresh(void **state)
{
    int err = vt_restore(vm, NULL);

    (void)state;
    err = err == VT_OK ? vt_set_budget(vm, 0, 0) : err;
    return err == VT_OK ? vt_register(vm, "host_note", SIG_U64_U64, host_note, NULL) : err;
}

static int setup(void **state)
{
    (void)state;
    hurt = uvm_image("hurt");
    puppet = puppet_image();
    vm = uvm_vm(hurt);
    ring0 = uvm_vm(puppet);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    vt_destroy(ring0);
    vt_image_free(hurt);
    vt_image_free(puppet);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_user_loop, fresh),
        cmocka_unit_test_setup(test_user_loop_tiny, fresh),
        cmocka_unit_test_setup(test_ring0_loop, fresh),
        cmocka_unit_test_setup(test_pestering, fresh),
        cmocka_unit_test_setup(test_enough_time, fresh),
        cmocka_unit_test_setup(test_number_comes_again, fresh),
        cmocka_unit_test_setup(test_cancel, fresh),
        cmocka_unit_test_setup(test_cancel_when, fresh),
        cmocka_unit_test_setup(test_cancel_race, fresh),
        cmocka_unit_test_setup(test_own_signals, fresh),
        cmocka_unit_test_setup(test_no_traces, fresh),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
