/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpoints and watchpoints as a client has set them, with their conditions, commands and hit
 * counts. The table knows nothing of how a target stops; the engine puts points in and takes them
 * out by the target's operations.
 */
#ifndef GDB_POINT_H
#define GDB_POINT_H

#include "gdb/agent.h"

#define POINTS_MAX      128u
#define POINT_CODE_MAX  AGENT_CODE_MAX /* all conditions and commands of a point */
#define POINT_EXPRS_MAX 8u

struct point_key {
    enum dbg_point_kind kind;
    uint64_t address, size; /* size: the "kind" of the packets; bytes of a watchpoint */
};

struct point_expr {
    uint16_t start, len; /* in code */
};

struct point {
    bool used;
    struct point_key key;
    uint64_t hits;
    bool persist; /* commands outlive the client: kept for its sake, not honoured */
    unsigned condition_count, command_count;
    struct point_expr condition[POINT_EXPRS_MAX], command[POINT_EXPRS_MAX];
    size_t code_len;
    uint8_t code[POINT_CODE_MAX];
};

struct point_set {
    struct point point[POINTS_MAX];
};

/* The point with the same key, NULL: none. Watchpoints overlap: any byte of them will do. */
struct point *point_find(struct point_set *set, const struct point_key *key);
struct point *point_hit_by(struct point_set *set, const struct point_key *key);

/* A free row, NULL: all are taken. */
struct point *point_free(struct point_set *set);

/*
 * What stands behind a Z packet's numbers: ";X<len>,<bytes>..." and ";cmds:<persist>,X...". False:
 * malformed, or more than there is room for; then the point is of no use.
 */
bool point_parse(struct point *point, struct wire_in *in);

/* Whether to stop: no condition, or one that is true or can't be evaluated. */
bool point_condition(const struct point *point, const struct agent_env *env);
/* Runs the commands; false: there are none. */
bool point_commands(const struct point *point, const struct agent_env *env);

#endif
