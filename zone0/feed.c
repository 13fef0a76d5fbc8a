/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rings that somebody else overwrites: copies first, then finds out what of it holds. */
#include <stdatomic.h>
#include <string.h>

#include "zone0/feed.h"

static uint64_t load_head(const struct feed *feed)
{
    return atomic_load_explicit((const _Atomic uint64_t *)(const void *)feed->head,
                                memory_order_acquire);
}

/* How many units behind head can be read. */
static uint64_t behind(const struct feed *feed, uint64_t head)
{
    return head < feed->depth ? head : feed->depth;
}

static const struct ctl_shared *shared(const struct ctl *ctl)
{
    return (const struct ctl_shared *)(const void *)ctl->region;
}

/* Bytes, unless it says otherwise afterwards. */
static void feed_open(struct feed *feed, const uint8_t *ring, const struct ctl_ring *head)
{
    feed->ring = ring;
    feed->head = &head->head;
    feed->at = 0;
    feed->unit = 1;
}

/* At the oldest; what was lost before anybody looked is not counted. */
static void feed_begin(struct feed *feed, uint32_t count, uint32_t depth)
{
    feed->count = count;
    feed->depth = depth;
    feed_seek(feed, count);
}

void feed_events(struct feed *feed, const struct ctl *ctl)
{
    feed_open(feed, ctl->region + ctl->layout.event_offset, &shared(ctl)->event);
    feed->unit = sizeof(struct ctl_event);
    feed_begin(feed, CTL_EVENTS, CTL_EVENTS - CTL_EVENTS / 8);
}

void feed_log(struct feed *feed, const struct ctl *ctl)
{
    feed_open(feed, ctl->region + ctl->layout.log_offset, &shared(ctl)->log);
    feed_begin(feed, CTL_LOG_SIZE, CTL_LOG_SIZE - FEED_MARGIN);
}

void feed_console(struct feed *feed, const struct ctl *ctl, uint32_t zone)
{
    const uint8_t *rings = ctl->region + ctl->layout.console_offset;

    feed_open(feed, rings + (size_t)zone * CTL_CONSOLE_SIZE, &shared(ctl)->console[zone]);
    feed_begin(feed, CTL_CONSOLE_SIZE, CTL_CONSOLE_SIZE - FEED_MARGIN);
}

void feed_seek(struct feed *feed, uint64_t back)
{
    uint64_t head = load_head(feed), most = behind(feed, head);

    feed->at = head - (back < most ? back : most);
}

/* What was lost before the reader's place; puts it on the oldest that can be read. */
static uint64_t catch_up(struct feed *feed, uint64_t head)
{
    uint64_t oldest = head - behind(feed, head), gone;

    if (feed->at > head) { /* counted anew: another hypervisor than before */
        feed->at = oldest;
        return 0;
    }
    if (feed->at >= oldest) {
        return 0;
    }
    gone = oldest - feed->at;
    feed->at = oldest;
    return gone;
}

static void copy_units(const struct feed *feed, uint8_t *to, size_t units)
{
    size_t first = (size_t)(feed->at & (feed->count - 1)), unit = feed->unit;
    size_t straight = feed->count - first < units ? feed->count - first : units;

    memcpy(to, feed->ring + first * unit, straight * unit);
    memcpy(to + straight * unit, feed->ring, (units - straight) * unit);
}

size_t feed_read(struct feed *feed, void *to, size_t units, uint64_t *lost)
{
    uint64_t head = load_head(feed), from, gone;
    uint8_t *bytes = to;

    *lost = catch_up(feed, head);
    if (units > head - feed->at) {
        units = (size_t)(head - feed->at);
    }
    copy_units(feed, bytes, units);
    atomic_thread_fence(memory_order_acquire);
    /* What has been overwritten since is dropped from the copy's front. */
    from = feed->at;
    gone = catch_up(feed, load_head(feed));
    *lost += gone;
    if (feed->at != from + gone || gone >= units) {
        return 0;
    }
    memmove(bytes, bytes + gone * feed->unit, (units - (size_t)gone) * feed->unit);
    feed->at = from + units;
    return units - (size_t)gone;
}
