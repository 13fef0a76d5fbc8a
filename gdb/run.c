/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that start and stop threads, and how stops are told (GDB's manual, E.2, E.3, E.9). */
#include "gdb/command.h"

#include <string.h>

#include "lib/field.h"

#define ACTIONS_MAX 32u

/* ---- Stops ---- */

struct reason_row {
    const char *key;  /* in a T packet; NULL: none */
    const char *name; /* LLDB's */
    bool has_address;
};

static const struct reason_row reasons[DBG_STOP_REASONS] = {
    [DBG_STOP_SIGNAL] = { NULL, "signal", false },
    [DBG_STOP_SWBREAK] = { "swbreak", "breakpoint", false },
    [DBG_STOP_HWBREAK] = { "hwbreak", "breakpoint", false },
    [DBG_STOP_WATCH] = { "watch", "watchpoint", true },
    [DBG_STOP_RWATCH] = { "rwatch", "watchpoint", true },
    [DBG_STOP_AWATCH] = { "awatch", "watchpoint", true },
};

const char *stop_reason_name(const struct dbg_stop *stop)
{
    if (stop->reason == DBG_STOP_SIGNAL && stop->signal == DBG_SIGTRAP) {
        return "trace";
    }
    return reasons[stop->reason].name;
}

/* A client that does not know these reasons is not told them. */
static bool tells_reason(const struct dbg_engine *e, const struct dbg_stop *stop)
{
    switch (stop->reason) {
    case DBG_STOP_SIGNAL: return false;
    case DBG_STOP_SWBREAK: return e->session.swbreak;
    case DBG_STOP_HWBREAK: return e->session.hwbreak;
    case DBG_STOP_WATCH:
    case DBG_STOP_RWATCH:
    case DBG_STOP_AWATCH:
    case DBG_STOP_REASONS:
    default: return true;
    }
}

static void write_expedited(struct dbg_engine *e, unsigned thread)
{
    for (unsigned i = 0; i < DBG_EXPEDITED; i++) {
        uint8_t number = (uint8_t)e->ops->arch->expedited[i];

        wire_hex_bytes(&e->reply, &number, 1);
        wire_byte(&e->reply, ':');
        reg_write(e, thread, number);
        wire_byte(&e->reply, ';');
    }
}

static void write_thread_list(struct dbg_engine *e)
{
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);

    wire_str(&e->reply, "threads:");
    for (unsigned i = 0; i < count; i++) {
        wire_str(&e->reply, i == 0 ? "" : ",");
        wire_hex(&e->reply, ids[i]);
    }
    wire_byte(&e->reply, ';');
}

void stop_write(struct dbg_engine *e, const struct dbg_stop *stop)
{
    uint8_t signal = (uint8_t)stop->signal;

    wire_byte(&e->reply, 'T');
    wire_hex_bytes(&e->reply, &signal, 1);
    if (e->ops->read_reg != NULL) {
        write_expedited(e, stop->thread);
    }
    wire_str(&e->reply, "thread:");
    wire_hex(&e->reply, stop->thread);
    wire_str(&e->reply, ";core:");
    wire_hex(&e->reply, stop->thread - 1);
    wire_byte(&e->reply, ';');
    if (e->session.list_threads) {
        write_thread_list(e);
        wire_str(&e->reply, "reason:");
        wire_str(&e->reply, stop_reason_name(stop));
        wire_byte(&e->reply, ';');
    }
    if (tells_reason(e, stop)) {
        wire_str(&e->reply, reasons[stop->reason].key);
        wire_byte(&e->reply, ':');
        if (reasons[stop->reason].has_address) {
            wire_hex(&e->reply, stop->address);
        }
        wire_byte(&e->reply, ';');
    }
}

void stop_write_last(struct dbg_engine *e)
{
    if (e->state == DBG_EXITED) {
        uint8_t code = (uint8_t)e->exit_code;

        wire_byte(&e->reply, e->exit_signal ? 'X' : 'W');
        wire_hex_bytes(&e->reply, &code, 1);
    } else {
        struct dbg_stop stop = e->last;

        stop.thread = engine_thread(e, 0);
        e->session.thread = stop.thread;
        stop_write(e, &stop);
    }
}

/* Non-stop: of the threads whose stop the client has not heard of the first; false: none. */
static bool write_unreported(struct dbg_engine *e)
{
    for (unsigned i = 0; i < DBG_THREADS_MAX; i++) {
        struct dbg_thread *t = &e->thread[i];

        if (t->id != 0 && t->unreported && !t->running) {
            stop_write(e, &t->stop);
            return true;
        }
    }
    return false;
}

