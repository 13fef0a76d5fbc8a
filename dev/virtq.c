/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of descriptors to spans, for both formats of rings; a mistake of the driver ends it. */
#include "dev/virtq.h"

#include "dev/ring.h"
#include "lib/addr.h"
#include "lib/field.h"

#define DESC_SIZE 16u

_Static_assert(sizeof(struct desc) == DESC_SIZE, "as in memory");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rings are little-endian");

/* ---- Chains ---- */

/* All for reading come first (2.7.4.2), so that the spans of a kind are neighbours. */
static int add_buffer(const struct virtq *q, struct virtq_chain *chain, const struct desc *desc)
{
    bool is_write = (desc->flags & DESC_WRITE) != 0;
    struct spans *spans = is_write ? &chain->write : &chain->read;
    uint64_t at = desc->addr, left = desc->len;

    if (chain->descs++ >= VIRTQ_DESCS) {
        return ERR_FULL;
    }
    if (!is_write && chain->has_written) {
        return ERR_INVALID;
    }
    chain->has_written = is_write;
    if (chain->read.size + chain->write.size + left > UINT32_MAX) {
        return ERR_RANGE;
    }
    while (left != 0) {
        size_t n = chain->read.count + chain->write.count;
        uint64_t size = left;
        uint8_t *piece = mem_piece(q->mem, at, &size);

        if (!piece) {
            return ERR_RANGE;
        }
        if (n >= VIRTQ_SPANS) {
            return ERR_FULL;
        }
        chain->span[n] = (struct iovec){ .iov_base = piece, .iov_len = (size_t)size };
        spans->count++;
        spans->size += size;
        at += size; /* may wrap to 0 only when nothing is left, or finds what lies there */
        left -= size;
    }
    return OK;
}

/* A split table is a chain of its own, 2.7.5.3; of a packed one each is used in order, 2.8.7. */
static int add_table(const struct virtq *q, struct virtq_chain *chain, const struct desc *table)
{
    uint32_t count = table->len / DESC_SIZE, i = 0;
    bool has_more = true;

    if (!q->cfg.has_indirect || count == 0 || table->len % DESC_SIZE != 0 ||
        !range_is_valid(table->addr, table->len)) {
        return ERR_INVALID;
    }
    while (has_more) {
        struct desc desc;
        int err;

        if (i >= count || !mem_copy(q->mem, &desc, table->addr + i * DESC_SIZE, sizeof(desc))) {
            return ERR_RANGE;
        }
        if (!q->cfg.is_packed) {
            desc_from_split(&desc);
        }
        err = (desc.flags & DESC_INDIRECT) != 0 ? ERR_INVALID : add_buffer(q, chain, &desc);
        if (err != OK) {
            return err;
        }
        i = q->cfg.is_packed ? i + 1 : desc.next;
        has_more = q->cfg.is_packed ? i < count : (desc.flags & DESC_NEXT) != 0;
    }
    return OK;
}

int chain_add(const struct virtq *q, struct virtq_chain *chain, const struct desc *desc)
{
    if ((desc->flags & DESC_INDIRECT) == 0) {
        return add_buffer(q, chain, desc);
    }
    return (desc->flags & DESC_NEXT) != 0 ? ERR_INVALID : add_table(q, chain, desc);
}

/* ---- The log ---- */

FIELD(LOG_FROM, 0, 16);
FIELD(LOG_TO, 16, 16);
FIELD(LOG_EPOCH, 32, 32);
FIELD(DONE_ID, 0, 16);
FIELD(DONE_SLOTS, 16, 16);
FIELD(DONE_WRITTEN, 32, 32);

static void log_place(const struct virtq *q, const struct virtq_at *from, const struct virtq_at *to)
{
    uint64_t place = put(LOG_FROM, q->ops->tell(from)) | put(LOG_TO, q->ops->tell(to)) |
                     put(LOG_EPOCH, q->cfg.epoch);

    /* In the order of the program, which is what a process that is killed leaves behind. */
    atomic_store((_Atomic uint64_t *)&q->cfg.log->place, place);
    atomic_thread_fence(memory_order_seq_cst);
}

/* That there is nothing first: else a new list might be taken for one that is to be returned. */
static void log_push(const struct virtq *q, const struct virtq_done *done, size_t count)
{
    struct virtq_at to = q->used;

    log_place(q, &to, &to);
    for (size_t i = 0; i < count; i++) {
        q->cfg.log->done[i] = put(DONE_ID, done[i].id) | put(DONE_SLOTS, done[i].slots) |
                              put(DONE_WRITTEN, done[i].written);
        q->ops->skip(q, &to, &done[i]);
    }
    q->cfg.log->count = count;
    log_place(q, &q->used, &to);
}

/* Returns what the last server wanted to. */
static bool finish(struct virtq *q, const struct virtq_at *to)
{
    struct virtq_done done[BRIDGE_BATCH];
    uint64_t count = q->cfg.log->count;

    if (count == 0 || count > BRIDGE_BATCH) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t word = q->cfg.log->done[i];

        done[i] = (struct virtq_done){ .id = (uint16_t)get(DONE_ID, word),
                                       .slots = (uint16_t)get(DONE_SLOTS, word),
                                       .written = (uint32_t)get(DONE_WRITTEN, word) };
        if (!q->ops->retake(q, &done[i])) {
            return false;
        }
    }
    q->ops->push(q, done, (size_t)count);
    return q->used.index == to->index && q->used.wrap == to->wrap;
}

