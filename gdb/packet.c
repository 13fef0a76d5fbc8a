/* SPDX-License-Identifier: Apache-2.0 */
/* Packets out of bytes and bytes out of packets; holds no opinion on what they say. */
#include "gdb/packet.h"

#include "gdb/wire.h"
#include "lib/field.h"

#define CTRL_C     0x03u
#define ESCAPE     '}'
#define ESCAPE_XOR 0x20u
#define FRAME      4u /* '$', '#' and two digits */

/* A run is written as its character, '*', and a character that is its further length plus this. */
#define RUN_BASE 29u
#define RUN_MIN  4u
#define RUN_MAX  98u /* so that the last character is '~' */

FIELD(SUM_LOW, 0, 4);
FIELD(SUM_HIGH, 4, 4);

/* ---- In ---- */

void packet_reset(struct packet_in *in)
{
    in->state = PACKET_OUTSIDE;
    in->len = 0;
}

static void begin(struct packet_in *in)
{
    in->state = PACKET_INSIDE;
    in->len = 0;
    in->sum = 0;
    in->too_long = false;
}

static void add(struct packet_in *in, uint8_t c)
{
    if (in->len < sizeof(in->data)) {
        in->data[in->len++] = c;
    } else {
        in->too_long = true;
    }
}

static enum packet_kind outside(struct packet_in *in, uint8_t c)
{
    switch (c) {
    case '$': begin(in); return PACKET_NONE;
    case '+': return PACKET_ACK;
    case '-': return PACKET_NAK;
    case CTRL_C: return PACKET_BREAK;
    default: return PACKET_NONE;
    }
}

/* A '$' can't be part of a packet: the one before was cut off, and this is another's begin. */
static void inside(struct packet_in *in, uint8_t c)
{
    if (c == '$') {
        begin(in);
        return;
    }
    if (c == '#') {
        in->state = PACKET_SUM_1;
        return;
    }
    in->sum = (uint8_t)(in->sum + c);
    if (in->state == PACKET_ESCAPED) {
        in->state = PACKET_INSIDE;
        add(in, c ^ ESCAPE_XOR);
    } else if (c == ESCAPE) {
        in->state = PACKET_ESCAPED;
    } else {
        add(in, c);
    }
}

static enum packet_kind sum(struct packet_in *in, uint8_t c)
{
    int digit = wire_digit(c);

    in->state = PACKET_OUTSIDE;
    if (in->digit < 0 || digit < 0 || in->too_long ||
        get(SUM_HIGH, in->sum) != (uint64_t)in->digit || get(SUM_LOW, in->sum) != (uint64_t)digit) {
        return PACKET_WRONG;
    }
    return PACKET_DATA;
}

static enum packet_kind step(struct packet_in *in, uint8_t c)
{
    switch (in->state) {
    case PACKET_INSIDE:
    case PACKET_ESCAPED: inside(in, c); return PACKET_NONE;
    case PACKET_SUM_1:
        in->digit = wire_digit(c);
        in->state = PACKET_SUM_2;
        return PACKET_NONE;
    case PACKET_SUM_2: return sum(in, c);
    case PACKET_OUTSIDE:
    default: return outside(in, c);
    }
}

enum packet_kind packet_take(struct packet_in *in, const uint8_t *bytes, size_t len, size_t *used)
{
    enum packet_kind kind = PACKET_NONE;
    size_t at = 0;

    while (at < len && kind == PACKET_NONE) {
        kind = step(in, bytes[at++]);
    }
    *used = at;
    return kind;
}

/* ---- Out ---- */

/* What is sent is kept until something else comes: it may be asked for again. */
static void make_room(struct packet_out *out)
{
    if (out->start == out->len) {
        out->start = 0;
        out->len = 0;
        out->last = 0;
    }
}

bool packet_room(const struct packet_out *out, size_t len)
{
    size_t held = out->start == out->len ? 0 : out->len;

    return len <= sizeof(out->data) - FRAME && held <= sizeof(out->data) - FRAME - len;
}

/* Characters that have a meaning of their own outside of packets are no lengths. */
static size_t run_length(size_t run)
{
    size_t length = run;

    while (length >= RUN_MIN) {
        size_t c = length - 1 + RUN_BASE;

        if (c != '#' && c != '$' && c != '+' && c != '-') {
            return length;
        }
        length--;
    }
    return 1;
}

struct sink {
    struct packet_out *out;
    uint8_t sum;
};

static void emit(struct sink *sink, uint8_t c)
{
    sink->out->data[sink->out->len++] = c;
    sink->sum = (uint8_t)(sink->sum + c);
}

/* Runs are undone before escapes, so what is escaped is no run. */
static void put_payload(struct sink *sink, const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t run = 1;

        if (at + RUN_MIN <= len && data[at] == data[at + 1] && data[at] != ESCAPE) {
            while (run < RUN_MAX && at + run < len && data[at + run] == data[at]) {
                run++;
            }
            run = run_length(run);
        }
        emit(sink, data[at]);
        if (run > 1) {
            emit(sink, '*');
            emit(sink, (uint8_t)(run - 1 + RUN_BASE));
        }
        at += run;
    }
}

bool packet_put(struct packet_out *out, const struct packet_payload *payload)
{
    struct sink sink = { out, 0 };
    struct wire_out tail;
    uint8_t digits;

    if (!packet_room(out, payload->len)) {
        return false;
    }
    make_room(out);
    if (payload->start == '$') {
        out->last = out->len;
    }
    emit(&sink, (uint8_t)payload->start);
    sink.sum = 0;
    put_payload(&sink, payload->data, payload->len);
    digits = sink.sum;
    emit(&sink, '#');
    tail = (struct wire_out){ .data = out->data + out->len, .size = FRAME };
    wire_hex_bytes(&tail, &digits, 1);
    out->len += tail.len;
    return true;
}

bool packet_put_byte(struct packet_out *out, char c)
{
    make_room(out);
    if (out->len == sizeof(out->data)) {
        return false;
    }
    out->data[out->len++] = (uint8_t)c;
    if (out->len == 1) {
        out->last = 1;
    }
    return true;
}

void packet_again(struct packet_out *out)
{
    if (out->start == out->len) {
        out->start = out->last;
    }
}
