/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes from this process, for good, all that a running micro-VM does not need: files, network,
 * programs, privileges. What is open stays open, so everything is opened before. A guest that took
 * over its host process would find: its memory, the descriptors of KVM, standard output.
 */
#ifndef CLI_JAIL_H
#define CLI_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jail_part {
    JAIL_SPACES,   /* own user, mount, network, IPC, host name and control group namespaces */
    JAIL_ROOT,     /* an empty read-only file system */
    JAIL_LANDLOCK, /* no file system access, whatever is mounted */
    JAIL_NO_CAPS,  /* no capability, and none to come: no new privileges */
    JAIL_FILTER,   /* system calls: only those of a running micro-VM */
    JAIL_PARTS
};

struct jail_report {
    bool done[JAIL_PARTS];
    int error[JAIL_PARTS]; /* errno of what was not done */
};

/* The parts before JAIL_FILTER, as far as this machine allows. Only before threads are started. */
void jail_enter(struct jail_report *report);

/*
 * The filter, for all threads; with `threads` more of them can be started, but no process. False:
 * not done, and the caller must not go on.
 */
bool jail_filter(struct jail_report *report, bool threads);

/* Requests of a vCPU and its memory that the filter lets pass; cli/ARCH/jail_requests.c. */
extern const uint64_t jail_requests[];
extern const size_t jail_request_count;

/* "namespaces", ... */
const char *jail_part_name(enum jail_part part);

#endif
