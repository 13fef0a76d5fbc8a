/* SPDX-License-Identifier: Apache-2.0 */
/* The debug endpoint of the verb `run`: where it is, and a line that says how to connect. */
#define _GNU_SOURCE 1 /* realpath */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"

#define PORT_MAX 65535

/* Where a debugger finds the guest, when its user has not said. */
static void default_path(char *path, size_t size)
{
    const char *directory = getenv("XDG_RUNTIME_DIR");

    snprintf(path, size, "%s/vitrine-%ld.gdb", directory == NULL ? "/tmp" : directory,
             (long)getpid());
}

/* The number behind tcp:, 0: none. */
static uint16_t parse_port(const char *place)
{
    static const char tcp[] = "tcp:";
    long port;

    if (strncmp(place, tcp, sizeof(tcp) - 1) != 0) {
        return 0;
    }
    port = strtol(place + sizeof(tcp) - 1, NULL, 10);
    return port > 0 && port <= PORT_MAX ? (uint16_t)port : 0;
}

int run_gdb_open(struct vt_vm *vm, const struct run_options *options)
{
    char path[PATH_MAX], program[PATH_MAX];
    struct vt_debug_cfg cfg = { .size = sizeof(cfg), .wait = options->gdb_wait };
    int err;

    cfg.program = realpath(options->guest, program); /* debuggers ask for the whole name */
    cfg.tcp_port = parse_port(options->gdb);
    if (cfg.tcp_port != 0) {
        snprintf(path, sizeof(path), "127.0.0.1:%u", cfg.tcp_port);
    } else {
        snprintf(path, sizeof(path), "%s", options->gdb);
        cfg.path = path;
    }
    if (path[0] == 0) {
        default_path(path, sizeof(path));
    }
    err = vt_debug_open(vm, &cfg);
    if (err == VT_OK) {
        fprintf(stderr, "vitrine: debug with: gdb -ex 'target remote %s'\n", path);
    } else {
        fprintf(stderr, "vitrine: %s: %s\n", path, vt_strerror(err));
    }
    return err;
}
