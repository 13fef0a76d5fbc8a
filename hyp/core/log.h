/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's log: one line per event, a fixed text and up to LOG_MAX_ARGS named values. No
 * format strings. Lines go to a ring that the console drains.
 *
 *     LOG(LOG_WARN, "unknown register", LOG_ZONE(zone), LOG_HEX("enc", enc));
 *     -> [    1.234567] W unknown register zone=linux0 enc=0x1f
 */
#ifndef HYP_CORE_LOG_H
#define HYP_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

/* Two words, since many are built: the name's first letter is the kind of the value. */
struct log_arg {
    const char *name; /* kind, then the name; none: the value alone. NULL: the end */
    uint64_t value;   /* LOG_ARG_STR: address of the text */
};

#define LOG_ARG_HEX "x"
#define LOG_ARG_DEC "d"
#define LOG_ARG_STR "s"

static inline uint64_t log_text(const char *text)
{
    return (uintptr_t)text;
}

#define LOG_MAX_ARGS 12u
#define LOG_LINE_MAX 240u
#define LOG_RING     8192u /* bytes, power of two */

/* Lines that one guest-caused source may write per LOG_GUEST_SECONDS, the notice included. */
#define LOG_GUEST_BUDGET  16u
#define LOG_GUEST_SECONDS 10u

/* All zero: full. Time refills it, so that no restart of a vCPU or zone does. */
struct log_budget {
    uint64_t since; /* arch_now() when `used` began to count */
    uint32_t used;
};

/* The name n is a literal. */
#define LOG_HEX(n, v) ((struct log_arg){ LOG_ARG_HEX n, (uint64_t)(v) })
#define LOG_DEC(n, v) ((struct log_arg){ LOG_ARG_DEC n, (uint64_t)(v) })
#define LOG_STR(n, s) ((struct log_arg){ LOG_ARG_STR n, log_text(s) })
#define LOG_END       ((struct log_arg){ NULL, 0 })
#define LOG_ZONE(z)   LOG_STR("zone", (z)->plan->name)

#define LOG(level, text, ...)                                                                      \
    log_line((level), (text), (const struct log_arg[]){ __VA_ARGS__, LOG_END })
#define LOG0(level, text)  log_line((level), (text), (const struct log_arg[]){ LOG_END })
#define LOG_SAY(text, ...) log_say((text), (const struct log_arg[]){ __VA_ARGS__, LOG_END })
#define LOG_SAY0(text)     log_say((text), (const struct log_arg[]){ LOG_END })

/*
 * Appends a line; args end with LOG_END. Any CPU, any lock held but the log's own:
 * takes the log lock briefly, and drains to the UART if the console is free.
 */
void log_line(enum log_level level, const char *text, const struct log_arg *args);

/* The same without time and level, whatever the level set: answers to the operator. */
void log_say(const char *text, const struct log_arg *args);

/* Lines above this level are dropped at once. A level that does not exist means LOG_DEBUG. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
const char *log_level_name(enum log_level level);

/*
 * Builds a line into buf (no newline added, always 0-terminated; size >= 1); pure. Returns its
 * length. What does not fit is cut, control characters become '?'.
 */
size_t log_build(char *buf, size_t size, const char *text, const struct log_arg *args);

/* Console: takes bytes up to the first newline or `max`. Returns the count; 0: none are left. */
uint32_t log_take(uint8_t *buf, uint32_t max);

/* Crash: as log_take(), without the lock, which a stopped CPU may hold. */
uint32_t log_crash_take(uint8_t *buf, uint32_t max);

/*
 * True when a line may still be written from this budget; the last one says that the rest is
 * dropped. A budget has one user at a time.
 */
struct zone;
bool log_budget_take(struct log_budget *budget, const struct zone *zone);

/* The same for a line that the guest of this vCPU provoked; called on the vCPU's own CPU. */
struct vcpu;
bool log_guest(struct vcpu *vcpu);

#endif
