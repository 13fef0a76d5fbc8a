/* SPDX-License-Identifier: Apache-2.0 */
/* What `dprintf` prints on the target's side: formats of C as a user types them, bounded. */
#ifndef GDB_PRINT_H
#define GDB_PRINT_H

#include "gdb/agent.h"

#define PRINT_ARGS_MAX   16u
#define PRINT_STRING_MAX 256u /* of what %s points to */

struct print_args {
    const struct agent_env *env; /* its text takes the output; its memory is what %s reads */
    unsigned count;
    uint64_t value[PRINT_ARGS_MAX];
};

/* d i u x X c s p with any lengths and 0-padded widths; \n \t \\ \" as in C's source. What it does
 * not know it prints as it stands. */
void print_format(const char *format, const struct print_args *args);

#endif
