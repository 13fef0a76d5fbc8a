/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints values by their type; a table has what each type can do. */
#include "cli/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/field.h"

FIELD(SIGNATURE_TYPE, 0, 4);

#define FILE_MAX ((size_t)16 << 20)
#define NS_PER_S 1e9
#define TIME_MAX 1e9 /* seconds */

uint32_t signature_arg(call_signature signature, unsigned n)
{
    return n >= CALL_MAX_ARGS
               ? CALL_VOID
               : (uint32_t)get(SIGNATURE_TYPE, signature >> (SIGNATURE_TYPE_WIDTH * (n + 1)));
}

uint32_t signature_result(call_signature signature)
{
    return (uint32_t)get(SIGNATURE_TYPE, signature);
}

unsigned signature_count(call_signature signature)
{
    unsigned count = 0;

    while (signature_arg(signature, count) != CALL_VOID) {
        count++;
    }
    return count;
}

/* ---- Words to values ---- */

static const char *parse_signed(const char *word, struct vt_value *out)
{
    char *end;

    errno = 0;
    out->i = strtoll(word, &end, 0);
    if (end == word || *end != 0) {
        return "is no whole number";
    }
    if (errno == ERANGE || (out->type == CALL_I32 && (out->i < INT32_MIN || out->i > INT32_MAX))) {
        return "is out of range";
    }
    return NULL;
}

static const char *parse_unsigned(const char *word, struct vt_value *out)
{
    char *end;

    errno = 0;
    out->u = strtoull(word, &end, 0);
    if (end == word || *end != 0 || strchr(word, '-') != NULL) {
        return "is no whole number from 0 on";
    }
    return errno == ERANGE || (out->type == CALL_U32 && out->u > UINT32_MAX) ? "is out of range"
                                                                             : NULL;
}

static const char *parse_float(const char *word, struct vt_value *out)
{
    char *end;
    double wide = strtod(word, &end);

    if (end == word || *end != 0) {
        return "is no number";
    }
    if (out->type == CALL_F32) {
        out->f32 = strtof(word, &end);
        return isinf(out->f32) && !isinf(wide) ? "is out of range" : NULL;
    }
    out->f64 = wide;
    return NULL;
}

static const char *parse_bool(const char *word, struct vt_value *out)
{
    if (strcmp(word, "true") == 0 || strcmp(word, "1") == 0) {
        out->u = 1;
        return NULL;
    }
    out->u = 0;
    return strcmp(word, "false") == 0 || strcmp(word, "0") == 0 ? NULL : "is not true or false";
}

/* What is behind the prefix, or NULL. */
static const char *behind(const char *word, const char *prefix)
{
    return strncmp(word, prefix, strlen(prefix)) == 0 ? word + strlen(prefix) : NULL;
}

static const char *copy_text(const char *text, struct vt_value *out)
{
    out->len = strlen(text);
    out->data = strdup(text);
    return out->data == NULL ? "does not fit in memory" : NULL;
}

static const char *parse_text(const char *word, struct vt_value *out)
{
    const char *text = behind(word, "text:");

    return copy_text(text == NULL ? word : text, out);
}

static const char *parse_hex(const char *digits, struct vt_value *out)
{
    size_t len = strlen(digits);
    uint8_t *bytes = malloc(len / 2 + 1);

    out->data = bytes;
    out->len = len / 2;
    for (size_t i = 0; i < len && bytes != NULL; i += 2) {
        char pair[3] = { digits[i], digits[i + 1], 0 };

        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1])) {
            return "is not an even number of hexadecimal digits";
        }
        bytes[i / 2] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes == NULL ? "does not fit in memory" : NULL;
}

static const char *parse_file(const char *path, struct vt_value *out)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(FILE_MAX);
    const char *wrong = NULL;

    out->data = bytes;
    if (file == NULL || bytes == NULL) {
        wrong = "can't be opened";
    } else {
        out->len = fread(bytes, 1, FILE_MAX, file);
        wrong = ferror(file) ? "can't be read" : out->len == FILE_MAX ? "is too big" : NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return wrong;
}

static const char *parse_bytes(const char *word, struct vt_value *out)
{
    if (word[0] == '@') {
        return parse_file(word + 1, out);
    }
    if (behind(word, "hex:") != NULL) {
        return parse_hex(behind(word, "hex:"), out);
    }
    return behind(word, "text:") == NULL ? "is not hex:DIGITS, text:WORDS or @FILE"
                                         : copy_text(behind(word, "text:"), out);
}

