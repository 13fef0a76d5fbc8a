/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's log: one line per event, a fixed text and up to LOG_MAX_ARGS named values. No
 * format strings. Lines go to a ring that the console drains.
 *
 *     LOG(LOG_WARN, "unknown register", LOG_ZONE(zone), LOG_HEX("enc", enc));
 */
#ifndef HYP_CORE_LOG_H
#define HYP_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

enum log_arg_kind { LOG_ARG_HEX, LOG_ARG_DEC, LOG_ARG_STR };

struct log_arg {
    enum log_arg_kind kind;
    const char *name;
    uint64_t value;
    const char *text; /* LOG_ARG_STR */
};

#define LOG_MAX_ARGS 8u
#define LOG_LINE_MAX 240u

#define LOG_HEX(n, v) ((struct log_arg){ LOG_ARG_HEX, (n), (uint64_t)(v), NULL })
#define LOG_DEC(n, v) ((struct log_arg){ LOG_ARG_DEC, (n), (uint64_t)(v), NULL })
#define LOG_STR(n, s) ((struct log_arg){ LOG_ARG_STR, (n), 0, (s) })
#define LOG_ZONE(z)   LOG_STR("zone", (z)->plan->name)

#define LOG(level, text, ...)                                                                      \
    log_line((level), (text), (const struct log_arg[]){ __VA_ARGS__, LOG_DEC(NULL, 0) })
#define LOG0(level, text) log_line((level), (text), (const struct log_arg[]){ LOG_DEC(NULL, 0) })

/* Appends a line; args end with one whose name is NULL. Any CPU; takes the log lock briefly. */
void log_line(enum log_level level, const char *text, const struct log_arg *args);

/* Lines above this level are dropped at once. */
void log_set_level(enum log_level level);

/* Builds a line into buf (no newline added, always 0-terminated); pure. Returns its length. */
size_t log_build(char *buf, size_t size, const char *text, const struct log_arg *args);

/*
 * True when a log line that the guest of this vCPU provoked may still be written. A guest has a
 * budget per start of its zone, so that it can't flood the log; the last one says so.
 */
struct vcpu;
bool log_guest(struct vcpu *vcpu);

#endif
