/* SPDX-License-Identifier: Apache-2.0 */
/* Packets in and out of the engine, who is connected, and what the target tells; no I/O. */
#include "gdb/engine.h"

#include <string.h>

#include "gdb/command.h"
#include "lib/field.h"

#define PASS_BITS 64u
#define PRINT_MAX 1024u

/* ---- Replies ---- */

bool reply_ok(struct dbg_engine *e)
{
    wire_str(&e->reply, "OK");
    return true;
}

bool reply_error(struct dbg_engine *e, enum reply_error error)
{
    uint8_t byte = (uint8_t)error;

    e->reply.len = 0;
    wire_byte(&e->reply, 'E');
    wire_hex_bytes(&e->reply, &byte, 1);
    return true;
}

void engine_send(struct dbg_engine *e, char start, const struct wire_out *text)
{
    const struct packet_payload payload = { start, text->data, text->len };

    (void)packet_put(&e->out, &payload);
}

static void begin_reply(struct dbg_engine *e)
{
    e->reply = (struct wire_out){ .data = e->reply_data, .size = sizeof(e->reply_data) };
}

/* ---- Life ---- */

void dbg_init(struct dbg_engine *e, const struct dbg_ops *ops, void *ctx)
{
    memset(e, 0, sizeof(*e));
    e->ops = ops;
    e->ctx = ctx;
    e->state = DBG_HALTED;
    e->last.signal = DBG_SIGTRAP;
}

void engine_clear_points(struct dbg_engine *e)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        const struct point *p = &e->points.point[i];

        if (p->used && e->ops->remove != NULL) {
            (void)e->ops->remove(e->ctx, p->key.kind, p->key.address, p->key.size);
        }
        e->points.point[i].used = false;
    }
}

void dbg_connect(struct dbg_engine *e)
{
    engine_clear_points(e);
    if (e->session.nonstop) {
        e->ops->set_nonstop(e->ctx, false);
    }
    memset(&e->session, 0, sizeof(e->session));
    packet_reset(&e->in);
    e->out.start = 0;
    e->out.len = 0;
    e->out.last = 0;
    e->closing = false;
    e->notified = false;
}

void dbg_disconnect(struct dbg_engine *e)
{
    dbg_connect(e);
}

/* ---- Bytes ---- */

static void refuse(struct dbg_engine *e, enum command_match match)
{
    if (match == COMMAND_MALFORMED) {
        (void)reply_error(e, REPLY_INVALID);
    }
}

static bool may_run(const struct dbg_engine *e, const struct command *row)
{
    return row->while_running || e->state == DBG_HALTED || e->session.nonstop;
}

static void answer(struct dbg_engine *e)
{
    const struct wire_in packet = { e->in.data, e->in.len };
    struct request r = { .thread = e->session.thread };
    const struct command *row;
    enum command_match match = command_parse(packet, &row, &r);
    bool has_reply = true;

    begin_reply(e);
    if (match != COMMAND_FOUND) {
        refuse(e, match);
    } else if (!cap_has(e->ops, row->cap)) {
        e->reply.len = 0; /* as if unknown */
    } else if (!may_run(e, row)) {
        (void)reply_error(e, REPLY_BUSY);
    } else {
        has_reply = row->fn(e, &r);
    }
    if (has_reply) {
        engine_send(e, '$', &e->reply);
    }
}

static void take(struct dbg_engine *e, enum packet_kind kind)
{
    switch (kind) {
    case PACKET_DATA:
        if (!e->session.no_ack) {
            (void)packet_put_byte(&e->out, '+');
        }
        answer(e);
        break;
    case PACKET_WRONG:
        if (!e->session.no_ack) {
            (void)packet_put_byte(&e->out, '-');
        }
        break;
    case PACKET_NAK:
        if (!e->session.no_ack) {
            packet_again(&e->out);
        }
        break;
    case PACKET_BREAK:
        if (e->ops->interrupt != NULL && (e->state == DBG_RUNNING || e->session.nonstop)) {
            e->ops->interrupt(e->ctx, 0);
        }
        break;
    case PACKET_ACK:
    case PACKET_NONE:
    default: break;
    }
}

size_t dbg_input(struct dbg_engine *e, const uint8_t *bytes, size_t len)
{
    size_t all = 0;

    while (all < len && e->out.start == e->out.len && !e->closing) {
        size_t used;

        take(e, packet_take(&e->in, bytes + all, len - all, &used));
        all += used;
    }
    return e->closing ? len : all;
}

const uint8_t *dbg_output(const struct dbg_engine *e, size_t *len)
{
    *len = e->out.len - e->out.start;
    return e->out.data + e->out.start;
}

void dbg_sent(struct dbg_engine *e, size_t len)
{
    size_t left = e->out.len - e->out.start;

    e->out.start += len < left ? len : left;
}

/* ---- Threads ---- */

struct dbg_thread *engine_known(struct dbg_engine *e, unsigned id)
{
    struct dbg_thread *unused = NULL;

