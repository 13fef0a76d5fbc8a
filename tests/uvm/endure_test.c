/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many of everything: restores without growth, micro-VMs at once, threads, forks, and threads that
 * use one micro-VM at a time when they may not. UVM_RESTORES sets the number of restores.
 */
#include "tests/uvm/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/uvm/guest/hurt.h"

enum {
    RESTORES = 20000,
    RESTORES_EMULATED = 1100,
    VMS = 200,
    VMS_EMULATED = 40,
    THREADS = 4,
    ROUNDS = 100,
    GROWTH_KIB = 2048,
    PAGE = 4096,
};

static struct vt_image *image;
static uint8_t page[PAGE] __attribute__((aligned(4096)));

static int host_note(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                     struct vt_value *result)
{
    (void)ctx;
    (void)vm;
    (void)count;
    result->u = args[0].u + 1;
    return args[0].u == 13;
}

static unsigned restores(void)
{
    const char *wanted = getenv("UVM_RESTORES");

    if (uvm_emulated()) {
        return RESTORES_EMULATED;
    }
    return wanted == NULL ? RESTORES : (unsigned)strtoul(wanted, NULL, 10);
}

/* Calls, faults and restores; after a first thousand nothing may grow. */
static void test_restores(void **state)
{
    struct vt_vm *vm = uvm_vm(image);
    struct vt_snapshot *snapshot;
    uint64_t memory = 0;
    unsigned fds = 0;
    unsigned mappings = 0;
    unsigned count = restores();

    (void)state;
    assert_int_equal(uvm_call(vm, "touch", 1), 1);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    for (unsigned i = 0; i < count; i++) {
        if (i == 1000) {
            memory = uvm_memory_kib();
            fds = uvm_fd_count();
            mappings = uvm_mapping_count();
        }
        assert_int_equal(uvm_call(vm, "touch", i % 100 == 0 ? 500 : 3), 2);
        if (i % 50 == 0) {
            assert_int_equal(uvm_try(vm, "fault", HURT_UD2, NULL), VT_ERR_FAULT);
        }
        assert_int_equal(vt_restore(vm, i % 100 == 99 ? NULL : snapshot), VT_OK);
        if (i % 100 == 99) {
            assert_int_equal(uvm_call(vm, "touch", 1), 1);
            assert_int_equal(vt_restore(vm, snapshot), VT_OK);
        }
    }
    assert_int_equal(uvm_fd_count(), fds);
    assert_true(uvm_mapping_count() <= mappings + 2);
    assert_true(uvm_memory_kib() <= memory + GROWTH_KIB);
    vt_snapshot_free(snapshot);
    vt_destroy(vm);
}

/* Made and destroyed again and again. */
static void test_lives(void **state)
{
    unsigned fds = uvm_fd_count();
    unsigned mappings = 0;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct vt_vm *vm = uvm_vm(image);
        struct vt_snapshot *snapshot;
        struct vt_vm *clone;

        uvm_check_alive(vm);
        assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
        assert_int_equal(vt_clone(snapshot, NULL, &clone), VT_OK);
        vt_destroy(vm);
        vt_snapshot_free(snapshot);
        uvm_check_alive(clone);
        vt_destroy(clone);
        mappings = i == 10 ? uvm_mapping_count() : mappings;
    }
    assert_int_equal(uvm_fd_count(), fds);
    assert_true(uvm_mapping_count() <= mappings + 2);
}

static void test_many(void **state)
{
    static struct vt_vm *vm[VMS];
    unsigned count = uvm_emulated() ? VMS_EMULATED : VMS;

    (void)state;
    for (unsigned i = 0; i < count; i++) {
        vm[i] = uvm_vm(image);
        for (unsigned k = 0; k <= i % 5; k++) {
            assert_int_equal(uvm_call(vm[i], "touch", i % 100), k + 1);
        }
    }
    for (unsigned i = 0; i < count; i += 3) {
        assert_int_equal(uvm_try(vm[i], "fault", HURT_UD2, NULL), VT_ERR_FAULT);
    }
    for (unsigned i = 0; i < count; i++) {
        if (i % 3 == 0) {
            uvm_check_restored(vm[i]);
        } else {
            assert_int_equal(uvm_call(vm[i], "touch", 0), i % 5 + 2);
        }
        vt_destroy(vm[i]);
    }
}

