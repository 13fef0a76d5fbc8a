/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drains the zones' transmit rings and the log to the machine's UART. Never waits: who finds the
 * console taken leaves a mark, and who has it looks again before and after giving it back.
 * Lock order: output.lock, then a vuart's lock or the log's; output.lock itself is only tried.
 */
#include "hyp/core/console.h"

#include "hyp/arch.h"
#include "hyp/core/console_cmd.h"
#include "hyp/core/console_line.h"
#include "hyp/core/lock.h"
#include "hyp/core/log.h"
#include "hyp/core/uart.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

/*
 * Work of one visit: own bytes cost 1, those of others OTHERS_COST, so that a zone does not pay
 * much for another's flood. What is left over is for the console's CPU, by interrupt.
 */
#define VISIT_BUDGET 512u
#define OTHERS_COST  4u
#define VISIT_ROUNDS 3u

/* A source in mid-line goes first; after so many bytes without a newline the others get a turn. */
#define LINE_LONG 512u

#define INPUT_BUDGET 64u /* bytes read per interrupt; a FIFO holds 32 */

static struct {
    struct lock lock;         /* line, run, next, and the UART's transmit side */
    _Atomic uint32_t pending; /* bit per source: may have something to drain */
    _Atomic uint32_t flush;   /* bit per source: drain its incomplete line as well */
    _Atomic bool ready;       /* console_init() was here */
    _Atomic bool crashed;     /* the crash path owns the UART for good */
    struct console_line line;
    uint32_t run;  /* bytes drained of line.owner's present line */
    uint32_t next; /* whose turn it is among equals */
} output;

static uint32_t source_of(const struct zone *zone)
{
    return zone ? zone->id + 1 : SOURCE_HYP;
}

static bool is_pending(uint32_t source)
{
    return source < SOURCE_COUNT && (atomic_load(&output.pending) & BIT32(source)) != 0;
}

static void mark(uint32_t source, bool flush)
{
    if (flush) {
        atomic_fetch_or(&output.flush, BIT32(source));
    }
    atomic_fetch_or(&output.pending, BIT32(source));
}

/* Transmits what is formatted. false: the UART's FIFO is full. */
static bool push(void)
{
    uint8_t byte;

    while (console_line_next(&output.line, &byte)) {
        if (atomic_load(&output.crashed) || !uart_put(byte)) {
            return false;
        }
        console_line_sent(&output.line);
    }
    return true;
}

/* The source to drain next, or SOURCE_NONE: who is in mid-line, then `own`, then in turn. */
static uint32_t choose(uint32_t own)
{
    if (is_pending(output.line.owner) && output.run < LINE_LONG) {
        return output.line.owner;
    }
    if (is_pending(own) && (own != output.line.owner || output.run < LINE_LONG)) {
        return own;
    }
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        uint32_t source = (output.next + i) % SOURCE_COUNT;

        if (is_pending(source)) {
            output.next = source + 1;
            return source;
        }
    }
    return SOURCE_NONE;
}

static uint32_t take(uint32_t source, bool partial, uint8_t *buf)
{
    const struct vuart_taking taking = { buf, CONSOLE_CHUNK, partial };

    if (source == SOURCE_HYP) {
        return log_take(buf, CONSOLE_CHUNK);
    }
    return vuart_take(&zones[source - 1], &taking);
}

static const char *name_of(uint32_t source)
{
    return source == SOURCE_HYP ? "hyp" : the_plan->zone[source - 1].name;
}

static void format(uint32_t source, const uint8_t *bytes, uint32_t size)
{
    const struct console_chunk chunk = {
        .source = source,
        .name = name_of(source),
        .raw = source == SOURCE_HYP || console_has_focus(&zones[source - 1]),
        .size = size,
        .bytes = bytes,
    };
    uint32_t before = output.line.owner;

    console_line_add(&output.line, &chunk);
    output.run = output.line.owner == before ? output.run + size : 0;
}

/* Takes one chunk of a source and formats it. Returns the bytes taken. */
static uint32_t drain_source(uint32_t source)
{
    uint8_t bytes[CONSOLE_CHUNK];
    uint32_t bit = BIT32(source);
    uint32_t count;
    bool partial;

    /* Marks are removed before looking, so that what comes meanwhile is marked again. */
    atomic_fetch_and(&output.pending, ~bit);
    partial = (atomic_fetch_and(&output.flush, ~bit) & bit) != 0;
    count = take(source, partial, bytes);
    if (count > 0) {
        format(source, bytes, count);
        mark(source, partial);
    }
    return count;
}

