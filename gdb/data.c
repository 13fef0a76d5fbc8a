/* SPDX-License-Identifier: Apache-2.0 */
/* Packets about registers and memory (GDB's manual, E.2); every length is bounded before use. */
#include "gdb/command.h"

#include <string.h>

#include "lib/field.h"

/* ---- Registers ---- */

void reg_write(struct dbg_engine *e, unsigned thread, unsigned reg)
{
    unsigned len = dbg_reg_bytes(&e->ops->arch->reg[reg]);
    uint8_t bytes[DBG_REG_BYTES_MAX] = { 0 };

    if (e->ops->read_reg != NULL && e->ops->read_reg(e->ctx, thread, reg, bytes)) {
        wire_hex_bytes(&e->reply, bytes, len);
        return;
    }
    for (unsigned i = 0; i < 2 * len; i++) {
        wire_byte(&e->reply, 'x');
    }
}

/* The stopped thread that a packet about registers is for; 0 after an error. */
static unsigned stopped_thread(struct dbg_engine *e, const struct request *r)
{
    unsigned thread = engine_thread(e, r->thread);

    if (thread == 0) {
        (void)reply_error(e, REPLY_NO_THREAD);
    } else if (!engine_is_stopped(e, thread)) {
        (void)reply_error(e, REPLY_BUSY);
        thread = 0;
    }
    return thread;
}

static bool get_general(struct dbg_engine *e, const struct request *r)
{
    unsigned thread = stopped_thread(e, r);

    for (unsigned i = 0; thread != 0 && i < e->ops->arch->general; i++) {
        reg_write(e, thread, i);
    }
    return true;
}

/* All are parsed before the first is set. A client may send fewer, or all that there are. */
static bool set_general(struct dbg_engine *e, const struct request *r)
{
    const struct dbg_arch *arch = e->ops->arch;
    unsigned thread = stopped_thread(e, r);
    struct wire_in in = r->rest;
    size_t at = 0;
    unsigned count = 0;

    if (thread == 0) {
        return true;
    }
    while (count < arch->reg_count && in.left > 0) {
        size_t len = dbg_reg_bytes(&arch->reg[count]);

        if (!wire_take_bytes(&in, e->scratch + at, len)) {
            return reply_error(e, REPLY_INVALID);
        }
        at += len;
        count++;
    }
    if (in.left > 0) {
        return reply_error(e, REPLY_INVALID);
    }
    at = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!e->ops->write_reg(e->ctx, thread, i, e->scratch + at) && i < arch->general) {
            return reply_error(e, REPLY_FAILED);
        }
        at += dbg_reg_bytes(&arch->reg[i]);
    }
    return reply_ok(e);
}

static bool get_one(struct dbg_engine *e, const struct request *r)
{
    unsigned thread = stopped_thread(e, r);

    if (thread == 0) {
        return true;
    }
    if (r->num[0] >= e->ops->arch->reg_count) {
        return reply_error(e, REPLY_INVALID);
    }
    reg_write(e, thread, (unsigned)r->num[0]);
    return true;
}

static bool set_one(struct dbg_engine *e, const struct request *r)
{
    unsigned thread = stopped_thread(e, r);
    uint8_t bytes[DBG_REG_BYTES_MAX] = { 0 };
    struct wire_in in = r->rest;
    const struct dbg_reg *reg;

    if (thread == 0) {
        return true;
    }
    if (r->num[0] >= e->ops->arch->reg_count) {
        return reply_error(e, REPLY_INVALID);
    }
    reg = &e->ops->arch->reg[r->num[0]];
    if (!wire_take_bytes(&in, bytes, dbg_reg_bytes(reg)) || in.left != 0) {
        return reply_error(e, REPLY_INVALID);
    }
    return e->ops->write_reg(e->ctx, thread, (unsigned)r->num[0], bytes)
               ? reply_ok(e)
               : reply_error(e, REPLY_FAILED);
}

/* ---- Memory ---- */

/* Into scratch; not beyond the end of addresses. How many bytes. */
static size_t read_some(struct dbg_engine *e, uint64_t address, uint64_t want)
{
    uint64_t len = want < sizeof(e->scratch) ? want : sizeof(e->scratch);

    if (len > UINT64_MAX - address) {
        len = UINT64_MAX - address;
    }
    return e->ops->read_mem(e->ctx, address, e->scratch, (size_t)len);
}

static bool get_memory(struct dbg_engine *e, const struct request *r)
{
    size_t len = read_some(e, r->num[0], r->num[1]);

    if (len == 0 && r->num[1] != 0) {
        return reply_error(e, REPLY_FAULT);
    }
    wire_hex_bytes(&e->reply, e->scratch, len);
    return true;
}

/* In two dialects: a client that asks for nothing at 0 wants OK for it, and data without 'b'. */
static bool get_binary(struct dbg_engine *e, const struct request *r)
{
    /* Each byte may become two. */
    uint64_t want = r->num[1] < sizeof(e->scratch) - 1 ? r->num[1] : sizeof(e->scratch) - 1;
    size_t len;

    if (r->num[0] == 0 && r->num[1] == 0) {
        e->session.old_upload = true;
        return reply_ok(e);
    }
    len = read_some(e, r->num[0], want);
    if (len == 0 && want != 0) {
        return reply_error(e, REPLY_FAULT);
    }
    if (!e->session.old_upload) {
        wire_byte(&e->reply, 'b');
    }
    wire_escaped(&e->reply, e->scratch, len);
    return true;
}

static bool write_all(struct dbg_engine *e, const struct request *r, const uint8_t *bytes)
{
    if (r->num[1] > UINT64_MAX - r->num[0] ||
        e->ops->write_mem(e->ctx, r->num[0], bytes, (size_t)r->num[1]) != r->num[1]) {
        return reply_error(e, REPLY_FAULT);
    }
    return reply_ok(e);
}

static bool set_memory(struct dbg_engine *e, const struct request *r)
{
    struct wire_in in = r->rest;

    if (r->num[1] > sizeof(e->scratch) || in.left != 2 * r->num[1] ||
        !wire_take_bytes(&in, e->scratch, (size_t)r->num[1])) {
        return reply_error(e, REPLY_INVALID);
    }
    return r->num[1] == 0 ? reply_ok(e) : write_all(e, r, e->scratch);
}

static bool set_binary(struct dbg_engine *e, const struct request *r)
{
    if (r->rest.left != r->num[1]) {
        return reply_error(e, REPLY_INVALID);
    }
    return r->num[1] == 0 ? reply_ok(e) : write_all(e, r, r->rest.at);
}

static const struct command rows[] = {
    { "g", "", CAP_READ_REG, false, get_general },
    { "G", "*", CAP_WRITE_REG, false, set_general },
    { "p", "h", CAP_READ_REG, false, get_one },
    { "P", "h=*", CAP_WRITE_REG, false, set_one },
    { "m", "h,h", CAP_READ_MEM, false, get_memory },
    { "M", "h,h:*", CAP_WRITE_MEM, false, set_memory },
    { "x", "h,h", CAP_READ_MEM, false, get_binary },
    { "X", "h,h:*", CAP_WRITE_MEM, false, set_binary },
};

const struct command_table commands_data = { rows, ARRAY_COUNT(rows) };
