/* SPDX-License-Identifier: Apache-2.0 */
/* A board's device tree of any bytes, or QEMU's with some bytes changed, under a fixed plan. */
#include <string.h>

#include "tests/fuzz/compile_double.h"
#include "tests/fuzz/fuzz.h"

#define BOARD_MAX 0x10000u

static const char plan[] =
    "board: ./" FUZZ_BOARD_FILE "\n"
    "zones:\n"
    "  - {name: a, role: zone0, cpus: [0, 1], memory: [{size: 64M}], dma: trusted,\n"
    "     boot: {kernel: Image}, access: [/pcie@10000000, /pl061@9030000]}\n"
    "  - {name: b, role: realtime, cpus: [2], memory: [{size: 16M, ipa: 0x40000000}],\n"
    "     boot: {elf: a.elf}, access: [/pl031@9010000]}\n";

static struct fuzz_file boards[2];
static uint8_t bytes[BOARD_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    boards[0] = fuzz_board("qemu-virt-aarch64");
    boards[1] = fuzz_board("qemu-virt-aarch64-gicv2");
    return 0;
}

/* Big-endian cells, mostly in the structure block, at multiples of 4. */
static void change(struct fuzz_in *in, size_t size)
{
    while (in->left != 0) {
        size_t at = fuzz_u16(in);
        uint64_t value = fuzz_word(in);

        if ((at & 1) != 0) {
            if (at / 2 < size) {
                bytes[at / 2] = (uint8_t)value;
            }
            continue;
        }
        for (size_t i = 0, cell = at / 2 / 4 * 4; i < 4 && cell + i < size; i++) {
            bytes[cell + i] = (uint8_t)(value >> (24 - 8 * i));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };
    struct fuzz_file files[] = { { "plan.yaml", (const uint8_t *)plan, sizeof(plan) - 1 },
                                 { "./" FUZZ_BOARD_FILE, bytes, 0 },
                                 fuzz_kernel,
                                 fuzz_elf };
    uint8_t how = fuzz_u8(&in);

    if (how < 2) {
        files[1].size = boards[how].size;
        memcpy(bytes, boards[how].data, boards[how].size);
        change(&in, files[1].size);
    } else {
        files[1].size = in.left < BOARD_MAX ? in.left : BOARD_MAX;
        memcpy(bytes, in.data, files[1].size);
    }
    (void)fuzz_compile(files, sizeof(files) / sizeof(files[0]));
    return 0;
}
