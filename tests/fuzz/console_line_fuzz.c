/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line discipline: whatever sources write, each line of output begins with its source's prefix,
 * nobody without focus reaches the terminal's controls, and nothing printable is lost or moved.
 */
#include <string.h>

#include "hyp/core/console_line.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX     65536u
#define IN_MAX      4096u
#define PREFIX_TEXT 64u

/* What one source has written: without line ends, and whether it was tame from the start. */
struct source {
    uint8_t bytes[IN_MAX];
    size_t used, at; /* at: next byte to find in the output */
    bool was_raw, was_wild;
};

static struct source sources[SOURCE_COUNT];
static uint8_t out[OUT_MAX];
static size_t out_used;
static const char *const names[SOURCE_COUNT] = { "hyp",  "linux0", "linux1",
                                                 "tick", "a",      "b-c_d",
                                                 "e",    "f",      "abcdefghijklmnopqrstuvw" };

static void transmit(struct console_line *line)
{
    uint8_t byte;

    while (console_line_next(line, &byte)) {
        FUZZ_CHECK(out_used < OUT_MAX);
        out[out_used++] = byte;
        console_line_sent(line);
    }
    FUZZ_CHECK(line->used == 0 && line->at == 0);
}

static void write_chunk(struct console_line *line, struct fuzz_in *in)
{
    uint8_t head = fuzz_u8(in), size = fuzz_u8(in) % (CONSOLE_CHUNK + 1);
    uint32_t n = head % SOURCE_COUNT;
    struct console_chunk chunk = { n, names[n], (head & 0x80) != 0, size, in->data };
    struct source *from = &sources[n];

    chunk.size = size < in->left ? size : (uint32_t)in->left;
    for (uint32_t i = 0; i < chunk.size; i++) {
        uint8_t c = fuzz_u8(in);

        from->was_wild = from->was_wild || c == 0x1b;
        if (c != '\n' && c != '\r' && from->used < IN_MAX) {
            from->bytes[from->used++] = c;
        }
    }
    from->was_raw = from->was_raw || chunk.raw;
    console_line_add(line, &chunk);
    FUZZ_CHECK(line->used <= CONSOLE_TEXT_SIZE);
    FUZZ_CHECK(line->owner <= SOURCE_NONE);
    transmit(line);
}

/* The source whose prefix stands here; its length in *length. */
static uint32_t prefix_at(size_t at, size_t *length)
{
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        const char *const parts[] = { console_colours[i], "[", names[i], "]\033[0m " };
        char text[PREFIX_TEXT] = "";

        for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++) {
            strcat(text, parts[part]);
        }
        *length = strlen(text);
        if (*length <= out_used - at && memcmp(out + at, text, *length) == 0) {
            return i;
        }
    }
    return SOURCE_NONE;
}

static bool is_shown(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* The next byte of the source that shows as `c`; for a tame source none may be skipped. */
static void find(struct source *from, uint8_t c)
{
    while (from->at < from->used) {
        uint8_t was = from->bytes[from->at++];

        if (was == c || (was > 0x7f && c == '?')) {
            return;
        }
        FUZZ_CHECK(from->was_raw || from->was_wild || !is_shown(was));
    }
    fuzz_broken(__FILE__, __LINE__, "a byte that its source has not written");
}

static void check_output(void)
{
    uint32_t owner = SOURCE_NONE;
    size_t length;

    for (size_t i = 0; i < out_used; i++) {
        uint8_t c = out[i];

        if (owner == SOURCE_NONE) {
            owner = prefix_at(i, &length);
            FUZZ_CHECK(owner != SOURCE_NONE);
            i += length - 1;
            continue;
        }
        if (c == '\n') {
            FUZZ_CHECK(out[i - 1] == '\r');
            owner = SOURCE_NONE;
        } else if (c != '\r') {
            FUZZ_CHECK(sources[owner].was_raw || (is_shown(c) && c < 0x7f));
            find(&sources[owner], c);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct console_line line;
    struct fuzz_in in = { data, size < IN_MAX ? size : IN_MAX };

    memset(sources, 0, sizeof(sources));
    out_used = 0;
    console_line_init(&line);
    while (in.left > 2 && out_used < OUT_MAX - CONSOLE_TEXT_SIZE) {
        write_chunk(&line, &in);
    }
    check_output();
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        struct source *from = &sources[i];

        for (; from->at < from->used && !from->was_wild && !from->was_raw; from->at++) {
            FUZZ_CHECK(!is_shown(from->bytes[from->at]));
        }
    }
    return 0;
}
