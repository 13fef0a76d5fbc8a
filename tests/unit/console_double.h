/* SPDX-License-Identifier: Apache-2.0 */
/* The machine around the console's units in tests: time, alarms, interrupts and three zones. */
#ifndef TESTS_UNIT_CONSOLE_DOUBLE_H
#define TESTS_UNIT_CONSOLE_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hyp/core/zone.h"

#define RATE       UINT64_C(1000000) /* ticks per second */
#define UART_BASE  0x9000000u
#define UART_INTID 33u
#define ZONES      3u

/* Recorded calls of the architecture and of the zones' life cycle. */
struct machine {
    uint64_t now, rate, alarm;
    uint64_t step; /* that time goes on at each look */
    bool line[ZONES];
    uint32_t line_intid;
    unsigned line_changes;
    unsigned offs;
    uint32_t pirq;
    struct zone *stopped, *started;
    enum stop_reason stop_reason;
    enum err start_answer;
    enum zone_state state[ZONES];
};
extern struct machine machine;

/* The machine's UART. */
struct wire {
    char out[262144];
    size_t out_used;
    unsigned room; /* bytes that the transmit FIFO takes until wire_drain() */
    uint8_t in[64];
    size_t in_used, in_at;
    void (*on_mask)(void); /* called once, when IMSC is written next */
};
extern struct wire wire;

/* Fresh machine, plan, zones (0 and 1 with emulated consoles, 2 without) and wire. */
void double_reset(void);

/* The UART sees these bytes; and forgets what it has sent. */
void wire_type(const char *bytes, size_t count);
void wire_clear(void);
void wire_room(unsigned room);
uint32_t wire_reg(unsigned offset);

/* One guest access to the zone's emulated UART. */
uint32_t guest_rd(struct zone *zone, unsigned offset);
void guest_wr(struct zone *zone, unsigned offset, uint32_t value);
void guest_puts(struct zone *zone, const char *text);

#endif
