/* SPDX-License-Identifier: Apache-2.0 */
/* The table of points, and what their conditions say; never touches the target but to read. */
#include "gdb/point.h"

#include <string.h>

static bool is_watch(enum dbg_point_kind kind)
{
    return kind == DBG_WRITE || kind == DBG_READ || kind == DBG_ACCESS;
}

struct point *point_find(struct point_set *set, const struct point_key *key)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        struct point *p = &set->point[i];

        if (p->used && p->key.kind == key->kind && p->key.address == key->address &&
            (!is_watch(key->kind) || p->key.size == key->size)) {
            return p;
        }
    }
    return NULL;
}

struct point *point_hit_by(struct point_set *set, const struct point_key *key)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        struct point *p = &set->point[i];
        uint64_t size = is_watch(key->kind) ? p->key.size : 1;

        if (p->used && p->key.kind == key->kind && key->address - p->key.address < size) {
            return p;
        }
    }
    return NULL;
}

struct point *point_free(struct point_set *set)
{
    for (unsigned i = 0; i < POINTS_MAX; i++) {
        if (!set->point[i].used) {
            memset(&set->point[i], 0, sizeof(set->point[i]));
            return &set->point[i];
        }
    }
    return NULL;
}

/* ---- Conditions and commands ---- */

/* X<len>,<bytes>: as many as follow. */
static bool parse_exprs(struct point *p, struct wire_in *in, struct point_expr *exprs,
                        unsigned *count)
{
    while (wire_take(in, 'X')) {
        uint64_t len;
        struct agent_code code = { .bytes = p->code + p->code_len };

        if (*count == POINT_EXPRS_MAX || !wire_take_hex(in, &len) || !wire_take(in, ',') ||
            len > POINT_CODE_MAX - p->code_len ||
            !wire_take_bytes(in, p->code + p->code_len, (size_t)len)) {
            return false;
        }
        code.len = (size_t)len;
        if (!agent_check(code)) {
            return false;
        }
        exprs[*count] = (struct point_expr){ (uint16_t)p->code_len, (uint16_t)len };
        (*count)++;
        p->code_len += (size_t)len;
    }
    return *count > 0;
}

bool point_parse(struct point *point, struct wire_in *in)
{
    while (in->left > 0) {
        uint64_t persist;

        if (!wire_take(in, ';')) {
            return false;
        }
        if (wire_take_str(in, "cmds:")) {
            if (!wire_take_hex(in, &persist) || !wire_take(in, ',') ||
                !parse_exprs(point, in, point->command, &point->command_count)) {
                return false;
            }
            point->persist = persist != 0;
        } else if (!parse_exprs(point, in, point->condition, &point->condition_count)) {
            return false;
        }
    }
    return true;
}

static bool run(const struct point *p, const struct point_expr *expr, const struct agent_env *env,
                uint64_t *result)
{
    const struct agent_code code = { p->code + expr->start, expr->len };

    return agent_run(code, env, result);
}

bool point_condition(const struct point *point, const struct agent_env *env)
{
    for (unsigned i = 0; i < point->condition_count; i++) {
        uint64_t result;

        if (!run(point, &point->condition[i], env, &result) || result != 0) {
            return true;
        }
    }
    return point->condition_count == 0;
}

bool point_commands(const struct point *point, const struct agent_env *env)
{
    uint64_t result;

    for (unsigned i = 0; i < point->command_count; i++) {
        if (!run(point, &point->command[i], env, &result)) {
            break;
        }
    }
    return point->command_count > 0;
}
