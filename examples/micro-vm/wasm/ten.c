/* SPDX-License-Identifier: Apache-2.0 */
/* A function of a WebAssembly module for a C program, in ten lines. Usage: wasm-ten wasm.elf */
#include <stdio.h>

#include "vitrine.h"

int main(int argc, char **argv)
{
    struct vt_value args[2] = { { .type = CALL_I32, .i = 84 }, { .type = CALL_I32, .i = 2 } };
    struct vt_value result = { 0 };
    struct vt_image *image;
    struct vt_vm *vm;
    int err = vt_image_load_file(argv[argc - 1], NULL, &image);

    err = err != VT_OK ? err : vt_create(image, NULL, &vm);
    err = err != VT_OK ? err : vt_call(vm, "divide", args, 2, &result);
    printf("%s: %d\n", vt_strerror(err), (int)result.i);
    return err != VT_OK;
}
