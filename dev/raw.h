/* SPDX-License-Identifier: Apache-2.0 */
/* A raw file or a block device as the storage of a disk, by plain system calls. */
#ifndef DEV_RAW_H
#define DEV_RAW_H

#include <stdbool.h>

#include "dev/blk.h"

struct raw {
    struct blk_backend be;
    int fd;
};

/* The size is what it is now, in whole sectors; an error leaves nothing open. */
int raw_open(struct raw *raw, const char *path, bool is_read_only) MUST_CHECK;
void raw_close(struct raw *raw);

#endif
