/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a target offers to the debugger's engine. An operation that is NULL is a capability that it
 * does not have: its packets are then unknown, and it is not advertised. Threads are numbered from
 * 1. All are called by the engine from inside of the functions of engine.h, never at other times.
 */
#ifndef GDB_TARGET_H
#define GDB_TARGET_H

#include "gdb/reg.h"
#include "gdb/wire.h"

#define DBG_THREADS_MAX 64u

enum dbg_point_kind {
    DBG_SOFTWARE, /* numbers of the packets Z0 to Z4 */
    DBG_HARDWARE,
    DBG_WRITE,
    DBG_READ,
    DBG_ACCESS,
    DBG_POINT_KINDS
};

enum dbg_stop_reason {
    DBG_STOP_SIGNAL, /* nothing more to say */
    DBG_STOP_SWBREAK,
    DBG_STOP_HWBREAK,
    DBG_STOP_WATCH, /* address is where */
    DBG_STOP_RWATCH,
    DBG_STOP_AWATCH,
    DBG_STOP_REASONS
};

/* GDB's numbers of signals (include/gdb/signals.def), whatever the host's are. */
enum dbg_signal {
    DBG_SIG_NONE = 0,
    DBG_SIGINT = 2,
    DBG_SIGILL = 4,
    DBG_SIGTRAP = 5,
    DBG_SIGABRT = 6,
    DBG_SIGFPE = 8,
    DBG_SIGKILL = 9,
    DBG_SIGBUS = 10,
    DBG_SIGSEGV = 11,
    DBG_SIGTERM = 15,
};

struct dbg_stop {
    unsigned thread;
    unsigned signal;
    enum dbg_stop_reason reason;
    uint64_t address;
};

enum dbg_action {
    DBG_KEEP, /* stays stopped */
    DBG_CONTINUE,
    DBG_STEP,
    DBG_RANGE, /* steps until outside of [start, end) */
};

struct dbg_resume {
    enum dbg_action action;
    unsigned signal; /* to deliver; 0: none */
    uint64_t start, end;
};

struct dbg_region {
    uint64_t start, size; /* size 0: to the end of addresses */
    bool mapped, read, write, execute;
    const char *name; /* may be NULL */
};

struct dbg_ops {
    const struct dbg_arch *arch;

    /* Numbers of the threads there are, ascending; how many, at least 1. Never NULL. */
    unsigned (*threads)(void *ctx, unsigned ids[DBG_THREADS_MAX]);
    const char *(*thread_name)(void *ctx, unsigned thread);

    /* Of a stopped thread. `bytes` is as long as the register; false: it can't be had. */
    bool (*read_reg)(void *ctx, unsigned thread, unsigned reg, uint8_t *bytes);
    bool (*write_reg)(void *ctx, unsigned thread, unsigned reg, const uint8_t *bytes);

    /* As `thread` sees it. How many bytes from the first on could be had. */
    size_t (*read_mem)(void *ctx, uint64_t address, uint8_t *bytes, size_t len);
    size_t (*write_mem)(void *ctx, uint64_t address, const uint8_t *bytes, size_t len);
    /* What holds the address, or the hole around it. */
    bool (*region)(void *ctx, uint64_t address, struct dbg_region *out);

    /* By kind: whether the target can do such points; then they are put in and taken out. False:
     * there is no room, or nothing to put it into. */
    bool (*can_point)(void *ctx, enum dbg_point_kind kind);
    bool (*insert)(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size);
    bool (*remove)(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size);
    unsigned (*watch_count)(void *ctx); /* how many hardware watchpoints there are */

    /* One thread goes on. All threads that do are told before any runs; go() follows. */
    void (*resume)(void *ctx, unsigned thread, const struct dbg_resume *resume);
    void (*go)(void *ctx);
    /* The thread, or with 0 the target, is to stop: dbg_stopped() comes later. */
    void (*interrupt)(void *ctx, unsigned thread);

    /* NULL: threads stop and go on only together. Called when the mode changes. */
    void (*set_nonstop)(void *ctx, bool on);

    void (*detach)(void *ctx);
    void (*kill)(void *ctx);

    /* A command of the user's; false: there is no such command. */
    bool (*monitor)(void *ctx, const char *text, struct wire_out *out);
    const char *(*exec_file)(void *ctx);
    /* Where the first segment of that file lies, and how far that is from where the file says. */
    bool (*text_base)(void *ctx, uint64_t *address, uint64_t *moved);
    /* What a breakpoint's commands print while no client can be told. */
    void (*print)(void *ctx, const char *text);
};

#endif
