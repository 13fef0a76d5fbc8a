/* SPDX-License-Identifier: Apache-2.0 */
/* JSON by RFC 8259. Bytes that are no ASCII are taken for Latin-1, so that all output is valid. */
#include <inttypes.h>

#include "cli/json.h"

static void put_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != 0; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c == '\n') {
            fputs("\\n", out);
        } else if (c < 0x20 || c >= 0x7f) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void begin(struct json *json, const char *name)
{
    if (json->has_more) {
        fputc(',', json->out);
    }
    if (name != NULL) {
        put_text(json->out, name);
        fputc(':', json->out);
    }
    json->has_more = true;
}

void json_open(struct json *json, const char *name, char bracket)
{
    begin(json, name);
    fputc(bracket, json->out);
    json->has_more = false;
}

void json_close(struct json *json, char bracket)
{
    fputc(bracket, json->out);
    json->has_more = true;
}

void json_text(struct json *json, const char *name, const char *text)
{
    begin(json, name);
    put_text(json->out, text);
}

void json_number(struct json *json, const char *name, uint64_t number)
{
    begin(json, name);
    fprintf(json->out, "%" PRIu64, number);
}

void json_bool(struct json *json, const char *name, bool is_true)
{
    begin(json, name);
    fputs(is_true ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *name)
{
    begin(json, name);
    fputs("null", json->out);
}

void json_end(struct json *json)
{
    fputc('\n', json->out);
    fflush(json->out);
    json->has_more = false;
}
