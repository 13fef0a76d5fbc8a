/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a guest's functions for the verb `run`: micro-VM, typed arguments, results, the fault with
 * its backtrace by name, Ctrl-C. After the jail is entered it opens nothing.
 */
#include "cli/run.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/uvm.h"
#include "cli/jail.h"
#include "cli/symbols.h"
#include "cli/value.h"
#include "cli/verb.h"

#define FAULT_TEXT_MAX 4096u
#define OUTPUT_BUFFER  4096u

struct session {
    const struct run_options *options;
    const struct run_files *files;
    struct vt_image *image;
    struct vt_vm *vm;
    struct symbols symbols;
    struct jail_report jail;
    pthread_mutex_t lock; /* guards vm against the watcher of signals while it is destroyed */
    bool is_over;
};

/* ---- Output ---- */

static void log_line(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    const struct run_options *options = ctx;

    (void)vm;
    if (level == VT_LOG_GUEST) {
        fprintf(stderr, "guest: ");
    } else if (level <= VT_LOG_WARNING || options->verbose) {
        fprintf(stderr, "vitrine: ");
    } else {
        return;
    }
    text_print(stderr, text, strlen(text));
}

/* How far the image lies from where its file says; the guest's own word, for names only. */
static uint64_t image_offset(const struct session *s)
{
    struct uvm_info info;

    if (vt_read(s->vm, UVM_INFO_GVA, &info, sizeof(info)) != VT_OK) {
        return 0;
    }
    return info.image_gva - s->symbols.low;
}

/* A return address is behind its call, which may be a function's last instruction. */
static void print_frame(const struct session *s, unsigned n, uint64_t address)
{
    uint64_t in_file = address - image_offset(s);
    const struct symbol *symbol = symbols_find(&s->symbols, in_file - (n == 0 ? 0 : 1));

    fprintf(stderr, "  #%-2u 0x%016llx", n, (unsigned long long)address);
    if (symbol != NULL) {
        fprintf(stderr, " +0x%llx in ", (unsigned long long)(in_file - symbol->start));
        text_print(stderr, symbol->name, strlen(symbol->name));
    } else {
        fputc('\n', stderr);
    }
}

static void print_fault(const struct session *s)
{
    static char text[FAULT_TEXT_MAX];
    unsigned count = 0;
    const struct fault_record *records = vt_fault(s->vm, &count);

    for (unsigned i = 0; records != NULL && i < count; i++) {
        const struct fault_record *r = &records[i];

        fprintf(stderr, "%s\n", i == 0 ? "fault:" : "while handling:");
        vt_fault_text(r, text, sizeof(text));
        text_print(stderr, text, strlen(text) - (strlen(text) > 0)); /* without its newline */
        fprintf(stderr, "backtrace:\n");
        print_frame(s, 0, r->pc);
        for (unsigned n = 0; n < r->backtrace_count && n < FAULT_BACKTRACE; n++) {
            print_frame(s, n + 1, r->backtrace[n]);
        }
    }
}

/* ---- Signals ---- */

/* Ends the call at the first signal, the process at the second. */
static void *watch_signals(void *arg)
{
    struct session *s = arg;
    sigset_t signals;
    int signal = 0;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    while (sigtimedwait(&signals, NULL, NULL) < 0) {
    }
    pthread_mutex_lock(&s->lock);
    if (!s->is_over) {
        s->is_over = true;
        vt_cancel(s->vm);
    }
    pthread_mutex_unlock(&s->lock);
    while (sigwait(&signals, &signal) != 0) {
    }
    _exit(EXIT_CANCELLED);
}

static bool was_cancelled(struct session *s)
{
    bool cancelled;

    pthread_mutex_lock(&s->lock);
    cancelled = s->is_over;
    pthread_mutex_unlock(&s->lock);
    return cancelled;
}

static bool start_watch(struct session *s)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, watch_signals, s) != 0) {
        fprintf(stderr, "vitrine: no thread for signals\n");
        return false;
    }
    pthread_detach(thread);
    return true;
}

