/* SPDX-License-Identifier: Apache-2.0 */
/* Takes namespaces, the file system's root and all rights to files from this process. */
#define _GNU_SOURCE
#include "cli/jail_part.h"

#include <linux/landlock.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/field.h"

int jail_own_spaces(void)
{
    int spaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

    return unshare(CLONE_NEWUSER | spaces) == 0 || unshare(spaces) == 0 ? 0 : -1;
}

/* An empty file system becomes the root; the old one goes when nothing names it any more. */
int jail_empty_root(void)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k") != 0 ||
        chdir("/tmp") != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) {
        return -1;
    }
    return mount("none", "/", NULL,
                 MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* Rights of the file system that this kernel's Landlock knows: all of them are taken. */
static uint64_t landlock_rights(long version)
{
    uint64_t rights = BIT64(13) - 1;

    if (version >= 2) {
        rights |= LANDLOCK_ACCESS_FS_REFER;
    }
    return version >= 3 ? rights | BIT64(14) /* truncate */ : rights;
}

int jail_no_files(void)
{
    struct landlock_ruleset_attr rules = { 0 };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    long fd;

    if (version < 1) {
        return -1;
    }
    rules.handled_access_fs = landlock_rights(version);
    fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
    return fd < 0 ? -1 : (int)syscall(SYS_landlock_restrict_self, fd, 0) | close((int)fd);
}
