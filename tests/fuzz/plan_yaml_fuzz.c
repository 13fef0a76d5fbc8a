/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as plan.yaml, compiled for QEMU's board: a message or an isolated plan. */
#include "tests/fuzz/compile_double.h"
#include "tests/fuzz/fuzz.h"

static struct fuzz_file board;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    board = fuzz_board("qemu-virt-aarch64");
    board.name = "boards/qemu-virt-aarch64.dtb";
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct fuzz_file files[] = { { "plan.yaml", data, size }, board, fuzz_kernel, fuzz_elf };

    (void)fuzz_compile(files, sizeof(files) / sizeof(files[0]));
    return 0;
}