/* A log of another epoch is another queue's: this one is new. */
static bool resume(struct virtq *q)
{
    uint64_t place = q->cfg.log->place;
    struct virtq_at from, to;

    if (get(LOG_EPOCH, place) != q->cfg.epoch) {
        place = 0;
    }
    if (!q->ops->seek(q, (uint16_t)get(LOG_FROM, place), &from) ||
        !q->ops->seek(q, (uint16_t)get(LOG_TO, place), &to)) {
        return false;
    }
    q->avail = q->used = from;
    if (get(LOG_FROM, place) != get(LOG_TO, place)) {
        if (q->ops->is_done(q, &from, &to)) {
            q->avail = q->used = to;
        } else if (!finish(q, &to)) {
            return false;
        }
    }
    log_place(q, &q->used, &q->used);
    return true;
}

/* ---- Queues ---- */

void virtq_break(struct virtq *q)
{
    q->is_broken = true;
}

int virtq_init(struct virtq *q, const struct mem *mem, const struct virtq_cfg *cfg)
{
    const struct virtq_ops *ops = cfg->is_packed ? &virtq_packed : &virtq_split;
    bool is_power = (cfg->size & (cfg->size - 1u)) == 0;

    *q = (struct virtq){ .mem = mem, .ops = ops, .cfg = *cfg, .is_broken = true };
    if (cfg->size == 0 || cfg->size > VIRTQ_SIZE_MAX || (!cfg->is_packed && !is_power)) {
        return ERR_INVALID;
    }
    q->desc = mem_at(mem, cfg->desc, cfg->size * DESC_SIZE, DESC_SIZE);
    q->driver = mem_at(mem, cfg->driver, ops->driver_size(cfg->size), cfg->is_packed ? 4 : 2);
    q->device = mem_at(mem, cfg->device, ops->device_size(cfg->size), 4);
    if (!q->desc || !q->driver || !q->device) {
        return ERR_RANGE;
    }
    q->avail.wrap = q->used.wrap = true;
    q->is_broken = cfg->log && !resume(q);
    return q->is_broken ? ERR_RANGE : OK;
}

int virtq_pop(struct virtq *q, struct virtq_chain *chain)
{
    int got;

    if (q->is_broken) {
        return ERR_BUSY;
    }
    chain->read = chain->write = (struct spans){ .at = chain->span };
    chain->slots = chain->descs = 0;
    chain->has_written = false;
    got = q->ops->pop(q, chain);
    if (got < 0) {
        virtq_break(q);
        return got;
    }
    chain->write.at = chain->span + chain->read.count;
    chain->write_size = chain->write.size;
    return got;
}

void virtq_push(struct virtq *q, const struct virtq_chain *chain, uint64_t written)
{
    struct virtq_done done = virtq_done(chain, written);

    virtq_push_all(q, &done, 1);
}

struct virtq_done virtq_done(const struct virtq_chain *chain, uint64_t written)
{
    written = written < chain->write_size ? written : chain->write_size;
    return (struct virtq_done){ chain->id, chain->slots, (uint32_t)written };
}

void virtq_push_all(struct virtq *q, const struct virtq_done *done, size_t count)
{
    bool is_good = count != 0 && count <= BRIDGE_BATCH && !q->is_broken;

    for (size_t i = 0; i < count && is_good; i++) {
        is_good = q->ops->is_in_flight(q, &done[i]); /* else was returned before */
    }
    if (is_good) {
        if (q->cfg.log) {
            log_push(q, done, count);
        }
        q->ops->push(q, done, count);
    }
}

void virtq_undo(struct virtq *q, const struct virtq_done *taken, size_t count)
{
    if (!q->is_broken) {
        q->ops->undo(q, taken, count);
    }
}

bool virtq_wants_interrupt(struct virtq *q)
{
    bool wants;

    if (q->is_broken || q->since == 0) {
        return false;
    }
    atomic_thread_fence(memory_order_seq_cst); /* what was returned, before what is wanted */
    wants = q->ops->wants(q);
    q->since = 0;
    return wants;
}

bool virtq_listen(struct virtq *q, bool on)
{
    if (q->is_broken) {
        return false;
    }
    q->ops->listen(q, on);
    atomic_thread_fence(memory_order_seq_cst); /* asked to be told, before the last look */
    return q->ops->has_more(q);
}

int virtq_answer(struct virtq *q, const struct virtq_chain *chain, int64_t written)
{
    if (written < 0) {
        virtq_break(q);
        return (int)written;
    }
    virtq_push(q, chain, (uint64_t)written);
    return 1;
}

int virtq_end(struct virtq *q, int got, bool *interrupt)
{
    *interrupt = virtq_wants_interrupt(q);
    return got == 0 && virtq_listen(q, true) ? 1 : got;
}