/*
 * Drains until the budget is spent, the FIFO is full, or nothing is pending. `only_own`: nobody
 * else's ring is looked at, since the caller may hold any zone's locks. Lock held.
 */
static void visit(uint32_t own, bool only_own)
{
    uint32_t spent = 0;

    while (push() && spent < VISIT_BUDGET) {
        uint32_t source = only_own ? (is_pending(own) ? own : SOURCE_NONE) : choose(own);

        if (source == SOURCE_NONE) {
            break;
        }
        spent += (1 + drain_source(source)) * (source == own ? 1 : OTHERS_COST);
    }
}

static bool has_work(void)
{
    uint8_t byte;

    return atomic_load(&output.pending) != 0 || console_line_next(&output.line, &byte);
}

/*
 * Drains if the console is free. Work that is left over has the transmit interrupt to carry on: it
 * is unmasked before the lock is given back, and a mark set after that look is seen by the look
 * after. The last round unmasks it in any case.
 */
static void drain(uint32_t own, bool only_own)
{
    for (unsigned round = 1; round <= VISIT_ROUNDS; round++) {
        bool waiting;

        if (!atomic_load(&output.ready) || atomic_load(&output.crashed) ||
            !lock_try(&output.lock)) {
            return;
        }
        visit(own, only_own);
        waiting = has_work() || round == VISIT_ROUNDS;
        uart_want_tx_interrupt(waiting);
        lock_give(&output.lock);
        if (waiting || atomic_load(&output.pending) == 0) {
            return;
        }
    }
}

void console_kick(struct zone *zone)
{
    uint32_t source = source_of(zone);

    mark(source, false);
    drain(source, source == SOURCE_HYP);
}

void console_flush(struct zone *zone)
{
    uint32_t source = source_of(zone);

    mark(source, true);
    drain(source, source == SOURCE_HYP);
}

void console_interrupt(void)
{
    uint8_t byte;

    for (unsigned i = 0; i < INPUT_BUDGET && uart_get(&byte); i++) {
        console_input(byte);
    }
    uart_ack();
    drain(SOURCE_NONE, false);
}

void console_finish(void)
{
    uint64_t begun = arch_now();

    while (has_work() && arch_now() - begun < arch_tick_rate() / CONSOLE_FINISH_PART) {
        drain(SOURCE_NONE, false);
    }
}

void console_init(const struct pcpu *cpu, uintptr_t uart)
{
    uart_init(uart);
    console_line_init(&output.line);
    console_cmd_init();
    atomic_store(&output.ready, true);
    if (uart) {
        arch_pirq_assign(the_plan->board.uart_intid, cpu);
    }
    console_kick(NULL);
}

/* ---- Crash: one CPU, others may be stopped anywhere ---- */

static void push_polled(void)
{
    uint8_t byte;

    /* Bounded by CONSOLE_TEXT_SIZE; a byte that the UART does not take is lost. */
    while (console_line_next(&output.line, &byte)) {
        (void)uart_put_polled(byte);
        console_line_sent(&output.line);
    }
}

static void crash_write(const uint8_t *bytes, uint32_t size)
{
    const struct console_chunk chunk = { SOURCE_HYP, "hyp", true, size, bytes };

    push_polled();
    console_line_add(&output.line, &chunk);
    push_polled();
}

void console_crash_begin(void)
{
    uint8_t bytes[CONSOLE_CHUNK];

    if (atomic_exchange(&output.crashed, true)) {
        return; /* a crash within the crash: what is said stays in order */
    }
    if (!atomic_load(&output.ready)) {
        console_line_init(&output.line);
    }
    /* LOG_RING bytes at most: nobody else can be logging for long, CPUs are being stopped. */
    for (uint32_t taken = 0; taken < LOG_RING;) {
        uint32_t count = log_crash_take(bytes, CONSOLE_CHUNK);

        if (count == 0) {
            break;
        }
        crash_write(bytes, count);
        taken += count;
    }
}

void console_crash_puts(const char *text)
{
    uint8_t bytes[CONSOLE_CHUNK];
    uint32_t count = 0;

    for (; *text != 0; text++) {
        bytes[count++] = (uint8_t)*text;
        if (count == CONSOLE_CHUNK) {
            crash_write(bytes, count);
            count = 0;
        }
    }
    crash_write(bytes, count);
}
