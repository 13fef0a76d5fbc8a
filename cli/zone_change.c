/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs `zone start|stop|reset|pause|resume`: ask, then wait until the zone has done so. The
 * hypervisor waits for nothing; who waits is this program, which can be ended at any time.
 */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "zone0/names.h"

#define WAIT_DEFAULT 30.0
#define LOOK_EVERY   0.01

struct change_row {
    const char *words;
    enum ctl_op op;
    enum ctl_zone_state state; /* in which it is done */
    bool is_start;             /* done only when it was started once more */
};

static const struct change_row rows[] = {
    { "zone start", CTL_OP_START, CTL_ZONE_RUNNING, true },
    { "zone stop", CTL_OP_STOP, CTL_ZONE_OFF, false },
    { "zone reset", CTL_OP_RESET, CTL_ZONE_RUNNING, true },
    { "zone pause", CTL_OP_PAUSE, CTL_ZONE_PAUSED, false },
    { "zone resume", CTL_OP_RESUME, CTL_ZONE_RUNNING, false },
};

struct change {
    const struct change_row *row;
    const struct zone_args *args;
    uint32_t zone;
    struct ctl_zone before, now;
};

static bool is_done(const struct change *change)
{
    if (change->now.state != change->row->state) {
        /* Started, and off again before anybody looked. */
        return change->row->is_start && change->now.state == CTL_ZONE_OFF &&
               change->now.starts != change->before.starts;
    }
    return !change->row->is_start || change->now.starts != change->before.starts;
}

static int wait_done(struct ctl *ctl, struct change *change)
{
    double end = zone_now() + change->args->timeout;

    for (;;) {
        int result = ctl_get_zone(ctl, change->zone, &change->now);

        if (result != 0) {
            return zone_report(result, change->before.name);
        }
        if (is_done(change)) {
            return EXIT_GOOD;
        }
        if (zone_now() >= end) {
            fprintf(stderr, "vitrine: %s: still %s after %.0f s; remedy: a longer --timeout\n",
                    change->before.name, names_state(change->now.state), change->args->timeout);
            return EXIT_BUDGET;
        }
        if (!zone_sleep(LOOK_EVERY)) {
            fprintf(stderr, "vitrine: %s: no longer waited for\n", change->before.name);
            return EXIT_CANCELLED;
        }
    }
}

static void show(const struct change *change)
{
    struct json json = { stdout, false };

    if ((change->args->given & ZONE_JSON) == 0) {
        printf("%s: %s\n", change->now.name, names_state(change->now.state));
        fflush(stdout);
        return;
    }
    json_open(&json, NULL, '{');
    zone_json(&json, change->zone, &change->now);
    json_close(&json, '}');
    json_end(&json);
}

static int change_one(struct ctl *ctl, struct change *change, const char *name)
{
    int code = zone_find(ctl, name, &change->zone), result;

    if (code != 0) {
        return code;
    }
    result = ctl_get_zone(ctl, change->zone, &change->before);
    if (result == 0) {
        result = ctl_change(ctl, change->row->op, change->zone);
    }
    if (result != 0) {
        return zone_report(result, name);
    }
    if ((change->args->given & ZONE_NO_WAIT) != 0) {
        code = zone_report(ctl_get_zone(ctl, change->zone, &change->now), name);
    } else {
        code = wait_done(ctl, change);
    }
    if (code == 0) {
        show(change);
    }
    return code;
}

static int change_verb(const struct change_row *row, int argc, char **argv)
{
    struct zone_args args = { .timeout = WAIT_DEFAULT };
    struct change change = { .row = row, .args = &args };
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_JSON | ZONE_NO_WAIT | ZONE_TIMEOUT, argc, argv) ||
        args.name_count == 0) {
        return verb_usage(row->words);
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    zone_catch_signals();
    for (unsigned i = 0; i < args.name_count && code == 0; i++) {
        code = change_one(&ctl, &change, args.name[i]);
    }
    ctl_close(&ctl);
    return code;
}

int zone_verb_start(int argc, char **argv)
{
    return change_verb(&rows[0], argc, argv);
}

int zone_verb_stop(int argc, char **argv)
{
    return change_verb(&rows[1], argc, argv);
}

int zone_verb_reset(int argc, char **argv)
{
    return change_verb(&rows[2], argc, argv);
}

int zone_verb_pause(int argc, char **argv)
{
    return change_verb(&rows[3], argc, argv);
}

int zone_verb_resume(int argc, char **argv)
{
    return change_verb(&rows[4], argc, argv);
}
