/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation and every system call of the library fails once: the first, the second and so
 * on, until an operation goes through without having met its failure. Each time the error is a
 * clean one, nothing leaks, and what was in use can be restored or destroyed.
 */
#include "tests/uvm/support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/uvm.h"
#include "tests/uvm/inject.h"
#include "tests/uvm/puppet.h"

enum { FAILURES_MAX = 400, PAGE = 4096, MS = 1000000 };

/* What an operation works with: made anew for each attempt, without failures. */
struct scene {
    struct vt_image *image;
    struct vt_vm *vm, *other;
    struct vt_vm *two; /* it has two vCPUs, and user code that never ends */
    struct vt_snapshot *snapshot;
};

static uint8_t buffer[2 * PAGE] __attribute__((aligned(4096)));
static struct puppet_file file;
static char path[] = "/tmp/vitrine-inject-XXXXXX";

static int host(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                struct vt_value *result)
{
    (void)ctx;
    (void)vm;
    (void)args;
    (void)count;
    result->u = 1;
    return 0;
}

/* An empty file of 64 KiB without a name. */
static int open_memory(void)
{
    char name[] = "/tmp/vitrine-inject-XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0 && ftruncate(fd, 16 * PAGE) == 0);
    unlink(name);
    return fd;
}

/* ---- Operations ---- */

static int op_load(struct scene *s)
{
    struct vt_image *image = NULL;
    int err = vt_image_load(file.bytes, file.len, NULL, &image);

    (void)s;
    assert_true((err == VT_OK) == (image != NULL));
    vt_image_free(image);
    return err;
}

static int op_load_file(struct scene *s)
{
    struct vt_image *image = NULL;
    int err = vt_image_load_file(path, NULL, &image);

    (void)s;
    assert_true((err == VT_OK) == (image != NULL));
    vt_image_free(image);
    return err;
}

static int op_create(struct scene *s)
{
    int err = vt_create(s->image, NULL, &s->other);

    assert_true((err == VT_OK) == (s->other != NULL));
    return err;
}

static int op_create_and_call(struct scene *s)
{
    struct vt_cfg cfg = { .size = sizeof(cfg),
                          .wall_ns = 2000 * (uint64_t)MS,
                          .cpu_ns = 2000 * (uint64_t)MS };
    int err = vt_create(s->image, &cfg, &s->other);

    return err != VT_OK ? err : uvm_try(s->other, "ok", 0, NULL);
}

static int op_create_vcpus(struct scene *s)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = 3, .vcpus_now = true };
    int err = vt_create(s->image, &cfg, &s->other);

    assert_true((err == VT_OK) == (s->other != NULL));
    return err != VT_OK ? err : uvm_try(s->other, "ok", 0, NULL);
}

