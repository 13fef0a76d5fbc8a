/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of zone0 share: their options, the way to the hypervisor, exit codes. */
#ifndef CLI_ZONE_H
#define CLI_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/json.h"
#include "zone0/ctl.h"

#define ZONE_NAMES_MAX 16u

enum zone_option {
    ZONE_JSON = 1,     /* --json */
    ZONE_NO_WAIT = 2,  /* --no-wait */
    ZONE_TIMEOUT = 4,  /* --timeout SECONDS */
    ZONE_FOLLOW = 8,   /* -f */
    ZONE_COUNT = 16,   /* -n COUNT */
    ZONE_DELAY = 32,   /* -d SECONDS */
    ZONE_BACK = 64,    /* --back BYTES|all */
    ZONE_ONCE = 128,   /* --once */
    ZONE_LEVEL = 256,  /* --level LEVEL */
    ZONE_HISTORY = 512 /* --history */
};

struct zone_args {
    unsigned given; /* enum zone_option, those that were there */
    double timeout, delay;
    uint64_t count, back;
    const char *level;
    const char *name[ZONE_NAMES_MAX];
    unsigned name_count;
};

/* `allowed`: which options there are; false: wrong. Defaults stay as the caller set them. */
bool zone_args(struct zone_args *args, unsigned allowed, int argc, char **argv);

/* Opens the control device; else says why not, and returns the exit code (0: it is open). */
int zone_connect(struct ctl *ctl);

/* Says what a result means and returns its exit code; about: a zone's name or NULL. */
int zone_report(int result, const char *about);

/* The zone of args' nth name; else an exit code, and it was said. */
int zone_find(struct ctl *ctl, const char *name, uint32_t *zone);

/* Sleeps; false: a signal came that asks to end. */
bool zone_sleep(double seconds);

/* From here on SIGINT, SIGTERM and SIGHUP end zone_sleep() instead of the program. */
void zone_catch_signals(void);
bool zone_is_over(void);

double zone_now(void); /* seconds, only forwards */

/* One zone's description into an object that is open. */
void zone_json(struct json *json, uint32_t index, const struct ctl_zone *zone);

#endif