/* What was made goes in any order. */
static void test_order(void **state)
{
    struct vt_image *own = uvm_image("hurt");
    struct vt_vm *vm = uvm_vm(own);
    struct vt_snapshot *first, *second;
    struct vt_vm *clone;

    (void)state;
    vt_image_free(own);
    assert_int_equal(uvm_call(vm, "touch", 1), 1);
    assert_int_equal(vt_snapshot(vm, &first), VT_OK);
    assert_int_equal(uvm_call(vm, "touch", 1), 2);
    assert_int_equal(vt_snapshot(vm, &second), VT_OK);
    assert_int_equal(uvm_call(vm, "touch", 1), 3);
    assert_int_equal(vt_restore(vm, first), VT_OK);
    assert_int_equal(uvm_call(vm, "touch", 1), 2);
    assert_int_equal(vt_restore(vm, second), VT_OK);
    assert_int_equal(uvm_call(vm, "touch", 1), 3);
    vt_snapshot_free(first);
    assert_int_equal(vt_clone(second, NULL, &clone), VT_OK);
    assert_int_equal(uvm_call(clone, "touch", 1), 3);
    assert_int_equal(vt_restore(clone, second), VT_OK);
    vt_snapshot_free(second);
    assert_int_equal(vt_restore(clone, NULL), VT_OK);
    assert_int_equal(uvm_call(clone, "touch", 1), 1);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(uvm_call(vm, "touch", 1), 1);
    vt_destroy(vm);
    vt_destroy(clone);
    vt_image_free(NULL);
    vt_destroy(NULL);
    vt_snapshot_free(NULL);
}

/* ---- Threads ---- */

static void *own_vm(void *arg)
{
    struct vt_vm *vm = uvm_vm(image);
    uintptr_t n = (uintptr_t)arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        if (uvm_try(vm, i % 16 == 7 ? "fault" : "ok", 0, NULL) == VT_ERR_FAULT &&
            vt_restore(vm, NULL) != VT_OK) {
            n = 0;
        }
    }
    if (uvm_try(vm, "ok", 0, NULL) != VT_OK) {
        n = 0;
    }
    vt_destroy(vm);
    return (void *)n;
}

static void test_threads(void **state)
{
    pthread_t thread[THREADS];

    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, own_vm, (void *)(i + 1)), 0);
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *result;

        pthread_join(thread[i], &result);
        assert_int_equal((uintptr_t)result, i + 1);
    }
}

static void *use_once(void *arg)
{
    struct vt_vm *vm = arg;

    uvm_check_alive(vm);
    assert_int_equal(uvm_try(vm, "fault", HURT_UD2, NULL), VT_ERR_FAULT);
    uvm_check_restored(vm);
    return NULL;
}

/* Made by one thread, used by others in turn. */
static void test_other_thread(void **state)
{
    struct vt_vm *vm = uvm_vm(image);

    (void)state;
    for (int i = 0; i < 20; i++) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, use_once, vm), 0);
        pthread_join(thread, NULL);
        uvm_check_alive(vm);
    }
    vt_destroy(vm);
}

struct misuse {
    struct vt_vm *vm;
    atomic_bool stop;
    atomic_uint busy, wrong;
};

static void *call_too(void *arg)
{
    struct misuse *m = arg;

    while (!atomic_load(&m->stop)) {
        int err = uvm_try(m->vm, "ok", 0, NULL);

        if (err == VT_ERR_BUSY) {
            atomic_fetch_add(&m->busy, 1);
        } else if (err != VT_OK) {
            atomic_fetch_add(&m->wrong, 1);
        }
    }
    return NULL;
}

/* Two threads on one micro-VM: each call works or is refused. */
static void test_misuse(void **state)
{
    struct misuse m = { .vm = uvm_vm(image) };
    unsigned calls = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, call_too, &m), 0);
    for (unsigned i = 0; i < 5000 || atomic_load(&m.busy) == 0; i++) {
        int err = uvm_try(m.vm, "count_to", 1000, NULL);

        assert_true(err == VT_OK || err == VT_ERR_BUSY);
        calls += err == VT_OK;
        assert_true(i < 1000000);
    }
    atomic_store(&m.stop, true);
    pthread_join(thread, NULL);
    assert_true(calls > 0);
    assert_int_equal(atomic_load(&m.wrong), 0);
    uvm_check_alive(m.vm);
    vt_destroy(m.vm);
}

static atomic_bool spun;

static void *spin(void *arg)
{
    while (uvm_try(arg, "spin", 0, NULL) == VT_ERR_BUSY) {
    }
    atomic_store(&spun, true);
    return NULL;
}

/* What neither another thread nor a host function may do while the micro-VM runs. */
static void check_busy(struct vt_vm *vm, const struct vt_snapshot *snapshot)
{
    struct vt_map map = { .size = sizeof(map), .len = PAGE };
    struct vt_snapshot *other;
    uint64_t gva;

    map.host = page;
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_BUSY);
    assert_int_equal(vt_restore(vm, snapshot), VT_ERR_BUSY);
    assert_int_equal(vt_snapshot(vm, &other), VT_ERR_BUSY);
    assert_int_equal(vt_map(vm, &map, &gva), VT_ERR_BUSY);
    assert_int_equal(vt_unmap(vm, 0), VT_ERR_BUSY);
    assert_int_equal(vt_set_budget(vm, 1, 1), VT_ERR_BUSY);
    assert_int_equal(vt_register(vm, "host_note", SIG_U64_U64, host_note, NULL), VT_ERR_BUSY);
}

