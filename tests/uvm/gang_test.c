/* SPDX-License-Identifier: Apache-2.0 */
/* Several vCPUs of one micro-VM: starting, waiting for each other, ending, failing. */
#include "tests/uvm/support.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "abi/uvm.h"

#define GARBAGE UINT64_C(0xdead0000)

static struct vt_vm *make_of(const char *guest, const struct vt_cfg *cfg)
{
    struct vt_image *image = uvm_image(guest);
    struct vt_vm *vm = NULL;

    assert_int_equal(vt_create(image, cfg, &vm), VT_OK);
    vt_image_free(image);
    return vm;
}

static struct vt_vm *make(unsigned vcpus)
{
    return make_of("gang", &(struct vt_cfg){ .size = sizeof(struct vt_cfg), .vcpus = vcpus });
}

/* One whose vCPUs take interrupts. */
static struct vt_vm *make_ring(unsigned vcpus)
{
    return make_of("ring", &(struct vt_cfg){ .size = sizeof(struct vt_cfg), .vcpus = vcpus });
}

static void check_same(struct vt_vm *vm, const char *function, uint64_t arg, uint64_t expected)
{
    assert_int_equal(uvm_call(vm, function, arg), expected);
}

static struct vt_metrics metrics_of(const struct vt_vm *vm)
{
    struct vt_metrics m = { .size = sizeof(m) };

    assert_int_equal(vt_metrics(vm, &m), VT_OK);
    return m;
}

/* As much as this machine does in a test. */
static uint64_t often(uint64_t natively)
{
    return uvm_emulated() ? natively / 200 + 1 : natively;
}

/* ---- Starting and stopping ---- */

static void test_count(void **state)
{
    struct vt_image *image = uvm_image("gang");
    struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = 17 };
    struct vt_vm *vm = NULL;

    (void)state;
    assert_int_equal(vt_create(image, &cfg, &vm), VT_ERR_INVALID);
    assert_null(vm);
    for (unsigned n = 1; n <= 16; n += 5) {
        vm = make(n);
        check_same(vm, "count", 0, n);
        vt_destroy(vm);
    }
    vm = uvm_vm(image);
    check_same(vm, "count", 0, 1);
    check_same(vm, "start_one", 0, (uint64_t)CALL_VCPU_ALREADY_ON);
    check_same(vm, "start_one", 1, (uint64_t)CALL_VCPU_INVALID);
    vt_destroy(vm);
    vt_image_free(image);
}

static void test_start(void **state)
{
    struct vt_vm *vm = make(3);

    (void)state;
    check_same(vm, "start_one", 1, 101);
    check_same(vm, "start_one", 2, 102);
    check_same(vm, "start_one", 1, 101);
    check_same(vm, "start_one", 0, (uint64_t)CALL_VCPU_ALREADY_ON);
    check_same(vm, "start_one", 3, (uint64_t)CALL_VCPU_INVALID);
    check_same(vm, "start_one", UINT64_C(1) << 31, (uint64_t)CALL_VCPU_INVALID);
    check_same(vm, "is_on", 0, 1);
    check_same(vm, "is_on", 1, 0);
    check_same(vm, "is_on", 99, 0);
    check_same(vm, "start_twice", 2, (uint64_t)CALL_VCPU_ALREADY_ON);
    check_same(vm, "is_on", 2, 1);
    check_same(vm, "start_one", 2, (uint64_t)CALL_VCPU_ALREADY_ON);
    assert_int_equal(metrics_of(vm).vcpu_starts, 4);
    assert_int_equal(metrics_of(vm).vcpus_on, 2);
    vt_destroy(vm);
}

/* Each starts the next one. */
static void test_chain(void **state)
{
    struct vt_vm *vm = make(16);

    (void)state;
    check_same(vm, "start_chain", 0, 120);
    check_same(vm, "start_chain", 0, 120);
    check_same(vm, "errors", 0, 0);
    check_same(vm, "floats", 0, 15);
    vt_destroy(vm);
}

