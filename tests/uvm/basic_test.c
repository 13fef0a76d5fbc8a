/* SPDX-License-Identifier: Apache-2.0 */
/* The first steps of a program with libvitrine: load, create, call, host functions, destroy. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vitrine.h"

#define PATH_LEN 512

static void print_log(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)vm;
    printf("log %d: %s\n", level, text);
}

static struct vt_image *load(const char *name)
{
    const struct vt_image_cfg cfg = { .size = sizeof(cfg), .log = print_log };
    struct vt_image *image = NULL;
    const char *dir = getenv("UVM_GUESTS");
    char path[PATH_LEN];

    (void)snprintf(path, sizeof(path), "%s/%s.elf", dir != NULL ? dir : ".", name);
    assert_int_equal(vt_image_load_file(path, &cfg, &image), VT_OK);
    return image;
}

static struct vt_vm *create(const char *name)
{
    struct vt_image *image = load(name);
    struct vt_vm *vm = NULL;

    assert_int_equal(vt_create(image, NULL, &vm), VT_OK);
    vt_image_free(image); /* the micro-VM keeps what it needs */
    return vm;
}

static void call_add(struct vt_vm *vm)
{
    const struct vt_value args[] = { { .type = CALL_I32, .i = 40 }, { .type = CALL_I32, .i = -2 } };
    struct vt_value result = { 0 };

    assert_int_equal(vt_call(vm, "add", args, 2, &result), VT_OK);
    assert_int_equal(result.type, CALL_I32);
    assert_int_equal(result.i, 38);
}

static void test_call(void **state)
{
    struct vt_vm *vm = create("calls");

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        call_add(vm);
    }
    vt_destroy(vm);
}

static void test_pie(void **state)
{
    struct vt_vm *vm = create("calls-pie");

    (void)state;
    call_add(vm);
    vt_destroy(vm);
}

static void test_data(void **state)
{
    const struct vt_value text = { .type = CALL_STR, .data = "hello", .len = 5 };
    struct vt_vm *vm = create("calls");
    struct vt_value result = { 0 };

    (void)state;
    assert_int_equal(vt_call(vm, "echo", &text, 1, &result), VT_OK);
    assert_int_equal(result.len, 5);
    assert_string_equal(result.data, "hello");
    assert_int_equal(vt_call(vm, "constructor_ran", NULL, 0, &result), VT_OK);
    assert_int_equal(result.u, 7);
    vt_destroy(vm);
}

static int host_add(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                    struct vt_value *result)
{
    unsigned *calls = ctx;

    (void)vm;
    assert_int_equal(count, 2);
    result->i = args[0].i + args[1].i;
    ++*calls;
    return 0;
}

static int host_nothing(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                        struct vt_value *result)
{
    (void)ctx;
    (void)args;
    (void)result;
    assert_int_equal(count, 0);
    assert_int_equal(vt_call(vm, "nothing", NULL, 0, NULL), VT_ERR_BUSY);
    return 0;
}

#define SIGNATURE_I32_I32_I32 0x111

static void test_host_function(void **state)
{
    const struct vt_value args[] = { { .type = CALL_I32, .i = 1 }, { .type = CALL_I32, .i = 2 } };
    struct vt_vm *vm = create("calls");
    struct vt_value result = { 0 };
    unsigned calls = 0;

    (void)state;
    assert_int_equal(vt_register(vm, "host_nothing", 0, host_nothing, NULL), VT_OK);
    assert_int_equal(vt_register(vm, "host_add", 0x11, host_add, &calls), VT_ERR_SIGNATURE);
    assert_int_equal(vt_register(vm, "host_add", SIGNATURE_I32_I32_I32, host_add, &calls), VT_OK);
    assert_int_equal(vt_call(vm, "add_by_host", args, 2, &result), VT_OK);
    assert_int_equal(result.i, 3);
    assert_int_equal(calls, 1);
    vt_destroy(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_pie),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_host_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
