/* SPDX-License-Identifier: Apache-2.0 */
/* What the jail does to the process that enters it: all threads, privileges, the root. */
#define _GNU_SOURCE
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/jail.h"
#include "lib/field.h"

/* Runs fn in a child; returns its exit status, or 128 + signal. */
static int in_child(int (*fn)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        _exit(fn());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int thread_result;

static void *thread_main(void *arg)
{
    volatile int *go = arg;

    while (*go == 0) {
        sched_yield();
    }
    thread_result = (open("/etc/passwd", O_RDONLY) < 0) + 2 * (socket(AF_INET, SOCK_STREAM, 0) < 0);
    return NULL;
}

static int jailed_thread(void)
{
    struct jail_report report;
    static volatile int go;
    pthread_t thread;

    jail_enter(&report);
    if (pthread_create(&thread, NULL, thread_main, (void *)(uintptr_t)&go) != 0 ||
        !jail_filter(&report, false)) {
        return 99;
    }
    go = 1;
    pthread_join(thread, NULL);
    return thread_result;
}

static void test_the_filter_holds_other_threads(void **state)
{
    (void)state;
    assert_int_equal(in_child(jailed_thread), 3);
}

/* What glibc's threads are made with. */
#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static void *return_at_once(void *arg)
{
    return arg;
}

/* The flags of clone() that are not a thread's, or not all of them. */
static bool odd_threads_are_refused(void)
{
    static const long odd[] = {
        SIGCHLD,
        0,
        CLONE_VM | CLONE_VFORK | SIGCHLD,
        THREAD_FLAGS & ~CLONE_FILES,
        THREAD_FLAGS | CLONE_NEWUSER,
        THREAD_FLAGS | CLONE_PTRACE,
    };

    for (size_t i = 0; i < ARRAY_COUNT(odd); i++) {
        if (syscall(SYS_clone, odd[i], NULL, NULL, NULL, NULL) >= 0 || errno != EPERM) {
            return false;
        }
    }
    return syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS;
}

static bool with_threads;

/* 1: a thread was started; 2: all else was refused. */
static int start_threads(void)
{
    struct jail_report report;
    pthread_t thread;
    int result;

    jail_enter(&report);
    if (!jail_filter(&report, with_threads)) {
        return 99;
    }
    result = odd_threads_are_refused() ? 2 : 0;
    if (pthread_create(&thread, NULL, return_at_once, NULL) == 0) {
        result += pthread_join(thread, NULL) == 0;
    }
    return result;
}

static void test_threads_where_they_are_needed(void **state)
{
    (void)state;
    with_threads = true;
    assert_int_equal(in_child(start_threads), 3);
    with_threads = false;
    assert_int_equal(in_child(start_threads) % 2, 0);
}

static int no_new_privileges(void)
{
    struct jail_report report;

    jail_enter(&report);
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && report.done[JAIL_NO_CAPS] ? 0 : 1;
}

static void test_no_new_privileges(void **state)
{
    (void)state;
    assert_int_equal(in_child(no_new_privileges), 0);
}

static void test_every_part_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < JAIL_PARTS; i++) {
        assert_true(jail_part_name(i)[0] != 0);
    }
}

/* What was there before has no name any more; 2: this machine does not allow it. */
static int names_of_files(void)
{
    struct jail_report report;

    jail_enter(&report);
    if (!report.done[JAIL_ROOT]) {
        return 2;
    }
    return access("/proc", F_OK) == 0 || access("/tmp", F_OK) == 0 || access("/", W_OK) == 0;
}

static void test_the_root_is_empty(void **state)
{
    int result = in_child(names_of_files);

    (void)state;
    if (result == 2) {
        print_message("skip: no namespaces, or the root is the initial RAM disk\n");
        skip();
    }
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_filter_holds_other_threads),
        cmocka_unit_test(test_threads_where_they_are_needed),
        cmocka_unit_test(test_no_new_privileges),
        cmocka_unit_test(test_the_root_is_empty),
        cmocka_unit_test(test_every_part_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
