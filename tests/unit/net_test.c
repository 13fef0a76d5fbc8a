/* SPDX-License-Identifier: Apache-2.0 */
/* dev/net: packets in one and in many buffers, headers that were not agreed on, control. */
#include "unit.h"

#include <string.h>

#include "dev/net.h"
#include "flow_double.h"
#include "lib/field.h"
#include "virtq_model.h"

#define DATA (MODEL_RAM + MODEL_DATA)

static struct flow_double flow;
static struct net net;
static struct net_input in;
static struct model model;
static struct virtq q;
static bool interrupt;
static uint32_t used_pairs;
static uint8_t packet[NET_PACKET];

static int use(void *opaque, uint32_t pairs)
{
    assert_ptr_equal(opaque, &net);
    used_pairs = pairs;
    return pairs == 2 ? OK : ERR_INVALID;
}

static void begin(bool is_packed)
{
    struct virtq_cfg cfg = model_init(&model, is_packed, true, 32);

    flow = (struct flow_double){ .flow.ops = &flow_double_ops, .room = SIZE_MAX };
    net = (struct net){ .features = UINT64_MAX,
                        .pairs = 3,
                        .has_offloads = true,
                        .mac = { 2, 3, 4, 5, 6, 7 },
                        .use = use,
                        .opaque = &net };
    in = (struct net_input){ .flow = &flow.flow };
    assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
    model_want(&model, 1);
}

static int setup(void **unused)
{
    (void)unused;
    begin(true);
    for (size_t i = 0; i < sizeof(packet); i++) {
        packet[i] = i < NET_HEADER ? 0 : (uint8_t)(i + i / 251);
    }
    return 0;
}

static void incoming(size_t size)
{
    flow.give = packet;
    flow.give_size = size;
}

static void check_data(size_t size)
{
    for (size_t i = NET_HEADER; i < size; i++) {
        assert_int_equal(*model_at(DATA + i), packet[i]);
    }
}

static uint16_t buffers_of(uint64_t gpa)
{
    return (uint16_t)(*model_at(gpa + 10) | *model_at(gpa + 11) << 8);
}

static void test_one_buffer(void **unused)
{
    /* The header is cut, and so is the packet. */
    struct model_buf bufs[3] = { { DATA, 11, true },
                                 { DATA + 11, 200, true },
                                 { DATA + 211, 2000, true } };
    uint32_t len;

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        begin(i != 0);
        net.features = i == 0 ? 0 : UINT64_MAX;
        incoming(1000);
        assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_DRIVER);
        assert_int_equal(flow.give_size, 0); /* is kept */
        assert_true(model_add(&model, bufs, 3, i != 0) >= 0);
        assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_INPUT);
        assert_true(interrupt);
        assert_true(model_used(&model, &len) >= 0);
        assert_int_equal(len, 1000);
        assert_int_equal(buffers_of(DATA), 1);
        check_data(1000);
    }
}

/* Three buffers, of which one comes late: the driver sees none until it is there. */
static void test_merged(void **unused)
{
    uint32_t len, sum = 0;

    (void)unused;
    for (unsigned round = 0; round < 40; round++) {
        if (round % 20 == 0) {
            begin(round != 0);
        }
        incoming(250);
        for (uint32_t i = 0; i < 3; i++) {
            struct model_buf buf = { DATA + i * 100, 100, true };

            assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_DRIVER);
            assert_int_equal(model_used(&model, &len), -1);
            assert_true(model_add(&model, &buf, 1, i == 1) >= 0);
        }
        assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_INPUT);
        sum = 0;
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(model_used(&model, &len) >= 0);
            sum += len;
        }
        assert_int_equal(sum, 250);
        assert_int_equal(buffers_of(DATA), 3);
        check_data(250);
    }
}

