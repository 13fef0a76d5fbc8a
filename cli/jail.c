/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's parts in order, which matters: each takes away what the one before needs. */
#define _GNU_SOURCE
#include "cli/jail.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/jail_part.h"

#define CAPABILITIES 64

/* ---- Privileges ---- */

static int no_privileges(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

    for (int i = 0; i < CAPABILITIES; i++) {
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* beyond the last, and without the right: refused */
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, none);
}

/* No dump of this process, no descriptor beyond those that are open. Processes are the filter's
 * affair: their limit holds for threads, too, and for one that the kernel makes for KVM_RUN. */
static void set_limits(void)
{
    struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_NOFILE, &none);
    setrlimit(RLIMIT_MEMLOCK, &none);
}

/* ---- All ---- */

struct part_row {
    const char *name;
    int (*enter)(void);
};

static const struct part_row parts[JAIL_PARTS] = {
    [JAIL_SPACES] = { "namespaces", jail_own_spaces },
    [JAIL_ROOT] = { "empty root", jail_empty_root },
    [JAIL_LANDLOCK] = { "Landlock", jail_no_files },
    [JAIL_NO_CAPS] = { "no capabilities", no_privileges },
    [JAIL_FILTER] = { "filter of system calls", NULL },
};

void jail_enter(struct jail_report *report)
{
    memset(report, 0, sizeof(*report));
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (unsigned i = 0; i < JAIL_FILTER; i++) {
        if (i == JAIL_ROOT && !report->done[JAIL_SPACES]) {
            report->error[i] = EPERM; /* never the root of somebody else */
            continue;
        }
        report->done[i] = parts[i].enter() == 0;
        report->error[i] = report->done[i] ? 0 : errno;
    }
    set_limits();
}

const char *jail_part_name(enum jail_part part)
{
    return parts[part].name;
}
