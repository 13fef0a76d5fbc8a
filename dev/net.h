/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtio network card (VIRTIO 1.2, 5.1) over flows of packets with virtio's header, as a tap of
 * Linux has them. Queues 2n bring packets to the zone, 2n + 1 take its packets, and the one behind
 * the last pair is the control queue. Each queue may have its own thread.
 */
#ifndef DEV_NET_H
#define DEV_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/flow.h"
#include "dev/virtq.h"

#define NET_PAIRS  4u
#define NET_HEADER 12u
#define NET_PACKET (NET_HEADER + 65550u) /* bytes: the largest that is cut later, with Ethernet */
#define NET_BATCH  64u                   /* packets that a run moves at most */

/* Features, 5.1.3. */
#define NET_F_CSUM       0
#define NET_F_GUEST_CSUM 1
#define NET_F_MAC        5
#define NET_F_GUEST_TSO4 7
#define NET_F_GUEST_TSO6 8
#define NET_F_GUEST_ECN  9
#define NET_F_HOST_TSO4  11
#define NET_F_HOST_TSO6  12
#define NET_F_HOST_ECN   13
#define NET_F_MRG_RXBUF  15
#define NET_F_STATUS     16
#define NET_F_CTRL_VQ    17
#define NET_F_MQ         22

/* The device's configuration, 5.1.4. */
struct net_config {
    uint8_t mac[6];
    uint16_t status; /* bit 0: the link is up */
    uint16_t pairs_max;
    uint16_t mtu;
};

struct net {
    uint64_t features; /* that both sides agreed on */
    uint32_t pairs;    /* there are, 1..NET_PAIRS */
    uint8_t mac[6];
    bool has_offloads; /* the flows know what to do with a header that asks for something */
    /* The driver wants this many pairs; OK or why not. Its caller is the control queue's thread. */
    int (*use)(void *opaque, uint32_t pairs);
    void *opaque;
};

/* A queue for packets to the zone: the packet that waits for buffers, and those that it has. */
struct net_input {
    struct flow *flow;
    size_t size, done; /* of the packet, 0: none; in buffers */
    size_t count;      /* of buffers */
    struct virtq_done taken[BRIDGE_BATCH];
    struct iovec head[NET_HEADER]; /* where its header is */
    size_t head_count;
    uint8_t packet[NET_PACKET];
};

/* What to offer (without the transport's and the rings'), and the configuration to show. */
uint64_t net_features(const struct net *net);
struct net_config net_config(const struct net *net);

/* Which queue is for control, of those that the driver knows; or UINT32_MAX. */
uint32_t net_control_queue(const struct net *net);

/* Each moves at most NET_BATCH packets (requests); enum run or an error. */
int net_to_zone(const struct net *net, struct net_input *in, struct virtq *q,
                bool *interrupt) MUST_CHECK;
int net_from_zone(const struct net *net, struct flow *flow, struct virtq *q,
                  bool *interrupt) MUST_CHECK;
int net_control(const struct net *net, struct virtq *q, bool *interrupt) MUST_CHECK;

#endif
