/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of the hypervisor's rings (abi/ctl.h: events, log, consoles): each keeps its own place,
 * finds out by itself when it was too slow, and disturbs nobody. Nothing here writes to the region.
 */
#ifndef ZONE0_FEED_H
#define ZONE0_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "zone0/ctl.h"

/*
 * The hypervisor writes first and counts then: the oldest bytes may be changing before its count
 * says so. This many of a ring of bytes are never read, and one event in eight.
 */
#define FEED_MARGIN 512u

struct feed {
    const uint8_t *ring;
    const uint64_t *head; /* in the region */
    uint64_t at;          /* what is read next, as head counts */
    uint32_t count;       /* units in the ring: a power of two */
    uint32_t unit;        /* bytes of one */
    uint32_t depth;       /* units behind head that may be read */
};

/* At the oldest that there is; the region must stay mapped. */
void feed_events(struct feed *feed, const struct ctl *ctl);
void feed_log(struct feed *feed, const struct ctl *ctl);
void feed_console(struct feed *feed, const struct ctl *ctl, uint32_t zone); /* below CTL_ZONES */

/* Goes on with what comes from now on, but for the last `back` units. */
void feed_seek(struct feed *feed, uint64_t back);

/*
 * Takes up to `units`; returns how many. *lost: how many there were before these that nobody can
 * read any more. Neither: nothing new.
 */
size_t feed_read(struct feed *feed, void *to, size_t units, uint64_t *lost);

#endif
