/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the user's log callback; the library never prints. */
#ifndef HOST_LOG_H
#define HOST_LOG_H

#include "host/include/vitrine.h"

struct log {
    vt_log_fn fn; /* NULL: nobody listens */
    void *ctx;
    const struct vt_vm *vm;
};

/* One line, cut at 256 bytes. errno is kept. */
__attribute__((format(printf, 3, 4))) void log_print(const struct log *log, enum vt_log_level level,
                                                     const char *format, ...);

/* The system call `what` failed with errno; returns the error that says so. */
int log_errno(const struct log *log, const char *what);

#endif
