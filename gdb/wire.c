/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and bytes as the remote protocol writes them; never beyond either buffer. */
#include "gdb/wire.h"

#include <string.h>

#include "lib/field.h"

#define HEX_DIGITS_MAX 16u
#define DEC_DIGITS_MAX 20u
#define ESCAPE         '}'
#define ESCAPE_XOR     0x20u
#define JSON_LOWEST    0x20u

FIELD(NIBBLE_LOW, 0, 4);
FIELD(NIBBLE_HIGH, 4, 4);

static const char digits[] = "0123456789abcdef";

/* ---- Writing ---- */

void wire_byte(struct wire_out *out, uint8_t byte)
{
    if (out->skip > 0) {
        out->skip--;
    } else if (out->len < out->size) {
        out->data[out->len++] = byte;
    } else {
        out->full = true;
    }
}

void wire_bytes(struct wire_out *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        wire_byte(out, bytes[i]);
    }
}

void wire_str(struct wire_out *out, const char *text)
{
    wire_bytes(out, (const uint8_t *)text, strlen(text));
}

void wire_hex(struct wire_out *out, uint64_t value)
{
    uint8_t text[HEX_DIGITS_MAX];
    size_t at = sizeof(text);

    do {
        text[--at] = (uint8_t)digits[get(NIBBLE_LOW, value)];
        value /= HEX_DIGITS_MAX;
    } while (value != 0);
    wire_bytes(out, text + at, sizeof(text) - at);
}

void wire_dec(struct wire_out *out, uint64_t value)
{
    uint8_t text[DEC_DIGITS_MAX];
    size_t at = sizeof(text);

    do {
        text[--at] = (uint8_t)digits[value % 10];
        value /= 10;
    } while (value != 0);
    wire_bytes(out, text + at, sizeof(text) - at);
}

/* Memory is read by this: without a call a digit where there is room. */
void wire_hex_bytes(struct wire_out *out, const uint8_t *bytes, size_t len)
{
    uint8_t *to = out->data + out->len;

    if (out->skip != 0 || len > (out->size - out->len) / 2) {
        for (size_t i = 0; i < len; i++) {
            wire_byte(out, (uint8_t)digits[get(NIBBLE_HIGH, bytes[i])]);
            wire_byte(out, (uint8_t)digits[get(NIBBLE_LOW, bytes[i])]);
        }
        return;
    }
    for (size_t i = 0; i < len; i++) {
        to[2 * i] = (uint8_t)digits[get(NIBBLE_HIGH, bytes[i])];
        to[2 * i + 1] = (uint8_t)digits[get(NIBBLE_LOW, bytes[i])];
    }
    out->len += 2 * len;
}

void wire_hex_str(struct wire_out *out, const char *text)
{
    wire_hex_bytes(out, (const uint8_t *)text, strlen(text));
}

void wire_escaped(struct wire_out *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = bytes[i];

        if (c == '#' || c == '$' || c == ESCAPE || c == '*') {
            wire_byte(out, ESCAPE);
            c ^= ESCAPE_XOR;
        }
        wire_byte(out, c);
    }
}

void wire_xml(struct wire_out *out, const char *text)
{
    for (; *text != 0; text++) {
        switch (*text) {
        case '<': wire_str(out, "&lt;"); break;
        case '>': wire_str(out, "&gt;"); break;
        case '&': wire_str(out, "&amp;"); break;
        case '"': wire_str(out, "&quot;"); break;
        default: wire_byte(out, (uint8_t)*text); break;
        }
    }
}

void wire_json(struct wire_out *out, const char *text)
{
    for (; *text != 0; text++) {
        uint8_t c = (uint8_t)*text;

        if (c == '"' || c == '\\') {
            wire_byte(out, '\\');
        }
        wire_byte(out, c < JSON_LOWEST ? ' ' : c);
    }
}

/* ---- Reading ---- */

int wire_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool wire_take(struct wire_in *in, char c)
{
    if (in->left == 0 || *in->at != (uint8_t)c) {
        return false;
    }
    in->at++;
    in->left--;
    return true;
}

bool wire_take_str(struct wire_in *in, const char *text)
{
    size_t len = strlen(text);

    if (in->left < len || memcmp(in->at, text, len) != 0) {
        return false;
    }
    in->at += len;
    in->left -= len;
    return true;
}

bool wire_take_hex(struct wire_in *in, uint64_t *value)
{
    unsigned count = 0;
    uint64_t sum = 0;

    while (in->left > 0 && wire_digit(*in->at) >= 0) {
        if (++count > HEX_DIGITS_MAX) {
            return false;
        }
        sum = sum * HEX_DIGITS_MAX + (uint64_t)wire_digit(*in->at);
        in->at++;
        in->left--;
    }
    *value = sum;
    return count > 0;
}

bool wire_take_bytes(struct wire_in *in, uint8_t *bytes, size_t len)
{
    if (in->left / 2 < len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int high = wire_digit(in->at[0]);
        int low = wire_digit(in->at[1]);

        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i] = (uint8_t)((unsigned)high * HEX_DIGITS_MAX + (unsigned)low);
        in->at += 2;
        in->left -= 2;
    }
    return true;
}

static bool take_id(struct wire_in *in, int64_t *id)
{
    uint64_t value;

    if (wire_take(in, '-')) {
        *id = -1;
        return wire_take(in, '1');
    }
    if (!wire_take_hex(in, &value) || value > INT64_MAX) {
        return false;
    }
    *id = (int64_t)value;
    return true;
}

bool wire_take_thread(struct wire_in *in, int64_t *thread)
{
    int64_t process;

    if (!wire_take(in, 'p')) {
        return take_id(in, thread);
    }
    if (!take_id(in, &process)) {
        return false;
    }
    *thread = -1;
    return !wire_take(in, '.') || take_id(in, thread);
}
