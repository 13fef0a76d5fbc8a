/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver gives a network card any buffers and headers, and the network any packets. What must
 * hold: a packet reaches the zone whole, in as many buffers as its header says, or not at all; what
 * leaves has a header that was agreed on and the zone's bytes behind it; nothing is lost that has
 * to wait; control changes pairs only as far as there are.
 */
#include <string.h>

#include "dev/net.h"
#include "lib/field.h"
#include "tests/fuzz/fuzz.h"
#include "virtq_model.h"

#define DATA  (MODEL_RAM + MODEL_DATA)
#define BYTES 0x4000u /* of buffers, from DATA on: crosses the border of the ranges */

static struct fuzz_in in;
static struct flow flow;
static struct net net;
static struct net_input input;
static struct model model;
static struct virtq q;
static size_t gave, sent; /* bytes of the last packet; sent: how many packets left */
static bool is_full;
static uint8_t gave_head[2];

static int64_t flow_read(struct flow *f, void *to, size_t size)
{
    uint8_t *bytes = to;

    FUZZ_CHECK(f == &flow && size == NET_PACKET);
    gave = fuzz_u8(&in) < 0x80 ? 0 : fuzz_u16(&in) % 0x2000u;
    for (size_t i = 0; i < gave; i++) {
        bytes[i] = (uint8_t)(i * 5 + i / 256);
    }
    if (gave >= NET_HEADER) {
        memset(bytes, 0, NET_HEADER);
        bytes[0] = gave_head[0] = fuzz_u8(&in);
        bytes[1] = gave_head[1] = fuzz_u8(&in) & 0x87;
    }
    return (int64_t)gave;
}

static int64_t flow_write(struct flow *f, const struct iovec *at, size_t count)
{
    const uint8_t *header = at[0].iov_base;
    int64_t size = 0;

    FUZZ_CHECK(f == &flow && count >= 2 && at[0].iov_len == NET_HEADER);
    FUZZ_CHECK(header[0] <= 1 && header[10] == 0 && header[11] == 0);
    FUZZ_CHECK(header[0] == 0 || (net.features & BIT64(NET_F_CSUM)) != 0);
    FUZZ_CHECK(header[1] == 0 || header[1] == 0x80 || header[0] == 1);
    FUZZ_CHECK((header[1] & 0x7f) != 1 || (net.features & BIT64(NET_F_HOST_TSO4)) != 0);
    FUZZ_CHECK((header[1] & 0x7f) != 4 || (net.features & BIT64(NET_F_HOST_TSO6)) != 0);
    for (size_t i = 0; i < count; i++) {
        size += (int64_t)at[i].iov_len;
    }
    FUZZ_CHECK(size >= NET_HEADER + 14 && size <= (int64_t)NET_PACKET);
    if (is_full) {
        return 0;
    }
    sent++;
    return size;
}

static int use(void *opaque, uint32_t pairs)
{
    FUZZ_CHECK(opaque == &net && pairs != 0 && pairs <= net.pairs);
    FUZZ_CHECK((net.features & BIT64(NET_F_MQ)) != 0);
    return OK;
}

static const struct flow_ops ops = { flow_read, flow_write };

/* Up to four buffers somewhere in the data. */
static bool add(bool is_write)
{
    struct model_buf bufs[4];
    uint8_t how = fuzz_u8(&in);
    uint16_t count = (uint16_t)(1 + (how & 3u));

    for (uint16_t i = 0; i < count; i++) {
        uint32_t at = fuzz_u16(&in) % BYTES, size = fuzz_u16(&in) % 0x900u;

        size = (how & 0x10) != 0 ? size % 20 : size;
        size = size < BYTES - at ? size : BYTES - at;
        bufs[i] = (struct model_buf){ DATA + at, size, is_write };
    }
    if ((how & 0x20) != 0) {
        bufs[count - 1].is_write = true;
    }
    return model_add(&model, bufs, count, (how & 0x40) != 0) >= 0;
}

/* Buffers may overlap here: lengths and counts are what can be said. */
static void to_zone(void)
{
    unsigned packets = 0;
    uint32_t len, sum = 0;
    bool interrupt;
    int got = net_to_zone(&net, &input, &q, &interrupt);

    FUZZ_CHECK(input.count <= BRIDGE_BATCH && input.done <= input.size);
    FUZZ_CHECK(got >= 0 || q.is_broken);
    while (model_used(&model, &len) >= 0) {
        packets++;
        sum += len;
    }
    FUZZ_CHECK(packets == 0 || sum >= NET_HEADER);
    FUZZ_CHECK(packets <= 1 || net.features != 0 || sum >= packets * NET_HEADER);
    FUZZ_CHECK(got != RUN_INPUT || input.size == 0);
}

static void from_zone(void)
{
    size_t before = sent;
    unsigned came = 0;
    uint32_t len;
    bool interrupt;
    int got = net_from_zone(&net, &flow, &q, &interrupt);

    while (model_used(&model, &len) >= 0) {
        came++;
        FUZZ_CHECK(len == 0);
    }
    FUZZ_CHECK(sent - before <= came);
    FUZZ_CHECK(got != RUN_OUTPUT || is_full);
    FUZZ_CHECK(got >= 0 || q.is_broken);
}

static void control(void)
{
    bool interrupt;
    uint32_t len;
    int got = net_control(&net, &q, &interrupt);

    while (model_used(&model, &len) >= 0) {
        FUZZ_CHECK(len == 1);
    }
    FUZZ_CHECK(got >= 0 || q.is_broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct virtq_cfg cfg;
    uint8_t how;

    in = (struct fuzz_in){ data, size };
    how = fuzz_u8(&in);
    cfg = model_init(&model, (how & 1) != 0, (how & 2) != 0, 16);
    flow.ops = &ops;
    net = (struct net){ .features = fuzz_u64(&in),
                        .pairs = 2,
                        .has_offloads = (how & 4) != 0,
                        .use = use,
                        .opaque = &net };
    net.features &= net_features(&net);
    input.size = input.done = input.count = input.head_count = 0;
    input.flow = &flow;
    sent = 0;
    FUZZ_CHECK(virtq_init(&q, &model_mem, &cfg) == OK);
    for (unsigned i = 0; i < 100 && in.left != 0 && !q.is_broken; i++) {
        (void)add((how >> 4) % 3 == 0);
        is_full = fuzz_u8(&in) >= 0xc0;
        if ((how >> 4) % 3 == 0) {
            to_zone();
        } else if ((how >> 4) % 3 == 1) {
            for (unsigned n = 0; n < 14; n++) { /* headers that are nearly right */
                *model_at(DATA + fuzz_u16(&in) % BYTES) = fuzz_u8(&in) & 0x87;
            }
            from_zone();
        } else {
            control();
        }
    }
    return 0;
}
