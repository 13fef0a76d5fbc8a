/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's one UART shared by all zones and the hypervisor: output by lines with the zone's
 * name in colour, input to the zone in focus, Ctrl-A commands.
 */
#ifndef HYP_CORE_CONSOLE_H
#define HYP_CORE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcpu;
struct zone;

/* Takes the UART named by the plan into service; its interrupt goes to `cpu`. */
void console_init(const struct pcpu *cpu);

/* Something was put into a zone's transmit ring (or the log ring: NULL): drain, without waiting. */
void console_kick(struct zone *zone);

/* PIRQ_CONSOLE: input has come or the transmitter has room. Bounded work. */
void console_interrupt(void);

/* Crash output: takes the UART without locks, polled; what is in the log ring is written first. */
void console_crash_begin(void);
void console_crash_puts(const char *text);

#endif
