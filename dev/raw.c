/* SPDX-License-Identifier: Apache-2.0 */
/* A raw file as storage. Short transfers go on, signals do not end them, and holes are zeroes. */
#define _GNU_SOURCE /* preadv, fallocate */
#include "dev/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#define ZEROES 0x10000u

static const uint8_t zeroes[ZEROES];

static int raw_fd(const struct blk_backend *be)
{
    return ((const struct raw *)be)->fd;
}

/* Whether a transfer goes on after it returned n; a file that got shorter ends it. */
static bool goes_on(ssize_t n)
{
    return n > 0 || (n < 0 && errno == EINTR);
}

typedef ssize_t move_fn(int fd, const struct iovec *at, int count, off_t offset);

/* A page that the zone's memory has lost gives EFAULT, which is an error of this request only. */
static int transfer(move_fn *move, int fd, struct spans *spans, uint64_t at)
{
    while (spans->size != 0) {
        ssize_t n = move(fd, spans->at, (int)spans->count, (off_t)at);

        if (!goes_on(n)) {
            return ERR_INVALID;
        }
        if (n > 0 && !spans_skip(spans, (uint64_t)n)) {
            return ERR_RANGE;
        }
        at += n > 0 ? (uint64_t)n : 0;
    }
    return OK;
}

static int raw_read(struct blk_backend *be, struct spans *spans, uint64_t at)
{
    return transfer(preadv, raw_fd(be), spans, at);
}

static int raw_write(struct blk_backend *be, struct spans *spans, uint64_t at)
{
    return transfer(pwritev, raw_fd(be), spans, at);
}

static int raw_flush(struct blk_backend *be)
{
    return fdatasync(raw_fd(be)) == 0 ? OK : ERR_INVALID;
}

static bool allocate(int fd, int mode, uint64_t at, uint64_t size)
{
    int got;

    do {
        got = fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)size);
    } while (got != 0 && errno == EINTR);
    return got == 0;
}

/* A hint: a file system that can't has not failed. */
static int raw_discard(struct blk_backend *be, uint64_t at, uint64_t size)
{
    bool is_done = size == 0 || allocate(raw_fd(be), FALLOC_FL_PUNCH_HOLE, at, size);

    return is_done || errno == EOPNOTSUPP ? OK : ERR_INVALID;
}

static int raw_zero(struct blk_backend *be, uint64_t at, uint64_t size, bool may_unmap)
{
    int mode = may_unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;

    if (size == 0 || allocate(raw_fd(be), mode, at, size)) {
        return OK;
    }
    while (size != 0) { /* one that can't do it by itself */
        ssize_t n = pwrite(raw_fd(be), zeroes, size < ZEROES ? (size_t)size : ZEROES, (off_t)at);

        if (!goes_on(n)) {
            return ERR_INVALID;
        }
        at += n > 0 ? (uint64_t)n : 0;
        size -= n > 0 ? (uint64_t)n : 0;
    }
    return OK;
}

static const struct blk_ops ops_rw = { raw_read, raw_write, raw_flush, raw_discard, raw_zero };
static const struct blk_ops ops_ro = { .read = raw_read };

int raw_open(struct raw *raw, const char *path, bool is_read_only)
{
    int fd = open(path, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END); /* of block devices, too */

    if (end < 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return ERR_NONE;
    }
    raw->fd = fd;
    raw->be.ops = is_read_only ? &ops_ro : &ops_rw;
    raw->be.size = (uint64_t)end / BLK_SECTOR * BLK_SECTOR;
    return OK;
}

void raw_close(struct raw *raw)
{
    (void)close(raw->fd);
}
