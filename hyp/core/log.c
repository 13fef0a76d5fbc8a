/* SPDX-License-Identifier: Apache-2.0 */
/* Builds log lines and keeps them in a ring until the console has room; never waits for it. */
#include "hyp/core/log.h"

#include "hyp/arch.h"
#include "hyp/core/console.h"
#include "hyp/core/control.h"
#include "hyp/core/lock.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

#define DIGITS_MAX     20u /* of UINT64_MAX in decimal */
#define SECONDS_WIDTH  5u
#define MICROS         1000000u
#define MICROS_WIDTH   6u
#define BASE_DEC       10u
#define BASE_HEX       16u
#define PRINTABLE_LOW  0x20
#define PRINTABLE_HIGH 0x7e

_Static_assert((LOG_RING & (LOG_RING - 1)) == 0, "free-running indices");

static struct {
    struct lock lock;    /* all below but level; a leaf: its holder takes no other */
    uint32_t head, tail; /* free-running: head after the newest byte, tail at the oldest */
    uint32_t lost;       /* lines dropped since the last one that fitted */
    uint8_t ring[LOG_RING];
} buffer;

static _Atomic uint32_t level_now = LOG_INFO;

static const struct {
    char letter;
    const char *name;
} levels[LOG_LEVEL_COUNT] = {
    [LOG_ERROR] = { 'E', "error" },
    [LOG_WARN] = { 'W', "warning" },
    [LOG_INFO] = { 'I', "info" },
    [LOG_DEBUG] = { 'D', "debug" },
};

/* A line under construction; room for the terminating 0 is kept back. */
struct line {
    char *buf;
    size_t size, used;
};

static void add_char(struct line *line, char c)
{
    if (line->used + 1 < line->size) {
        line->buf[line->used++] = c;
    }
}

/* Texts are ours or the plan's; control characters in them would still break the line. */
static void add_text(struct line *line, const char *text)
{
    for (size_t i = 0; i < LOG_LINE_MAX && text[i] != 0; i++) {
        bool plain = text[i] >= PRINTABLE_LOW && text[i] <= PRINTABLE_HIGH;

        add_char(line, plain ? text[i] : '?');
    }
}

struct number {
    uint64_t value;
    unsigned base, width; /* width: at least so many digits */
    char pad;
};

static void add_number(struct line *line, struct number n)
{
    static const char digits[BASE_HEX] = "0123456789abcdef";
    char text[DIGITS_MAX];
    unsigned count = 0;

    do {
        text[count++] = digits[n.value % n.base];
        n.value /= n.base;
    } while (n.value != 0 && count < DIGITS_MAX);
    for (unsigned i = count; i < n.width; i++) {
        add_char(line, n.pad);
    }
    while (count > 0) {
        add_char(line, text[--count]);
    }
}

static void add_arg(struct line *line, const struct log_arg *arg)
{
    add_char(line, ' ');
    if (arg->name[1] != 0) {
        add_text(line, arg->name + 1);
        add_char(line, '=');
    }
    if (arg->name[0] == LOG_ARG_STR[0]) {
        add_text(line, arg->value != 0 ? (const char *)(uintptr_t)arg->value : "-");
    } else if (arg->name[0] == LOG_ARG_HEX[0]) {
        add_text(line, "0x");
        add_number(line, (struct number){ arg->value, BASE_HEX, 0, '0' });
    } else {
        add_number(line, (struct number){ arg->value, BASE_DEC, 0, '0' });
    }
}

static void add_body(struct line *line, const char *text, const struct log_arg *args)
{
    add_text(line, text);
    for (unsigned i = 0; i < LOG_MAX_ARGS && args[i].name; i++) {
        add_arg(line, &args[i]);
    }
}

size_t log_build(char *buf, size_t size, const char *text, const struct log_arg *args)
{
    struct line line = { buf, size, 0 };

    add_body(&line, text, args);
    buf[line.used] = 0;
    return line.used;
}