static void forget_first_unreported(struct dbg_engine *e)
{
    for (unsigned i = 0; i < DBG_THREADS_MAX; i++) {
        if (e->thread[i].id != 0 && e->thread[i].unreported && !e->thread[i].running) {
            e->thread[i].unreported = false;
            return;
        }
    }
}

/* The one that was told is done; the next one, or that there is none. */
static bool next_stop(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    forget_first_unreported(e);
    e->notified = write_unreported(e);
    return e->notified ? true : reply_ok(e);
}

/* All that are stopped are told again, as if by notifications. */
static bool stops_of_all(struct dbg_engine *e)
{
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);

    for (unsigned i = 0; i < count; i++) {
        struct dbg_thread *t = engine_known(e, ids[i]);

        if (t != NULL && !t->running) {
            t->unreported = true;
            if (!t->has_stop) {
                t->stop = (struct dbg_stop){ .thread = ids[i] };
            }
        }
    }
    e->notified = write_unreported(e);
    return e->notified ? true : reply_ok(e);
}

static bool ask_stop(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    if (e->session.nonstop && e->state != DBG_EXITED) {
        return stops_of_all(e);
    }
    if (e->state != DBG_RUNNING) {
        stop_write_last(e);
        return true;
    }
    if (e->ops->interrupt == NULL) {
        return reply_error(e, REPLY_BUSY);
    }
    e->session.awaits_stop = true;
    e->ops->interrupt(e->ctx, 0);
    return false;
}

/* ---- Going on ---- */

struct action {
    struct dbg_resume resume;
    bool stop;
    int64_t thread; /* -1: all that have none yet */
};

struct action_list {
    unsigned count;
    struct action action[ACTIONS_MAX];
};

static bool parse_signal(struct wire_in *in, unsigned *signal)
{
    uint64_t number;

    if (!wire_take_hex(in, &number) || number > UINT8_MAX) {
        return false;
    }
    *signal = (unsigned)number;
    return true;
}

static bool parse_range(struct wire_in *in, struct dbg_resume *resume)
{
    return wire_take_hex(in, &resume->start) && wire_take(in, ',') &&
           wire_take_hex(in, &resume->end);
}

static bool parse_action(struct wire_in *in, struct action *a)
{
    uint8_t kind;

    memset(a, 0, sizeof(*a));
    if (in->left == 0) {
        return false;
    }
    kind = *in->at;
    (void)wire_take(in, (char)kind);
    switch (kind) {
    case 'c': a->resume.action = DBG_CONTINUE; return true;
    case 's': a->resume.action = DBG_STEP; return true;
    case 'C': a->resume.action = DBG_CONTINUE; return parse_signal(in, &a->resume.signal);
    case 'S': a->resume.action = DBG_STEP; return parse_signal(in, &a->resume.signal);
    case 'r': a->resume.action = DBG_RANGE; return parse_range(in, &a->resume);
    case 't': a->stop = true; return true;
    default: return false;
    }
}

static bool parse_actions(struct wire_in in, struct action_list *list)
{
    list->count = 0;
    while (in.left > 0) {
        struct action *a = &list->action[list->count];

        if (list->count == ACTIONS_MAX || !parse_action(&in, a)) {
            return false;
        }
        a->thread = -1;
        if (wire_take(&in, ':') && !wire_take_thread(&in, &a->thread)) {
            return false;
        }
        list->count++;
        if (in.left > 0 && (!wire_take(&in, ';') || in.left == 0)) {
            return false;
        }
    }
    return list->count > 0;
}

/* The leftmost that is for the thread; NULL: it keeps still. */
static const struct action *action_of(const struct action_list *list, unsigned id)
{
    for (unsigned i = 0; i < list->count; i++) {
        int64_t thread = list->action[i].thread;

        if (thread == -1 || thread == 0 || thread == (int64_t)id) {
            return &list->action[i];
        }
    }
    return NULL;
}

static bool apply(struct dbg_engine *e, unsigned id, const struct action *a)
{
    struct dbg_thread *t = engine_known(e, id);

    if (a == NULL || t == NULL) {
        return false;
    }
    if (a->stop) {
        if (t->running && e->ops->interrupt != NULL) {
            e->ops->interrupt(e->ctx, id);
        }
        return false;
    }
    if (t->running) {
        return false;
    }
    t->running = true;
    t->has_stop = false;
    e->ops->resume(e->ctx, id, &a->resume);
    return true;
}

static bool resume(struct dbg_engine *e, const struct action_list *list)
{
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);
    unsigned resumed = 0;

    for (unsigned i = 0; i < count; i++) {
        resumed += apply(e, ids[i], action_of(list, ids[i]));
    }
    if (resumed > 0) {
        e->state = DBG_RUNNING;
        e->session.awaits_stop = !e->session.nonstop;
        e->ops->go(e->ctx);
    }
    if (e->session.nonstop) {
        return reply_ok(e);
    }
    return resumed > 0 ? false : reply_error(e, REPLY_NO_THREAD);
}

