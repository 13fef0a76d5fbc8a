/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, files, sizes and messages of the plan compiler. Only error_add() prints. */
#include "plan/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/field.h"

#define WORD_MAX     63u
#define ERRORS_SHOWN 64u /* a plan that is wrong in every line must not flood the terminal */

struct arena_block {
    struct arena_block *next;
    max_align_t data[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *block = calloc(1, sizeof(*block) + size);

    if (block == NULL) {
        fprintf(stderr, "vitrine: out of memory\n");
        exit(3);
    }
    block->next = arena->first;
    arena->first = block;
    return block->data;
}

void arena_free(struct arena *arena)
{
    while (arena->first != NULL) {
        struct arena_block *next = arena->first->next;

        free(arena->first);
        arena->first = next;
    }
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    char *text;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

static struct file file_read_open(struct arena *arena, FILE *in, size_t limit, const char **why)
{
    struct file file = { NULL, 0 };
    struct stat st;

    if (fstat(fileno(in), &st) != 0 || !S_ISREG(st.st_mode)) {
        *why = "not a regular file";
        return file;
    }
    if ((uint64_t)st.st_size > limit) {
        *why = "the file is too large";
        return file;
    }
    file.size = (size_t)st.st_size;
    file.data = arena_alloc(arena, file.size + 1); /* a 0 behind, so that text is a string */
    if (fread(file.data, 1, file.size, in) != file.size) {
        *why = "short read";
        file.data = NULL;
    }
    return file;
}

struct file file_read(struct arena *arena, const char *path, size_t limit, const char **why)
{
    struct file file = { NULL, 0 };
    FILE *in = fopen(path, "rb");

    if (in == NULL) {
        *why = strerror(errno);
        return file;
    }
    file = file_read_open(arena, in, limit, why);
    fclose(in);
    return file;
}

void error_add(struct errors *errors, unsigned line, const char *format, ...)
{
    va_list args;

    errors->count++;
    if (errors->count > ERRORS_SHOWN) {
        return;
    }
    if (line != 0) {
        fprintf(errors->out, "%s:%u: ", errors->file, line);
    } else {
        fprintf(errors->out, "%s: ", errors->file);
    }
    va_start(args, format);
    vfprintf(errors->out, format, args);
    va_end(args);
    fputc('\n', errors->out);
}

static bool size_unit(const char *text, uint64_t *unit)
{
    static const char letters[] = "KMGT";
    const char *at;

    *unit = 1;
    if (text[0] == 0) {
        return true;
    }
    at = strchr(letters, text[0]);
    if (at == NULL || text[1] != 0) {
        return false;
    }
    *unit = BIT64(10u * (unsigned)(at - letters + 1));
    return true;
}

bool size_parse(const char *text, uint64_t *value)
{
    unsigned long long number;
    uint64_t unit;
    char *end;

    if (text[0] < '0' || text[0] > '9') {
        return false; /* strtoull would take spaces and signs */
    }
    errno = 0;
    number = strtoull(text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
    if (errno != 0 || end == text || !size_unit(end, &unit) || number > UINT64_MAX / unit) {
        return false;
    }
    *value = number * unit;
    return true;
}

const char *size_text(char buf[SIZE_TEXT], uint64_t value)
{
    static const char units[] = " KMGT";
    unsigned i = 0;

    while (value != 0 && value % 1024 == 0 && i + 1 < sizeof(units) - 1) {
        value /= 1024;
        i++;
    }
    if (i == 0) {
        snprintf(buf, SIZE_TEXT, "%llu", (unsigned long long)value);
    } else {
        snprintf(buf, SIZE_TEXT, "%llu%c", (unsigned long long)value, units[i]);
    }
    return buf;
}

const char *size_human(char buf[SIZE_TEXT], uint64_t value)
{
    static const char units[] = "KMGT";
    unsigned i = 0;

    if (value < 1024) {
        snprintf(buf, SIZE_TEXT, "%u", (unsigned)value);
        return buf;
    }
    while (i + 1 < sizeof(units) - 1 && value >= 1024 * BIT64(10)) {
        value /= 1024;
        i++;
    }
    if (value % 1024 == 0) {
        snprintf(buf, SIZE_TEXT, "%u%c", (unsigned)(value / 1024), units[i]);
    } else {
        snprintf(buf, SIZE_TEXT, "%u.%u%c", (unsigned)(value / 1024),
                 (unsigned)(value % 1024 * 10 / 1024), units[i]);
    }
    return buf;
}

unsigned word_distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    size_t a_length = strlen(a), b_length = strlen(b);

    if (a_length > WORD_MAX || b_length > WORD_MAX) {
        return WORD_MAX;
    }
    for (unsigned j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            unsigned change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            unsigned shift = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

            diagonal = row[j];
            row[j] = change < shift ? change : shift;
        }
    }
    return row[b_length];
}
