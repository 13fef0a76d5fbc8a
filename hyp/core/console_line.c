/* SPDX-License-Identifier: Apache-2.0 */
/* Puts prefixes before lines and ends lines that are cut; pure, and never touches a device. */
#include "hyp/core/console_line.h"

/* Longest colour sequence, brackets, name, reset sequence, space. */
_Static_assert(CONSOLE_PREFIX_MAX >= 5 + 2 + (PLAN_NAME_SIZE - 1) + 4 + 1, "prefix");
_Static_assert(CONSOLE_TEXT_SIZE >= CONSOLE_CHUNK * (CONSOLE_PREFIX_MAX + 2) + 2, "text");

#define ESC       0x1b
#define DEL       0x7f
#define CSI_FINAL 0x40 /* '@' and above end a control sequence */
#define SPACE     0x20

#define COLOUR_OFF "\033[0m"

/* Bold for the hypervisor, then a colour per zone. */
const char *const console_colours[SOURCE_COUNT] = {
    "\033[1m",  "\033[32m", "\033[36m", "\033[33m", "\033[35m",
    "\033[34m", "\033[31m", "\033[92m", "\033[96m",
};

/* Where a source without focus is in an escape sequence, which is swallowed. */
enum esc_state { ESC_NONE, ESC_BEGUN, ESC_CSI, ESC_STRING };

static void emit(struct console_line *line, char c)
{
    if (line->used < CONSOLE_TEXT_SIZE) {
        line->text[line->used++] = (uint8_t)c;
        line->last = c;
    }
}

static void emit_text(struct console_line *line, const char *text)
{
    for (uint32_t i = 0; i < PLAN_NAME_SIZE && text[i] != 0; i++) {
        emit(line, text[i]);
    }
}

static void emit_newline(struct console_line *line)
{
    if (line->last != '\r') {
        emit(line, '\r');
    }
    emit(line, '\n');
    line->owner = SOURCE_NONE;
}

static void emit_prefix(struct console_line *line, const struct console_chunk *chunk)
{
    emit_text(line, console_colours[chunk->source]);
    emit(line, '[');
    emit_text(line, chunk->name);
    emit(line, ']');
    emit_text(line, COLOUR_OFF);
    emit(line, ' ');
    line->owner = chunk->source;
    line->cut[chunk->source] = false;
}

static enum esc_state esc_next(enum esc_state state, uint8_t c)
{
    switch (state) {
    case ESC_BEGUN:
        if (c == '[') {
            return ESC_CSI;
        }
        /* Device control, title, privacy and application strings run up to BEL or ESC \. */
        if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
            return ESC_STRING;
        }
        return c >= SPACE && c < '0' ? ESC_BEGUN : ESC_NONE;
    case ESC_CSI: return c >= CSI_FINAL ? ESC_NONE : ESC_CSI;
    case ESC_STRING: return c == '\a' ? ESC_NONE : ESC_STRING;
    case ESC_NONE: break;
    }
    return ESC_NONE;
}

/*
 * What of a byte may be shown of a source without focus: 0 for nothing. A terminal answers some
 * sequences by typing, and that would go to the zone in focus.
 */
static uint8_t tame(struct console_line *line, uint32_t source, uint8_t c)
{
    enum esc_state state = (enum esc_state)line->esc[source];

    if (c == ESC) {
        line->esc[source] = ESC_BEGUN;
        return 0;
    }
    if (state != ESC_NONE && c != '\n') {
        line->esc[source] = (uint8_t)esc_next(state, c);
        return 0;
    }
    line->esc[source] = ESC_NONE;
    if (c == '\n' || c == '\r' || c == '\t') {
        return c;
    }
    if (c < SPACE || c == DEL) {
        return 0;
    }
    return c < DEL ? c : '?'; /* 0x80 and up: controls in disguise (C1) */
}

static void add_byte(struct console_line *line, const struct console_chunk *chunk, uint8_t c)
{
    bool *cut = &line->cut[chunk->source];

    if (line->owner != chunk->source) {
        if (c == '\r') {
            return; /* the cursor will be at the left already */
        }
        if (c == '\n' && *cut) {
            *cut = false; /* a line that was cut just before its end has got its end already */
            return;
        }
        if (line->owner != SOURCE_NONE) {
            line->cut[line->owner] = true;
            emit_newline(line);
        }
        emit_prefix(line, chunk);
    }
    if (c == '\n') {
        emit_newline(line);
    } else {
        emit(line, (char)c);
    }
}

void console_line_init(struct console_line *line)
{
    line->owner = SOURCE_NONE;
    line->at = 0;
    line->used = 0;
    line->last = '\n';
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        line->cut[i] = false;
        line->esc[i] = ESC_NONE;
    }
}

void console_line_add(struct console_line *line, const struct console_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->size && i < CONSOLE_CHUNK; i++) {
        uint8_t c = chunk->bytes[i];

        if (chunk->raw) {
            line->esc[chunk->source] = ESC_NONE;
            add_byte(line, chunk, c);
            continue;
        }
        c = tame(line, chunk->source, c);
        if (c != 0) {
            add_byte(line, chunk, c);
        }
    }
}

bool console_line_next(const struct console_line *line, uint8_t *byte)
{
    if (line->at == line->used) {
        return false;
    }
    *byte = line->text[line->at];
    return true;
}

void console_line_sent(struct console_line *line)
{
    line->at++;
    if (line->at == line->used) {
        line->at = 0;
        line->used = 0;
    }
}