static bool vcont(struct dbg_engine *e, const struct request *r)
{
    struct action_list list;

    return parse_actions(r->rest, &list) ? resume(e, &list) : reply_error(e, REPLY_INVALID);
}

static bool vcont_list(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    wire_str(&e->reply, "vCont;c;C;s;S;t;r");
    return true;
}

/* ---- The older packets ---- */

/* Sets where to go on, if the packet says. */
static bool set_pc(struct dbg_engine *e, unsigned thread, uint64_t pc)
{
    uint8_t bytes[DBG_REG_BYTES_MAX];

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)pc;
        pc /= UINT8_MAX + 1u;
    }
    return e->ops->write_reg != NULL &&
           e->ops->write_reg(e->ctx, thread, e->ops->arch->expedited[2], bytes);
}

/* A step is of one thread; the others stay. */
static bool resume_old(struct dbg_engine *e, struct dbg_resume how, const uint64_t *pc)
{
    struct action_list list = { .count = 1 };
    unsigned thread = engine_thread(e, e->session.resume_thread);
    bool all = how.action == DBG_CONTINUE && e->session.resume_thread <= 0;

    if (thread == 0) {
        return reply_error(e, REPLY_NO_THREAD);
    }
    if (pc != NULL && !set_pc(e, thread, *pc)) {
        return reply_error(e, REPLY_FAILED);
    }
    list.action[0] = (struct action){ .resume = how, .thread = all ? -1 : (int64_t)thread };
    return resume(e, &list);
}

static bool old_continue(struct dbg_engine *e, const struct request *r)
{
    const struct dbg_resume how = { .action = DBG_CONTINUE };

    return resume_old(e, how, r->count > 0 ? &r->num[0] : NULL);
}

static bool old_step(struct dbg_engine *e, const struct request *r)
{
    const struct dbg_resume how = { .action = DBG_STEP };

    return resume_old(e, how, r->count > 0 ? &r->num[0] : NULL);
}

static bool old_continue_signal(struct dbg_engine *e, const struct request *r)
{
    const struct dbg_resume how = { .action = DBG_CONTINUE, .signal = (uint8_t)r->num[0] };

    return resume_old(e, how, r->count > 1 ? &r->num[1] : NULL);
}

static bool old_step_signal(struct dbg_engine *e, const struct request *r)
{
    const struct dbg_resume how = { .action = DBG_STEP, .signal = (uint8_t)r->num[0] };

    return resume_old(e, how, r->count > 1 ? &r->num[1] : NULL);
}

/* ---- The end ---- */

static bool detach(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    engine_clear_points(e);
    e->session.awaits_stop = false;
    dbg_running(e);
    e->ops->detach(e->ctx);
    e->closing = true;
    return reply_ok(e);
}

static bool kill_old(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    e->session.awaits_stop = false;
    e->closing = true;
    e->ops->kill(e->ctx);
    return false;
}

static bool kill_target(struct dbg_engine *e, const struct request *r)
{
    (void)kill_old(e, r);
    return reply_ok(e);
}

/* The stop may be told at once, in what the reply is written in. */
static bool ctrl_c(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    e->ops->interrupt(e->ctx, 0);
    e->reply.len = 0;
    return reply_ok(e);
}

static bool set_nonstop(struct dbg_engine *e, const struct request *r)
{
    if (r->num[0] > 1) {
        return reply_error(e, REPLY_INVALID);
    }
    e->session.nonstop = r->num[0] == 1;
    e->notified = false;
    e->ops->set_nonstop(e->ctx, e->session.nonstop);
    return reply_ok(e);
}

static const struct command rows[] = {
    { "?", "", CAP_NONE, true, ask_stop },
    { "vCont;", "*", CAP_RESUME, false, vcont },
    { "vCont?", "", CAP_RESUME, true, vcont_list },
    { "vStopped", "", CAP_NONSTOP, true, next_stop },
    { "vCtrlC", "", CAP_INTERRUPT, true, ctrl_c },
    { "c", "?h", CAP_RESUME, false, old_continue },
    { "s", "?h", CAP_RESUME, false, old_step },
    { "C", "h?;h", CAP_RESUME, false, old_continue_signal },
    { "S", "h?;h", CAP_RESUME, false, old_step_signal },
    { "D", "?;h", CAP_DETACH, true, detach },
    { "k", "", CAP_KILL, true, kill_old },
    { "vKill;", "h", CAP_KILL, true, kill_target },
    { "QNonStop:", "h", CAP_NONSTOP, false, set_nonstop },
};

const struct command_table commands_run = { rows, ARRAY_COUNT(rows) };
