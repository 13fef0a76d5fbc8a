/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the remote protocol as tables: a name, the shape of what follows, what the target
 * must be able to do. A packet is parsed completely into a request before its function is called.
 */
#ifndef GDB_COMMAND_H
#define GDB_COMMAND_H

#include "gdb/engine.h"

#define REQUEST_NUMBERS 4u

struct request {
    uint64_t num[REQUEST_NUMBERS];
    unsigned count; /* of num[] */
    int64_t thread; /* 0: any, -1: all; of the packet, else of the session */
    struct wire_in word, rest;
};

/* Operations of a target that a command or a feature needs. */
enum cap {
    CAP_NONE,
    CAP_READ_REG,
    CAP_WRITE_REG,
    CAP_READ_MEM,
    CAP_WRITE_MEM,
    CAP_REGION,
    CAP_INSERT,
    CAP_WATCH_COUNT,
    CAP_RESUME,
    CAP_INTERRUPT,
    CAP_NONSTOP,
    CAP_DETACH,
    CAP_KILL,
    CAP_MONITOR,
    CAP_EXEC_FILE,
    CAP_TEXT_BASE,
    CAP_COUNT
};

bool cap_has(const struct dbg_ops *ops, enum cap cap);

/* True: e->reply is the answer. False: there is none now. */
typedef bool command_fn(struct dbg_engine *e, const struct request *r);

/*
 * shape: h a number in hex; t a thread; w a word, up to the character that follows in the shape; *
 * the rest; ? what follows may be missing; any other character stands for itself.
 */
struct command {
    const char *name;
    const char *shape;
    enum cap cap;
    bool while_running; /* also when the target is not stopped */
    command_fn *fn;
};

struct command_table {
    const struct command *rows;
    unsigned count;
};

#define COMMAND_TABLES 6u
extern const struct command_table *const command_tables[COMMAND_TABLES];

extern const struct command_table commands_data, commands_run, commands_point, commands_query,
    commands_lldb, commands_xfer;

enum command_match { COMMAND_UNKNOWN, COMMAND_MALFORMED, COMMAND_FOUND };

/* Finds the row and fills *r. The packet must live as long as *r. */
enum command_match command_parse(struct wire_in packet, const struct command **row,
                                 struct request *r);

/* ---- What the files of commands share ---- */

enum reply_error { /* numbers of Linux's errno, as other stubs use them */
                   REPLY_FAILED = 1,
                   REPLY_NO_THREAD = 3,
                   REPLY_FAULT = 0x0e,
                   REPLY_BUSY = 0x10,
                   REPLY_INVALID = 0x16,
                   REPLY_FULL = 0x1c,
};

bool reply_ok(struct dbg_engine *e);
bool reply_error(struct dbg_engine *e, enum reply_error error);

/* Sends a packet that is no answer; dropped when there is no room. */
void engine_send(struct dbg_engine *e, char start, const struct wire_out *text);

/* The thread that a request is about; 0: there is no such thread. */
unsigned engine_thread(struct dbg_engine *e, int64_t thread);
struct dbg_thread *engine_known(struct dbg_engine *e, unsigned id);
bool engine_is_stopped(struct dbg_engine *e, unsigned thread);
void engine_clear_points(struct dbg_engine *e);

/* A stop as T packet, W or X at the end. */
void stop_write(struct dbg_engine *e, const struct dbg_stop *stop);
void stop_write_last(struct dbg_engine *e);
const char *stop_reason_name(const struct dbg_stop *stop);

/* One register's digits; x where it can't be had. */
void reg_write(struct dbg_engine *e, unsigned thread, unsigned reg);

/* target.xml and its parts. False: no such annex. */
bool xml_features(const struct dbg_engine *e, struct wire_in annex, struct wire_out *out);
void xml_threads(struct dbg_engine *e, struct wire_out *out);
void xml_memory_map(struct dbg_engine *e, struct wire_out *out);

#endif
