/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels: memory that two zones share and a doorbell for each, as abi/channel.h and
 * docs/channel.md have it. The memory is mapped at boot; here are registers, interrupts, and what
 * happens when one of the two starts or stops.
 */
#ifndef HYP_CORE_CHANNEL_H
#define HYP_CORE_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/plan.h"
#include "hyp/core/lock.h"
#include "hyp/core/vbus.h"

struct channel;

/* One zone's side. */
struct channel_end {
    struct vbus_fn fn; /* first */
    struct channel *channel;
    struct channel_end *peer;
    uint32_t side;
    _Atomic uint32_t cause; /* who sets a bit that was clear calls vbus_settle() after it */
    _Atomic uint32_t mask;
    _Atomic uint32_t starts;
    _Atomic bool up; /* the zone runs, or is about to; only its vCPU 0's CPU writes it */
};

struct channel {
    const struct plan_channel *plan;
    struct lock life; /* one end goes up at a time, and scrubs if it is the first */
    struct channel_end end[2];
};

/* One register, by its index in the page; the name comes behind them, all else reads 0. */
struct channel_row {
    uint32_t (*read)(const struct channel_end *end);        /* NULL: 0 */
    void (*write)(struct channel_end *end, uint32_t value); /* NULL: ignored */
};

extern const struct channel_row channel_rows[];
extern const size_t channel_row_count;

/* At boot, after vbus_init() of all zones. */
void channel_init_all(void);

/*
 * The zone is about to run: its ends are reset, memory is scrubbed if the peer is down, peers are
 * told. On vCPU 0's CPU; false: the zone was stopped meanwhile, nothing is left behind.
 */
bool channel_up(const struct zone *zone) __attribute__((warn_unused_result));

/* The zone has stopped: its ends are reset, peers are told. On vCPU 0's CPU. */
void channel_down(const struct zone *zone);

#endif
