/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debugger's engine: bytes of GDB's remote protocol in, operations of a target, bytes out. It
 * does no I/O and allocates nothing; whatever bytes come, replies are bounded and nothing asserts.
 * One at a time: callers serialize.
 */
#ifndef GDB_ENGINE_H
#define GDB_ENGINE_H

#include "gdb/agent.h"
#include "gdb/packet.h"
#include "gdb/point.h"
#include "gdb/target.h"

#define DBG_COMMAND_MAX 512u /* of a monitor command */

enum dbg_state {
    DBG_HALTED,
    DBG_RUNNING,
    DBG_EXITED,
};

/* What a client has asked for, and is gone with it. */
struct dbg_session {
    bool no_ack;
    bool nonstop;
    bool thread_suffix;    /* QThreadSuffixSupported */
    bool list_threads;     /* QListThreadsInStopReply */
    bool old_upload;       /* the answer of `x` has no 'b' in front */
    bool swbreak, hwbreak; /* it knows these reasons */
    bool awaits_stop;      /* a resume or `?` waits for its reply */
    int64_t thread;        /* Hg */
    int64_t resume_thread; /* Hc */
    uint64_t pass[4];      /* QPassSignals: a bit a signal */
};

/* A thread as a client knows it. */
struct dbg_thread {
    unsigned id; /* 0: none */
    bool running;
    bool unreported; /* stop waits for its notification */
    bool has_stop;
    struct dbg_stop stop;
};

struct dbg_engine {
    const struct dbg_ops *ops;
    void *ctx;
    enum dbg_state state;
    bool closing;  /* after the output is sent, the connection ends */
    bool notified; /* a %Stop is not acknowledged yet */
    unsigned exit_code;
    bool exit_signal; /* exit_code is a signal's number */
    struct dbg_session session;
    struct dbg_thread thread[DBG_THREADS_MAX];
    struct dbg_stop last; /* the stop that `?` tells of */
    struct point_set points;
    struct packet_in in;
    struct packet_out out;
    struct wire_out reply; /* what is being written, into reply_data */
    uint8_t reply_data[PACKET_SIZE];
    uint8_t scratch[PACKET_SIZE / 2];
};

/* ---- Life ---- */

/* The target is stopped, nobody is connected. */
void dbg_init(struct dbg_engine *e, const struct dbg_ops *ops, void *ctx);
/* A client has come; breakpoints of an earlier one are gone. */
void dbg_connect(struct dbg_engine *e);
/* The client has vanished: breakpoints are taken out. The target goes on by its own decision. */
void dbg_disconnect(struct dbg_engine *e);

/* ---- Bytes ---- */

/* Takes some of the bytes and answers at most one packet; how many were taken. None while there is
 * output to send. */
size_t dbg_input(struct dbg_engine *e, const uint8_t *bytes, size_t len);
const uint8_t *dbg_output(const struct dbg_engine *e, size_t *len);
void dbg_sent(struct dbg_engine *e, size_t len);

/* ---- Events of the target ---- */

/* All threads are stopped (in non-stop mode: this one). */
void dbg_stopped(struct dbg_engine *e, const struct dbg_stop *stop);
/* All threads run again without the client having asked, as after a stop that it need not know. */
void dbg_running(struct dbg_engine *e);
void dbg_exited(struct dbg_engine *e, unsigned code, bool is_signal);

/* Text for the user, at any time in a session. */
void dbg_print(struct dbg_engine *e, const char *text);

/* Whether a stop by this signal is to be told. */
bool dbg_wants(const struct dbg_engine *e, unsigned signal);

/*
 * A thread has come to a point: counts it, evaluates conditions, runs commands. True: stop.
 * False: go on; also when there is no such point any more.
 */
bool dbg_hit(struct dbg_engine *e, unsigned thread, const struct point_key *key);

#endif
