/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that calls functions of a guest, survives the one that crashes, prints the fault, and
 * goes on. Usage: survive GUEST.elf
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "vitrine.h"

#define SECOND UINT64_C(1000000000)

/* A function of ours that the guest calls. */
static int host_now(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                    struct vt_value *result)
{
    (void)ctx;
    (void)vm;
    (void)args;
    (void)count;
    result->u = (uint64_t)time(NULL);
    return 0;
}

static void print_log(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)vm;
    if (level == VT_LOG_GUEST || level <= VT_LOG_WARNING) {
        printf("log: %s\n", text);
    }
}

static void print_faults(const struct vt_vm *vm)
{
    static char text[4096];
    unsigned count = 0;
    const struct fault_record *record = vt_fault(vm, &count);

    for (unsigned i = 0; i < count; i++) {
        vt_fault_text(&record[i], text, sizeof(text));
        printf("%s\n", text);
    }
}

static void add(struct vt_vm *vm)
{
    const struct vt_value args[] = { { .type = CALL_I32, .i = 2 }, { .type = CALL_I32, .i = 40 } };
    struct vt_value result;
    int err = vt_call(vm, "add", args, 2, &result);

    if (err == VT_OK) {
        printf("add(2, 40) = %" PRId64 "\n", result.i);
    } else {
        printf("add: %s\n", vt_strerror(err));
    }
}

/* Returns whether the guest crashed, as it should. */
static int crash(struct vt_vm *vm)
{
    const struct vt_value damage = { .type = CALL_BOOL, .u = 1 };
    int err = vt_call(vm, "sum_list", &damage, 1, NULL);

    printf("sum_list(true): %s\n", vt_strerror(err));
    if (err == VT_ERR_FAULT) {
        print_faults(vm);
    }
    return err == VT_ERR_FAULT;
}

static int use(struct vt_vm *vm)
{
    const struct vt_value since = { .type = CALL_U64, .u = 0 };
    int err = vt_register(vm, "now", CALL_U64, host_now, NULL);

    if (err == VT_OK) {
        err = vt_call(vm, "age", &since, 1, NULL);
    }
    if (err != VT_OK) {
        printf("age: %s\n", vt_strerror(err));
        return 1;
    }
    add(vm);
    if (!crash(vm)) {
        return 1;
    }
    err = vt_restore(vm, NULL); /* as it was loaded */
    printf("restored: %s\n", vt_strerror(err));
    add(vm);
    return err == VT_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct vt_image_cfg image_cfg = { .size = sizeof(image_cfg), .log = print_log };
    const struct vt_cfg cfg = { .size = sizeof(cfg), .wall_ns = SECOND };
    struct vt_image *image = NULL;
    struct vt_vm *vm = NULL;
    int err, status = 1;

    if (argc != 2) {
        fprintf(stderr, "usage: survive GUEST.elf\n");
        return 2;
    }
    err = vt_image_load_file(argv[1], &image_cfg, &image);
    if (err == VT_OK) {
        err = vt_create(image, &cfg, &vm);
    }
    if (err == VT_OK) {
        status = use(vm);
    } else {
        fprintf(stderr, "survive: %s\n", vt_strerror(err));
    }
    vt_destroy(vm);
    vt_image_free(image);
    return status;
}
