/* SPDX-License-Identifier: Apache-2.0 */
/* What zones start from, of any bytes: arm64 Image, initrd, ELF file, and hyp.bin itself. */
#include "tests/fuzz/compile_double.h"
#include "tests/fuzz/fuzz.h"

static const char plan[] =
    "board: ./" FUZZ_BOARD_FILE "\n"
    "zones:\n"
    "  - {name: a, role: zone0, cpus: [0], memory: [{size: 16M}, {size: 8M}],\n"
    "     boot: {kernel: Image, initrd: initrd, cmdline: quiet}}\n"
    "  - {name: b, role: realtime, cpus: [1], memory: [{size: 16M, ipa: 0x40000000}],\n"
    "     boot: {elf: a.elf}}\n";

static struct fuzz_file board;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    board = fuzz_board("qemu-virt-aarch64");
    board.name = "./" FUZZ_BOARD_FILE;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };
    struct fuzz_file files[] = { fuzz_kernel,
                                 fuzz_elf,
                                 { "initrd", (const uint8_t *)"i", 1 },
                                 fuzz_hyp,
                                 { "plan.yaml", (const uint8_t *)plan, sizeof(plan) - 1 },
                                 board };
    uint8_t which = fuzz_u8(&in) % 4;

    files[which].data = in.data;
    files[which].size = in.left;
    (void)fuzz_compile(files, sizeof(files) / sizeof(files[0]));
    return 0;
}
