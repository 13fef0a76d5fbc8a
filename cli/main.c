/* SPDX-License-Identifier: Apache-2.0 */
/* The `vitrine` command: finds the verb in the table and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "lib/field.h"

#define VITRINE_VERSION "0.1"
#define WORDS_MAX       64u

/* clang-format off */
static const struct verb verbs[] = {
    { "plan check", "PLAN [--hyp FILE] [--set NAME=VALUE]...",
      "report all errors of a plan", plan_verb_check },
    { "plan show",  "PLAN [--hyp FILE] [--set NAME=VALUE]...",
      "draw its memory, CPU and interrupt maps", plan_verb_show },
    { "plan build", "PLAN -o DIR [--hyp FILE] [--set NAME=VALUE]...",
      "write DIR/plan.bin, DIR/<zone>.dtb, DIR/boot.img", plan_verb_build },
    { "plan rules", "",
      "list the rules that a plan must keep", plan_verb_rules },
    { "run",        "GUEST [--call FUNCTION ARGUMENT...]... [--list] [--mem SIZE] [--stack SIZE]\n"
                    "              [--timeout TIME] [--vcpus N] [--core DIR] [--jail] [--verbose]",
      "run functions of a guest in a micro-VM", run_verb },
    { "doctor",     "",
      "say which back ends of micro-VMs work here, and why not", doctor_verb },
};
/* clang-format on */

static void print_help(FILE *out)
{
    fprintf(out, "vitrine: partitions of a machine, and functions in micro-VMs\n\n");
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
        fprintf(out, "  vitrine %s %s\n      %s\n", verbs[i].words, verbs[i].args, verbs[i].help);
    }
    fprintf(out,
            "  vitrine --help | --version\n\n"
            "Exit codes: 0 good, 1 the input has errors, 2 wrong usage, 3 other failure;\n"
            "of run: 4 the guest faulted, 5 out of time, 6 its function failed, 130 Ctrl-C.\n");
}

int verb_usage(const char *words)
{
    for (size_t i = 0; i < ARRAY_COUNT(verbs); i++) {
        if (strcmp(verbs[i].words, words) == 0) {
            fprintf(stderr, "usage: vitrine %s %s\n", words, verbs[i].args);
        }
    }
    return EXIT_BAD_USAGE;
}

/* The verb that the first arguments spell, and how many they are. */
static const struct verb *verb_find(int argc, char **argv, int *used)
{
    char words[WORDS_MAX] = "";

    for (int i = 0; i < argc && i < 3; i++) {
        if (strlen(words) + strlen(argv[i]) + 2 > sizeof(words)) {
            return NULL;
        }
        strcat(strcat(words, i == 0 ? "" : " "), argv[i]);
        for (size_t v = 0; v < ARRAY_COUNT(verbs); v++) {
            if (strcmp(verbs[v].words, words) == 0) {
                *used = i + 1;
                return &verbs[v];
            }
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct verb *verb;
    int used = 0;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        print_help(stdout);
        return EXIT_GOOD;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("vitrine %s\n", VITRINE_VERSION);
        return EXIT_GOOD;
    }
    verb = verb_find(argc - 1, argv + 1, &used);
    if (verb == NULL) {
        fprintf(stderr, "vitrine: no such verb; `vitrine --help` lists them\n");
        return EXIT_BAD_USAGE;
    }
    return verb->run(argc - 1 - used, argv + 1 + used);
}
