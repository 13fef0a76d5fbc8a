/* SPDX-License-Identifier: Apache-2.0 */
/* Packed rings, VIRTIO 1.2, 2.8: one ring in which descriptors become used ones. */
#include "dev/ring.h"
#include "lib/field.h"

FIELD(DESC_AVAIL, 7, 1);
FIELD(DESC_USED, 15, 1);
FIELD(EVENT_INDEX, 0, 15);
FIELD(EVENT_WRAP, 15, 1);
FIELD(EVENT_FLAGS, 0, 2);
FIELD(LOG_INDEX, 0, 15); /* of a place in the log */
FIELD(LOG_NO_WRAP, 15, 1);

enum { DESC_LEN = 8, DESC_ID = 12, DESC_FLAGS = 14, EVENT_AT = 0, EVENT_HOW = 2, EVENT_SIZE = 4 };
enum { EVENTS_ON = 0, EVENTS_OFF = 1, EVENTS_AT = 2 };

static uint32_t event_size(uint32_t n)
{
    (void)n;
    return EVENT_SIZE;
}

static uint8_t *desc_at(const struct virtq *q, uint16_t index)
{
    return q->desc + index * sizeof(struct desc);
}

/* n <= size */
static void advance(const struct virtq *q, struct virtq_at *at, uint32_t n)
{
    uint32_t index = at->index + n;

    if (index >= q->cfg.size) {
        index -= q->cfg.size;
        at->wrap = !at->wrap;
    }
    at->index = (uint16_t)index;
}

static bool is_available(uint16_t flags, bool wrap)
{
    return get(DESC_AVAIL, flags) == wrap && get(DESC_USED, flags) != wrap;
}

static bool packed_has_more(const struct virtq *q)
{
    return is_available(load16(desc_at(q, q->avail.index) + DESC_FLAGS), q->avail.wrap);
}

/* Flags are read before the rest, which the driver wrote before them; then not again. */
static int packed_pop(struct virtq *q, struct virtq_chain *chain)
{
    struct virtq_at at = q->avail;
    struct desc desc = { .flags = load16(desc_at(q, at.index) + DESC_FLAGS) };

    if (!is_available(desc.flags, at.wrap)) {
        return 0;
    }
    for (;;) { /* as long as there are descriptors that the driver may use */
        int err;

        if (chain->slots >= q->cfg.size - q->in_flight) {
            return ERR_FULL;
        }
        copy_once(&desc, desc_at(q, at.index), DESC_FLAGS);
        err = chain_add(q, chain, &desc);
        if (err != OK) {
            return err;
        }
        chain->slots++;
        advance(q, &at, 1);
        if ((desc.flags & DESC_NEXT) == 0) {
            break;
        }
        desc.flags = load16(desc_at(q, at.index) + DESC_FLAGS);
    }
    chain->id = desc.next; /* of the last one, 2.8.6 */
    q->avail = at;
    q->in_flight += chain->slots;
    return 1;
}

static bool packed_is_in_flight(const struct virtq *q, const struct virtq_done *done)
{
    return done->slots != 0 && done->slots <= q->in_flight;
}

/* What is returned at a place; its flags are what makes it so. */
static uint16_t fill(struct virtq *q, const struct virtq_at *at, const struct virtq_done *done)
{
    uint8_t *desc = desc_at(q, at->index);
    uint64_t flags = put(DESC_AVAIL, at->wrap) | put(DESC_USED, at->wrap);

    store32(desc + DESC_LEN, done->written);
    store16(desc + DESC_ID, done->id);
    return (uint16_t)(flags | (done->written != 0 ? DESC_WRITE : 0));
}

/* The flags of the first one last: the driver looks at no other before. */
static void packed_push(struct virtq *q, const struct virtq_done *done, size_t count)
{
    struct virtq_at first = q->used;
    uint16_t first_flags = fill(q, &first, &done[0]);
    uint32_t slots = done[0].slots;

    advance(q, &q->used, done[0].slots);
    for (size_t i = 1; i < count; i++) {
        uint16_t flags = fill(q, &q->used, &done[i]);

        store16(desc_at(q, q->used.index) + DESC_FLAGS, flags);
        slots += done[i].slots;
        advance(q, &q->used, done[i].slots);
    }
    q->in_flight -= slots;
    q->since += slots;
    store16(desc_at(q, first.index) + DESC_FLAGS, first_flags);
}

