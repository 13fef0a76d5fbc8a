/* SPDX-License-Identifier: Apache-2.0 */
/* Tests hyp/core/console_line.c: prefixes, cut lines, escape sequences, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/core/console_line.h"

#define A "\033[32m[a]\033[0m "
#define B "\033[36m[b]\033[0m "
#define H "\033[1m[hyp]\033[0m "

static struct console_line line;
static char out[8192];
static size_t out_used;

static int setup(void **state)
{
    (void)state;
    console_line_init(&line);
    out_used = 0;
    return 0;
}

static void add(uint32_t source, bool raw, const char *text)
{
    static const char *const names[] = { "hyp", "a", "b" };
    const struct console_chunk chunk = { source, names[source], raw, (uint32_t)strlen(text),
                                         (const uint8_t *)text };
    uint8_t byte;

    console_line_add(&line, &chunk);
    while (console_line_next(&line, &byte)) {
        assert_true(out_used + 1 < sizeof(out));
        out[out_used++] = (char)byte;
        console_line_sent(&line);
    }
    out[out_used] = 0;
}

static void test_newlines(void **state)
{
    (void)state;
    add(1, true, "lone\ncrlf\r\n\n\r\nx\ry\n");
    assert_string_equal(out, A "lone\r\n" A "crlf\r\n" A "\r\n" A "\r\n" A "x\ry\r\n");
}

static void test_sources_take_turns_by_lines(void **state)
{
    (void)state;
    add(0, true, "up\n");
    add(1, false, "one\n");
    add(2, false, "two\n");
    assert_string_equal(out, H "up\r\n" A "one\r\n" B "two\r\n");
}

static void test_line_in_pieces_has_one_prefix(void **state)
{
    (void)state;
    add(1, true, "lo");
    add(1, true, "gin: ");
    assert_string_equal(out, A "login: ");
}

static void test_cut_line_goes_on_with_its_prefix(void **state)
{
    (void)state;
    add(1, true, "abc");
    add(2, false, "tick\n");
    add(1, true, "def\n");
    assert_string_equal(out, A "abc\r\n" B "tick\r\n" A "def\r\n");
}

static void test_cut_just_before_the_end(void **state)
{
    (void)state;
    add(1, true, "abc");
    add(2, false, "tick\n");
    add(1, true, "\r\n");
    add(1, true, "\r\n");
    assert_string_equal(out, A "abc\r\n" B "tick\r\n" A "\r\n");
}

static void test_escape_sequences_of_focus_pass(void **state)
{
    (void)state;
    add(1, true, "~ # \033[6n");
    add(1, true, "ls\b\b\033[J\r~ # \033[");
    add(1, true, "31m\xc3\xa9\a");
    assert_string_equal(out, A "~ # \033[6nls\b\b\033[J\r~ # \033[31m\xc3\xa9\a");
}

static void test_escape_sequences_of_others_are_removed(void **state)
{
    (void)state;
    add(1, false, "a\033[6nb\033[1;31mc\033]0;title\ad\033Pq\033\\e\033(Bf\033");
    add(1, false,
        "[2Jg\x05\b\x7f\xc2\x9b"
        "6n\th\n");
    assert_string_equal(out, A "abcdefg??6n\th\r\n");
    out_used = 0;
    add(1, false, "\033["); /* begun without focus, and then it gets the focus */
    add(1, true, "m");
    add(1, false, "y\n");
    assert_string_equal(out, A "my\r\n");
    out_used = 0;
    add(1, false, "\033[31\nnext\n"); /* an unfinished sequence ends with the line */
    assert_string_equal(out, A "\r\n" A "next\r\n");
}

static void test_colours_differ(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SOURCE_COUNT; i++) {
        assert_non_null(console_colours[i]);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(console_colours[i], console_colours[k]);
        }
    }
}

static void test_worst_chunk_fits(void **state)
{
    uint8_t bytes[CONSOLE_CHUNK];
    const struct console_chunk cut = { 1, "12345678901234567890123", true, 1,
                                       (const uint8_t *)"x" };
    const struct console_chunk worst = { 8, "12345678901234567890123", true, CONSOLE_CHUNK, bytes };
    uint8_t byte;
    unsigned lines = 0;

    (void)state;
    memset(bytes, '\n', sizeof(bytes));
    console_line_add(&line, &cut);
    while (console_line_next(&line, &byte)) {
        console_line_sent(&line);
    }
    console_line_add(&line, &worst);
    assert_true(line.used < CONSOLE_TEXT_SIZE);
    while (console_line_next(&line, &byte)) {
        lines += byte == '\n';
        console_line_sent(&line);
    }
    assert_int_equal(lines, CONSOLE_CHUNK + 1);
}

/* Whatever the bytes: a source without focus never sends the terminal an escape but ours. */
static void test_random_bytes_of_others(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 2000; round++) {
        char text[CONSOLE_CHUNK];

        for (unsigned i = 0; i < sizeof(text) - 1; i++) {
            text[i] = (char)(rand() % 4 == 0 ? "\033[]\n\r\x9b"[rand() % 6] : rand() % 255 + 1);
        }
        text[sizeof(text) - 1] = 0;
        out_used = 0;
        add(1 + (uint32_t)rand() % 2, false, text);
        for (const char *at = strchr(out, '\033'); at; at = strchr(at + 1, '\033')) {
            assert_true(strncmp(at, A, 5) == 0 || strncmp(at, B, 5) == 0 ||
                        strncmp(at, "\033[0m ", 5) == 0);
        }
        for (size_t i = 0; i < out_used; i++) {
            assert_true((unsigned char)out[i] < 0x7f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_newlines, setup),
        cmocka_unit_test_setup(test_sources_take_turns_by_lines, setup),
        cmocka_unit_test_setup(test_line_in_pieces_has_one_prefix, setup),
        cmocka_unit_test_setup(test_cut_line_goes_on_with_its_prefix, setup),
        cmocka_unit_test_setup(test_cut_just_before_the_end, setup),
        cmocka_unit_test_setup(test_escape_sequences_of_focus_pass, setup),
        cmocka_unit_test_setup(test_escape_sequences_of_others_are_removed, setup),
        cmocka_unit_test_setup(test_colours_differ, setup),
        cmocka_unit_test_setup(test_worst_chunk_fits, setup),
        cmocka_unit_test_setup(test_random_bytes_of_others, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
