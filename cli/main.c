/* SPDX-License-Identifier: Apache-2.0 */
/* The `vitrine` command: finds the verb in the table and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"

#define VITRINE_VERSION "0.1"
#define WORDS_MAX       64u

static void print_help(FILE *out)
{
    fprintf(out, "vitrine: partitions of a machine, and functions in micro-VMs\n\n");
    for (size_t i = 0; i < verb_count; i++) {
        fprintf(out, "  vitrine %s %s\n      %s\n", verbs[i].words, verbs[i].args, verbs[i].help);
    }
    fprintf(out,
            "  vitrine --help | --version\n\n"
            "Exit codes: 0 good, 1 the input has errors (no such zone), 2 wrong usage, 3 other "
            "failure,\n5 out of time, 130 Ctrl-C; of run: 4 the guest faulted, 6 its function "
            "failed;\nin zone0: 7 no control device, 8 not in this state of the zone, "
            "9 denied by the plan.\n");
}

int verb_usage(const char *words)
{
    for (size_t i = 0; i < verb_count; i++) {
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
        for (size_t v = 0; v < verb_count; v++) {
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
