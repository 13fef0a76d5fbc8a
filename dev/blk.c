/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio disk: requests are copied and checked wholly before the back end hears of them. */
#include "dev/blk.h"

#include <string.h>

#include "lib/field.h"

#define FLAG_UNMAP 1u

/* As in memory, 5.2.6. */
struct header {
    uint32_t type, reserved;
    uint64_t sector;
};

struct range {
    uint64_t sector;
    uint32_t count, flags;
};

_Static_assert(sizeof(struct header) == 16 && sizeof(struct range) == 16, "as in memory");
_Static_assert(sizeof(struct blk_config) == 64 && offsetof(struct blk_config, queues) == 34 &&
                   offsetof(struct blk_config, zeroes_may_unmap) == 56,
               "as VIRTIO 1.2 has it");

/* A request, without header and status. */
struct request {
    const struct blk *blk;
    struct virtq_chain *chain;
    uint64_t sector;
};

static uint64_t sectors(const struct blk *blk)
{
    return blk->be->size / BLK_SECTOR;
}

/* Whether count sectors from there on are on the disk. */
static bool is_on_disk(const struct blk *blk, uint64_t sector, uint64_t count)
{
    return sector <= sectors(blk) && count <= sectors(blk) - sector;
}

static uint8_t status_of(int err)
{
    return err == OK ? BLK_S_OK : BLK_S_IOERR;
}

static bool is_transfer(const struct request *r, uint64_t size)
{
    return size % BLK_SECTOR == 0 && is_on_disk(r->blk, r->sector, size / BLK_SECTOR);
}

/* ---- Types of requests; each returns a status ---- */

static uint8_t do_in(const struct request *r)
{
    struct blk_backend *be = r->blk->be;

    if (!is_transfer(r, r->chain->write.size)) {
        return BLK_S_IOERR;
    }
    return status_of(be->ops->read(be, &r->chain->write, r->sector * BLK_SECTOR));
}

static uint8_t do_flush(const struct request *r)
{
    struct blk_backend *be = r->blk->be;

    return be->ops->flush ? status_of(be->ops->flush(be)) : BLK_S_OK;
}

/* A driver without FLUSH takes what is written for stable, 5.2.6.2. */
static uint8_t do_out(const struct request *r)
{
    struct blk_backend *be = r->blk->be;
    bool is_stable = (r->blk->features & BIT64(BLK_F_FLUSH)) == 0;
    uint8_t status = BLK_S_IOERR;

    if (!r->blk->is_read_only && be->ops->write && is_transfer(r, r->chain->read.size)) {
        status = status_of(be->ops->write(be, &r->chain->read, r->sector * BLK_SECTOR));
    }
    return status == BLK_S_OK && is_stable ? do_flush(r) : status;
}

static uint8_t do_get_id(const struct request *r)
{
    return spans_write(&r->chain->write, r->blk->id, BLK_ID_SIZE) ? BLK_S_OK : BLK_S_IOERR;
}

/* All ranges of the request, copied and checked; their number, or 0 with a status. */
static size_t take_ranges(const struct request *r, struct range *ranges, uint32_t flags,
                          uint8_t *status)
{
    size_t count = (size_t)(r->chain->read.size / sizeof(*ranges));

    *status = BLK_S_IOERR;
    if (r->blk->is_read_only || count == 0 || count > BLK_SEGS ||
        !spans_read(&r->chain->read, ranges, count * sizeof(*ranges)) || r->chain->read.size != 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if ((ranges[i].flags & ~flags) != 0) {
            *status = BLK_S_UNSUPP;
            return 0;
        }
        if (ranges[i].count > BLK_RANGE_MAX ||
            !is_on_disk(r->blk, ranges[i].sector, ranges[i].count)) {
            return 0;
        }
    }
    return count;
}

static uint8_t do_discard(const struct request *r)
{
    struct blk_backend *be = r->blk->be;
    struct range ranges[BLK_SEGS];
    uint8_t status;
    size_t count = take_ranges(r, ranges, 0, &status);

    for (size_t i = 0; i < count; i++) {
        status = status_of(be->ops->discard(be, ranges[i].sector * BLK_SECTOR,
                                            (uint64_t)ranges[i].count * BLK_SECTOR));
        if (status != BLK_S_OK) {
            break;
        }
    }
    return status;
}