/* ---- Calls ---- */

static void list_functions(const struct session *s)
{
    const char *name = "";

    for (unsigned i = 0; name != NULL; i++) {
        call_signature signature;

        name = NULL;
        signature = vt_export(s->vm, i, &name);
        if (name != NULL) {
            signature_print(stdout, name, signature);
        }
    }
}

/* The words as values of the function's types; a message and false when they don't fit. */
static bool parse_words(const struct run_call *call, call_signature signature,
                        struct vt_value values[CALL_MAX_ARGS])
{
    if (call->count != signature_count(signature)) {
        fprintf(stderr, "vitrine: %s takes %u arguments, not %u: ", call->name,
                signature_count(signature), call->count);
        signature_print(stderr, call->name, signature);
        return false;
    }
    for (unsigned i = 0; i < call->count; i++) {
        const char *wrong = value_parse(signature_arg(signature, i), call->words[i], &values[i]);

        if (wrong != NULL) {
            fprintf(stderr, "vitrine: argument %u of %s: '%s' %s\n", i + 1, call->name,
                    call->words[i], wrong);
            return false;
        }
    }
    return true;
}

static int exit_code_of(int err)
{
    switch (err) {
    case VT_OK: return EXIT_GOOD;
    case VT_ERR_FAULT: return EXIT_FAULT;
    case VT_ERR_BUDGET: return EXIT_BUDGET;
    case VT_ERR_CANCELLED: return EXIT_CANCELLED;
    case VT_ERR_GUEST:
    case VT_ERR_HOST_FUNCTION: return EXIT_REFUSED;
    case VT_ERR_IMAGE:
    case VT_ERR_NO_FUNCTION:
    case VT_ERR_SIGNATURE:
    case VT_ERR_TOO_BIG:
    case VT_ERR_INVALID: return EXIT_BAD_INPUT;
    default: return EXIT_TROUBLE;
    }
}

static int explain(const struct session *s, const char *what, int err)
{
    fprintf(stderr, "vitrine: %s: %s\n", what, vt_strerror(err));
    if (err == VT_ERR_FAULT) {
        print_fault(s);
    }
    return exit_code_of(err);
}

/* After a call that did not return, while its state is still there. */
static void dump_core(const struct session *s, int err)
{
    int fd = s->files->core;

    if (fd >= 0 && (err == VT_ERR_FAULT || err == VT_ERR_BUDGET || err == VT_ERR_CANCELLED)) {
        err = vt_core_dump(s->vm, fd);
        if (err != VT_OK) {
            fprintf(stderr, "vitrine: core: %s\n", vt_strerror(err));
        }
    }
}

struct ready_call {
    const char *name;
    unsigned index, count;
    struct vt_value values[CALL_MAX_ARGS];
};

/* Finds the functions and parses all arguments, which may name files. */
static int prepare_calls(const struct session *s, struct ready_call *ready)
{
    for (unsigned i = 0; i < s->options->call_count; i++) {
        const struct run_call *call = &s->options->calls[i];
        const char *name = NULL;
        int err = vt_find(s->vm, call->name, &ready[i].index);

        if (err != VT_OK) {
            return explain(s, call->name, err);
        }
        ready[i].name = call->name;
        ready[i].count = call->count;
        if (!parse_words(call, vt_export(s->vm, ready[i].index, &name), ready[i].values)) {
            return EXIT_BAD_INPUT;
        }
    }
    return EXIT_GOOD;
}

static int make_calls(struct session *s, const struct ready_call *ready)
{
    for (unsigned i = 0; i < s->options->call_count; i++) {
        struct vt_value result = { .type = CALL_VOID };
        int err = was_cancelled(s) ? VT_ERR_CANCELLED
                                   : vt_call_index(s->vm, ready[i].index, ready[i].values,
                                                   ready[i].count, &result);

        if (err != VT_OK) {
            fflush(stdout);
            dump_core(s, err);
            return explain(s, ready[i].name, err);
        }
        value_print(stdout, &result);
        fflush(stdout);
    }
    return EXIT_GOOD;
}