static void test_busy(void **state)
{
    struct vt_vm *vm = uvm_vm(image);
    struct vt_metrics metrics = { .size = sizeof(metrics) };
    struct vt_snapshot *snapshot;
    uint64_t word = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    assert_int_equal(pthread_create(&thread, NULL, spin, vm), 0);
    while (uvm_try(vm, "ok", 0, NULL) != VT_ERR_BUSY) {
    }
    check_busy(vm, snapshot);
    assert_int_equal(vt_core_dump(vm, -1), VT_ERR_BUSY);
    assert_int_equal(vt_read(vm, 0x2000, &word, sizeof(word)), VT_ERR_BUSY);
    assert_int_equal(vt_write(vm, 0x2000, &word, sizeof(word)), VT_ERR_BUSY);
    (void)!vt_metrics(vm, &metrics);
    while (!atomic_load(&spun)) { /* a cancel before the guest is entered finds no call */
        assert_int_equal(vt_cancel(vm), VT_OK);
    }
    pthread_join(thread, NULL);
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    uvm_check_alive(vm);
    vt_snapshot_free(snapshot);
    vt_destroy(vm);
}

static int host_reenter(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                        struct vt_value *result)
{
    uint64_t word;

    (void)args;
    (void)count;
    check_busy(vm, ctx);
    assert_int_equal(vt_read(vm, 0x2000, &word, sizeof(word)), VT_OK);
    result->u = 5;
    return 0;
}

/* The micro-VM's functions from inside one of its host functions. */
static void test_reenter(void **state)
{
    struct vt_vm *vm = uvm_vm(image);
    struct vt_snapshot *snapshot;

    (void)state;
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    assert_int_equal(vt_register(vm, "host_note", SIG_U64_U64, host_reenter, snapshot), VT_OK);
    assert_int_equal(uvm_call(vm, "note", 1), 5);
    vt_snapshot_free(snapshot);
    vt_destroy(vm);
}

/* A host function that fails, and one that is not there. */
static void test_host_function(void **state)
{
    struct vt_vm *vm = uvm_vm(image);

    (void)state;
    assert_int_equal(uvm_try(vm, "note", 1, NULL), VT_ERR_HOST_FUNCTION);
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
    uvm_check_restored(vm);
    assert_int_equal(vt_register(vm, "host_note", CALL_U64, host_note, NULL), VT_ERR_SIGNATURE);
    assert_int_equal(vt_register(vm, "nobody_wants_it", CALL_U64, host_note, NULL), VT_OK);
    assert_int_equal(vt_register(vm, "host_note", SIG_U64_U64, host_note, NULL), VT_OK);
    assert_int_equal(uvm_call(vm, "note", 1), 2);
    assert_int_equal(uvm_try(vm, "note", 13, NULL), VT_ERR_HOST_FUNCTION);
    assert_int_equal(uvm_try(vm, "ok", 0, NULL), VT_ERR_POISONED);
    uvm_check_restored(vm);
    assert_int_equal(uvm_call(vm, "note", 1), 2);
    vt_destroy(vm);
}

/* ---- Processes ---- */

static int child_uses(struct vt_vm *vm)
{
    struct vt_vm *own = NULL;
    int err = uvm_try(vm, "ok", 0, NULL);

    if (err == VT_OK) {
        return 1; /* KVM belongs to the parent */
    }
    if (vt_create(image, NULL, &own) != VT_OK) {
        return 2;
    }
    vt_destroy(vm);
    for (int i = 0; i < 3; i++) { /* its own memory is what is put back */
        uint64_t touched = 0;

        if (uvm_try(own, "touch", 3, &touched) != VT_OK || touched != 1 ||
            vt_restore(own, NULL) != VT_OK) {
            return 3;
        }
    }
    vt_destroy(own);
    return 0;
}

static void test_fork(void **state)
{
    struct vt_vm *vm = uvm_vm(image);
    int status = -1;
    pid_t child;

    (void)state;
    assert_int_equal(uvm_call(vm, "touch", 10), 1);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(child_uses(vm));
    }
    for (int i = 0; i < 20; i++) {
        uvm_check_alive(vm);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(uvm_call(vm, "touch", 10), 2);
    uvm_check_restored(vm);
    vt_destroy(vm);
}

static int setup(void **state)
{
    (void)state;
    uvm_keep();
    image = uvm_image("hurt");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vt_image_free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restores), cmocka_unit_test(test_lives),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_order),
        cmocka_unit_test(test_threads),  cmocka_unit_test(test_other_thread),
        cmocka_unit_test(test_misuse),   cmocka_unit_test(test_busy),
        cmocka_unit_test(test_reenter),  cmocka_unit_test(test_host_function),
        cmocka_unit_test(test_fork),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
