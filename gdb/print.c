/* SPDX-License-Identifier: Apache-2.0 */
/* Formats values for a debugger's user; the format is the user's, the values are the guest's. */
#include "gdb/print.h"

#include <string.h>

#include "lib/field.h"

#define NUMBER_MAX 32u
#define WIDTH_MAX  64u
#define INT_BITS   32u

struct spec {
    bool zeros, is_long;
    unsigned width;
    char kind;
};

static bool is_one_of(char c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

/* Behind '%'; returns where it ends. */
static const char *parse(const char *at, struct spec *spec)
{
    memset(spec, 0, sizeof(*spec));
    while (is_one_of(*at, "-+ #0")) {
        spec->zeros = spec->zeros || *at == '0';
        at++;
    }
    while (*at >= '0' && *at <= '9') {
        spec->width = spec->width * 10 + (unsigned)(*at++ - '0');
        spec->width = spec->width > WIDTH_MAX ? WIDTH_MAX : spec->width;
    }
    while (is_one_of(*at, "lhzjt")) {
        spec->is_long = spec->is_long || *at != 'h';
        at++;
    }
    spec->kind = *at;
    return *at == 0 ? at : at + 1;
}

static void put_number(struct wire_out *out, const struct spec *spec, uint64_t value)
{
    uint8_t text[NUMBER_MAX];
    struct wire_out number = { .data = text, .size = sizeof(text) };

    if (!spec->is_long && spec->kind != 'p') {
        value = is_one_of(spec->kind, "di") ? sign_extend64(value, INT_BITS) : (uint32_t)value;
    }
    if (is_one_of(spec->kind, "di") && (int64_t)value < 0) {
        wire_byte(&number, '-');
        value = -value;
    }
    if (spec->kind == 'p') {
        wire_str(&number, "0x");
    }
    if (is_one_of(spec->kind, "xXp")) {
        wire_hex(&number, value);
    } else {
        wire_dec(&number, value);
    }
    for (size_t n = number.len; n < spec->width; n++) {
        wire_byte(out, spec->zeros ? '0' : ' ');
    }
    wire_bytes(out, text, number.len);
}

static void put_string(const struct agent_env *env, uint64_t address)
{
    for (unsigned n = 0; n < PRINT_STRING_MAX && env->ops->read_mem != NULL; n++) {
        uint8_t c;

        if (env->ops->read_mem(env->ctx, address + n, &c, 1) != 1 || c == 0) {
            return;
        }
        wire_byte(env->text, c);
    }
}

static void put_value(const struct print_args *args, const struct spec *spec, uint64_t value)
{
    if (spec->kind == 's') {
        put_string(args->env, value);
    } else if (spec->kind == 'c') {
        wire_byte(args->env->text, (uint8_t)value);
    } else {
        put_number(args->env->text, spec, value);
    }
}

static char unescape(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;
    }
}

void print_format(const char *format, const struct print_args *args)
{
    struct wire_out *out = args->env->text;
    unsigned used = 0;

    while (*format != 0) {
        struct spec spec;
        char c = *format++;

        if (c == '\\' && *format != 0) {
            wire_byte(out, (uint8_t)unescape(*format++));
        } else if (c != '%' || *format == 0) {
            wire_byte(out, (uint8_t)c);
        } else {
            format = parse(format, &spec);
            if (is_one_of(spec.kind, "diuxXcsp") && used < args->count && used < PRINT_ARGS_MAX) {
                put_value(args, &spec, args->value[used++]);
            } else {
                wire_byte(out, spec.kind == '%' ? '%' : '?');
            }
        }
    }
}
