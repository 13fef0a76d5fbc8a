/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `vitrine run` share: its command line, and the part that runs the guest. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/include/vitrine.h"

#define RUN_CALLS_MAX 16u
#define RUN_VCPUS_MAX 16u

struct run_call {
    const char *name;
    char **words; /* of argv */
    unsigned count;
};

struct run_options {
    const char *guest;
    struct run_call calls[RUN_CALLS_MAX];
    unsigned call_count;
    uint64_t mem, stack;
    uint64_t timeout_ns;
    unsigned vcpus; /* 0: the default */
    const char *core_dir;
    const char *gdb; /* where a debugger may connect: a path, or tcp:PORT; NULL: nowhere */
    bool gdb_wait;
    bool jail, list, verbose;
};

/* All that is opened before a jail. */
struct run_files {
    const void *image;
    size_t image_size;
    int core; /* -1: none */
};

/* Runs the calls; returns an exit code. With options->jail, this process is jailed afterwards. */
int run_guest(const struct run_options *options, const struct run_files *files);

/* run_gdb.c: opens what options->gdb says, and tells the user; enum vt_err. */
int run_gdb_open(struct vt_vm *vm, const struct run_options *options);

#endif
