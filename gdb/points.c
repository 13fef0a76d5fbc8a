/* SPDX-License-Identifier: Apache-2.0 */
/* Packets Z and z (GDB's manual, E.2): setting again changes conditions, taking out twice is OK. */
#include "gdb/command.h"

#include "lib/field.h"

/* "kind" of a breakpoint is the size of the instruction, of a watchpoint its bytes. */
#define WATCH_BYTES_MAX 4096u

static bool key_of(struct dbg_engine *e, const struct request *r, struct point_key *key)
{
    if (r->num[0] >= DBG_POINT_KINDS ||
        (e->ops->can_point != NULL && !e->ops->can_point(e->ctx, (enum dbg_point_kind)r->num[0]))) {
        return false; /* the answer to a kind that the target can't do is empty */
    }
    key->kind = (enum dbg_point_kind)r->num[0];
    key->address = r->num[1];
    key->size = r->num[2];
    return true;
}

static bool set_point(struct dbg_engine *e, const struct request *r)
{
    struct wire_in tail = r->rest;
    struct point *p;
    struct point_key key;
    bool is_new;

    if (!key_of(e, r, &key)) {
        return true;
    }
    if (key.kind >= DBG_WRITE && (key.size == 0 || key.size > WATCH_BYTES_MAX)) {
        return reply_error(e, REPLY_INVALID);
    }
    p = point_find(&e->points, &key);
    is_new = p == NULL;
    p = is_new ? point_free(&e->points) : p;
    if (p == NULL) {
        return reply_error(e, REPLY_FULL);
    }
    p->condition_count = 0;
    p->command_count = 0;
    p->code_len = 0;
    if (!point_parse(p, &tail)) {
        if (!is_new) { /* its old condition is gone: better to stop than not to */
            p->condition_count = 0;
            p->command_count = 0;
        }
        return reply_error(e, REPLY_INVALID);
    }
    if (is_new && !e->ops->insert(e->ctx, key.kind, key.address, key.size)) {
        return reply_error(e, REPLY_FAULT);
    }
    p->key = key;
    p->used = true;
    return reply_ok(e);
}

static bool clear_point(struct dbg_engine *e, const struct request *r)
{
    struct point_key key;
    struct point *p;

    if (!key_of(e, r, &key)) {
        return true;
    }
    p = point_find(&e->points, &key);
    if (p == NULL) {
        return reply_ok(e);
    }
    p->used = false;
    if (e->ops->remove != NULL && !e->ops->remove(e->ctx, key.kind, key.address, p->key.size)) {
        return reply_error(e, REPLY_FAILED);
    }
    return reply_ok(e);
}

static const struct command rows[] = {
    { "Z", "h,h,h?*", CAP_INSERT, false, set_point },
    { "z", "h,h,h?*", CAP_INSERT, false, clear_point },
};

const struct command_table commands_point = { rows, ARRAY_COUNT(rows) };
