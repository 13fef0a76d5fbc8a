/* SPDX-License-Identifier: Apache-2.0 */
/* From a packet to a request: finds the row and parses by its shape; acts on nothing. */
#include "gdb/command.h"

#include <string.h>

#include "lib/field.h"

const struct command_table *const command_tables[COMMAND_TABLES] = {
    &commands_data, &commands_run, &commands_point, &commands_query, &commands_xfer, &commands_lldb,
};

/* ---- Capabilities ---- */

#define CAP(name, op_) [CAP_##name] = offsetof(struct dbg_ops, op_) + 1

/* 0: needs nothing; else where the operation's pointer lies, plus one. */
static const size_t caps[CAP_COUNT] = {
    CAP(READ_REG, read_reg),       CAP(WRITE_REG, write_reg), CAP(READ_MEM, read_mem),
    CAP(WRITE_MEM, write_mem),     CAP(REGION, region),       CAP(INSERT, insert),
    CAP(WATCH_COUNT, watch_count), CAP(RESUME, resume),       CAP(INTERRUPT, interrupt),
    CAP(NONSTOP, set_nonstop),     CAP(DETACH, detach),       CAP(KILL, kill),
    CAP(MONITOR, monitor),         CAP(EXEC_FILE, exec_file), CAP(TEXT_BASE, text_base),
};

/* All pointers to functions are alike but for their types. */
bool cap_has(const struct dbg_ops *ops, enum cap cap)
{
    static const unsigned char none[sizeof(void (*)(void))];

    return caps[cap] == 0 ||
           memcmp((const unsigned char *)ops + caps[cap] - 1, none, sizeof(none)) != 0;
}

/* ---- Shapes ---- */

static bool take_word(struct wire_in *in, char end, struct wire_in *word)
{
    const uint8_t *found = end == 0 ? NULL : memchr(in->at, end, in->left);
    size_t len = found != NULL ? (size_t)(found - in->at) : in->left;

    word->at = in->at;
    word->left = len;
    in->at += len;
    in->left -= len;
    return true;
}

static bool take_number(struct wire_in *in, struct request *r)
{
    return r->count < REQUEST_NUMBERS && wire_take_hex(in, &r->num[r->count++]);
}

static bool take_one(struct wire_in *in, const char *shape, struct request *r)
{
    switch (*shape) {
    case 'h': return take_number(in, r);
    case 't': return wire_take_thread(in, &r->thread);
    case 'w': return take_word(in, shape[1], &r->word);
    case '*': return take_word(in, 0, &r->rest);
    default: return wire_take(in, *shape);
    }
}

static bool parse(struct wire_in in, const char *shape, struct request *r)
{
    for (; *shape != 0; shape++) {
        if (*shape == '?') {
            if (in.left == 0) {
                return true;
            }
        } else if (!take_one(&in, shape, r)) {
            return false;
        }
    }
    return in.left == 0;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name of several letters is a word of its own: qC is not the begin of qCRC. */
static bool has_name(struct wire_in *in, const char *name)
{
    size_t len = strlen(name);

    if (!wire_take_str(in, name)) {
        return false;
    }
    return len == 1 || in->left == 0 || !is_letter((uint8_t)name[len - 1]) || !is_letter(*in->at);
}

/* LLDB's ";thread:ID;" behind packets about registers. */
static void take_suffix(struct wire_in *in, struct request *r)
{
    static const char mark[] = ";thread:";

    if (in->left == 0 || !strchr("gGpP", *in->at)) {
        return;
    }
    for (size_t at = 1; at + sizeof(mark) <= in->left; at++) {
        struct wire_in tail = { in->at + at, in->left - at };

        if (wire_take_str(&tail, mark) && wire_take_thread(&tail, &r->thread) &&
            wire_take(&tail, ';')) {
            in->left = at;
            return;
        }
    }
}

enum command_match command_parse(struct wire_in packet, const struct command **row,
                                 struct request *r)
{
    const struct request empty = *r;
    enum command_match match = COMMAND_UNKNOWN;

    take_suffix(&packet, r);
    for (unsigned t = 0; t < ARRAY_COUNT(command_tables); t++) {
        for (unsigned i = 0; i < command_tables[t]->count; i++) {
            struct wire_in in = packet;

            *row = &command_tables[t]->rows[i];
            if (!has_name(&in, (*row)->name)) {
                continue;
            }
            if (parse(in, (*row)->shape, r)) {
                return COMMAND_FOUND;
            }
            match = COMMAND_MALFORMED;
            *r = empty;
        }
    }
    *row = NULL;
    return match;
}