static uint8_t do_zeroes(const struct request *r)
{
    struct blk_backend *be = r->blk->be;
    struct range ranges[BLK_SEGS];
    uint8_t status;
    size_t count = take_ranges(r, ranges, FLAG_UNMAP, &status);

    for (size_t i = 0; i < count; i++) {
        status = status_of(be->ops->zero(be, ranges[i].sector * BLK_SECTOR,
                                         (uint64_t)ranges[i].count * BLK_SECTOR,
                                         (ranges[i].flags & FLAG_UNMAP) != 0));
        if (status != BLK_S_OK) {
            break;
        }
    }
    return status;
}

/* ---- The table ---- */

/* `feature`: bits of which one must be agreed on; 0: always there. */
static const struct row {
    uint32_t type;
    uint64_t feature;
    uint8_t (*serve)(const struct request *r);
} rows[] = {
    { BLK_IN, 0, do_in },
    { BLK_OUT, 0, do_out },
    { BLK_FLUSH, BIT64(BLK_F_FLUSH), do_flush },
    { BLK_GET_ID, 0, do_get_id },
    { BLK_DISCARD, BIT64(BLK_F_DISCARD), do_discard },
    { BLK_ZEROES, BIT64(BLK_F_WRITE_ZEROES), do_zeroes },
};

static uint8_t dispatch(const struct request *r, uint32_t type)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        uint64_t agreed = r->blk->features & blk_features(r->blk);

        if (row->type == type && (row->feature & ~agreed) == 0) {
            return row->serve(r);
        }
    }
    return BLK_S_UNSUPP;
}

int64_t blk_serve(const struct blk *blk, struct virtq_chain *chain)
{
    struct request r = { .blk = blk, .chain = chain };
    uint8_t *status = spans_last(&chain->write), result;
    uint64_t room = chain->write.size;
    struct header header;

    if (!status || !spans_read(&chain->read, &header, sizeof(header))) {
        return ERR_INVALID;
    }
    r.sector = header.sector;
    result = dispatch(&r, header.type);
    *status = result;
    /* From the front, without a gap: the status counts only if all before it was written. */
    return (int64_t)(room - chain->write.size) + (chain->write.size == 0 ? 1 : 0);
}

int blk_run(const struct blk *blk, struct virtq *q, bool *interrupt)
{
    struct virtq_chain chain;
    int got = 1;

    for (unsigned i = 0; i < BLK_BATCH && got > 0; i++) {
        got = virtq_pop(q, &chain);
        if (got > 0) {
            got = virtq_answer(q, &chain, blk_serve(blk, &chain));
        }
    }
    return virtq_end(q, got, interrupt);
}

/* ---- What the driver sees ---- */

uint64_t blk_features(const struct blk *blk)
{
    const struct blk_ops *ops = blk->be->ops;
    bool is_read_only = blk->is_read_only || !ops->write;
    uint64_t features = BIT64(BLK_F_SEG_MAX) | BIT64(BLK_F_BLK_SIZE);

    features |= is_read_only ? BIT64(BLK_F_RO) : 0;
    features |= ops->flush ? BIT64(BLK_F_FLUSH) : 0;
    features |= blk->queues > 1 ? BIT64(BLK_F_MQ) : 0;
    features |= !is_read_only && ops->discard ? BIT64(BLK_F_DISCARD) : 0;
    features |= !is_read_only && ops->zero ? BIT64(BLK_F_WRITE_ZEROES) : 0;
    return features;
}

struct blk_config blk_config(const struct blk *blk)
{
    return (struct blk_config){ .capacity = sectors(blk),
                                .seg_max = VIRTQ_DESCS - 2, /* header and status */
                                .blk_size = BLK_SECTOR,
                                .queues = blk->queues,
                                .discard_max = BLK_RANGE_MAX,
                                .discard_segs = BLK_SEGS,
                                .discard_align = 1,
                                .zeroes_max = BLK_RANGE_MAX,
                                .zeroes_segs = BLK_SEGS,
                                .zeroes_may_unmap = 1 };
}
