/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `run`: command line, files, and the process of its own that a jail needs. */
#define _GNU_SOURCE
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/value.h"
#include "cli/verb.h"
#include "plan/text.h"

#define PATH_LENGTH 4096
#define IMAGE_MAX   ((size_t)1 << 30)

/* ---- Command line ---- */

static bool is_option(const char *word)
{
    return strncmp(word, "--", 2) == 0;
}

/* --call FUNCTION ARGUMENT...: up to the next option. Returns how many words, 0: wrong. */
static int parse_call(struct run_options *options, int left, char **argv)
{
    struct run_call *call = &options->calls[options->call_count];
    int used = 2;

    if (left < 2 || is_option(argv[1]) || options->call_count == RUN_CALLS_MAX) {
        return 0;
    }
    while (used < left && !is_option(argv[used])) {
        used++;
    }
    call->name = argv[1];
    call->words = argv + 2;
    call->count = (unsigned)used - 2;
    options->call_count++;
    return used;
}

static bool parse_vcpus(const char *word, unsigned *vcpus)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    *vcpus = (unsigned)(number > RUN_VCPUS_MAX ? 0 : number);
    return *word >= '0' && *word <= '9' && *end == 0 && *vcpus != 0;
}

/* An option with a value; returns whether it is one and good. */
static bool parse_value(struct run_options *options, const char *name, const char *value)
{
    if (strcmp(name, "--mem") == 0) {
        return size_parse(value, &options->mem);
    }
    if (strcmp(name, "--stack") == 0) {
        return size_parse(value, &options->stack);
    }
    if (strcmp(name, "--timeout") == 0) {
        return time_parse(value, &options->timeout_ns);
    }
    if (strcmp(name, "--vcpus") == 0) {
        return parse_vcpus(value, &options->vcpus);
    }
    if (strcmp(name, "--core") == 0) {
        options->core_dir = value;
        return true;
    }
    return false;
}

static bool *find_flag(struct run_options *options, const char *name)
{
    if (strcmp(name, "--jail") == 0) {
        return &options->jail;
    }
    if (strcmp(name, "--list") == 0) {
        return &options->list;
    }
    if (strcmp(name, "--gdb-wait") == 0) {
        return &options->gdb_wait;
    }
    return strcmp(name, "--verbose") == 0 ? &options->verbose : NULL;
}

/* --gdb, --gdb=PLACE: no value of its own word, lest it take the guest's name. */
static bool parse_gdb(struct run_options *options, const char *word)
{
    static const char name[] = "--gdb";
    const char *rest = word + sizeof(name) - 1;

    if (strncmp(word, name, sizeof(name) - 1) != 0 || (*rest != 0 && *rest != '=')) {
        return false;
    }
    options->gdb = *rest == 0 ? rest : rest + 1;
    return true;
}

static int parse_one(struct run_options *options, int left, char **argv)
{
    bool *flag = find_flag(options, argv[0]);

    if (flag != NULL) {
        *flag = true;
        return 1;
    }
    if (parse_gdb(options, argv[0])) {
        return 1;
    }
    if (strcmp(argv[0], "--call") == 0) {
        return parse_call(options, left, argv);
    }
    if (is_option(argv[0])) {
        return left >= 2 && parse_value(options, argv[0], argv[1]) ? 2 : 0;
    }
    if (options->guest != NULL) {
        return 0;
    }
    options->guest = argv[0];
    return 1;
}

static bool parse_args(struct run_options *options, int argc, char **argv)
{
    memset(options, 0, sizeof(*options));
    for (int i = 0; i < argc;) {
        int used = parse_one(options, argc - i, argv + i);

        if (used == 0) {
            return false;
        }
        i += used;
    }
    if (options->gdb_wait && options->gdb == NULL) {
        options->gdb = "";
    }
    if (options->jail && options->gdb != NULL) {
        fprintf(stderr, "vitrine: a jail has no socket for a debugger\n");
        return false;
    }
    return options->guest != NULL;
}

/* ---- Files ---- */

