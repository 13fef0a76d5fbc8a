/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about what the stub can do and which threads there are (GDB's manual, E.4). */
#include "gdb/command.h"

#include <string.h>

#include "lib/field.h"

#define PASS_BITS 64u

/* ---- Features ---- */

static const struct {
    const char *text;
    enum cap cap;
} features[] = {
    { "QStartNoAckMode+", CAP_NONE },
    { "qXfer:features:read+", CAP_READ_REG },
    { "qXfer:threads:read+", CAP_NONE },
    { "qXfer:memory-map:read+", CAP_REGION },
    { "qXfer:exec-file:read+", CAP_EXEC_FILE },
    { "vContSupported+", CAP_RESUME },
    { "QPassSignals+", CAP_RESUME },
    { "QThreadSuffixSupported+", CAP_READ_REG },
    { "QListThreadsInStopReply+", CAP_NONE },
    { "QNonStop+", CAP_NONSTOP },
    { "swbreak+", CAP_INSERT },
    { "hwbreak+", CAP_INSERT },
    { "ConditionalBreakpoints+", CAP_INSERT },
    { "BreakpointCommands+", CAP_INSERT },
    { "binary-upload+", CAP_READ_MEM },
    { "error-message+", CAP_NONE },
};

/* Whether a word of the client's list is this one. */
static bool has_word(struct wire_in list, const char *word)
{
    size_t len = strlen(word);

    while (list.left > 0) {
        struct wire_in at = list;
        const uint8_t *end = memchr(list.at, ';', list.left);
        size_t size = end == NULL ? list.left : (size_t)(end - list.at);

        if (size == len && wire_take_str(&at, word)) {
            return true;
        }
        size += end != NULL;
        list.at += size;
        list.left -= size;
    }
    return false;
}

static bool supported(struct dbg_engine *e, const struct request *r)
{
    struct wire_in list = r->rest;

    (void)wire_take(&list, ':');
    e->session.swbreak = has_word(list, "swbreak+");
    e->session.hwbreak = has_word(list, "hwbreak+");
    wire_str(&e->reply, "PacketSize=");
    wire_hex(&e->reply, PACKET_SIZE);
    for (unsigned i = 0; i < ARRAY_COUNT(features); i++) {
        if (cap_has(e->ops, features[i].cap)) {
            wire_byte(&e->reply, ';');
            wire_str(&e->reply, features[i].text);
        }
    }
    return true;
}

/* This very answer is still acknowledged; what follows is not. */
static bool no_ack(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    e->session.no_ack = true;
    return reply_ok(e);
}

/* ---- Threads ---- */

static bool current_thread(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    wire_str(&e->reply, "QC");
    wire_hex(&e->reply, engine_thread(e, e->session.thread));
    return true;
}

static bool first_threads(struct dbg_engine *e, const struct request *r)
{
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);

    (void)r;
    for (unsigned i = 0; i < count; i++) {
        wire_byte(&e->reply, i == 0 ? 'm' : ',');
        wire_hex(&e->reply, ids[i]);
    }
    return true;
}

static bool more_threads(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    wire_byte(&e->reply, 'l');
    return true;
}

static bool is_alive(struct dbg_engine *e, const struct request *r)
{
    return r->thread > 0 && engine_thread(e, r->thread) != 0 ? reply_ok(e)
                                                             : reply_error(e, REPLY_NO_THREAD);
}

static bool thread_info(struct dbg_engine *e, const struct request *r)
{
    unsigned thread = engine_thread(e, r->thread);
    const char *name = thread == 0 || e->ops->thread_name == NULL
                           ? NULL
                           : e->ops->thread_name(e->ctx, thread);

    if (thread == 0) {
        return reply_error(e, REPLY_NO_THREAD);
    }
    wire_hex_str(&e->reply, name == NULL ? "vCPU" : name);
    return true;
}

