/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's client that sends anything, and a target that stops at any time. What must hold: all
 * input is taken as long as output is; each packet has at most one reply, framed, of bounded length
 * and with the right checksum; a target that is not told to run does not; points in the target are
 * those of the table, and gone with the client.
 */
#include <string.h>

#include "fuzz.h"
#include "tests/unit/rsp_double.h"

#define ROUNDS_MAX 4096u

static struct dbg_engine engine;

/* A frame or several, nothing between them but acknowledgements. */
static void check_output(void)
{
    size_t len, at = 0;
    const uint8_t *out = dbg_output(&engine, &len);

    FUZZ_CHECK(len <= PACKET_OUT_SIZE);
    while (at < len) {
        uint8_t sum = 0, told = 0;

        if (out[at] == '+' || out[at] == '-') {
            at++;
            continue;
        }
        FUZZ_CHECK(out[at] == '$' || out[at] == '%');
        for (at++; at < len && out[at] != '#'; at++) {
            FUZZ_CHECK(out[at] != '$');
            sum = (uint8_t)(sum + out[at]);
        }
        FUZZ_CHECK(at + 2 < len && wire_digit(out[at + 1]) >= 0 && wire_digit(out[at + 2]) >= 0);
        told = (uint8_t)(wire_digit(out[at + 1]) * 16 + wire_digit(out[at + 2]));
        FUZZ_CHECK(told == sum);
        at += 3;
    }
    dbg_sent(&engine, len);
}

static void check_state(void)
{
    unsigned points = 0;

    for (unsigned i = 0; i < POINTS_MAX; i++) {
        points += engine.points.point[i].used;
    }
    FUZZ_CHECK(points == rsp_double.point_count);
    FUZZ_CHECK(engine.state != DBG_HALTED || !engine.session.awaits_stop);
}

/* The target does something, chosen by a byte of the input. */
static void event(uint8_t what)
{
    struct dbg_stop stop = { .thread = 1 + what % RSP_THREADS, .signal = what % 16 };
    struct point_key key = { (enum dbg_point_kind)(what % DBG_POINT_KINDS), RSP_MEMORY_AT, 1 };

    stop.reason = (enum dbg_stop_reason)(what % DBG_STOP_REASONS);
    if (what % 5 == 0) {
        (void)dbg_hit(&engine, stop.thread, &key);
    } else if (engine.state == DBG_RUNNING && what % 5 != 4) {
        dbg_stopped(&engine, &stop);
    } else if (what == UINT8_MAX) {
        dbg_exited(&engine, what, true);
    }
}

/* Bytes as they are. How many were taken. */
static size_t feed(const uint8_t *bytes, size_t len)
{
    size_t used = dbg_input(&engine, bytes, len);

    FUZZ_CHECK(used <= len && (used > 0 || len == 0));
    check_output();
    return used;
}

/* Bytes as what a packet carries, which by chance alone would seldom have the right checksum. */
static void feed_packet(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0, tail[3] = { '#' };
    struct wire_out digits = { .data = tail + 1, .size = 2 };

    (void)feed((const uint8_t *)"$", 1);
    for (size_t at = 0; at < len;) {
        at += feed(bytes + at, len - at);
    }
    for (size_t i = 0; i < len; i++) {
        sum = bytes[i] == '$' ? 0 : (uint8_t)(sum + bytes[i]);
    }
    wire_hex_bytes(&digits, &sum, 1);
    (void)feed(tail, sizeof(tail));
}

/* The first byte says which of both; what is between 0xff bytes goes in one piece, and the byte
 * behind is an event. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool frames = size > 0 && data[0] % 2 == 1;
    size_t at = frames;

    rsp_double_reset();
    dbg_init(&engine, &rsp_double_ops, NULL);
    dbg_connect(&engine);
    for (unsigned n = 0; at < size && n < ROUNDS_MAX; n++) {
        const uint8_t *end = memchr(data + at, UINT8_MAX, size - at);
        size_t len = end == NULL ? size - at : (size_t)(end - data) - at;
        size_t used = len;

        if (frames) {
            feed_packet(data + at, len);
        } else {
            used = feed(data + at, len);
        }
        at += used;
        if (used == len && at + 1 < size) {
            event(data[at + 1]);
            check_output();
        }
        at += used == len ? 2 : 0;
        check_state();
    }
    dbg_disconnect(&engine);
    FUZZ_CHECK(rsp_double.point_count == 0);
    return 0;
}