    for (unsigned i = 0; i < DBG_THREADS_MAX; i++) {
        if (e->thread[i].id == id) {
            return &e->thread[i];
        }
        if (unused == NULL && e->thread[i].id == 0) {
            unused = &e->thread[i];
        }
    }
    if (unused != NULL) {
        memset(unused, 0, sizeof(*unused));
        unused->id = id;
        unused->running = e->state == DBG_RUNNING;
    }
    return unused;
}

static bool exists(struct dbg_engine *e, unsigned thread, unsigned *first)
{
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);

    *first = count > 0 ? ids[0] : 0;
    for (unsigned i = 0; i < count; i++) {
        if (ids[i] == thread) {
            return true;
        }
    }
    return false;
}

unsigned engine_thread(struct dbg_engine *e, int64_t thread)
{
    unsigned first;

    if (thread > 0) {
        return thread <= UINT16_MAX && exists(e, (unsigned)thread, &first) ? (unsigned)thread : 0;
    }
    return exists(e, e->last.thread, &first) ? e->last.thread : first;
}

bool engine_is_stopped(struct dbg_engine *e, unsigned thread)
{
    const struct dbg_thread *t = engine_known(e, thread);

    return e->state == DBG_HALTED || (e->session.nonstop && t != NULL && !t->running);
}

/* ---- Events ---- */

static void stopped_all(struct dbg_engine *e)
{
    e->state = DBG_HALTED;
    for (unsigned i = 0; i < DBG_THREADS_MAX; i++) {
        e->thread[i].running = false;
        e->thread[i].has_stop = false;
    }
}

static void notify(struct dbg_engine *e, struct dbg_thread *t)
{
    static const char name[] = "Stop:";

    begin_reply(e);
    wire_str(&e->reply, name);
    stop_write(e, &t->stop);
    engine_send(e, '%', &e->reply);
    e->notified = true;
}

void dbg_stopped(struct dbg_engine *e, const struct dbg_stop *stop)
{
    struct dbg_thread *t;

    e->last = *stop;
    if (!e->session.nonstop) {
        stopped_all(e);
        e->session.thread = stop->thread; /* a client takes it for chosen */
    }
    t = engine_known(e, stop->thread);
    if (t != NULL) {
        t->running = false;
        t->has_stop = true;
        t->stop = *stop;
    }
    if (e->session.nonstop) {
        if (t != NULL) {
            t->unreported = true;
        }
        if (t != NULL && !e->notified) {
            notify(e, t);
        }
    } else if (e->session.awaits_stop) {
        e->session.awaits_stop = false;
        begin_reply(e);
        stop_write(e, stop);
        engine_send(e, '$', &e->reply);
    }
}

void dbg_running(struct dbg_engine *e)
{
    e->state = DBG_RUNNING;
    for (unsigned i = 0; i < DBG_THREADS_MAX; i++) {
        e->thread[i].running = true;
        e->thread[i].has_stop = false;
        e->thread[i].unreported = false;
    }
}

void dbg_exited(struct dbg_engine *e, unsigned code, bool is_signal)
{
    bool told = e->state != DBG_EXITED && (e->session.awaits_stop || e->session.nonstop);

    e->state = DBG_EXITED;
    e->exit_code = code;
    e->exit_signal = is_signal;
    e->session.awaits_stop = false;
    if (told) {
        begin_reply(e);
        if (e->session.nonstop) {
            wire_str(&e->reply, "Stop:");
        }
        stop_write_last(e);
        engine_send(e, e->session.nonstop ? '%' : '$', &e->reply);
    }
}

void dbg_print(struct dbg_engine *e, const char *text)
{
    uint8_t data[2 * PRINT_MAX + 1];
    struct wire_out out = { .data = data, .size = sizeof(data) };
    size_t len = strlen(text);

    if (!e->session.awaits_stop || e->session.nonstop) {
        if (e->ops->print != NULL) {
            e->ops->print(e->ctx, text);
        }
        return;
    }
    wire_byte(&out, 'O');
    wire_hex_bytes(&out, (const uint8_t *)text, len < PRINT_MAX ? len : PRINT_MAX);
    engine_send(e, '$', &out);
}

bool dbg_wants(const struct dbg_engine *e, unsigned signal)
{
    size_t word = signal / PASS_BITS;

    return word >= ARRAY_COUNT(e->session.pass) ||
           (e->session.pass[word] & BIT64(signal % PASS_BITS)) == 0;
}

bool dbg_hit(struct dbg_engine *e, unsigned thread, const struct point_key *key)
{
    struct point *p = point_hit_by(&e->points, key);
    uint8_t data[PRINT_MAX];
    struct wire_out text = { .data = data, .size = sizeof(data) - 1 };
    const struct agent_env env = { e->ops, e->ctx, thread, &text };

    if (p == NULL) {
        return false;
    }
    p->hits++;
    if (!point_condition(p, &env)) {
        return false;
    }
    if (!point_commands(p, &env)) {
        return true;
    }
    data[text.len] = 0;
    if (text.len > 0) {
        dbg_print(e, (const char *)data);
    }
    return false;
}
