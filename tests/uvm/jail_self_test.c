/* SPDX-License-Identifier: Apache-2.0 */
/* What the jail does to the process that enters it: all threads, privileges, the root. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/jail.h"

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
        !jail_filter(&report)) {
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
        assert_true(strlen(jail_part_name(i)) > 0);
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
        cmocka_unit_test(test_no_new_privileges),
        cmocka_unit_test(test_the_root_is_empty),
        cmocka_unit_test(test_every_part_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