static const char *parse_nothing(const char *word, struct vt_value *out)
{
    (void)word;
    (void)out;
    return "is of no type that is known here";
}

/* ---- Values to words ---- */

static void print_signed(FILE *out, const struct vt_value *value)
{
    fprintf(out, "%" PRId64 "\n", value->i);
}

static void print_unsigned(FILE *out, const struct vt_value *value)
{
    fprintf(out, "%" PRIu64 "\n", value->u);
}

static void print_float(FILE *out, const struct vt_value *value)
{
    if (value->type == CALL_F32) {
        fprintf(out, "%.9g\n", (double)value->f32);
    } else {
        fprintf(out, "%.17g\n", value->f64);
    }
}

static void print_bool(FILE *out, const struct vt_value *value)
{
    fprintf(out, "%s\n", value->u != 0 ? "true" : "false");
}

/* Also U+0080 to U+009F, and bytes that would be those to a terminal without UTF-8. */
static bool is_control(unsigned char before, unsigned char c)
{
    bool is_c1 = c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2);

    return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f || is_c1;
}

void text_print(FILE *out, const char *text, size_t len)
{
    unsigned char before = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (is_control(before, c)) {
            fprintf(out, "\\x%02x", c);
            before = 0;
        } else {
            fputc(c, out);
            before = c;
        }
    }
    fputc('\n', out);
}

static void print_text(FILE *out, const struct vt_value *value)
{
    text_print(out, value->data, value->len);
}

static void print_bytes(FILE *out, const struct vt_value *value)
{
    const uint8_t *bytes = value->data;

    fprintf(out, "hex:");
    for (size_t i = 0; i < value->len; i++) {
        fprintf(out, "%02x", bytes[i]);
    }
    fputc('\n', out);
}

static void print_nothing(FILE *out, const struct vt_value *value)
{
    (void)out;
    (void)value;
}

struct type_row {
    const char *name;
    const char *(*parse)(const char *word, struct vt_value *out);
    void (*print)(FILE *out, const struct vt_value *value);
};

static const struct type_row types[CALL_TYPE_COUNT] = {
    [CALL_VOID] = { "void", parse_nothing, print_nothing },
    [CALL_I32] = { "i32", parse_signed, print_signed },
    [CALL_U32] = { "u32", parse_unsigned, print_unsigned },
    [CALL_I64] = { "i64", parse_signed, print_signed },
    [CALL_U64] = { "u64", parse_unsigned, print_unsigned },
    [CALL_F32] = { "f32", parse_float, print_float },
    [CALL_F64] = { "f64", parse_float, print_float },
    [CALL_BOOL] = { "bool", parse_bool, print_bool },
    [CALL_STR] = { "str", parse_text, print_text },
    [CALL_BYTES] = { "bytes", parse_bytes, print_bytes },
};

static const struct type_row *type_row(uint32_t type)
{
    return &types[type < CALL_TYPE_COUNT ? type : CALL_VOID];
}

const char *value_parse(uint32_t type, const char *word, struct vt_value *out)
{
    memset(out, 0, sizeof(*out));
    out->type = type;
    return type_row(type)->parse(word, out);
}

void value_free(struct vt_value *value)
{
    if (value->type == CALL_STR || value->type == CALL_BYTES) {
        free((void *)(uintptr_t)value->data);
    }
}

void value_print(FILE *out, const struct vt_value *value)
{
    type_row(value->type)->print(out, value);
}

void signature_print(FILE *out, const char *name, call_signature signature)
{
    fprintf(out, "%s %s(", type_row(signature_result(signature))->name, name);
    for (unsigned n = 0; n < signature_count(signature); n++) {
        fprintf(out, "%s%s", n == 0 ? "" : ", ", type_row(signature_arg(signature, n))->name);
    }
    fprintf(out, ")\n");
}

/* ---- Options ---- */

bool time_parse(const char *word, uint64_t *ns)
{
    char *end;
    double value = strtod(word, &end);

    if (end == word || !(value > 0)) {
        return false;
    }
    if (strcmp(end, "ms") == 0) {
        value /= 1e3;
    } else if (strcmp(end, "us") == 0) {
        value /= 1e6;
    } else if (*end != 0 && strcmp(end, "s") != 0) {
        return false;
    }
    *ns = value < TIME_MAX ? (uint64_t)(value * NS_PER_S) : 0;
    return *ns != 0;
}
