/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a device's bytes or packets come from and go to, never waiting; and what a device that has
 * done what it could waits for.
 */
#ifndef DEV_FLOW_H
#define DEV_FLOW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "lib/err.h"

struct flow;

struct flow_ops {
    /* Bytes, or a packet, of which `size` bytes are kept; 0: none now; or an error. */
    int64_t (*read)(struct flow *flow, void *to, size_t size);
    /* Bytes that it took, fewer when it is full, 0 when it takes none now; a packet wholly. */
    int64_t (*write)(struct flow *flow, const struct iovec *at, size_t count);
};

struct flow {
    const struct flow_ops *ops;
};

/* What *_run() returns, or an error: the queue is broken. */
enum run {
    RUN_DRIVER = 0, /* until the driver notifies */
    RUN_MORE = 1,   /* do not wait */
    RUN_INPUT = 2,  /* until the flow has something, or the driver notifies */
    RUN_OUTPUT = 3, /* until the flow takes something */
    RUN_FAILED = 4, /* the flow fails: a while */
    RUN_REST = 5,   /* until the owner or the driver wakes it, whatever the ring has */
};

/* A file that does not wait: a tap, a terminal, a socket. It stays the caller's to close. */
struct flow_fd {
    struct flow flow;
    int fd;
};

extern const struct flow_ops flow_fd_ops;

#endif