static void test_start_often(void **state)
{
    uint64_t times = often(10000);
    struct vt_vm *vm = make(2);

    (void)state;
    check_same(vm, "start_often", times, times);
    times = times / 10 * 2 + 1; /* odd: by vg_vcpu_off() */
    check_same(vm, "start_often", times, times);
    for (unsigned i = 0; i < often(100); i++) {
        check_same(vm, "start_one", 1, 101);
    }
    vt_destroy(vm);
}

/* ---- Together ---- */

static void test_lock(void **state)
{
    uint64_t turns = often(100000);
    struct vt_vm *vm = make(4);

    (void)state;
    check_same(vm, "lock_all", turns, 4 * turns);
    vt_destroy(vm);
}

/* UVM_BARRIERS: another number, for the long run. */
static void test_barrier(void **state)
{
    const char *given = getenv("UVM_BARRIERS");
    uint64_t turns = given != NULL ? strtoull(given, NULL, 10) : often(5000);
    struct vt_vm *vm = make(4);

    (void)state;
    check_same(vm, "barrier_all", turns, turns);
    check_same(vm, "errors", 0, 0);
    vt_destroy(vm);
}

static void test_stacks(void **state)
{
    struct vt_vm *vm = make(2);
    uint64_t before;

    (void)state;
    check_same(vm, "fill_stack", 0, 100000);
    before = metrics_of(vm).memory;
    assert_true(uvm_call(vm, "deep_stack", 200) > 1000000);
    assert_true(before == 0 ||
                metrics_of(vm).memory >= before + 400000); /* its own stack grows by touch */
    uvm_check_restored(vm);
    assert_true(before == 0 || metrics_of(vm).memory < before);
    vt_destroy(vm);
}

struct seen {
    unsigned calls, inside, worst;
    pthread_t threads[64];
    unsigned thread_count;
};

static int host_where(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                      struct vt_value *result)
{
    struct seen *seen = ctx;
    unsigned i = 0;

    (void)vm;
    assert_int_equal(count, 1);
    seen->calls++;
    seen->inside++;
    seen->worst = seen->inside > seen->worst ? seen->inside : seen->worst;
    while (i < seen->thread_count && pthread_equal(seen->threads[i], pthread_self()) == 0) {
        i++;
    }
    if (i == seen->thread_count && i < 64) {
        seen->threads[seen->thread_count++] = pthread_self();
    }
    result->u = args[0].u + 1;
    seen->inside--;
    return 0;
}

/* Host functions come from all, one at a time. */
static void test_host(void **state)
{
    uint64_t turns = often(1000);
    struct vt_vm *vm = make(4);
    struct seen seen = { 0 };

    (void)state;
    assert_int_equal(vt_register(vm, "where", SIG_U64_U64, host_where, &seen), VT_OK);
    check_same(vm, "host_all", turns, 0);
    assert_int_equal(seen.calls, 4 * turns);
    assert_int_equal(seen.worst, 1);
    assert_int_equal(seen.thread_count, 4);
    vt_destroy(vm);
}

/* ---- Parking ---- */

static void test_park(void **state)
{
    struct vt_vm *vm = make(3);
    struct vt_snapshot *snapshot = NULL;
    uint64_t before;

    (void)state;
    check_same(vm, "spin_all", 0, 1);
    before = uvm_call(vm, "counter", 0);
    for (unsigned i = 0; i < often(200); i++) {
        assert_int_equal(uvm_call(vm, "ok", 0), 42);
        check_same(vm, "is_on", 1, 1);
    }
    before = uvm_call(vm, "await", before + 1000);
    before = uvm_call(vm, "await", before);
    uvm_sleep_ms(20); /* parked: nothing moves but within the call */
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_ERR_BUSY);
    uvm_check_restored(vm);
    check_same(vm, "is_on", 1, 0);
    check_same(vm, "counter", 0, 0);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    check_same(vm, "start_one", 1, 101);
    check_same(vm, "spin_all", 0, 1);
    vt_snapshot_free(snapshot);
    vt_destroy(vm); /* with two parked */
}

