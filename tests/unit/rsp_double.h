/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target of the debugger's engine that is plain storage: three threads with registers, a page of
 * memory, and a record of what the engine asked for. For the unit tests and the fuzz target.
 */
#ifndef TESTS_UNIT_RSP_DOUBLE_H
#define TESTS_UNIT_RSP_DOUBLE_H

#include "gdb/engine.h"
#include "gdb/x86_64.h"

#define RSP_MEMORY_AT   UINT64_C(0x1000)
#define RSP_MEMORY_SIZE 0x10000u
#define RSP_THREADS     3u
#define RSP_POINTS      8u

struct rsp_double {
    uint8_t memory[RSP_MEMORY_SIZE];
    uint8_t reg[RSP_THREADS][X86_REG_COUNT][DBG_REG_BYTES_MAX];
    struct dbg_resume resumed[RSP_THREADS]; /* of the last go */
    struct dbg_resume waiting[RSP_THREADS]; /* until then */
    bool runs[RSP_THREADS];
    unsigned point_count, gone, interrupts, detaches, kills;
    bool nonstop;
    char printed[256];
};

extern struct rsp_double rsp_double;
extern const struct dbg_ops rsp_double_ops;

/* As at first: registers that tell their thread and number, memory that tells its address. */
void rsp_double_reset(void);

/* Feeds a packet's text in a frame, in the session's ack mode, and gives back the reply's text with
 * run lengths undone and checksum checked; "" also when there is none. */
const char *rsp_ask(struct dbg_engine *e, const char *packet);
/* The same for bytes, escaped by the caller; *len of the reply. */
const char *rsp_ask_bytes(struct dbg_engine *e, const char *packet, size_t size, size_t *len);
/* The next packet or notification that waits to be sent; "": none. */
const char *rsp_next(struct dbg_engine *e, size_t *len);

#endif
