/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio disk (VIRTIO 1.2, 5.2) over any storage: checks a request wholly, then asks the storage.
 * Knows neither transport nor files. What the back end can't do is not offered.
 */
#ifndef DEV_BLK_H
#define DEV_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/span.h"
#include "dev/virtq.h"
#include "lib/err.h"

#define BLK_SECTOR    512u
#define BLK_ID_SIZE   20u
#define BLK_SEGS      16u      /* ranges in a request to discard or to write zeroes */
#define BLK_RANGE_MAX 0x10000u /* sectors in such a range */
#define BLK_BATCH     256u     /* requests that blk_run() serves at most */

/* Features, 5.2.3. */
#define BLK_F_SEG_MAX      2
#define BLK_F_RO           5
#define BLK_F_BLK_SIZE     6
#define BLK_F_FLUSH        9
#define BLK_F_MQ           12
#define BLK_F_DISCARD      13
#define BLK_F_WRITE_ZEROES 14

/* Types of requests and their status, 5.2.6. */
enum { BLK_IN = 0, BLK_OUT = 1, BLK_FLUSH = 4, BLK_GET_ID = 8, BLK_DISCARD = 11, BLK_ZEROES = 13 };
enum { BLK_S_OK = 0, BLK_S_IOERR = 1, BLK_S_UNSUPP = 2 };

/* What storage does; offsets and sizes in bytes, multiples of BLK_SECTOR within its size. */
struct blk_backend;

struct blk_ops {
    /* All bytes of the spans, which are used up, or an error. */
    int (*read)(struct blk_backend *be, struct spans *spans, uint64_t at);
    int (*write)(struct blk_backend *be, struct spans *spans, uint64_t at); /* NULL: read-only */
    /* All that was written before is on stable storage. */
    int (*flush)(struct blk_backend *be);                               /* NULL: always is */
    int (*discard)(struct blk_backend *be, uint64_t at, uint64_t size); /* NULL: can't */
    /* Reads as 0 afterwards; may_unmap: storage may be given back. */
    int (*zero)(struct blk_backend *be, uint64_t at, uint64_t size, bool may_unmap); /* NULL */
};

struct blk_backend {
    const struct blk_ops *ops;
    uint64_t size;
};

struct blk {
    struct blk_backend *be;
    uint64_t features; /* that both sides agreed on; others than the disk's do not matter */
    bool is_read_only;
    uint16_t queues;
    char id[BLK_ID_SIZE]; /* ends at the first 0, or is full */
};

/* The device's configuration as the driver reads it, 5.2.4. */
struct blk_config {
    uint64_t capacity; /* in sectors */
    uint32_t size_max, seg_max;
    uint32_t geometry;
    uint32_t blk_size;
    uint32_t topology[2];
    uint8_t writeback, unused;
    uint16_t queues;
    uint32_t discard_max, discard_segs, discard_align;
    uint32_t zeroes_max, zeroes_segs;
    uint8_t zeroes_may_unmap, padding[3];
};

/* What to offer, and the configuration to show. */
uint64_t blk_features(const struct blk *blk);
struct blk_config blk_config(const struct blk *blk);

/* Serves one request; bytes written, or an error: there is no place for a status. */
int64_t blk_serve(const struct blk *blk, struct virtq_chain *chain) MUST_CHECK;

/*
 * Serves what waits in the queue, BLK_BATCH at most; *interrupt: the driver wants to be told.
 * 1: there may be more; 0: the driver will notify of more; an error: the queue is broken.
 */
int blk_run(const struct blk *blk, struct virtq *q, bool *interrupt) MUST_CHECK;

#endif
