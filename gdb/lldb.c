/* SPDX-License-Identifier: Apache-2.0 */
/* What LLDB asks beyond GDB's protocol (LLDB's docs/lldb-gdb-remote.txt describes the packets). */
#include "gdb/command.h"

#include "lib/field.h"

static void write_key(struct dbg_engine *e, const char *key, const char *value)
{
    wire_str(&e->reply, key);
    wire_byte(&e->reply, ':');
    wire_str(&e->reply, value);
    wire_byte(&e->reply, ';');
}

static void write_hex_key(struct dbg_engine *e, const char *key, const char *value)
{
    wire_str(&e->reply, key);
    wire_byte(&e->reply, ':');
    wire_hex_str(&e->reply, value);
    wire_byte(&e->reply, ';');
}

static void write_pointer_size(struct dbg_engine *e)
{
    wire_str(&e->reply, "ptrsize:");
    wire_dec(&e->reply, e->ops->arch->pointer_bytes);
    wire_byte(&e->reply, ';');
}

static bool host_info(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    write_hex_key(e, "triple", e->ops->arch->triple);
    write_pointer_size(e);
    write_key(e, "endian", "little");
    write_key(e, "watchpoint_exceptions_received", "after");
    return true;
}

/* A number that is no process of the host's: a client may look for that one's program. */
static bool process_info(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    write_key(e, "pid", "1");
    write_hex_key(e, "triple", e->ops->arch->triple);
    write_key(e, "endian", "little");
    write_pointer_size(e);
    return true;
}

static bool thread_suffix(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    e->session.thread_suffix = true;
    return reply_ok(e);
}

static bool list_threads(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    e->session.list_threads = true;
    return reply_ok(e);
}

static struct dbg_stop stop_of(struct dbg_engine *e, unsigned thread)
{
    const struct dbg_thread *t = engine_known(e, thread);
    struct dbg_stop stop = { .thread = thread };

    return t != NULL && t->has_stop ? t->stop : stop;
}

static bool thread_stop(struct dbg_engine *e, const struct request *r)
{
    unsigned thread = r->thread > 0 ? engine_thread(e, r->thread) : 0;
    struct dbg_stop stop;

    if (thread == 0) {
        return reply_error(e, REPLY_NO_THREAD);
    }
    stop = stop_of(e, thread);
    stop_write(e, &stop);
    return true;
}

/* ---- Threads as JSON, written into scratch and then escaped: braces mean something here ---- */

static void json_registers(struct dbg_engine *e, unsigned thread, struct wire_out *out)
{
    const struct dbg_arch *arch = e->ops->arch;

    wire_str(out, ",\"registers\":{");
    for (unsigned i = 0; i < arch->general; i++) {
        uint8_t bytes[DBG_REG_BYTES_MAX] = { 0 };

        wire_str(out, i == 0 ? "\"" : ",\"");
        wire_dec(out, i);
        wire_str(out, "\":\"");
        if (e->ops->read_reg(e->ctx, thread, i, bytes)) {
            wire_hex_bytes(out, bytes, dbg_reg_bytes(&arch->reg[i]));
        }
        wire_byte(out, '"');
    }
    wire_byte(out, '}');
}

static void json_thread(struct dbg_engine *e, unsigned thread, struct wire_out *out)
{
    const char *name = e->ops->thread_name == NULL ? NULL : e->ops->thread_name(e->ctx, thread);
    struct dbg_stop stop = stop_of(e, thread);

    wire_str(out, "{\"tid\":");
    wire_dec(out, thread);
    if (name != NULL) {
        wire_str(out, ",\"name\":\"");
        wire_json(out, name);
        wire_byte(out, '"');
    }
    if (stop.signal != DBG_SIG_NONE) {
        wire_str(out, ",\"signal\":");
        wire_dec(out, stop.signal);
        wire_str(out, ",\"reason\":\"");
        wire_str(out, stop_reason_name(&stop));
        wire_byte(out, '"');
    }
    if (engine_is_stopped(e, thread)) {
        json_registers(e, thread, out);
    }
    wire_byte(out, '}');
}

static bool threads_info(struct dbg_engine *e, const struct request *r)
{
    struct wire_out out = { .data = e->scratch, .size = sizeof(e->scratch) - 1 };
    unsigned ids[DBG_THREADS_MAX];
    unsigned count = e->ops->threads(e->ctx, ids);

    (void)r;
    wire_byte(&out, '[');
    for (unsigned i = 0; i < count; i++) {
        wire_str(&out, i == 0 ? "" : ",");
        json_thread(e, ids[i], &out);
    }
    wire_byte(&out, ']');
    wire_escaped(&e->reply, out.data, out.len);
    return true;
}

/* ---- Memory and watchpoints ---- */

static bool memory_region(struct dbg_engine *e, const struct request *r)
{
    struct dbg_region region = { 0 };

    if (!e->ops->region(e->ctx, r->num[0], &region)) {
        return reply_error(e, REPLY_INVALID);
    }
    wire_str(&e->reply, "start:");
    wire_hex(&e->reply, region.start);
    wire_str(&e->reply, ";size:");
    wire_hex(&e->reply, region.size != 0 ? region.size : 0 - region.start);
    wire_byte(&e->reply, ';');
    if (region.mapped) {
        wire_str(&e->reply, "permissions:");
        wire_str(&e->reply, region.read ? "r" : "");
        wire_str(&e->reply, region.write ? "w" : "");
        wire_str(&e->reply, region.execute ? "x" : "");
        wire_byte(&e->reply, ';');
        if (region.name != NULL) {
            write_hex_key(e, "name", region.name);
        }
    }
    return true;
}

static bool watch_count(struct dbg_engine *e, const struct request *r)
{
    (void)r;
    wire_str(&e->reply, "num:");
    wire_dec(&e->reply, e->ops->watch_count(e->ctx));
    wire_byte(&e->reply, ';');
    return true;
}

static const struct command rows[] = {
    { "qHostInfo", "", CAP_NONE, true, host_info },
    { "qProcessInfo", "", CAP_NONE, true, process_info },
    { "QThreadSuffixSupported", "", CAP_READ_REG, true, thread_suffix },
    { "QListThreadsInStopReply", "", CAP_NONE, true, list_threads },
    { "qThreadStopInfo", "t", CAP_NONE, false, thread_stop },
    { "jThreadsInfo", "", CAP_READ_REG, false, threads_info },
    { "qMemoryRegionInfo:", "h", CAP_REGION, true, memory_region },
    { "qWatchpointSupportInfo", "?*", CAP_WATCH_COUNT, true, watch_count },
};

const struct command_table commands_lldb = { rows, ARRAY_COUNT(rows) };