/* Up to *size bytes, which becomes how many there were; NULL with errno. */
static void *read_bytes(FILE *file, size_t *size)
{
    void *bytes = malloc(*size + 1);

    *size = bytes == NULL ? 0 : fread(bytes, 1, *size, file);
    if (ferror(file)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

/* The whole file, or NULL after a message. */
static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    long end = file == NULL || fseek(file, 0, SEEK_END) != 0 ? -1 : ftell(file);
    void *bytes = NULL;

    if (end < 0 || fseek(file, 0, SEEK_SET) != 0) {
        fprintf(stderr, "vitrine: %s: %s\n", path, strerror(errno));
    } else if ((size_t)end > IMAGE_MAX) {
        fprintf(stderr, "vitrine: %s: not a file, or too big\n", path);
    } else {
        *size = (size_t)end;
        bytes = read_bytes(file, size);
        if (bytes == NULL) {
            fprintf(stderr, "vitrine: %s: %s\n", path, strerror(errno));
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static int open_core(const struct run_options *options, char path[PATH_LENGTH])
{
    int fd;

    snprintf(path, PATH_LENGTH, "%s/%s.%ld.core", options->core_dir, base_name(options->guest),
             (long)getpid());
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        fprintf(stderr, "vitrine: %s: %s\n", path, strerror(errno));
    }
    return fd;
}

/* A core that nothing was written to goes away. */
static void close_core(int fd, const char *path)
{
    if (lseek(fd, 0, SEEK_END) > 0) {
        fprintf(stderr, "core: %s\n", path);
    } else {
        unlink(path);
    }
    close(fd);
}

/* ---- Jail ---- */

/* Waits for the jailed process; passes on what is sent to this one only. */
static int watch_child(pid_t child, const sigset_t *signals)
{
    int status = 0;
    siginfo_t info;

    while (waitpid(child, &status, WNOHANG) == 0) {
        if (sigwaitinfo(signals, &info) > 0 && info.si_signo != SIGCHLD &&
            info.si_code == SI_USER) {
            kill(child, info.si_signo);
        }
    }
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    fprintf(stderr, "vitrine: the jailed process ended by signal %d\n", WTERMSIG(status));
    return EXIT_TROUBLE;
}

/* What this command was started with is nothing that a guest should find; `kept` may be -1. */
static bool close_inherited(int kept)
{
    unsigned first = STDERR_FILENO + 1;

    if (kept < (int)first) {
        return close_range(first, ~0u, 0) == 0;
    }
    return (kept == (int)first || close_range(first, (unsigned)kept - 1, 0) == 0) &&
           close_range((unsigned)kept + 1, ~0u, 0) == 0;
}

/* A terminal's Ctrl-C reaches parent and child; the child ends the call and says so. */
static int run_jailed(const struct run_options *options, const struct run_files *files)
{
    sigset_t signals, before;
    pid_t child;
    int code;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before);
    child = fork();
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (close_inherited(files->core)) {
            code = run_guest(options, files);
        } else {
            fprintf(stderr, "vitrine: close_range: %s\n", strerror(errno));
            code = EXIT_TROUBLE;
        }
        fflush(NULL);
        _exit(code);
    }
    if (child < 0) {
        fprintf(stderr, "vitrine: no process for the jail: %s\n", strerror(errno));
        return EXIT_TROUBLE;
    }
    return watch_child(child, &signals);
}

int run_verb(int argc, char **argv)
{
    struct run_options options;
    struct run_files files = { .core = -1 };
    char core_path[PATH_LENGTH];
    void *image;
    int code;

    if (!parse_args(&options, argc, argv)) {
        return verb_usage("run");
    }
    image = read_file(options.guest, &files.image_size);
    if (image == NULL) {
        return EXIT_BAD_INPUT;
    }
    files.image = image;
    if (options.core_dir != NULL && (files.core = open_core(&options, core_path)) < 0) {
        free(image);
        return EXIT_TROUBLE;
    }
    fflush(NULL);
    code = options.jail ? run_jailed(&options, &files) : run_guest(&options, &files);
    if (files.core >= 0) {
        close_core(files.core, core_path);
    }
    free(image);
    return code;
}