/* An exit that waits for its turn when the call ends is answered in the next one. */
static void test_park_asking(void **state)
{
    struct vt_vm *vm = make(4);
    struct seen seen = { 0 };

    (void)state;
    assert_int_equal(vt_register(vm, "where", SIG_U64_U64, host_where, &seen), VT_OK);
    check_same(vm, "ask_all", 0, 1);
    for (unsigned i = 0; i < often(500); i++) {
        check_same(vm, "ok", 0, 42);
        check_same(vm, "is_on", 1 + i % 3, 1);
    }
    assert_true(uvm_call(vm, "await", 10) > 10); /* on a busy machine none has come to it yet */
    check_same(vm, "errors", 0, 0);
    assert_int_equal(seen.worst, 1);
    vt_destroy(vm);
}

/* A snapshot that was taken after vCPUs had run; clones of it with more of them. */
static void test_snapshot(void **state)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = 4 };
    struct vt_vm *vm = make(2), *clone = NULL, *plain = NULL;
    struct vt_snapshot *snapshot = NULL;

    (void)state;
    check_same(vm, "start_one", 1, 101);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    check_same(vm, "spin_all", 0, 1);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    check_same(vm, "start_one", 1, 101);
    check_same(vm, "fill_stack", 0, 100000);
    assert_int_equal(vt_clone(snapshot, &cfg, &clone), VT_OK);
    check_same(clone, "start_one", 3, 103);
    check_same(clone, "start_one", 1, 101);
    assert_true(uvm_call(clone, "deep_stack", 200) > 1000000);
    assert_int_equal(vt_clone(snapshot, NULL, &plain), VT_OK);
    check_same(plain, "start_one", 1, (uint64_t)CALL_VCPU_INVALID);
    for (unsigned i = 0; i < often(200); i++) {
        assert_int_equal(vt_restore(clone, i % 2 == 0 ? NULL : snapshot), VT_OK);
        check_same(clone, "start_one", 1 + i % 3, 101 + i % 3);
    }
    vt_snapshot_free(snapshot);
    vt_destroy(plain);
    vt_destroy(clone);
    vt_destroy(vm);
}

/* ---- Ending ---- */

static void test_budget(void **state)
{
    struct vt_vm *vm = make(3);
    uint64_t result, begin;

    (void)state;
    assert_int_equal(vt_set_budget(vm, 100000000, 0), VT_OK);
    begin = uvm_now_ms();
    assert_int_equal(uvm_try(vm, "spin_all_and_here", 0, &result), VT_ERR_BUDGET);
    assert_true(uvm_now_ms() - begin >= 100);
    assert_int_equal(uvm_try(vm, "ok", 0, &result), VT_ERR_POISONED);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    uvm_check_restored(vm);
    assert_int_equal(vt_set_budget(vm, 0, 100000000), VT_OK);
    assert_int_equal(uvm_try(vm, "spin_all_and_here", 0, &result), VT_ERR_BUDGET);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    uvm_check_restored(vm);
    vt_destroy(vm);
}

static uint64_t process_cpu_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* CPU time is that of all vCPUs together. That of an emulated machine is also what its host took
 * away. */
static void test_cpu_budget(void **state)
{
    const uint64_t late = uvm_emulated() ? 3000 : 600;
    struct vt_vm *vm = make(4);
    uint64_t result, begin, used;

    (void)state;
    check_same(vm, "spin_all", 0, 1);
    assert_int_equal(vt_set_budget(vm, 0, 300000000), VT_OK);
    begin = process_cpu_ms();
    assert_int_equal(uvm_try(vm, "spin_all_and_here", 0, &result), VT_OK); /* all are on already */
    assert_int_equal(uvm_try(vm, "crash_one", 1, &result), VT_OK);
    used = process_cpu_ms() - begin;
    assert_true(used < late);
    assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK);
    uvm_check_restored(vm);
    assert_int_equal(vt_set_budget(vm, 0, 300000000), VT_OK);
    begin = process_cpu_ms();
    assert_int_equal(uvm_try(vm, "spin_all_and_here", 0, &result), VT_ERR_BUDGET);
    used = process_cpu_ms() - begin;
    assert_true(used >= 250);
    assert_true(used < late);
    vt_destroy(vm);
}

static void test_cancel(void **state)
{
    struct vt_vm *vm = make(4);

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct uvm_canceller canceller = { .vm = vm, .ms = 50 };
        uint64_t result;

        uvm_cancel_begin(&canceller);
        assert_int_equal(uvm_try(vm, "spin_all_and_here", 0, &result), VT_ERR_CANCELLED);
        uvm_cancel_end(&canceller);
        uvm_check_restored(vm);
    }
    vt_destroy(vm);
}

