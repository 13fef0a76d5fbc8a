/* SPDX-License-Identifier: Apache-2.0 */
/* Runs dtc on a device-tree source and takes its output from a pipe. No shell is involved. */
#include "plan/dtc.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool dtc_start(pid_t *pid, const char *path, int out)
{
    /* posix_spawnp() takes no const strings, but writes to none of them. */
    const char *const argv[] = { "dtc", "-q", "-I", "dts", "-O", "dtb", "--", path, NULL };
    posix_spawn_file_actions_t actions;
    bool is_ok;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    is_ok = posix_spawn_file_actions_adddup2(&actions, out, 1) == 0 &&
            posix_spawnp(pid, "dtc", &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return is_ok;
}

static size_t read_all(int in, uint8_t *out, size_t limit)
{
    size_t size = 0;
    ssize_t got;

    while (size < limit && (got = read(in, out + size, limit - size)) > 0) {
        size += (size_t)got;
    }
    return size;
}

struct file dtc_run(struct arena *arena, const char *path, size_t limit, const char **why)
{
    struct file file = { NULL, 0 };
    int ends[2], status = -1;
    pid_t pid;

    if (access(path, R_OK) != 0) {
        *why = "no such file";
        return file;
    }
    if (pipe(ends) != 0) {
        *why = "no pipe";
        return file;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    if (dtc_start(&pid, path, ends[1])) {
        close(ends[1]);
        file.data = arena_alloc(arena, limit);
        file.size = read_all(ends[0], file.data, limit);
        close(ends[0]);
        waitpid(pid, &status, 0);
    } else {
        close(ends[0]);
        close(ends[1]);
    }
    if (status != 0) {
        *why = "dtc failed";
        file.data = NULL;
    }
    return file;
}