/* Hg: for registers and memory; Hc: for going on. */
static bool set_thread(struct dbg_engine *e, const struct request *r)
{
    if (r->thread > 0 && engine_thread(e, r->thread) == 0) {
        return reply_error(e, REPLY_NO_THREAD);
    }
    e->session.thread = r->thread;
    return reply_ok(e);
}

static bool set_resume_thread(struct dbg_engine *e, const struct request *r)
{
    if (r->thread > 0 && engine_thread(e, r->thread) == 0) {
        return reply_error(e, REPLY_NO_THREAD);
    }
    e->session.resume_thread = r->thread;
    return reply_ok(e);
}

/* ---- Settings and words ---- */

static bool attached(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    wire_byte(&e->reply, '1'); /* it was there before: a client that leaves detaches */
    return true;
}

static bool pass_signals(struct dbg_engine *e, const struct request *r)
{
    uint64_t pass[ARRAY_COUNT(e->session.pass)] = { 0 };
    struct wire_in in = r->rest;

    while (in.left > 0) {
        uint64_t signal;

        if (!wire_take_hex(&in, &signal) || signal >= PASS_BITS * ARRAY_COUNT(pass) ||
            (in.left > 0 && !wire_take(&in, ';'))) {
            return reply_error(e, REPLY_INVALID);
        }
        pass[signal / PASS_BITS] |= BIT64(signal % PASS_BITS);
    }
    memcpy(e->session.pass, pass, sizeof(pass));
    return reply_ok(e);
}

/* LLDB takes an address for a distance; by a distance GDB would move only some sections. */
static bool offsets(struct dbg_engine *e, const struct request *r)
{
    uint64_t base, moved;

    (void)r;
    if (!e->ops->text_base(e->ctx, &base, &moved)) {
        return true;
    }
    if (e->session.thread_suffix || e->session.list_threads) {
        wire_str(&e->reply, "Text=");
        wire_hex(&e->reply, moved);
        wire_str(&e->reply, ";Data=");
        wire_hex(&e->reply, moved);
    } else {
        wire_str(&e->reply, "TextSeg=");
        wire_hex(&e->reply, base);
    }
    return true;
}

/* The command's text, 0-terminated, in the first half of scratch, what it prints in the second. */
static bool monitor(struct dbg_engine *e, const struct request *r)
{
    size_t half = sizeof(e->scratch) / 2;
    struct wire_out text = { .data = e->scratch + half, .size = half };
    struct wire_in in = r->rest;
    size_t len = in.left / 2;

    if (in.left % 2 != 0 || len >= DBG_COMMAND_MAX || !wire_take_bytes(&in, e->scratch, len)) {
        return reply_error(e, REPLY_INVALID);
    }
    e->scratch[len] = 0;
    if (!e->ops->monitor(e->ctx, (const char *)e->scratch, &text)) {
        wire_str(&text, "There is no such command: see `monitor help`.\n");
    }
    wire_hex_bytes(&e->reply, text.data, text.len);
    return text.len > 0 ? true : reply_ok(e);
}

static const struct command rows[] = {
    { "qSupported", "*", CAP_NONE, true, supported },
    { "QStartNoAckMode", "", CAP_NONE, true, no_ack },
    { "qC", "", CAP_NONE, true, current_thread },
    { "qfThreadInfo", "", CAP_NONE, true, first_threads },
    { "qsThreadInfo", "", CAP_NONE, true, more_threads },
    { "qThreadExtraInfo,", "t", CAP_NONE, true, thread_info },
    { "T", "t", CAP_NONE, true, is_alive },
    { "Hg", "t", CAP_NONE, true, set_thread },
    { "Hc", "t", CAP_NONE, true, set_resume_thread },
    { "qAttached", "?*", CAP_NONE, true, attached },
    { "qOffsets", "", CAP_TEXT_BASE, true, offsets },
    { "QPassSignals:", "*", CAP_RESUME, true, pass_signals },
    { "qRcmd,", "*", CAP_MONITOR, true, monitor },
};

const struct command_table commands_query = { rows, ARRAY_COUNT(rows) };
