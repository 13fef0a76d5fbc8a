/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's one UART shared by all zones and the hypervisor: output by lines with the zone's
 * name in colour, input to the zone in focus, Ctrl-A commands (console_cmd.h). docs/console.md.
 */
#ifndef HYP_CORE_CONSOLE_H
#define HYP_CORE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcpu;
struct zone;

/*
 * Takes the UART mapped at `uart` (0: none, output is dropped) into service; its interrupt goes to
 * `cpu`. Zones exist. What was logged until now is drained.
 */
void console_init(const struct pcpu *cpu, uintptr_t uart);

/*
 * Lines were put into a zone's transmit ring (or the log ring: NULL): drains a bounded number of
 * bytes, unless another CPU is at it and goes on. Never waits. Any CPU; not with a vuart's lock
 * held, but for NULL, with which any lock may be held.
 */
void console_kick(struct zone *zone);

/* The same, the zone's incomplete last line included. */
void console_flush(struct zone *zone);

/* Whether what is typed goes to this zone. */
bool console_has_focus(const struct zone *zone);

/* PIRQ_CONSOLE: input has come or the transmitter has room. Bounded work. */
void console_interrupt(void);

/*
 * Before the machine is powered off: drains for at most CONSOLE_FINISH_PART of a second (1/4).
 * No lock held.
 */
#define CONSOLE_FINISH_PART 4u
void console_finish(void);

/*
 * Crash output: takes the UART without locks and for good, polled; what is in the log ring is
 * written first. '\n' ends a line.
 */
void console_crash_begin(void);
void console_crash_puts(const char *text);

#endif
