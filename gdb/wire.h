/* SPDX-License-Identifier: Apache-2.0 */
/* Text of the remote protocol: a writer with a bound that keeps counting, and a careful reader. */
#ifndef GDB_WIRE_H
#define GDB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What does not fit is dropped, and `full` says so. The first `skip` bytes are dropped, too. */
struct wire_out {
    uint8_t *data;
    size_t size, len;
    size_t skip;
    bool full;
};

void wire_byte(struct wire_out *out, uint8_t byte);
void wire_str(struct wire_out *out, const char *text);
void wire_bytes(struct wire_out *out, const uint8_t *bytes, size_t len);
/* As few digits as the number needs. */
void wire_hex(struct wire_out *out, uint64_t value);
void wire_dec(struct wire_out *out, uint64_t value);
/* Two digits a byte. */
void wire_hex_bytes(struct wire_out *out, const uint8_t *bytes, size_t len);
void wire_hex_str(struct wire_out *out, const char *text);
/* Binary data of a reply: the bytes that mean something to the framing are escaped. */
void wire_escaped(struct wire_out *out, const uint8_t *bytes, size_t len);
/* In XML text and attributes, and in JSON strings. */
void wire_xml(struct wire_out *out, const char *text);
void wire_json(struct wire_out *out, const char *text);

struct wire_in {
    const uint8_t *at;
    size_t left;
};

/* Each takes what it asks for, or returns false and takes nothing that matters. */
bool wire_take(struct wire_in *in, char c);
bool wire_take_str(struct wire_in *in, const char *text);
/* 1 to 16 digits. */
bool wire_take_hex(struct wire_in *in, uint64_t *value);
/* `len` bytes, two digits each. */
bool wire_take_bytes(struct wire_in *in, uint8_t *bytes, size_t len);
/* -1, 0 or a number; also behind a process id, pN.M. */
bool wire_take_thread(struct wire_in *in, int64_t *thread);

/* 0 to 15, or -1. */
int wire_digit(uint8_t c);

#endif