/* ---- Interrupts ---- */

static void test_ring(void **state)
{
    uint64_t turns = 4 * often(1000);
    struct vt_vm *vm = make_ring(4);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        check_same(vm, "ring", turns, turns);
        check_same(vm, "errors", 0, 0);
        for (unsigned n = 0; n < 4; n++) {
            check_same(vm, "mark", n, turns / 4);
        }
    }
    vt_destroy(vm);
}

static void test_masked(void **state)
{
    static const char *const functions[] = { "spin_masked_all", "sleep_all" };
    struct vt_vm *vm = make_ring(3);

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        bool cancel = i / 2 == 0;
        struct uvm_canceller canceller = { .vm = vm, .ms = 50 };
        uint64_t result;
        int err;

        assert_int_equal(vt_set_budget(vm, cancel ? 0 : 50000000, 0), VT_OK);
        if (cancel) {
            uvm_cancel_begin(&canceller);
        }
        err = uvm_try(vm, functions[i % 2], 0, &result);
        assert_int_equal(err, cancel ? VT_ERR_CANCELLED : VT_ERR_BUDGET);
        if (cancel) {
            uvm_cancel_end(&canceller);
        }
        assert_int_equal(vt_set_budget(vm, 0, 0), VT_OK); /* a slow machine needs more */
        uvm_check_restored(vm);
    }
    vt_destroy(vm);
}

/* Some ways of a guest to break the protocol. */
static void test_hostile(void **state)
{
    static const uint64_t nowhere[] = { 0,
                                        UVM_FAULT_GVA,
                                        UVM_IMAGE_GVA,
                                        UVM_VCPU_GVA,
                                        UVM_VCPU_GVA + UVM_VCPU_STRIDE,
                                        UINT64_C(1) << 47,
                                        UINT64_MAX };
    struct vt_vm *vm = make(2);
    uint64_t result;

    (void)state;
    assert_int_equal(uvm_try(vm, "off", 0, NULL), VT_ERR_GUEST);
    uvm_check_restored(vm);
    assert_int_equal(uvm_try(vm, "false_end", 0, &result), VT_ERR_GUEST);
    uvm_check_restored(vm);
    for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        int err = uvm_try(vm, "start_nowhere", nowhere[i], &result);

        assert_true(err == VT_ERR_FAULT || err == VT_OK);
        uvm_check_restored(vm);
    }
    vt_destroy(vm);
}

/* ---- Faults ---- */

static void test_fault(void **state)
{
    struct vt_vm *vm = make(3);
    const struct fault_record *r;
    uint64_t result;

    (void)state;
    for (unsigned n = 1; n < 3; n++) {
        assert_int_equal(uvm_try(vm, "crash_one", n, &result), VT_ERR_FAULT);
        r = vt_fault(vm, NULL);
        assert_non_null(r);
        assert_int_equal(r->address, GARBAGE + n * 8);
        assert_int_equal(r->class, FAULT_CLASS_MEMORY);
        assert_int_equal(r->vcpu, n);
        assert_true(r->backtrace_count >= 1);
        uvm_check_restored(vm);
    }
    assert_int_equal(uvm_try(vm, "overflow", 0, &result), VT_ERR_FAULT);
    r = vt_fault(vm, NULL);
    assert_int_equal(r->reason, FAULT_REASON_STACK_OVERFLOW);
    assert_string_equal(r->map_name, "stack guard");
    assert_true(r->backtrace_count == FAULT_BACKTRACE);
    uvm_check_restored(vm);
    vt_destroy(vm);
}

/* All at once: one of them is told. */
static void test_fault_all(void **state)
{
    struct vt_vm *vm = make(4);
    uint64_t result;

    (void)state;
    for (unsigned i = 0; i < often(100); i++) {
        const struct fault_record *r;
        unsigned count = 0;

        assert_int_equal(uvm_try(vm, "crash_all", 0, &result), VT_ERR_FAULT);
        r = vt_fault(vm, &count);
        assert_int_equal(count, 1);
        assert_int_equal(r->address, GARBAGE + r->vcpu * 8);
        uvm_check_restored(vm);
    }
    vt_destroy(vm);
}

