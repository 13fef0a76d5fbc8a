/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console's line discipline: bytes of several sources become one text in which each line says
 * whose it is, and no source reaches the terminal's controls but the one in focus. Pure: no device,
 * no lock, no globals.
 */
#ifndef HYP_CORE_CONSOLE_LINE_H
#define HYP_CORE_CONSOLE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"

#define SOURCE_HYP   0u                    /* the hypervisor's log */
#define SOURCE_COUNT (1u + PLAN_MAX_ZONES) /* then the zones in plan order */
#define SOURCE_NONE  SOURCE_COUNT

#define CONSOLE_CHUNK 64u /* bytes that one call of console_line_add() may bring */

/* Colour, name in brackets, colour off, space. */
#define CONSOLE_PREFIX_MAX (16u + PLAN_NAME_SIZE)

/* The worst chunk is all newlines: each becomes a prefix, \r and \n. And one cut before it. */
#define CONSOLE_TEXT_SIZE 2816u

struct console_line {
    uint32_t owner;            /* source in whose line the cursor stands, or SOURCE_NONE */
    bool cut[SOURCE_COUNT];    /* its line was ended early by another source */
    uint8_t esc[SOURCE_COUNT]; /* enum esc_state of console_line.c */
    char last;                 /* last character written */
    uint32_t at, used;         /* of text: what is not yet transmitted */
    uint8_t text[CONSOLE_TEXT_SIZE];
};

struct console_chunk {
    uint32_t source;
    const char *name; /* of the source */
    bool raw;         /* in focus: escape sequences pass unchanged */
    uint32_t size;    /* <= CONSOLE_CHUNK */
    const uint8_t *bytes;
};

extern const char *const console_colours[SOURCE_COUNT];

void console_line_init(struct console_line *line);

/* Formats a chunk into line->text, which must have been transmitted before. */
void console_line_add(struct console_line *line, const struct console_chunk *chunk);

/* Next byte to transmit; false: none. console_line_sent() removes it. */
bool console_line_next(const struct console_line *line, uint8_t *byte);
void console_line_sent(struct console_line *line);

#endif
