/* SPDX-License-Identifier: Apache-2.0 */
/* Files as flows. An end of file is nothing to read: who opened the file looks for a new one. */
#include "dev/flow.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

static bool is_full(void)
{
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
}

static int64_t fd_read(struct flow *flow, void *to, size_t size)
{
    ssize_t got = read(((struct flow_fd *)flow)->fd, to, size);

    return got >= 0 ? got : is_full() ? 0 : ERR_INVALID;
}

static int64_t fd_write(struct flow *flow, const struct iovec *at, size_t count)
{
    ssize_t got = writev(((struct flow_fd *)flow)->fd, at, (int)count);

    return got >= 0 ? got : is_full() ? 0 : ERR_INVALID;
}

const struct flow_ops flow_fd_ops = { fd_read, fd_write };
