/* SPDX-License-Identifier: Apache-2.0 */
/* The debugger's client: one at a time, of this user; bytes between its socket and the engine. */
#include "host/debug.h"

#include <string.h>

#include "host/sys.h"
#include "lib/field.h"

#define ROUNDS_MAX 64u /* packets, or pieces of input, that are taken at a time */

bool debug_has_client(const struct debug *d)
{
    return d->client >= 0;
}

/*
 * GDB forgets what came before its first packet, so the reason is the answer to that. One such
 * connection at a time: a newer one takes its place.
 */
static void refuse(struct debug *d, int fd)
{
    if (d->refused >= 0) {
        sys_close(d->refused);
    }
    d->refused = fd;
    d->refused_told = false;
    d->notify_refused = -1;
}

static void answer_refused(struct debug *d)
{
    static const char text[] = "+$E.Another debugger is attached, or this is another user's.#";
    uint8_t bytes[128];
    struct wire_out out = { .data = bytes, .size = sizeof(bytes) };
    uint8_t sum = 0;
    uint8_t asked[512];
    int64_t some = sys_recv(d->refused, asked, sizeof(asked));

    if (some < 0 || (some > 0 && !d->refused_told && memchr(asked, '#', (size_t)some) == NULL)) {
        return; /* an acknowledgement comes first */
    }
    wire_str(&out, text);
    for (const char *c = text + 2; *c != '#'; c++) {
        sum = (uint8_t)(sum + (uint8_t)*c);
    }
    wire_hex_bytes(&out, &sum, 1);
    if (some > 0 && !d->refused_told) { /* it will acknowledge, and must be able to */
        d->refused_told = sys_send(d->refused, bytes, out.len) > 0;
        return;
    }
    sys_close(d->refused);
    d->refused = -1;
    d->notify_refused = -1;
}

/* Nobody holds the guest any more. */
void debug_drop(struct debug *d)
{
    if (d->client < 0) {
        return;
    }
    sys_close(d->client);
    d->client = -1;
    d->notify_client = -1;
    dbg_disconnect(&d->engine);
    for (unsigned i = 0; i < UVM_VCPUS_MAX; i++) {
        d->vcpu[i].how = (struct dbg_resume){ .action = DBG_CONTINUE };
    }
    if (d->engine.state != DBG_EXITED) {
        dbg_running(&d->engine);
    }
    d->want_stop = false;
    d->went = true;
}

/* False: the client is gone. */
static bool send_output(struct debug *d)
{
    const uint8_t *bytes;
    size_t len;

    while (d->client >= 0 && (bytes = dbg_output(&d->engine, &len), len > 0)) {
        int64_t some = sys_send(d->client, bytes, len);

        if (some < 0) {
            return true;
        }
        if (some == 0) {
            return false;
        }
        dbg_sent(&d->engine, (size_t)some);
    }
    return true;
}

/* A client may send for ever: what is left has the guest's thread come again at once. */
static void come_again(const struct debug *d)
{
    if (d->in_call) {
        (void)pthread_kill(pthread_self(), d->vm->budget.signal);
    }
}

/* What came and is not answered yet, then what has come since; false: the client is gone. */
static bool take_input(struct debug *d)
{
    size_t out;

    for (unsigned n = 0; n < ROUNDS_MAX; n++) {
        int64_t some;

        d->input_at += dbg_input(&d->engine, d->input + d->input_at, d->input_len - d->input_at);
        if (!send_output(d)) {
            return false;
        }
        (void)dbg_output(&d->engine, &out);
        if (out > 0 || d->engine.closing) {
            return out > 0;
        }
        if (d->input_at < d->input_len) {
            continue;
        }
        some = sys_recv(d->client, d->input, sizeof(d->input));
        if (some <= 0) {
            return some < 0;
        }
        d->input_at = 0;
        d->input_len = (size_t)some;
    }
    come_again(d);
    return true;
}

bool debug_wait(struct debug *d)
{
    struct sys_poll list[] = {
        { .fd = d->client }, { .fd = d->listen }, { .fd = d->wake }, { .fd = d->refused }
    };
    size_t out;

    (void)dbg_output(&d->engine, &out);
    list[0].want_write = out > 0;
    sys_poll(list, ARRAY_COUNT(list), -1);
    d->only_client = !list[1].ready && !list[3].ready;
    return list[2].ready;
}

static void take_bytes(struct debug *d)
{
    if (d->client >= 0 && !(send_output(d) && take_input(d))) {
        debug_drop(d);
    }
}

/* Whether there is a new client. */
static bool take_client(struct debug *d)
{
    int fd = sys_accept(d->listen);

    if (fd < 0) {
        return false;
    }
    take_bytes(d); /* the old one may have gone before this one came */
    if (!sys_peer_is_ours(fd) || d->client >= 0) {
        refuse(d, fd);
        return false;
    }
    d->client = fd;
    d->fresh = true;
    d->input_at = 0;
    d->input_len = 0;
    dbg_connect(&d->engine);
    return true;
}

void debug_pump(struct debug *d, bool wait)
{
    if (wait) {
        (void)debug_wait(d);
    }
    take_bytes(d); /* one that is gone makes room for the next */
    if (d->only_client) {
        d->only_client = false;
        return;
    }
    if (d->listen >= 0 && take_client(d)) {
        take_bytes(d);
    }
    if (d->refused >= 0) {
        answer_refused(d);
    }
}

void debug_notify(struct debug *d, int tid)
{
    int signal = tid == 0 ? 0 : d->vm->budget.signal;

    if (d->notify_tid != tid && sys_notify(d->listen, tid, signal) != 0) {
        (void)log_errno(&d->vm->log, "fcntl of a debug socket");
    }
    if (d->client >= 0 && (d->notify_tid != tid || d->notify_client != d->client) &&
        sys_notify(d->client, tid, signal) != 0) {
        (void)log_errno(&d->vm->log, "fcntl of a debugger's connection");
    }
    if (d->refused >= 0 && (d->notify_tid != tid || d->notify_refused != d->refused) &&
        sys_notify(d->refused, tid, signal) != 0) {
        (void)log_errno(&d->vm->log, "fcntl of a refused connection");
    }
    d->notify_tid = tid;
    d->notify_client = d->client;
    d->notify_refused = d->refused;
}
