/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `log`: the hypervisor's own log, what there is of it and with -f what comes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "lib/field.h"
#include "zone0/feed.h"

#define LOOK_EVERY 0.03
#define TEXT_MAX   512u

static const char *const levels[] = { "error", "warning", "info", "debug" };

struct lines {
    bool is_json;
    bool is_cut; /* the first line's beginning is lost */
    size_t used;
    char text[TEXT_MAX + 1];
};

static void show_lost(struct lines *lines, uint64_t lost)
{
    struct json json = { stdout, false };

    lines->used = 0;
    lines->is_cut = true;
    if (!lines->is_json) {
        printf("(%" PRIu64 " bytes were lost)\n", lost);
        return;
    }
    json_open(&json, NULL, '{');
    json_number(&json, "lost", lost);
    json_close(&json, '}');
    json_end(&json);
}

static void show_line(struct lines *lines)
{
    struct json json = { stdout, false };

    lines->text[lines->used] = 0;
    lines->used = 0;
    if (lines->is_cut) { /* half a line says nothing reliable */
        lines->is_cut = false;
        return;
    }
    if (!lines->is_json) {
        puts(lines->text);
        return;
    }
    json_open(&json, NULL, '{');
    json_text(&json, "text", lines->text);
    json_close(&json, '}');
    json_end(&json);
}

/* Control characters of what zones say in their faults must not reach a terminal. */
static void add(struct lines *lines, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char c = bytes[i];

        if (c == '\n' || lines->used == TEXT_MAX) {
            show_line(lines);
        }
        if (c != '\n' && c != '\r') {
            lines->text[lines->used++] = c >= ' ' && c <= '~' ? c : '?';
        }
    }
}

static void copy_log(struct ctl *ctl, const struct zone_args *args)
{
    struct lines lines = { .is_json = (args->given & ZONE_JSON) != 0 };
    struct feed feed;
    char bytes[1024];

    feed_log(&feed, ctl);
    lines.is_cut = feed.at != 0;
    if ((args->given & ZONE_BACK) != 0) {
        feed_seek(&feed, args->back);
        lines.is_cut = feed.at != 0 && args->back != 0;
    }
    while (!zone_is_over()) {
        uint64_t lost;
        size_t count = feed_read(&feed, bytes, sizeof(bytes), &lost);

        if (lost != 0) {
            show_lost(&lines, lost);
        }
        add(&lines, bytes, count);
        if (count == 0 && lost == 0) {
            fflush(stdout);
            if ((args->given & ZONE_FOLLOW) == 0 || !zone_sleep(LOOK_EVERY)) {
                break;
            }
        }
    }
}

/* Sets the level, or only says which it is. */
static int change_level(struct ctl *ctl, const struct zone_args *args)
{
    struct ctl_request request = { .op = CTL_OP_LOG_LEVEL, .arg = { UINT64_MAX } };
    struct json json = { stdout, false };
    const char *before;
    int result;

    for (size_t i = 0; i < ARRAY_COUNT(levels); i++) {
        if (strcmp(args->level, levels[i]) == 0) {
            request.arg[0] = i;
        }
    }
    if (request.arg[0] == UINT64_MAX && strcmp(args->level, "?") != 0) {
        return verb_usage("log");
    }
    result = ctl_request(ctl, &request);
    if (result != 0) {
        return zone_report(result, NULL);
    }
    before = request.value[0] < ARRAY_COUNT(levels) ? levels[request.value[0]] : "unknown";
    if ((args->given & ZONE_JSON) == 0) {
        printf("%s\n", before);
        return EXIT_GOOD;
    }
    json_open(&json, NULL, '{');
    json_text(&json, "level_before", before);
    json_close(&json, '}');
    json_end(&json);
    return EXIT_GOOD;
}

int log_verb(int argc, char **argv)
{
    struct zone_args args = { 0 };
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_JSON | ZONE_FOLLOW | ZONE_BACK | ZONE_LEVEL, argc, argv) ||
        args.name_count != 0) {
        return verb_usage("log");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    if (args.level != NULL) {
        code = change_level(&ctl, &args);
    } else {
        zone_catch_signals();
        copy_log(&ctl, &args);
    }
    ctl_close(&ctl);
    return code;
}
