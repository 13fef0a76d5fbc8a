/* SPDX-License-Identifier: Apache-2.0 */
/* Packed rings, VIRTIO 1.2, 2.8: one ring in which descriptors become used ones. */
#include "dev/ring.h"
#include "lib/field.h"

FIELD(DESC_AVAIL, 7, 1);
FIELD(DESC_USED, 15, 1);
FIELD(EVENT_INDEX, 0, 15);
FIELD(EVENT_WRAP, 15, 1);
FIELD(EVENT_FLAGS, 0, 2);

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

static void packed_push(struct virtq *q, const struct virtq_chain *chain, uint32_t written)
{
    uint8_t *desc = desc_at(q, q->used.index);
    uint64_t flags = put(DESC_AVAIL, q->used.wrap) | put(DESC_USED, q->used.wrap);

    if (chain->slots == 0 || chain->slots > q->in_flight) {
        return; /* was returned before */
    }
    store32(desc + DESC_LEN, written);
    store16(desc + DESC_ID, chain->id);
    store16(desc + DESC_FLAGS, (uint16_t)(flags | (written != 0 ? DESC_WRITE : 0)));
    q->in_flight -= chain->slots;
    q->since += chain->slots;
    advance(q, &q->used, chain->slots);
}

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

const struct virtq_ops virtq_packed = { packed_pop,      packed_push, packed_wants, packed_listen,
                                        packed_has_more, event_size,  event_size };
