/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the `vitrine` command. A new verb is a row of the tables of verbs. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stddef.h>

/* Exit codes, the same for all verbs. */
enum exit_code {
    EXIT_GOOD = 0,
    EXIT_BAD_INPUT = 1,   /* the plan, or another input, has errors: they were printed */
    EXIT_BAD_USAGE = 2,   /* the command line is wrong */
    EXIT_TROUBLE = 3,     /* something else failed: a file can't be written, no memory */
    EXIT_FAULT = 4,       /* run: the guest faulted */
    EXIT_BUDGET = 5,      /* it took longer than --timeout */
    EXIT_REFUSED = 6,     /* run: the guest's function reported failure */
    EXIT_NO_CONTROL = 7,  /* of zone0: no control device, or no way to it */
    EXIT_STATE = 8,       /* of zone0: not in this state of the zone */
    EXIT_DENIED = 9,      /* of zone0: the plan does not give it, or nothing is left */
    EXIT_CANCELLED = 130, /* run: by Ctrl-C */
};

struct verb {
    const char *words; /* "plan check" */
    const char *args;
    const char *help;
    int (*run)(int argc, char **argv); /* the arguments behind the words; an exit code */
};

/* The verbs that this program was built with: cli/verbs.c, or cli/zone0/verbs.c. */
extern const struct verb verbs[];
extern const size_t verb_count;

/* Prints to stderr how the verb is used; returns EXIT_BAD_USAGE. */
int verb_usage(const char *words);

int plan_verb_check(int argc, char **argv);
int plan_verb_show(int argc, char **argv);
int plan_verb_build(int argc, char **argv);
int plan_verb_rules(int argc, char **argv);
int zone_verb_list(int argc, char **argv);
int zone_verb_status(int argc, char **argv);
int zone_verb_start(int argc, char **argv);
int zone_verb_stop(int argc, char **argv);
int zone_verb_reset(int argc, char **argv);
int zone_verb_pause(int argc, char **argv);
int zone_verb_resume(int argc, char **argv);
int zone_verb_watch(int argc, char **argv);
int console_verb(int argc, char **argv);
int log_verb(int argc, char **argv);
int stat_verb(int argc, char **argv);
int top_verb(int argc, char **argv);
int run_verb(int argc, char **argv);
int doctor_verb(int argc, char **argv);
int completion_verb(int argc, char **argv);
int serve_verb(int argc, char **argv);

#endif
