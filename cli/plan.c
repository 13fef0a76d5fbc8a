/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs `plan check|show|build|rules`: command line -> plan compiler. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verb.h"
#include "plan/compile.h"

#define VARIABLES_MAX 64u
#define FILE_NAME_MAX 4096u

struct plan_args {
    struct compile_options options;
    const char *out_dir;
    const char *variables[VARIABLES_MAX];
    char home[FILE_NAME_MAX]; /* directory above the program's own: boards/ and hyp/ lie there */
    char board_dir[FILE_NAME_MAX + 16], hyp_file[FILE_NAME_MAX + 32];
};

/* What is built or installed beside this program. */
static void find_home(struct plan_args *args)
{
    ssize_t length = readlink("/proc/self/exe", args->home, sizeof(args->home) - 1);

    for (int up = 0; up < 2 && length > 0; up++) {
        while (length > 0 && args->home[--length] != '/') {
        }
    }
    args->home[length > 0 ? length : 0] = 0;
    snprintf(args->board_dir, sizeof(args->board_dir), "%s/boards", args->home);
    snprintf(args->hyp_file, sizeof(args->hyp_file), "%s/hyp/aarch64/hyp.bin", args->home);
    args->options.board_dir = args->board_dir;
    if (access(args->hyp_file, R_OK) == 0) {
        args->options.hyp_file = args->hyp_file;
    }
}

/* One argument; returns how many were used, 0: wrong. */
static int parse_one(struct plan_args *args, int left, char **argv)
{
    bool has_value = left >= 2;

    if (strcmp(argv[0], "--set") == 0 && has_value && strchr(argv[1], '=') != NULL &&
        args->options.variable_count < VARIABLES_MAX) {
        args->variables[args->options.variable_count++] = argv[1];
        return 2;
    }
    if (strcmp(argv[0], "--hyp") == 0 && has_value) {
        args->options.hyp_file = argv[1];
        return 2;
    }
    if (strcmp(argv[0], "-o") == 0 && has_value) {
        args->out_dir = argv[1];
        return 2;
    }
    if (argv[0][0] != '-' && args->options.plan_file == NULL) {
        args->options.plan_file = argv[0];
        return 1;
    }
    return 0;
}

static bool parse_args(struct plan_args *args, int argc, char **argv)
{
    memset(args, 0, sizeof(*args));
    args->options.messages = stderr;
    args->options.variables = args->variables;
    find_home(args);
    for (int i = 0; i < argc;) {
        int used = parse_one(args, argc - i, argv + i);

        if (used == 0) {
            return false;
        }
        i += used;
    }
    return args->options.plan_file != NULL;
}

static int finish(struct compile *c, int code)
{
    unsigned errors = c->errors.count;

    if (errors != 0) {
        fprintf(stderr, "%s: %u error%s\n", c->errors.file, errors, errors == 1 ? "" : "s");
    }
    compile_free(c);
    free(c);
    return code;
}

static struct compile *new_compile(void)
{
    struct compile *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        fprintf(stderr, "vitrine: out of memory\n");
        exit(EXIT_TROUBLE);
    }
    return c;
}

int plan_verb_check(int argc, char **argv)
{
    struct plan_args args;
    struct compile *c;

    if (!parse_args(&args, argc, argv) || args.out_dir != NULL) {
        return verb_usage("plan check");
    }
    c = new_compile();
    return finish(c, compile_run(c, &args.options) ? EXIT_GOOD : EXIT_BAD_INPUT);
}

int plan_verb_show(int argc, char **argv)
{
    struct plan_args args;
    struct compile *c;
    bool is_good;

    if (!parse_args(&args, argc, argv) || args.out_dir != NULL) {
        return verb_usage("plan show");
    }
    c = new_compile();
    is_good = compile_run(c, &args.options);
    if (c->board.cpu_count != 0) { /* a bad plan is shown too, to see what is wrong */
        show_plan(c, stdout);
    }
    return finish(c, is_good ? EXIT_GOOD : EXIT_BAD_INPUT);
}

int plan_verb_build(int argc, char **argv)
{
    struct plan_args args;
    struct compile *c;

    if (!parse_args(&args, argc, argv) || args.out_dir == NULL) {
        return verb_usage("plan build");
    }
    if (args.options.hyp_file == NULL) {
        fprintf(stderr, "vitrine: %s is missing; remedy: build it, or give --hyp FILE\n",
                args.hyp_file);
        return EXIT_TROUBLE;
    }
    c = new_compile();
    if (!compile_run(c, &args.options)) {
        return finish(c, EXIT_BAD_INPUT);
    }
    return finish(c, compile_write(c, args.out_dir) ? EXIT_GOOD : EXIT_TROUBLE);
}

int plan_verb_rules(int argc, char **argv)
{
    (void)argv;
    if (argc != 0) {
        return verb_usage("plan rules");
    }
    verdict_list(stdout);
    return EXIT_GOOD;
}