/* ---- All ---- */

static int open_gdb(const struct session *s)
{
    int err = s->options->gdb == NULL ? VT_OK : run_gdb_open(s->vm, s->options);

    return err == VT_OK ? EXIT_GOOD : exit_code_of(err);
}

static int open_session(struct session *s)
{
    struct vt_image_cfg image = { .size = sizeof(image),
                                  .mem_size = s->options->mem,
                                  .stack_size = s->options->stack,
                                  .log = log_line,
                                  .log_ctx = (void *)(uintptr_t)s->options };
    struct vt_cfg cfg = { .size = sizeof(cfg),
                          .wall_ns = s->options->timeout_ns,
                          .vcpus = s->options->vcpus,
                          .vcpus_now = s->options->jail };
    int err = vt_image_load(s->files->image, s->files->image_size, &image, &s->image);

    symbols_load(&s->symbols, s->files->image, s->files->image_size);
    if (err == VT_OK) {
        err = vt_create(s->image, &cfg, &s->vm);
    }
    if (err == VT_ERR_NO_BACKEND) {
        fprintf(stderr, "vitrine: `vitrine doctor` says what is missing\n");
    }
    return err == VT_OK ? open_gdb(s) : explain(s, s->options->guest, err);
}

static void close_session(struct session *s, int code)
{
    pthread_mutex_lock(&s->lock);
    s->is_over = true;
    pthread_mutex_unlock(&s->lock);
    if (s->options->gdb != NULL && s->vm != NULL && vt_debug_close(s->vm, code) != VT_OK) {
        fprintf(stderr, "vitrine: the debug endpoint was closed already\n");
    }
    vt_destroy(s->vm);
    vt_image_free(s->image);
    symbols_free(&s->symbols);
}

static void print_jail(const struct jail_report *report)
{
    for (unsigned i = 0; i < JAIL_PARTS; i++) {
        if (!report->done[i]) {
            fprintf(stderr, "vitrine: jail: no %s: %s\n", jail_part_name(i),
                    strerror(report->error[i]));
        }
    }
}

/* The watcher's thread must be there before the filter and after the namespaces. */
static bool start_running(struct session *s)
{
    static char buffer[OUTPUT_BUFFER];
    bool good;

    if (!s->options->jail) {
        return start_watch(s);
    }
    setvbuf(stdout, buffer, _IOLBF, sizeof(buffer)); /* else the first output asks what it is */
    jail_enter(&s->jail);
    good = start_watch(s) && jail_filter(&s->jail, s->options->vcpus > 1);
    if (!good || s->options->verbose) {
        print_jail(&s->jail);
    }
    return good;
}

static int run_session(struct session *s)
{
    static struct ready_call ready[RUN_CALLS_MAX];
    int code = open_session(s);

    if (code == EXIT_GOOD && (s->options->list || s->options->call_count == 0)) {
        list_functions(s);
        return EXIT_GOOD;
    }
    if (code == EXIT_GOOD) {
        code = prepare_calls(s, ready);
    }
    if (code == EXIT_GOOD) {
        code = start_running(s) ? make_calls(s, ready) : EXIT_TROUBLE;
    }
    for (unsigned i = 0; i < RUN_CALLS_MAX; i++) {
        for (unsigned n = 0; n < CALL_MAX_ARGS; n++) {
            value_free(&ready[i].values[n]);
        }
    }
    return code;
}

int run_guest(const struct run_options *options, const struct run_files *files)
{
    /* Static: the watcher may look at it until the process ends. */
    static struct session s = { .lock = PTHREAD_MUTEX_INITIALIZER };
    sigset_t signals;
    int code;

    s.options = options;
    s.files = files;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    code = run_session(&s);
    close_session(&s, code);
    return code;
}
