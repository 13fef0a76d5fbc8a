/* SPDX-License-Identifier: Apache-2.0 */
/* What the user wants served, from options and from a file, whose lines mean the same. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "zone0/serve.h"

#define LINE_LEN 512u

/* Copies [from, end) if it is not empty and fits with its end. */
static bool take(char *to, size_t size, const char *from, const char *end)
{
    size_t length = (size_t)(end - from);

    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(to, from, length);
    to[length] = 0;
    return true;
}

/* Flags behind the source, each after a comma. */
static bool take_flags(struct serve_wish *wish, char *source)
{
    char *flag = strchr(source, ',');

    while (flag) {
        char *next = strchr(flag + 1, ',');

        *flag++ = 0;
        if (next) {
            *next = 0;
        }
        if (strcmp(flag, "ro") == 0) {
            wish->is_read_only = true;
        } else if (strcmp(flag, "packed") == 0) {
            wish->is_packed = true;
        } else {
            return false;
        }
        flag = next;
    }
    return true;
}

bool serve_cfg_wish(struct serve_cfg *cfg, const struct serve_kind *kind, const char *text)
{
    const char *end = text + strlen(text), *equals = strchr(text, '=');
    const char *names_end = equals ? equals : end, *dot = memchr(text, '.', strlen(text));
    struct serve_wish wish = { .kind = kind };

    if (cfg->wish_count == BRIDGE_DEVICES || !dot || dot >= names_end ||
        !take(wish.zone, sizeof(wish.zone), text, dot) ||
        !take(wish.device, sizeof(wish.device), dot + 1, names_end) ||
        (equals && !take(wish.source, sizeof(wish.source), equals + 1, end)) ||
        !take_flags(&wish, wish.source) || (wish.source[0] == 0 && kind->needs_source)) {
        return false;
    }
    cfg->wish[cfg->wish_count++] = wish;
    return true;
}

bool serve_cfg_start(struct serve_cfg *cfg, const char *zone)
{
    if (cfg->start_count == CTL_ZONES ||
        !take(cfg->start[cfg->start_count], CTL_NAME_SIZE, zone, zone + strlen(zone))) {
        return false;
    }
    cfg->start_count++;
    return true;
}

/* "- KEY: VALUE", an empty line, or a comment. */
static bool take_line(struct serve_cfg *cfg, char *line)
{
    const struct serve_kind *kind;
    char *value;

    line[strcspn(line, "#\n")] = 0;
    for (size_t end = strlen(line); end != 0 && isspace((unsigned char)line[end - 1]); end--) {
        line[end - 1] = 0;
    }
    line += strspn(line, " \t");
    if (*line == 0) {
        return true;
    }
    value = strchr(line, ':');
    if (strncmp(line, "- ", 2) != 0 || !value || value[1] != ' ') {
        return false;
    }
    *value = 0;
    value += 1 + strspn(value + 1, " \t");
    line += 1 + strspn(line + 1, " \t");
    kind = serve_kind_find(line);
    if (kind) {
        return serve_cfg_wish(cfg, kind, value);
    }
    return strcmp(line, "start") == 0 && serve_cfg_start(cfg, value);
}

int serve_cfg_file(struct serve_cfg *cfg, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_LEN];
    int number = 0, bad = 0;

    if (!file) {
        return -1;
    }
    while (bad == 0 && fgets(line, sizeof(line), file)) {
        number++;
        bad = strlen(line) == sizeof(line) - 1 || !take_line(cfg, line) ? number : 0;
    }
    fclose(file);
    return bad;
}
