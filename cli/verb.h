/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the `vitrine` command. A new verb is a row of the table in cli/main.c. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

/* Exit codes, the same for all verbs. */
enum exit_code {
    EXIT_GOOD = 0,
    EXIT_BAD_INPUT = 1,   /* the plan, or another input, has errors: they were printed */
    EXIT_BAD_USAGE = 2,   /* the command line is wrong */
    EXIT_TROUBLE = 3,     /* something else failed: a file can't be written, no memory */
    EXIT_FAULT = 4,       /* run: the guest faulted */
    EXIT_BUDGET = 5,      /* run: a call took longer than --timeout */
    EXIT_REFUSED = 6,     /* run: the guest's function reported failure */
    EXIT_CANCELLED = 130, /* run: by Ctrl-C */
};

struct verb {
    const char *words; /* "plan check" */
    const char *args;
    const char *help;
    int (*run)(int argc, char **argv); /* the arguments behind the words; an exit code */
};

/* Prints to stderr how the verb is used; returns EXIT_BAD_USAGE. */
int verb_usage(const char *words);

int plan_verb_check(int argc, char **argv);
int plan_verb_show(int argc, char **argv);
int plan_verb_build(int argc, char **argv);
int plan_verb_rules(int argc, char **argv);
int run_verb(int argc, char **argv);
int doctor_verb(int argc, char **argv);

#endif
