/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio network card. A header is copied and checked against what was agreed on; packets that
 * break a rule are dropped, as a network does. A packet for the zone is all there, in as many
 * buffers as it takes, or not at all.
 */
#include "dev/net.h"

#include <string.h>

#include "lib/field.h"

/* As in memory, 5.1.6. */
struct header {
    uint8_t flags, gso_type;
    uint16_t header_size, gso_size, csum_start, csum_offset, buffers;
};

_Static_assert(sizeof(struct header) == NET_HEADER, "as in memory");
_Static_assert(sizeof(struct net_config) == 12, "as in memory");

enum { NEEDS_CSUM = 1, DATA_VALID = 2 };
FIELD(GSO_TYPE, 0, 7);
FIELD(GSO_ECN, 7, 1);
enum { GSO_NONE = 0, GSO_TCP4 = 1, GSO_TCP6 = 4 };
enum { CLASS_MQ = 4, MQ_PAIRS_SET = 0, CONTROL_OK = 0, CONTROL_ERR = 1 };
enum { ETHERNET_MIN = 14, STATUS_UP = 1 };

static bool has(const struct net *net, unsigned feature)
{
    return (net->features & net_features(net) & BIT64(feature)) != 0;
}

/* ---- To the zone ---- */

/* Nothing in it that the driver did not agree on: the flow was told, so this is rare. */
static bool is_for_driver(const struct net *net, struct header *header)
{
    uint64_t type = get(GSO_TYPE, header->gso_type);
    bool is_known = type == GSO_NONE || (type == GSO_TCP4 && has(net, NET_F_GUEST_TSO4)) ||
                    (type == GSO_TCP6 && has(net, NET_F_GUEST_TSO6));

    if (!has(net, NET_F_GUEST_CSUM)) {
        header->flags &= (uint8_t)~DATA_VALID;
    }
    return is_known && ((header->flags & NEEDS_CSUM) == 0 || has(net, NET_F_GUEST_CSUM)) &&
           (get(GSO_ECN, header->gso_type) == 0 || has(net, NET_F_GUEST_ECN));
}

/* Reads packets until one is good: RUN_MORE, or what to wait for. */
static int take_packet(const struct net *net, struct net_input *in)
{
    for (unsigned i = 0; i < NET_BATCH && in->size == 0; i++) {
        int64_t got = in->flow->ops->read(in->flow, in->packet, sizeof(in->packet));
        struct header header;

        if (got <= 0) {
            return got == 0 ? RUN_INPUT : RUN_FAILED;
        }
        memcpy(&header, in->packet, sizeof(header));
        if ((size_t)got >= NET_HEADER + ETHERNET_MIN && is_for_driver(net, &header)) {
            memcpy(in->packet, &header, sizeof(header));
            in->size = (size_t)got;
        }
    }
    return RUN_MORE; /* perhaps of none but bad ones */
}

/* Says in the first buffer how many there are; the header may be cut into pieces. */
static void put_count(struct net_input *in)
{
    struct spans head = { .at = in->head, .count = in->head_count };
    uint16_t buffers = (uint16_t)in->count;

    for (size_t i = 0; i < head.count; i++) {
        head.size += head.at[i].iov_len;
    }
    if (spans_skip(&head, NET_HEADER - sizeof(buffers))) {
        (void)spans_write(&head, &buffers, sizeof(buffers));
    }
}

/* As much of the packet as goes into one more buffer: 1, or what virtq_pop() said. */
static int give_part(struct net_input *in, struct virtq *q)
{
    struct virtq_chain chain;
    int got = virtq_pop(q, &chain);
    size_t part = in->size - in->done;

    if (got <= 0) {
        return got;
    }
    part = part < chain.write.size ? part : (size_t)chain.write.size;
    if (part < (in->count == 0 ? NET_HEADER : 1)) {
        virtq_break(q);
        return ERR_INVALID;
    }
    if (in->count == 0) {
        in->head_count = chain.write.count < NET_HEADER ? chain.write.count : NET_HEADER;
        memcpy(in->head, chain.write.at, in->head_count * sizeof(in->head[0]));
    }
    in->taken[in->count++] = virtq_done(&chain, part);
    if (!spans_write(&chain.write, in->packet + in->done, part)) {
        return ERR_RANGE;
    }
    in->done += part;
    return 1;
}

/* 1: the packet is gone, all there or dropped since it never fits; else it waits for buffers. */
static int give_packet(const struct net *net, struct net_input *in, struct virtq *q)
{
    size_t max = has(net, NET_F_MRG_RXBUF) ? BRIDGE_BATCH : 1;

    while (in->done < in->size && in->count < max) {
        int got = give_part(in, q);

        if (got <= 0) {
            return got;
        }
    }
    if (in->done < in->size) {
        virtq_undo(q, in->taken, in->count);
    } else {
        put_count(in);
        virtq_push_all(q, in->taken, in->count);
    }
    in->size = in->done = in->count = 0;
    return 1;
}

int net_to_zone(const struct net *net, struct net_input *in, struct virtq *q, bool *interrupt)
{
    int got = RUN_MORE;

    for (unsigned i = 0; i < NET_BATCH && got == RUN_MORE; i++) {
        got = in->size == 0 ? take_packet(net, in) : RUN_MORE;
        if (in->size != 0) {
            got = give_packet(net, in, q);
        }
    }
    return virtq_end(q, got, interrupt);
}

