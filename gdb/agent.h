/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent expressions (GDB's manual, appendix F): the bytecode of conditions and commands of
 * breakpoints, checked before it is stored and run with a bound on its steps.
 */
#ifndef GDB_AGENT_H
#define GDB_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gdb/target.h"

#define AGENT_CODE_MAX  512u
#define AGENT_STACK     64u
#define AGENT_STEPS_MAX 10000u

struct agent_code {
    const uint8_t *bytes;
    size_t len;
};

/* Of the thread whose registers and memory are looked at. */
struct agent_env {
    const struct dbg_ops *ops;
    void *ctx;
    unsigned thread;
    struct wire_out *text; /* of printf */
};

/* Whether all instructions are known and complete, and jumps lead to one. */
bool agent_check(struct agent_code code);

/* False: it can't be said: memory that is not there, division by zero, too many steps, ... */
bool agent_run(struct agent_code code, const struct agent_env *env, uint64_t *result);

#endif
