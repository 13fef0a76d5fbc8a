/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function of a WebAssembly module, one that traps too. Usage: wasm-host wasm.elf */
#include <stdio.h>

#include "vitrine.h"

/* divide(a, b), and why not. */
static void divide(struct vt_vm *vm, int32_t a, int32_t b)
{
    const struct vt_value args[] = { { .type = CALL_I32, .i = a }, { .type = CALL_I32, .i = b } };
    struct vt_value result;

    if (vt_call(vm, "divide", args, 2, &result) == VT_OK) {
        printf("divide(%d, %d) = %d\n", a, b, (int)result.i);
    } else if (vt_call(vm, "wasm_trap", NULL, 0, &result) == VT_OK) {
        printf("divide(%d, %d): %s\n", a, b, (const char *)result.data);
    }
}

int main(int argc, char **argv)
{
    struct vt_image *image = NULL;
    struct vt_vm *vm = NULL;

    if (argc == 2 && vt_image_load_file(argv[1], NULL, &image) == VT_OK &&
        vt_create(image, NULL, &vm) == VT_OK) {
        divide(vm, 84, 2);
        divide(vm, 1, 0);
        divide(vm, -42, 1);
    }
    vt_destroy(vm);
    vt_image_free(image);
    return vm == NULL;
}
