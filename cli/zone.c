/* SPDX-License-Identifier: Apache-2.0 */
/* Options, errors and signals of the verbs of zone0. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "lib/field.h"

struct option_row {
    const char *words[2];
    enum zone_option option;
    bool has_value;
};

static const struct option_row options[] = {
    { { "--json", NULL }, ZONE_JSON, false },      { { "--no-wait", NULL }, ZONE_NO_WAIT, false },
    { { "--timeout", NULL }, ZONE_TIMEOUT, true }, { { "-f", "--follow" }, ZONE_FOLLOW, false },
    { { "-n", "--count" }, ZONE_COUNT, true },     { { "-d", "--delay" }, ZONE_DELAY, true },
    { { "--back", NULL }, ZONE_BACK, true },       { { "--once", NULL }, ZONE_ONCE, false },
    { { "--level", NULL }, ZONE_LEVEL, true },     { { "--history", NULL }, ZONE_HISTORY, false },
};

static const struct option_row *option_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_COUNT(options); i++) {
        const struct option_row *row = &options[i];

        if (strcmp(row->words[0], word) == 0 ||
            (row->words[1] != NULL && strcmp(row->words[1], word) == 0)) {
            return row;
        }
    }
    return NULL;
}

static bool seconds_of(const char *text, double *value)
{
    char *end;

    *value = strtod(text, &end);
    return end != text && (*end == 0 || strcmp(end, "s") == 0) && *value >= 0 && *value <= 1e6;
}

static bool number_of(const char *text, uint64_t *value)
{
    char *end;

    if (strcmp(text, "all") == 0) {
        *value = UINT64_MAX;
        return true;
    }
    *value = strtoull(text, &end, 10);
    return end != text && *end == 0 && text[0] != '-';
}

static bool take_value(struct zone_args *args, enum zone_option option, const char *text)
{
    if (option == ZONE_TIMEOUT) {
        return seconds_of(text, &args->timeout);
    }
    if (option == ZONE_DELAY) {
        return seconds_of(text, &args->delay) && args->delay >= 0.1;
    }
    if (option == ZONE_COUNT) {
        return number_of(text, &args->count) && args->count > 0;
    }
    if (option == ZONE_BACK) {
        return number_of(text, &args->back);
    }
    args->level = text;
    return true;
}

bool zone_args(struct zone_args *args, unsigned allowed, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const struct option_row *row = option_of(argv[i]);

        if (row == NULL && argv[i][0] != '-' && args->name_count < ZONE_NAMES_MAX) {
            args->name[args->name_count++] = argv[i];
            continue;
        }
        if (row == NULL || (allowed & row->option) == 0) {
            return false;
        }
        args->given |= row->option;
        if (row->has_value && (++i == argc || !take_value(args, row->option, argv[i]))) {
            return false;
        }
    }
    return true;
}

int zone_report(int result, const char *about)
{
    int why = errno;

    if (result == 0) {
        return EXIT_GOOD;
    }
    fprintf(stderr, "vitrine: %s%s%s", about != NULL ? about : "", about != NULL ? ": " : "",
            ctl_text(result));
    if (result == CTL_SYSTEM) {
        fprintf(stderr, ": %s", strerror(why));
    }
    fprintf(stderr, "; remedy: %s\n", ctl_remedy(result));
    if (result == CTL_ERR_ZONE || result == CTL_ERR_INVALID || result == CTL_ERR_RANGE) {
        return EXIT_BAD_INPUT;
    }
    if (result == CTL_ERR_STATE) {
        return EXIT_STATE;
    }
    if (result == CTL_ERR_DENIED || result == CTL_ERR_FULL) {
        return EXIT_DENIED;
    }
    return result <= CTL_NO_DEVICE && result != CTL_NO_SLOT ? EXIT_NO_CONTROL : EXIT_TROUBLE;
}

int zone_find(struct ctl *ctl, const char *name, uint32_t *zone)
{
    return zone_report(ctl_find_zone(ctl, name, zone), name);
}

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
    (void)number;
    is_over = 1;
}

void zone_catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGQUIT, &action, NULL);
}

bool zone_is_over(void)
{
    return is_over != 0;
}

bool zone_sleep(double seconds)
{
    struct timespec left;

    left.tv_sec = (time_t)seconds;
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    nanosleep(&left, NULL);
    return is_over == 0;
}

double zone_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
