/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the debugger's engine share: an engine, and lists of packets with replies. */
#ifndef TESTS_UNIT_RSP_TALK_H
#define TESTS_UNIT_RSP_TALK_H

#include "lib/field.h"
#include "rsp_double.h"

extern struct dbg_engine rsp_engine;

/* What a packet is answered with. */
struct exchange {
    const char *packet, *reply;
};

/* A new engine whose client has just come; for cmocka. */
int rsp_setup(void **state);

void rsp_talk(const struct exchange *list, size_t count);
#define TALK(list) rsp_talk(list, ARRAY_COUNT(list))

/* The thread stops by SIGTRAP. */
void rsp_stop_at(unsigned thread, enum dbg_stop_reason reason, uint64_t address);
/* The next packet that waits to be sent. */
const char *rsp_told(void);

/* Registers of threads 1 and 2 in a stop reply: rbp, rsp, rip. */
#define EXPEDITED   "06:0601000000000000;07:0701000000000000;10:1001000000000000;"
#define EXPEDITED_2 "06:0602000000000000;07:0702000000000000;10:1002000000000000;"

#endif