static void test_too_large(void **unused)
{
    struct model_buf buf = { DATA, 1514, true };
    uint32_t len;

    (void)unused;
    net.features = ~BIT64(NET_F_MRG_RXBUF);
    model_add(&model, &buf, 1, false);
    incoming(1515);
    assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_INPUT);
    assert_int_equal(model_used(&model, &len), -1);
    incoming(1514);
    assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_INPUT);
    assert_true(model_used(&model, &len) >= 0);
    assert_int_equal(len, 1514);
}

/* What the driver did not agree on never reaches it. */
static void test_headers_in(void **unused)
{
    static const struct {
        uint8_t flags, gso;
        uint64_t features;
        bool comes;
    } rows[] = {
        { 1, 0, BIT64(NET_F_GUEST_CSUM), true },
        { 1, 0, ~BIT64(NET_F_GUEST_CSUM), false },
        { 1, 1, BIT64(NET_F_GUEST_CSUM) | BIT64(NET_F_GUEST_TSO4), true },
        { 1, 1, ~BIT64(NET_F_GUEST_TSO4), false },
        { 1, 4, ~BIT64(NET_F_GUEST_TSO6), false },
        { 1, 0x81, ~BIT64(NET_F_GUEST_ECN), false },
        { 1, 0x84, UINT64_MAX, true },
        { 1, 3, UINT64_MAX, false },
    };
    struct model_buf buf = { DATA, 1514, true };
    uint32_t len;

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        begin(true);
        net.features = rows[i].features;
        packet[0] = rows[i].flags;
        packet[1] = rows[i].gso;
        model_add(&model, &buf, 1, false);
        incoming(100);
        assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_INPUT);
        assert_int_equal(model_used(&model, &len) >= 0, rows[i].comes);
    }
    packet[0] = 2; /* valid data is a hint: dropped alone */
    packet[1] = 0;
    net.features = 0;
    model_add(&model, &buf, 1, false);
    incoming(100);
    assert_int_equal(net_to_zone(&net, &in, &q, &interrupt), RUN_INPUT);
    assert_int_equal(*model_at(DATA), 0);
}

static void send_one(uint32_t size)
{
    struct model_buf bufs[2] = { { DATA, 13, false }, { DATA + 13, size - 13, false } };

    for (uint32_t i = 0; i < size; i++) {
        *model_at(DATA + i) = packet[i];
    }
    assert_true(model_add(&model, bufs, 2, true) >= 0);
}

static void test_out(void **unused)
{
    uint32_t len;

    (void)unused;
    send_one(1000);
    send_one(1000);
    flow.room = 0; /* full: none is lost */
    assert_int_equal(net_from_zone(&net, &flow.flow, &q, &interrupt), RUN_OUTPUT);
    assert_int_equal(model_used(&model, &len), -1);
    flow.room = SIZE_MAX;
    assert_int_equal(net_from_zone(&net, &flow.flow, &q, &interrupt), RUN_DRIVER);
    assert_true(interrupt);
    assert_true(model_used(&model, &len) >= 0 && model_used(&model, &len) >= 0);
    assert_int_equal(len, 0);
    assert_int_equal(flow.kept_size, 2000);
    assert_memory_equal(flow.kept + NET_HEADER, packet + NET_HEADER, 1000 - NET_HEADER);
}

static void test_headers_out(void **unused)
{
    static const struct {
        uint8_t flags, gso;
        uint64_t features;
        bool goes;
    } rows[] = {
        { 1, 0, UINT64_MAX, true },
        { 1, 0, ~BIT64(NET_F_CSUM), false },
        { 1, 1, UINT64_MAX, true },
        { 0, 1, UINT64_MAX, false }, /* 5.1.6.2: with a checksum to be made */
        { 1, 1, ~BIT64(NET_F_HOST_TSO4), false },
        { 1, 4, ~BIT64(NET_F_HOST_TSO6), false },
        { 1, 0x84, ~BIT64(NET_F_HOST_ECN), false },
        { 1, 3, UINT64_MAX, false },
        { 1, 5, UINT64_MAX, false },
        { 0xfe, 0, UINT64_MAX, true }, /* other flags are taken away */
    };
    uint32_t len;

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        begin(true);
        net.features = rows[i].features;
        packet[0] = rows[i].flags;
        packet[1] = rows[i].gso;
        send_one(100);
        assert_int_equal(net_from_zone(&net, &flow.flow, &q, &interrupt), RUN_DRIVER);
        assert_int_equal(flow.writes, rows[i].goes);
        assert_true(model_used(&model, &len) >= 0);
        assert_true(!rows[i].goes || flow.kept[0] == (rows[i].flags & 1));
    }
}

