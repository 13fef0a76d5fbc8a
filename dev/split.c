/* SPDX-License-Identifier: Apache-2.0 */
/* Split rings, VIRTIO 1.2, 2.7: chains by index, an available and a used ring. */
#include "dev/ring.h"

/* Of either ring: flags, index, entries, and the other side's event index. */
enum { RING_FLAGS = 0, RING_INDEX = 2, RING_ENTRIES = 4, AVAIL_ENTRY = 2, USED_ENTRY = 8 };

enum { FLAG_TELL = 0, FLAG_NO_TELLING = 1 }; /* no interrupt, or no notification */

static uint32_t driver_size(uint32_t n)
{
    return RING_ENTRIES + AVAIL_ENTRY * n + 2;
}

static uint32_t device_size(uint32_t n)
{
    return RING_ENTRIES + USED_ENTRY * n + 2;
}

static int walk(const struct virtq *q, struct virtq_chain *chain)
{
    struct desc desc = { .next = chain->id };

    do { /* a loop ends when the chain is too long */
        int err;

        if (desc.next >= q->cfg.size) {
            return ERR_RANGE;
        }
        copy_once(&desc, q->desc + desc.next * sizeof(desc), sizeof(desc));
        desc_from_split(&desc);
        err = chain_add(q, chain, &desc);
        if (err != OK) {
            return err;
        }
    } while ((desc.flags & DESC_NEXT) != 0);
    return OK;
}

static int split_pop(struct virtq *q, struct virtq_chain *chain)
{
    uint16_t ready = (uint16_t)(load16(q->driver + RING_INDEX) - q->avail.index);
    unsigned slot = q->avail.index % q->cfg.size;
    int err;

    if (ready == 0) {
        return 0;
    }
    if (ready > q->cfg.size) {
        return ERR_RANGE;
    }
    chain->id = load16(q->driver + RING_ENTRIES + slot * AVAIL_ENTRY);
    if (chain->id >= q->cfg.size || q->busy[chain->id]) {
        return ERR_INVALID;
    }
    err = walk(q, chain);
    if (err != OK) {
        return err;
    }
    q->busy[chain->id] = true;
    q->in_flight++;
    q->avail.index++;
    return 1;
}

static bool split_is_in_flight(const struct virtq *q, const struct virtq_done *done)
{
    return done->id < q->cfg.size && q->busy[done->id];
}

static void split_push(struct virtq *q, const struct virtq_done *done, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *entry = q->device + RING_ENTRIES + q->used.index % q->cfg.size * USED_ENTRY;

        q->busy[done[i].id] = false;
        store32(entry, done[i].id);
        store32(entry + 4, done[i].written);
        q->used.index++;
    }
    q->in_flight -= (uint32_t)count;
    q->since += (uint32_t)count;
    store16(q->device + RING_INDEX, q->used.index);
}

static void split_undo(struct virtq *q, const struct virtq_done *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        q->busy[taken[i].id] = false;
    }
    q->in_flight -= (uint32_t)count;
    q->avail.index = (uint16_t)(q->avail.index - count);
}

/* ---- The log ---- */

static bool split_seek(const struct virtq *q, uint16_t place, struct virtq_at *at)
{
    (void)q;
    *at = (struct virtq_at){ .index = place, .wrap = true };
    return true;
}

static uint16_t split_tell(const struct virtq_at *at)
{
    return at->index;
}

/* The index is what the driver goes by; one that lies about it hurts itself. */
static bool split_is_done(const struct virtq *q, const struct virtq_at *from,
                          const struct virtq_at *to)
{
    (void)from;
    return load16(q->device + RING_INDEX) == to->index;
}

static bool split_retake(struct virtq *q, const struct virtq_done *done)
{
    if (done->id >= q->cfg.size || q->busy[done->id]) {
        return false;
    }
    q->busy[done->id] = true;
    q->in_flight++;
    q->avail.index++;
    return true;
}

static void split_skip(const struct virtq *q, struct virtq_at *at, const struct virtq_done *done)
{
    (void)q;
    (void)done;
    at->index++;
}

/* ---- What each side wants to be told of ---- */

/* 2.7.7: the driver names the entry that it wants to be told of. */
static bool split_wants(const struct virtq *q)
{
    uint16_t event;

    if (!q->cfg.has_event_idx) {
        return (load16(q->driver + RING_FLAGS) & FLAG_NO_TELLING) == 0;
    }
    event = load16(q->driver + RING_ENTRIES + q->cfg.size * AVAIL_ENTRY);
    return (uint16_t)(q->used.index - event - 1u) < q->since;
}

static void split_listen(struct virtq *q, bool on)
{
    if (q->cfg.has_event_idx) { /* else it stays where it is, in the past */
        if (on) {
            store16(q->device + RING_ENTRIES + q->cfg.size * USED_ENTRY, q->avail.index);
        }
        return;
    }
    store16(q->device + RING_FLAGS, on ? FLAG_TELL : FLAG_NO_TELLING);
}

static bool split_has_more(const struct virtq *q)
{
    return load16(q->driver + RING_INDEX) != q->avail.index;
}

const struct virtq_ops virtq_split = { .pop = split_pop,
                                       .push = split_push,
                                       .undo = split_undo,
                                       .seek = split_seek,
                                       .tell = split_tell,
                                       .is_done = split_is_done,
                                       .retake = split_retake,
                                       .skip = split_skip,
                                       .is_in_flight = split_is_in_flight,
                                       .wants = split_wants,
                                       .listen = split_listen,
                                       .has_more = split_has_more,
                                       .driver_size = driver_size,
                                       .device_size = device_size };