static void packed_undo(struct virtq *q, const struct virtq_done *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        q->in_flight -= taken[i].slots;
    }
    q->avail = q->used;
    advance(q, &q->avail, q->in_flight);
}

/* ---- The log ---- */

static bool packed_seek(const struct virtq *q, uint16_t place, struct virtq_at *at)
{
    *at = (struct virtq_at){ .index = (uint16_t)get(LOG_INDEX, place),
                             .wrap = get(LOG_NO_WRAP, place) == 0 };
    return at->index < q->cfg.size;
}

static uint16_t packed_tell(const struct virtq_at *at)
{
    return (uint16_t)(put(LOG_INDEX, at->index) | put(LOG_NO_WRAP, !at->wrap));
}

/*
 * The flag changes when the device returns a buffer, and the driver, which may have made the entry
 * available again since, leaves it as it is.
 */
static bool packed_is_done(const struct virtq *q, const struct virtq_at *from,
                           const struct virtq_at *to)
{
    (void)to;
    return get(DESC_USED, load16(desc_at(q, from->index) + DESC_FLAGS)) == from->wrap;
}

static bool packed_retake(struct virtq *q, const struct virtq_done *done)
{
    if (done->slots == 0 || done->slots > q->cfg.size - q->in_flight) {
        return false;
    }
    q->in_flight += done->slots;
    advance(q, &q->avail, done->slots);
    return true;
}

static void packed_skip(const struct virtq *q, struct virtq_at *at, const struct virtq_done *done)
{
    advance(q, at, done->slots);
}

/* ---- What each side wants to be told of ---- */

/* Entries of two rounds, so that a position and its wrap counter are one number. */
static uint32_t place(const struct virtq *q, uint32_t index, bool wrap)
{
    return index + (wrap ? 0 : q->cfg.size);
}

/* 2.8.10: the driver names the entry that it wants to be told of. */
static bool packed_wants(const struct virtq *q)
{
    uint16_t how = (uint16_t)get(EVENT_FLAGS, load16(q->driver + EVENT_HOW));
    uint16_t event = load16(q->driver + EVENT_AT);
    uint32_t round = 2u * q->cfg.size, named, behind;

    if (how != EVENTS_AT || !q->cfg.has_event_idx) {
        return how != EVENTS_OFF;
    }
    named = place(q, (uint32_t)get(EVENT_INDEX, event), get(EVENT_WRAP, event) != 0);
    if (get(EVENT_INDEX, event) >= q->cfg.size) {
        return true; /* no entry: better told too often */
    }
    behind = (place(q, q->used.index, q->used.wrap) + round - named) % round;
    return behind != 0 && behind <= q->since;
}

static void packed_listen(struct virtq *q, bool on)
{
    uint64_t at = put(EVENT_INDEX, q->avail.index) | put(EVENT_WRAP, q->avail.wrap);

    if (on && q->cfg.has_event_idx) {
        store16(q->device + EVENT_AT, (uint16_t)at);
        store16(q->device + EVENT_HOW, EVENTS_AT);
    } else {
        store16(q->device + EVENT_HOW, on ? EVENTS_ON : EVENTS_OFF);
    }
}

const struct virtq_ops virtq_packed = { .pop = packed_pop,
                                        .push = packed_push,
                                        .undo = packed_undo,
                                        .seek = packed_seek,
                                        .tell = packed_tell,
                                        .is_done = packed_is_done,
                                        .retake = packed_retake,
                                        .skip = packed_skip,
                                        .is_in_flight = packed_is_in_flight,
                                        .wants = packed_wants,
                                        .listen = packed_listen,
                                        .has_more = packed_has_more,
                                        .driver_size = event_size,
                                        .device_size = event_size };