static void test_broken(void **unused)
{
    struct model_buf small_out = { DATA, 11, false }, small_in = { DATA, 11, true };

    (void)unused;
    model_add(&model, &small_out, 1, false);
    assert_true(net_from_zone(&net, &flow.flow, &q, &interrupt) < 0 && q.is_broken);
    begin(false);
    incoming(100);
    model_add(&model, &small_in, 1, false);
    assert_true(net_to_zone(&net, &in, &q, &interrupt) < 0 && q.is_broken);
    begin(false);
    model_add(&model, &small_out, 1, false); /* no place for an answer */
    assert_true(net_control(&net, &q, &interrupt) < 0 && q.is_broken);
}

static uint8_t control(uint8_t class, uint8_t command, uint16_t pairs)
{
    uint8_t bytes[4] = { class, command, (uint8_t)pairs, (uint8_t)(pairs >> 8) };
    struct model_buf bufs[3] = { { DATA, 2, false },
                                 { DATA + 2, 2, false },
                                 { DATA + 8, 1, true } };
    uint32_t len;

    memcpy(model_at(DATA), bytes, sizeof(bytes));
    model_add(&model, bufs, 3, false);
    assert_int_equal(net_control(&net, &q, &interrupt), RUN_DRIVER);
    assert_true(model_used(&model, &len) >= 0);
    assert_int_equal(len, 1);
    return *model_at(DATA + 8);
}

static void test_control(void **unused)
{
    (void)unused;
    assert_int_equal(control(4, 0, 2), 0);
    assert_int_equal(used_pairs, 2);
    assert_int_equal(control(4, 0, 3), 1); /* the flows said no */
    used_pairs = 0;
    assert_int_equal(control(4, 0, 0), 1);
    assert_int_equal(control(4, 0, 4), 1);
    assert_int_equal(control(4, 1, 2), 1);
    assert_int_equal(control(0, 0, 1), 1);
    net.features = ~BIT64(NET_F_MQ);
    assert_int_equal(control(4, 0, 2), 1);
    assert_int_equal(used_pairs, 0);
    assert_int_equal(net_control_queue(&net), 2);
    net.features = UINT64_MAX;
    assert_int_equal(net_control_queue(&net), 6);
    net.pairs = 1; /* not offered */
    assert_int_equal(net_control_queue(&net), UINT32_MAX);
}

static void test_config(void **unused)
{
    struct net_config config = net_config(&net);

    (void)unused;
    assert_memory_equal(config.mac, net.mac, 6);
    assert_int_equal(config.pairs_max, 3);
    assert_int_equal(config.status, 1);
    assert_true((net_features(&net) & BIT64(NET_F_HOST_TSO4)) != 0);
    net.has_offloads = false;
    net.pairs = 1;
    assert_int_equal(net_features(&net),
                     BIT64(NET_F_MAC) | BIT64(NET_F_MRG_RXBUF) | BIT64(NET_F_STATUS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_buffer, setup),
        cmocka_unit_test_setup(test_merged, setup),
        cmocka_unit_test_setup(test_too_large, setup),
        cmocka_unit_test_setup(test_headers_in, setup),
        cmocka_unit_test_setup(test_out, setup),
        cmocka_unit_test_setup(test_headers_out, setup),
        cmocka_unit_test_setup(test_broken, setup),
        cmocka_unit_test_setup(test_control, setup),
        cmocka_unit_test_setup(test_config, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
