/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers of the plan compiler: memory that lives until the end, files, sizes, messages. */
#ifndef PLAN_TEXT_H
#define PLAN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Memory of one run, freed at once. */
struct arena {
    struct arena_block *first;
};

/* Zeroed memory; ends the program with a message when there is none. */
void *arena_alloc(struct arena *arena, size_t size);
void arena_free(struct arena *arena);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct file {
    uint8_t *data; /* NULL: could not be read */
    size_t size;
};

/* Reads a whole regular file of at most `limit` bytes; on failure *why says what is wrong. */
struct file file_read(struct arena *arena, const char *path, size_t limit, const char **why);

/* Collected as they are found, printed at once. */
struct errors {
    const char *file; /* named in every message */
    FILE *out;
    unsigned count;
};

/* "file:line: message"; line 0 leaves the line out. */
void error_add(struct errors *errors, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 16M, 1G, 4K, 0x1000, 4096; false when it is no size or does not fit 64 bits. */
bool size_parse(const char *text, uint64_t *value);

/* "16M", "1G", "68K", "513" into buf. */
#define SIZE_TEXT 24u
const char *size_text(char buf[SIZE_TEXT], uint64_t value);

/* For maps: rounded to one decimal, "5.3M". */
const char *size_human(char buf[SIZE_TEXT], uint64_t value);

/* How many single-character edits lie between two words; long words compare as very different. */
unsigned word_distance(const char *a, const char *b);

#endif
