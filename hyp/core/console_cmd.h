/* SPDX-License-Identifier: Apache-2.0 */
/* What is typed on the machine's UART: to the zone in focus, or a command after Ctrl-A. */
#ifndef HYP_CORE_CONSOLE_CMD_H
#define HYP_CORE_CONSOLE_CMD_H

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_ESCAPE 0x01 /* Ctrl-A */

/* A command; `first`..`last` are its keys. */
struct console_cmd {
    char first, last;
    const char *keys; /* as help shows them */
    const char *help;
    void (*fn)(char key);
};

extern const struct console_cmd console_cmds[];
extern const size_t console_cmd_count;

/* Focus on the first zone that has an emulated console, of zone0 if it has one. */
void console_cmd_init(void);

/* One received byte. On the console's CPU only, no lock held. */
void console_input(uint8_t byte);

#endif
