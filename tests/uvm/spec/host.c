/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a file of the specification's tests in a micro-VM: a line for each row. Usage: host ELF */
#include <stdio.h>

#include "vitrine.h"

#define MEM_SIZE   (UINT64_C(96) << 20)
#define STACK_SIZE (UINT64_C(1) << 20)

static void log_line(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)vm;
    (void)level;
    fprintf(stderr, "%s\n", text);
}

static int run(struct vt_vm *vm)
{
    struct vt_value row = { .type = CALL_U32, .u = 0 };
    struct vt_value result;
    int err;

    while ((err = vt_call(vm, "step", &row, 1, &result)) == VT_OK && result.i >= 0) {
        puts(result.i == 1 ? "pass" : "fail");
        row.u++;
    }
    if (err != VT_OK) {
        static char text[4096];

        fprintf(stderr, "row %u: %s\n", (unsigned)row.u, vt_strerror(err));
        if (err == VT_ERR_FAULT) {
            vt_fault_text(vt_fault(vm, NULL), text, sizeof(text));
            fputs(text, stderr);
        }
    }
    return err == VT_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct vt_image_cfg cfg = {
        .size = sizeof(cfg), .mem_size = MEM_SIZE, .stack_size = STACK_SIZE, .log = log_line
    };
    struct vt_image *image = NULL;
    struct vt_vm *vm = NULL;
    int status = 1;

    if (argc == 2 && vt_image_load_file(argv[1], &cfg, &image) == VT_OK &&
        vt_create(image, NULL, &vm) == VT_OK) {
        status = run(vm);
    }
    vt_destroy(vm);
    vt_image_free(image);
    return status;
}