struct answers {
    unsigned asked;
    int fd;
};

/* A core is written while others run. */
static enum vt_action skip_fault(void *ctx, struct vt_vm *vm, struct fault_record *record,
                                 unsigned count)
{
    struct answers *answers = ctx;

    (void)count;
    answers->asked++;
    assert_int_equal(record->vcpu, 1);
    assert_int_equal(vt_core_dump(vm, answers->fd), VT_OK);
    return VT_SKIP;
}

static void test_skip(void **state)
{
    struct answers answers = { .fd = -1 };
    const struct vt_cfg cfg = {
        .size = sizeof(cfg), .vcpus = 3, .fault = skip_fault, .fault_ctx = &answers
    };
    char path[] = "/tmp/gang-XXXXXX";
    struct vt_vm *vm = make_of("gang", &cfg);

    (void)state;
    answers.fd = mkstemp(path);
    assert_true(answers.fd >= 0);
    (void)unlink(path);
    check_same(vm, "start_twice", 2, (uint64_t)CALL_VCPU_ALREADY_ON);
    check_same(vm, "crash_one", 1, 1);
    assert_int_equal(answers.asked, 1);
    check_same(vm, "crash_one", 1, 1);
    assert_int_equal(answers.asked, 2);
    close(answers.fd);
    vt_destroy(vm);
}

static void count_line(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    unsigned *count = ctx;

    (void)vm;
    if (level == VT_LOG_GUEST) {
        assert_null(strstr(text, "BAD"));
        *count += strstr(text, ": ok") != NULL;
    }
}

/* What the same file does as a bare zone (tests/zone/gang.py). */
static void test_main(void **state)
{
    unsigned lines = 0;
    const struct vt_cfg cfg = {
        .size = sizeof(cfg), .vcpus = 4, .log = count_line, .log_ctx = &lines
    };
    struct vt_vm *vm = make_of("gang", &cfg);

    (void)state;
    assert_int_equal(uvm_try(vm, "main", 0, NULL), VT_ERR_FAULT);
    assert_int_equal(lines, 12);
    assert_int_equal(vt_fault(vm, NULL)->vcpu, 1);
    assert_int_equal(vt_fault(vm, NULL)->address, GARBAGE + 8);
    vt_destroy(vm);
}

static void test_resources(void **state)
{
    const struct vt_cfg now = { .size = sizeof(now), .vcpus = 16, .vcpus_now = true };
    unsigned fds = uvm_fd_count(), before;
    struct vt_vm *vm = make(1);

    (void)state;
    before = uvm_fd_count();
    vt_destroy(vm);
    vm = make(16);
    assert_int_equal(uvm_fd_count(), before); /* nothing is made early */
    check_same(vm, "start_chain", 0, 120);
    assert_int_equal(uvm_fd_count(), before + 15);
    vt_destroy(vm);
    assert_int_equal(uvm_fd_count(), fds);
    vm = make_of("gang", &now);
    assert_int_equal(uvm_fd_count(), before + 15);
    check_same(vm, "start_chain", 0, 120);
    assert_int_equal(uvm_fd_count(), before + 15);
    vt_destroy(vm);
    assert_int_equal(uvm_fd_count(), fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),      cmocka_unit_test(test_start),
        cmocka_unit_test(test_chain),      cmocka_unit_test(test_start_often),
        cmocka_unit_test(test_lock),       cmocka_unit_test(test_barrier),
        cmocka_unit_test(test_stacks),     cmocka_unit_test(test_host),
        cmocka_unit_test(test_park),       cmocka_unit_test(test_park_asking),
        cmocka_unit_test(test_snapshot),   cmocka_unit_test(test_budget),
        cmocka_unit_test(test_cpu_budget), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_hostile),    cmocka_unit_test(test_fault),
        cmocka_unit_test(test_fault_all),  cmocka_unit_test(test_skip),
        cmocka_unit_test(test_resources),  cmocka_unit_test(test_ring),
        cmocka_unit_test(test_masked),     cmocka_unit_test(test_main),
    };

    uvm_keep();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
