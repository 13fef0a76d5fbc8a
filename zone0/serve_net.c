/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's network card over a tap of zone0, which is made if it is not there and stays when the
 * server ends, so that a bridge keeps its port. A pair of queues is a queue of the tap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/net.h"
#include "lib/field.h"
#include "zone0/serve_kinds.h"
#include "zone0/tap.h"

/* bridge_device.note: how many pairs the driver uses. */
FIELD(NOTE_PAIRS, 0, 16);
FIELD(NOTE_EPOCH, 32, 32);

struct card {
    struct net net;
    struct flow_fd tap[NET_PAIRS];
    _Atomic bool is_used[NET_PAIRS];
    struct net_input input[NET_PAIRS];
};

/* Packets go to queues of the tap that are attached only. */
static int use_pairs(void *opaque, uint32_t pairs)
{
    struct serve_dev *dev = opaque;
    struct card *card = dev->state;

    for (uint32_t i = 0; i < card->net.pairs && card->net.pairs > 1; i++) {
        bool is_used = i < pairs;

        if (is_used != card->is_used[i] && !tap_use(card->tap[i].fd, is_used)) {
            return ERR_INVALID;
        }
        card->is_used[i] = is_used;
        for (uint32_t n = 0; n < 2; n++) {
            if (dev->queue[2 * i + n].has_thread) {
                serve_queue_wake(&dev->queue[2 * i + n]);
            }
        }
    }
    __atomic_store_n(&dev->shared->note, put(NOTE_PAIRS, pairs) | put(NOTE_EPOCH, dev->epoch),
                     __ATOMIC_RELEASE);
    return OK;
}

/* The same address at each start: of the device's names, locally administered. */
static void make_address(const struct serve_dev *dev, uint8_t mac[6])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (const char *at = dev->wish->zone; *at != 0; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    }
    hash = (hash ^ '.') * UINT64_C(0x100000001b3);
    for (const char *at = dev->wish->device; *at != 0; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    }
    mac[0] = 0x52;
    memcpy(mac + 1, &hash, 5);
}

int card_open(struct serve_dev *dev)
{
    struct card *card = calloc(1, sizeof(*card));
    uint32_t pairs = dev->shared->queue_count / 2;

    if (!card) {
        return ERR_FULL;
    }
    dev->state = card;
    card->net = (struct net){ .pairs = pairs < NET_PAIRS ? pairs : NET_PAIRS,
                              .has_offloads = true,
                              .use = use_pairs,
                              .opaque = dev };
    make_address(dev, card->net.mac);
    for (uint32_t i = 0; i < NET_PAIRS; i++) {
        card->tap[i] = (struct flow_fd){ .flow.ops = &flow_fd_ops, .fd = -1 };
        card->input[i].flow = &card->tap[i].flow;
        card->is_used[i] = true;
    }
    for (uint32_t i = 0; i < card->net.pairs; i++) {
        card->tap[i].fd = tap_open(dev->wish->source, card->net.pairs);
        if (card->tap[i].fd < 0) {
            serve_dev_log(dev, "tap %s: %s", dev->wish->source, strerror(errno));
            card_close(dev);
            return ERR_NONE;
        }
    }
    tap_up(dev->wish->source);
    return OK;
}

void card_close(struct serve_dev *dev)
{
    struct card *card = dev->state;

    for (uint32_t i = 0; i < card->net.pairs; i++) {
        if (card->tap[i].fd >= 0) {
            (void)close(card->tap[i].fd);
        }
    }
    free(card);
}

void card_offer(const struct serve_dev *dev, struct bridge_offer *offer)
{
    const struct card *card = dev->state;
    struct net_config config = net_config(&card->net);

    offer->features = net_features(&card->net);
    offer->config_size = sizeof(config);
    memcpy(offer->config, &config, sizeof(config));
}

void card_begin(struct serve_dev *dev)
{
    struct card *card = dev->state;
    uint64_t note = dev->shared->note, pairs = get(NOTE_PAIRS, note);

    card->net.features = dev->features;
    for (uint32_t i = 0; i < card->net.pairs; i++) {
        card->input[i].size = card->input[i].done = card->input[i].count = 0;
        tap_offload(card->tap[i].fd, dev->features);
    }
    if (get(NOTE_EPOCH, note) != dev->epoch || pairs == 0 || pairs > card->net.pairs) {
        pairs = 1;
    }
    (void)use_pairs(dev, (uint32_t)pairs);
}

int card_run(struct serve_queue *queue, bool *interrupt)
{
    struct card *card = queue->dev->state;
    uint32_t pair = queue->index / 2;

    if (queue->index == net_control_queue(&card->net)) {
        return net_control(&card->net, &queue->q, interrupt);
    }
    if (pair >= card->net.pairs || !card->is_used[pair]) { /* use_pairs() wakes it */
        *interrupt = false;
        return RUN_REST;
    }
    if (queue->index % 2 == 0) {
        return net_to_zone(&card->net, &card->input[pair], &queue->q, interrupt);
    }
    return net_from_zone(&card->net, &card->tap[pair].flow, &queue->q, interrupt);
}

int card_waits_on(const struct serve_queue *queue)
{
    const struct card *card = queue->dev->state;

    return card->tap[queue->index / 2 % NET_PAIRS].fd;
}
