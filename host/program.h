/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loaded guest image: prepared memory, layout, tables of functions. Constant once loaded, but for
 * what is opened on first use (back ends, under the lock); shared by reference from any thread.
 */
#ifndef HOST_PROGRAM_H
#define HOST_PROGRAM_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/backend.h"
#include "host/layout.h"
#include "host/paging.h"
#include "host/template.h"

#define PROGRAM_FUNCTION_MAX 4096u
#define PROGRAM_BACKEND_MAX  4u

struct function {
    char name[CALL_NAME_MAX];
    call_signature signature;
};

/* A back end that was opened for this program. */
struct program_backend {
    const struct be_ops *ops;
    struct be_host *host;
    struct be_state *start;
};

struct program {
    atomic_uint refs;
    struct elf_image elf;
    struct layout layout;
    struct paging paging; /* as built; each micro-VM goes on with its own copy */
    struct template *memory;
    int pagemap; /* of process pagemap_pid; see private.h */
    int pagemap_pid;
    unsigned export_count, import_count;
    struct function *exports, *imports;
    pthread_mutex_t lock; /* guards backend[] until the entry is made */
    struct program_backend backend[PROGRAM_BACKEND_MAX];
};

struct program *program_get(struct program *program);
void program_put(struct program *program);

/* Opens the back end on first use. name: NULL for the first that works. */
VT_CHECK int program_backend(struct program *program, const struct log *log, const char *name,
                             const struct program_backend **out);

/* Index of the function called `name`, or `count`. */
unsigned program_find(const struct function *table, unsigned count, const char *name);

struct vt_image {
    struct program *program;
    struct log log;
};

#endif
