/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON, one document a line; keeps commas right, and escapes whatever a text holds. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    bool has_more; /* a comma is due before the next item */
};

/* `name` is NULL within arrays and outside of all. bracket: '{' or '['. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket); /* '}' or ']' */
void json_text(struct json *json, const char *name, const char *text);
void json_number(struct json *json, const char *name, uint64_t number);
void json_bool(struct json *json, const char *name, bool is_true);
void json_null(struct json *json, const char *name);

/* Ends the line; what was written is out. */
void json_end(struct json *json);

#endif
