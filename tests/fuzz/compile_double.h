/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan compiler with its files in memory: link with -Wl,--wrap=file_read, without plan/dtc.c.
 * No file is opened and no program is started.
 */
#ifndef TESTS_FUZZ_COMPILE_DOUBLE_H
#define TESTS_FUZZ_COMPILE_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_BOARD_FILE "board.dtb"

struct fuzz_file {
    const char *name; /* as the compiler asks for it */
    const uint8_t *data;
    size_t size;
};

/* The board's tree as built, read once, before any input; ends the program if it is absent. */
struct fuzz_file fuzz_board(const char *board);

/* A small arm64 Image, a bare ELF program, a hyp.bin that no machine could run. */
extern const struct fuzz_file fuzz_kernel, fuzz_elf, fuzz_hyp;

/*
 * Compiles "plan.yaml" from these files, with a hypervisor if there is a "hyp.bin"; checks that a
 * plan that is accepted is isolated and complete, and that one that is not has a message.
 */
bool fuzz_compile(const struct fuzz_file *files, size_t count);

#endif