/* ---- From the zone ---- */

static bool is_from_driver(const struct net *net, const struct header *header)
{
    uint64_t type = get(GSO_TYPE, header->gso_type);
    bool is_known = type == GSO_NONE || (type == GSO_TCP4 && has(net, NET_F_HOST_TSO4)) ||
                    (type == GSO_TCP6 && has(net, NET_F_HOST_TSO6));
    bool needs_csum = (header->flags & NEEDS_CSUM) != 0;

    return is_known && (!needs_csum || has(net, NET_F_CSUM)) && (type == GSO_NONE || needs_csum) &&
           (get(GSO_ECN, header->gso_type) == 0 || has(net, NET_F_HOST_ECN));
}

/* A packet with its header copied; 1 if it went or was dropped, 0: the flow is full. */
static int send_packet(const struct net *net, struct flow *flow, struct virtq_chain *chain)
{
    struct iovec at[1 + VIRTQ_SPANS];
    struct header header;

    if (!spans_read(&chain->read, &header, sizeof(header))) {
        return ERR_INVALID;
    }
    if (chain->read.size < ETHERNET_MIN || chain->read.size > NET_PACKET - NET_HEADER ||
        !is_from_driver(net, &header)) {
        return 1;
    }
    header.flags &= NEEDS_CSUM;
    header.buffers = 0;
    at[0] = (struct iovec){ .iov_base = &header, .iov_len = sizeof(header) };
    memcpy(at + 1, chain->read.at, chain->read.count * sizeof(at[0]));
    return flow->ops->write(flow, at, 1 + chain->read.count) == 0 ? 0 : 1;
}

int net_from_zone(const struct net *net, struct flow *flow, struct virtq *q, bool *interrupt)
{
    struct virtq_chain chain;
    int got = RUN_MORE;

    for (unsigned i = 0; i < NET_BATCH && got == RUN_MORE; i++) {
        struct virtq_done taken;
        int sent;

        got = virtq_pop(q, &chain);
        if (got <= 0) {
            break;
        }
        taken = virtq_done(&chain, 0);
        sent = send_packet(net, flow, &chain);
        if (sent < 0) {
            virtq_break(q);
            got = sent;
        } else if (sent == 0) {
            virtq_undo(q, &taken, 1);
            got = RUN_OUTPUT;
        } else {
            virtq_push(q, &chain, 0);
        }
    }
    return virtq_end(q, got, interrupt);
}

/* ---- Control, 5.1.6.5 ---- */

static uint8_t command(const struct net *net, struct virtq_chain *chain)
{
    uint8_t what[2];
    uint16_t pairs;

    if (!spans_read(&chain->read, what, sizeof(what)) || what[0] != CLASS_MQ ||
        what[1] != MQ_PAIRS_SET || !has(net, NET_F_MQ) ||
        !spans_read(&chain->read, &pairs, sizeof(pairs)) || pairs == 0 || pairs > net->pairs) {
        return CONTROL_ERR;
    }
    return net->use(net->opaque, pairs) == OK ? CONTROL_OK : CONTROL_ERR;
}

/* Bytes written, or an error: the acknowledgement has no byte, or would not be the first one. */
static int64_t answer(const struct net *net, struct virtq_chain *chain)
{
    uint8_t *ack = spans_last(&chain->write);

    if (!ack || chain->write.size != 0) {
        return ERR_INVALID;
    }
    *ack = command(net, chain);
    return 1;
}

int net_control(const struct net *net, struct virtq *q, bool *interrupt)
{
    struct virtq_chain chain;
    int got = RUN_MORE;

    for (unsigned i = 0; i < NET_BATCH && got == RUN_MORE; i++) {
        got = virtq_pop(q, &chain);
        if (got > 0) {
            got = virtq_answer(q, &chain, answer(net, &chain));
        }
    }
    return virtq_end(q, got, interrupt);
}

/* ---- What the driver sees ---- */

uint64_t net_features(const struct net *net)
{
    uint64_t features = BIT64(NET_F_MAC) | BIT64(NET_F_MRG_RXBUF) | BIT64(NET_F_STATUS);

    if (net->has_offloads) {
        features |= BIT64(NET_F_CSUM) | BIT64(NET_F_GUEST_CSUM) | BIT64(NET_F_GUEST_TSO4) |
                    BIT64(NET_F_GUEST_TSO6) | BIT64(NET_F_GUEST_ECN) | BIT64(NET_F_HOST_TSO4) |
                    BIT64(NET_F_HOST_TSO6) | BIT64(NET_F_HOST_ECN);
    }
    return net->pairs > 1 ? features | BIT64(NET_F_CTRL_VQ) | BIT64(NET_F_MQ) : features;
}

struct net_config net_config(const struct net *net)
{
    struct net_config config = { .status = STATUS_UP, .pairs_max = (uint16_t)net->pairs };

    memcpy(config.mac, net->mac, sizeof(config.mac));
    return config;
}

uint32_t net_control_queue(const struct net *net)
{
    if (!has(net, NET_F_CTRL_VQ)) {
        return UINT32_MAX;
    }
    return has(net, NET_F_MQ) ? 2 * net->pairs : 2;
}