/* vCPU 1 starts in the first call, if it can, and goes on in the second one. */
static int op_vcpus(struct scene *s)
{
    struct puppet_step step[] = {
        { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY + PAGE, sizeof(struct call_area) / 8 },
        { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
        { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, 6 },
        { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
        { PUPPET_GOTO, PUPPET_SCRIPT + 2 * sizeof(struct puppet_step), 0, 0 },
    };
    struct call_area area = { .request = CALL_REQUEST_VCPU_START };
    int err;

    area.out.arg[0].bits = 1;
    area.out.arg[1].bits = PUPPET_USER;
    puppet_script(s->two, step, 5);
    assert_int_equal(vt_write(s->two, PUPPET_REPLY + PAGE, &area, sizeof(area)), VT_OK);
    err = uvm_try(s->two, "ok", 0, NULL);
    return err != VT_OK ? err : uvm_try(s->two, "ok", 0, NULL);
}

static int op_restore_vcpus(struct scene *s)
{
    int err = op_vcpus(s);

    return err != VT_OK ? err : vt_restore(s->two, NULL);
}

static int op_core_vcpus(struct scene *s)
{
    int fd = open_memory();
    int err = op_vcpus(s);

    err = err == VT_OK ? vt_core_dump(s->two, fd) : err;
    close(fd);
    return err;
}

static int op_register(struct scene *s)
{
    return vt_register(s->vm, "host_note", CALL_U64 | CALL_U64 << 4, host, NULL);
}

static int op_call(struct scene *s)
{
    return uvm_try(s->vm, "ok", 0, NULL);
}

static int op_call_bytes(struct scene *s)
{
    struct vt_value value = { .type = CALL_BYTES, .data = "some bytes", .len = 10 };

    return vt_call(s->vm, "tell", &value, 1, NULL);
}

static int op_call_budget(struct scene *s)
{
    int err = vt_set_budget(s->vm, 1000 * (uint64_t)MS, 1000 * (uint64_t)MS);

    return err != VT_OK ? err : uvm_try(s->vm, "ok", 0, NULL);
}

static int op_call_host(struct scene *s)
{
    struct puppet_step step[] = {
        { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY + PAGE, sizeof(struct call_area) / 8 },
        { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
        { PUPPET_COPY, UVM_CALL_GVA, PUPPET_REPLY, 6 },
        { PUPPET_OUT8, UVM_PORT_GATE, 0, 0 },
    };
    struct call_area area = { .request = CALL_REQUEST_HOST, .out = { .arg_count = 1 } };

    area.out.arg[0].type = CALL_U64;
    puppet_script(s->vm, step, 4);
    assert_int_equal(vt_write(s->vm, PUPPET_REPLY + PAGE, &area, sizeof(area)), VT_OK);
    return uvm_try(s->vm, "ok", 0, NULL);
}

/* A fault is what should come of it. */
static int op_fault(struct scene *s)
{
    struct puppet_step step[] = { { PUPPET_TRIPLE, 0, 0, 0 } };
    int err;

    puppet_script(s->vm, step, 1);
    err = uvm_try(s->vm, "ok", 0, NULL);
    return err == VT_ERR_FAULT ? VT_OK : err;
}

static int op_not_emulated(struct scene *s)
{
    struct puppet_step step[] = { { PUPPET_INT3, 0, 0, 0 } };
    int err;

    puppet_script(s->vm, step, 1);
    err = uvm_try(s->vm, "ok", 0, NULL);
    return err == VT_ERR_FAULT || err == VT_ERR_GUEST ? VT_OK : err;
}

static int op_snapshot(struct scene *s)
{
    struct vt_snapshot *snapshot = NULL;
    int err = vt_snapshot(s->vm, &snapshot);

    assert_true((err == VT_OK) == (snapshot != NULL));
    vt_snapshot_free(snapshot);
    return err;
}

static int op_restore(struct scene *s)
{
    return vt_restore(s->vm, s->snapshot);
}

static int op_restore_image(struct scene *s)
{
    return vt_restore(s->vm, NULL);
}

static int op_clone(struct scene *s)
{
    int err = vt_clone(s->snapshot, NULL, &s->other);

    assert_true((err == VT_OK) == (s->other != NULL));
    return err != VT_OK ? err : uvm_try(s->other, "ok", 0, NULL);
}

/* Where one was, another can be: nothing of it is left. */
static int unmap_and_map(struct scene *s, uint64_t gva)
{
    struct vt_map map = { .size = sizeof(map), .host = buffer, .len = PAGE };
    int err = vt_unmap(s->vm, gva);
    bool failed_before = strcmp(inject_name(), "nothing") != 0;

    if (err == VT_OK) {
        err = vt_map(s->vm, &map, &gva);
        assert_true(err == VT_OK || !failed_before);
    }
    return err;
}

static int op_map(struct scene *s)
{
    struct vt_map map = { .size = sizeof(map), .host = buffer, .len = 2 * PAGE, .writable = true };
    uint64_t gva = 0;
    int err = vt_map(s->vm, &map, &gva);

    if (err == VT_OK) {
        err = uvm_try(s->vm, "ok", 0, NULL);
        err = err != VT_OK ? err : unmap_and_map(s, gva);
    }
    return err;
}

static int op_map_file(struct scene *s)
{
    int fd = open_memory();
    struct vt_map map = { .size = sizeof(map), .fd = fd, .len = PAGE };
    uint64_t gva = 0;
    int err = vt_map(s->vm, &map, &gva);

    close(fd);
    return err;
}

static int op_core(struct scene *s)
{
    int fd = open_memory();
    int err = vt_core_dump(s->vm, fd);

    close(fd);
    return err;
}

static int op_probe(struct scene *s)
{
    struct vt_probe probe[4] = { { .size = sizeof(probe[0]) } };
    int err = vt_probe(probe, 4);

    (void)s;
    return err > 0 ? VT_OK : err;
}

static const struct operation {
    const char *name;
    int (*fn)(struct scene *scene);
} operations[] = {
    { "load", op_load },
    { "load file", op_load_file },
    { "create", op_create },
    { "create and call", op_create_and_call },
    { "register", op_register },
    { "call", op_call },
    { "call with bytes", op_call_bytes },
    { "call with budget", op_call_budget },
    { "call with host function", op_call_host },
    { "fault", op_fault },
    { "not emulated", op_not_emulated },
    { "snapshot", op_snapshot },
    { "restore", op_restore },
    { "restore to image", op_restore_image },
    { "clone", op_clone },
    { "map", op_map },
    { "map file", op_map_file },
    { "core", op_core },
    { "probe", op_probe },
};

static const struct operation vcpu_operations[] = {
    { "create with vCPUs", op_create_vcpus },
    { "start a vCPU", op_vcpus },
    { "restore with vCPUs", op_restore_vcpus },
    { "core of vCPUs", op_core_vcpus },
};

/* ---- Attempts ---- */

static void scene_make(struct scene *s)
{
    const struct vt_cfg two = { .size = sizeof(two), .vcpus = 2 };
    const struct puppet_bytes *loop = &puppet_bad_vector[PUPPET_BAD_VECTORS - 1];

    memset(s, 0, sizeof(*s));
    assert_int_equal(vt_image_load(file.bytes, file.len, NULL, &s->image), VT_OK);
    s->vm = uvm_vm(s->image);
    assert_int_equal(vt_create(s->image, &two, &s->two), VT_OK);
    assert_int_equal(vt_write(s->two, PUPPET_USER, loop->bytes, loop->len), VT_OK);
    assert_int_equal(vt_register(s->vm, "host_note", CALL_U64 | CALL_U64 << 4, host, NULL), VT_OK);
    uvm_check_alive(s->vm);
    assert_int_equal(vt_snapshot(s->vm, &s->snapshot), VT_OK);
    uvm_check_alive(s->vm);
}

static void scene_end(struct scene *s)
{
    vt_destroy(s->other);
    vt_destroy(s->two);
    vt_destroy(s->vm);
    vt_snapshot_free(s->snapshot);
    vt_image_free(s->image);
}

static void check_error(const struct operation *operation, unsigned n, int err)
{
    bool clean = err == VT_OK || err == VT_ERR_NO_MEMORY || err == VT_ERR_SYSTEM ||
                 err == VT_ERR_NO_BACKEND || err == VT_ERR_UNSUPPORTED || err == VT_ERR_POISONED ||
                 err == VT_ERR_FAULT;

    if (!clean) {
        print_error("%s, failure %u in %s: %s\n", operation->name, n, inject_name(),
                    vt_strerror(err));
    }
    assert_true(clean);
}

static void check_restored(struct vt_vm *vm, const struct operation *operation, unsigned n)
{
    int err = vt_restore(vm, NULL);

    if (err != VT_OK) {
        print_error("%s, failure %u in %s: restore: %s\n", operation->name, n, inject_name(),
                    vt_strerror(err));
    }
    assert_int_equal(err, VT_OK);
    err = uvm_try(vm, "ok", 0, NULL);
    if (err != VT_OK) {
        print_error("%s, failure %u in %s: then: %s\n", operation->name, n, inject_name(),
                    vt_strerror(err));
    }
    uvm_check_alive(vm);
}

/* Whether the failure happened. */
static bool attempt(const struct operation *operation, unsigned n, int error)
{
    struct scene scene;
    bool happened;
    int err;

    scene_make(&scene);
    inject_arm(n, error);
    err = operation->fn(&scene);
    happened = inject_disarm();
    check_error(operation, n, err);
    if (!happened && err != VT_OK) {
        print_error("%s without failure: %s\n", operation->name, vt_strerror(err));
        fail();
    }
    /* Whatever it was, the micro-VMs come back. */
    check_restored(scene.vm, operation, n);
    check_restored(scene.two, operation, n);
    scene_end(&scene);
    return happened;
}

static void every_failure(const struct operation *operation, int error)
{
    unsigned fds = uvm_fd_count();
    unsigned step = uvm_emulated() ? 4 : 1; /* there all would take minutes */
    unsigned mappings = 0;
    long live = inject_live();
    unsigned n = 1;

    while (attempt(operation, n, error)) {
        assert_int_equal(uvm_fd_count(), fds);
        assert_int_equal(inject_live(), live);
        if (n == 1) {
            mappings = uvm_mapping_count();
        }
        n += step;
        assert_true(n < FAILURES_MAX);
    }
    assert_int_equal(uvm_fd_count(), fds);
    assert_int_equal(inject_live(), live);
    /* The allocator of the C library may have mapped a little more. */
    assert_true(mappings == 0 || uvm_mapping_count() <= mappings + 8);
    if (getenv("UVM_VERBOSE") != NULL) {
        print_message("%s: %u failures\n", operation->name, n - 1);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    if (uvm_emulated()) {
        uvm_skip("too slow where each micro-VM takes 30 ms");
    }
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        every_failure(&operations[i], ENOMEM);
    }
}

static void test_other_errors(void **state)
{
    static const int errors[] = { EPERM, EINVAL };

    (void)state;
    if (uvm_emulated()) {
        uvm_skip("too slow where each micro-VM takes 30 ms");
    }
    for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        every_failure(&operations[i], errors[i % 2]);
    }
}

/* Of these there are few enough for an emulated machine. */
static void test_vcpus(void **state)
{
    static const int errors[] = { ENOMEM, EPERM };
    unsigned count = uvm_emulated() ? 1 : 2;

    (void)state;
    for (unsigned i = 0; i < sizeof(vcpu_operations) / sizeof(vcpu_operations[0]); i++) {
        for (unsigned n = 0; n < count; n++) {
            every_failure(&vcpu_operations[i], errors[n]);
        }
    }
}

static int setup(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    uvm_keep();
    file = puppet_good_file();
    if (fd < 0 || write(fd, file.bytes, file.len) != (ssize_t)file.len) {
        return -1;
    }
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    free(file.bytes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_other_errors),
        cmocka_unit_test(test_vcpus),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
