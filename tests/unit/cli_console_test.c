/* SPDX-License-Identifier: Apache-2.0 */
/* A console on a terminal: whatever the zone does, its user can leave; modes are put back. */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "ctl_double.h"

static struct ctl_double d;
static struct ctl ring; /* the hypervisor's own mapping */

/* Instead of cli/connect.c. */
int zone_connect(struct ctl *ctl)
{
    return zone_report(double_open(&d, ctl), NULL);
}

/* Instead of cli/main.c. */
int verb_usage(const char *words)
{
    (void)words;
    return EXIT_BAD_USAGE;
}

static int setup(void **unused)
{
    (void)unused;
    double_make(&d);
    assert_int_equal(double_open(&d, &ring), 0);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    ctl_close(&ring);
    double_remove(&d);
    return 0;
}

enum { MASTER, SLAVE };

/* A terminal with what its user types; keeps nothing of it for lines. */
static void open_terminal(int terminal[2], struct termios *modes, size_t typed)
{
    char text[1024];

    memset(text, 'x', sizeof(text));
    text[typed] = 0x1d; /* Ctrl-] */
    terminal[MASTER] = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal[MASTER] >= 0 && grantpt(terminal[MASTER]) == 0);
    assert_int_equal(unlockpt(terminal[MASTER]), 0);
    terminal[SLAVE] = open(ptsname(terminal[MASTER]), O_RDWR | O_NOCTTY);
    assert_true(terminal[SLAVE] >= 0 && tcgetattr(terminal[SLAVE], modes) == 0);
    modes->c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    assert_int_equal(tcsetattr(terminal[SLAVE], TCSANOW, modes), 0);
    assert_int_equal(write(terminal[MASTER], text, typed + 1), typed + 1);
}

/* As it was. */
static void close_terminal(const int terminal[2], const struct termios *modes)
{
    struct termios now;

    assert_int_equal(tcgetattr(terminal[SLAVE], &now), 0);
    assert_int_equal(now.c_lflag, modes->c_lflag);
    assert_int_equal(now.c_oflag, modes->c_oflag);
    close(terminal[MASTER]);
    close(terminal[SLAVE]);
}

/* In another process: a signal may end it. Its exit status, or -1. */
static int run_console(const int terminal[2], int output)
{
    char name[] = "linux1", *argv[] = { name, NULL };
    int status, nobody = open("/dev/null", O_WRONLY);
    pid_t pid = fork();

    if (pid == 0) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)alarm(5); /* one that does not leave is lost */
        (void)dup2(terminal[SLAVE], STDIN_FILENO);
        (void)dup2(output < 0 ? nobody : output, STDOUT_FILENO);
        (void)dup2(nobody, STDERR_FILENO);
        _exit(console_verb(1, argv));
    }
    close(nobody);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A zone that takes no input, which is more than there is room for. */
static void test_stuck(void **unused)
{
    struct termios modes;
    int terminal[2];

    (void)unused;
    d.input_room = 0;
    open_terminal(terminal, &modes, 700);
    assert_int_equal(run_console(terminal, -1), EXIT_GOOD);
    close_terminal(terminal, &modes);
}

/* Output goes into a pipe that nobody reads any more. */
static void test_pipe(void **unused)
{
    struct termios modes;
    int terminal[2], ends[2];

    (void)unused;
    double_console(&ring, 1, "login: ", 7);
    open_terminal(terminal, &modes, 1);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(run_console(terminal, ends[1]), EXIT_GOOD);
    close(ends[1]);
    close_terminal(terminal, &modes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stuck, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
