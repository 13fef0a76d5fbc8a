/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking end of the example, the same for a bare guest and for Linux: checks that every message
 * comes back as it was sent, and measures. What differs is passed as struct client.
 */
#ifndef EXAMPLES_CHANNEL_CLIENT_H
#define EXAMPLES_CHANNEL_CLIENT_H

#include "examples/channel/message.h"

#include "vitrine-channel.h"

struct client {
    struct vch channel;
    void (*wait)(struct client *client); /* until a cause has been raised, or for a second */
    uint64_t (*now_ns)(void);
};

struct client_result {
    uint32_t messages, bad;
    uint64_t ns, least_ns; /* all, and the shortest round trip */
    uint64_t bytes;
};

#define CLIENT_WAITS 30u /* for an answer */

/* The next message of the peer; -1: none came. */
static inline int client_receive(struct client *client, uint32_t *data)
{
    for (uint32_t i = 0; i < CLIENT_WAITS; i++) {
        int count = vch_receive(&client->channel, data, MESSAGE_WORDS);

        if (count >= 0) {
            return count;
        }
        client->wait(client);
    }
    return -1;
}

/* Sends `total` messages of changing length, one at a time; each must come back unchanged. */
static inline struct client_result client_verify(struct client *client, uint32_t total)
{
    struct client_result result = { .least_ns = UINT64_MAX };
    uint64_t begin = client->now_ns();

    for (uint32_t n = 0; n < total; n++) {
        uint32_t data[MESSAGE_WORDS], back[MESSAGE_WORDS];
        uint32_t count = 2 + message_word(n) % (MESSAGE_WORDS - 2);
        uint64_t at = client->now_ns(), took;
        int got;

        data[0] = MESSAGE_ECHO;
        for (uint32_t i = 2; i < count; i++) {
            data[i] = message_word(n + i);
        }
        data[1] = message_sum(n, data + 2, count - 2);
        if (!vch_send(&client->channel, data, count)) {
            result.bad++;
            break;
        }
        vch_ring(&client->channel);
        got = client_receive(client, back);
        took = client->now_ns() - at;
        result.least_ns = took < result.least_ns ? took : result.least_ns;
        result.messages++;
        result.bytes += count * VCH_WORD;
        if (got != (int)count || back[1] != data[1] ||
            message_sum(n, back + 2, count - 2) != data[1]) {
            result.bad++;
            if (got < 0) {
                break;
            }
        }
    }
    result.ns = client->now_ns() - begin;
    return result;
}

/* Asks for the peer's tally, which begins anew; false: no answer. */
static inline bool client_report(struct client *client, uint32_t *data)
{
    uint32_t ask = MESSAGE_REPORT;

    for (uint32_t i = 0; !vch_send(&client->channel, &ask, 1); i++) {
        vch_ring(&client->channel);
        if (i == CLIENT_WAITS) {
            return false;
        }
        client->wait(client);
    }
    vch_ring(&client->channel);
    return client_receive(client, data) == 4 && data[0] == MESSAGE_REPORT;
}

/* Pushes `total` messages of the longest kind and asks for the peer's tally, which must agree. */
static inline struct client_result client_push(struct client *client, uint32_t total)
{
    struct client_result result = { .least_ns = 0 };
    uint32_t data[MESSAGE_WORDS], sum = 0;
    uint64_t begin;

    if (!client_report(client, data)) {
        result.bad++;
        return result;
    }
    data[0] = MESSAGE_COUNT;
    for (uint32_t i = 1; i < MESSAGE_WORDS; i++) {
        data[i] = message_word(i);
    }
    begin = client->now_ns();
    for (uint32_t n = 0; n < total; n++) {
        data[1] = n;
        while (!vch_send(&client->channel, data, MESSAGE_WORDS)) {
            vch_ring(&client->channel); /* full: the peer is to take some */
            if (client->now_ns() - begin > UINT64_C(60000000000)) {
                result.bad++;
                return result;
            }
        }
        sum = message_sum(sum, data, MESSAGE_WORDS);
        result.messages++;
        result.bytes += sizeof(data);
    }
    if (!client_report(client, data) || data[1] != total || data[3] != sum) {
        result.bad++;
    }
    result.ns = client->now_ns() - begin;
    return result;
}

#endif