/* "[    1.234567] W " */
static void add_head(struct line *line, enum log_level level)
{
    uint64_t rate = arch_tick_rate();
    uint64_t now = arch_now();

    rate = rate == 0 ? 1 : rate; /* firmware that left the frequency unset */
    add_char(line, '[');
    add_number(line, (struct number){ now / rate, BASE_DEC, SECONDS_WIDTH, ' ' });
    add_char(line, '.');
    add_number(line, (struct number){ now % rate * MICROS / rate, BASE_DEC, MICROS_WIDTH, '0' });
    add_text(line, "] ");
    add_char(line, levels[level].letter);
    add_char(line, ' ');
}

/* Puts a whole line and its newline into the ring, or nothing. Lock held. */
static bool ring_put(const struct line *line)
{
    if (LOG_RING - (buffer.head - buffer.tail) < line->used + 1) {
        return false;
    }
    for (size_t i = 0; i < line->used; i++) {
        buffer.ring[buffer.head++ % LOG_RING] = (uint8_t)line->buf[i];
    }
    buffer.ring[buffer.head++ % LOG_RING] = '\n';
    return true;
}

/* Says first how many lines are missing; without room for that the next line is lost as well. */
static bool ring_put_lost(void)
{
    char text[LOG_LINE_MAX];
    const struct log_arg args[] = { LOG_DEC("count", buffer.lost), LOG_END };
    struct line line = { text, sizeof(text), 0 };

    if (buffer.lost == 0) {
        return true;
    }
    add_body(&line, "lines of this log were lost here", args);
    if (!ring_put(&line)) {
        return false;
    }
    buffer.lost = 0;
    return true;
}

static void publish(const struct line *line)
{
    lock_take(&buffer.lock);
    if (!ring_put_lost() || !ring_put(line)) {
        buffer.lost++;
    }
    control_log(line->buf, line->used);
    lock_give(&buffer.lock);
    console_kick(NULL);
}

void log_line(enum log_level level, const char *text, const struct log_arg *args)
{
    char buf[LOG_LINE_MAX];
    struct line line = { buf, sizeof(buf), 0 };

    if (level >= LOG_LEVEL_COUNT || level > atomic_load(&level_now)) {
        return;
    }
    add_head(&line, level);
    add_body(&line, text, args);
    publish(&line);
}

void log_say(const char *text, const struct log_arg *args)
{
    char buf[LOG_LINE_MAX];
    struct line line = { buf, sizeof(buf), 0 };

    add_body(&line, text, args);
    publish(&line);
}

void log_set_level(enum log_level level)
{
    atomic_store(&level_now, level < LOG_LEVEL_COUNT ? level : LOG_DEBUG);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load(&level_now);
}

const char *log_level_name(enum log_level level)
{
    return level < LOG_LEVEL_COUNT ? levels[level].name : "?";
}

uint32_t log_crash_take(uint8_t *buf, uint32_t max)
{
    uint32_t count = 0;
    uint8_t byte = 0;

    while (count < max && byte != '\n' && buffer.tail != buffer.head) {
        byte = buffer.ring[buffer.tail++ % LOG_RING];
        buf[count++] = byte;
    }
    return count;
}

uint32_t log_take(uint8_t *buf, uint32_t max)
{
    uint32_t count;

    lock_take(&buffer.lock);
    count = log_crash_take(buf, max);
    lock_give(&buffer.lock);
    return count;
}

bool log_budget_take(struct log_budget *budget, const struct zone *zone)
{
    uint64_t now = arch_now();

    if (now - budget->since >= LOG_GUEST_SECONDS * arch_tick_rate()) {
        budget->since = now;
        budget->used = 0;
    }
    if (budget->used >= LOG_GUEST_BUDGET) {
        return false;
    }
    budget->used++;
    if (budget->used == LOG_GUEST_BUDGET) {
        LOG(LOG_WARN, "too many messages: some are dropped", LOG_ZONE(zone),
            LOG_DEC("seconds", LOG_GUEST_SECONDS));
        return false;
    }
    return true;
}

bool log_guest(struct vcpu *vcpu)
{
    return log_budget_take(&vcpu->log_budget, vcpu->zone);
}
