/* SPDX-License-Identifier: Apache-2.0 */
/* What the two formats of rings share: their operations and the walk of a chain's descriptors. */
#ifndef DEV_RING_H
#define DEV_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/virtq.h"

/* Flags of a descriptor, 2.7.5 and 2.8.1. */
#define DESC_NEXT     1u
#define DESC_WRITE    2u
#define DESC_INDIRECT 4u

/*
 * As in memory of a packed ring, where `next` is the buffer ID (2.8.13). A split ring has the last
 * two the other way round (2.7.5).
 */
struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t next;
    uint16_t flags;
};

/* Of a copy from a split ring, or one of its tables. */
static inline void desc_from_split(struct desc *desc)
{
    uint16_t flags = desc->next;

    desc->next = desc->flags;
    desc->flags = flags;
}

struct virtq_ops {
    /* As virtq_pop(). */
    int (*pop)(struct virtq *q, struct virtq_chain *chain);
    /* All are in flight. */
    void (*push)(struct virtq *q, const struct virtq_done *done, size_t count);
    void (*undo)(struct virtq *q, const struct virtq_done *taken, size_t count);
    /* A place of the log to a position in the ring and back; false: there is none. */
    bool (*seek)(const struct virtq *q, uint16_t place, struct virtq_at *at);
    uint16_t (*tell)(const struct virtq_at *at);
    /* Whether what was about to be returned between these places was. */
    bool (*is_done)(const struct virtq *q, const struct virtq_at *from, const struct virtq_at *to);
    /* Takes what the log says; false: it can't be. */
    bool (*retake)(struct virtq *q, const struct virtq_done *done);
    /* Beyond what is returned for it. */
    void (*skip)(const struct virtq *q, struct virtq_at *at, const struct virtq_done *done);
    bool (*is_in_flight)(const struct virtq *q, const struct virtq_done *done);
    bool (*wants)(const struct virtq *q);
    void (*listen)(struct virtq *q, bool on);
    bool (*has_more)(const struct virtq *q);
    /* Bytes of the driver's and the device's part, for n descriptors. */
    uint32_t (*driver_size)(uint32_t n);
    uint32_t (*device_size)(uint32_t n);
};

extern const struct virtq_ops virtq_split, virtq_packed;

/* Adds a descriptor, or the table that it points to; desc is a copy. */
int chain_add(const struct virtq *q, struct virtq_chain *chain, const struct desc *desc) MUST_CHECK;

#endif
