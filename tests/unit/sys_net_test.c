/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of debuggers: who takes over a path, and what a wait is for. Nothing else listens. */
#define _GNU_SOURCE /* mkdtemp */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sys_net.h"

static char dir[] = "/tmp/vitrine-net-XXXXXX";
static char path[64];

static int setup(void **unused)
{
    (void)unused;
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/socket", dir);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    sys_unlink(path);
    rmdir(dir);
    return 0;
}

/* Who lives keeps its path, and sees nobody come and go. */
static void test_living(void **unused)
{
    int first = sys_listen_unix(path);

    (void)unused;
    assert_true(first >= 0);
    for (unsigned i = 0; i < 20; i++) { /* more than its queue holds: none of them may wait */
        assert_int_equal(sys_listen_unix(path), -1);
        assert_int_equal(errno, EADDRINUSE);
    }
    assert_int_equal(sys_accept(first), -1);
    assert_int_equal(errno, EAGAIN);
    close(first);
}

static void test_left_over(void **unused)
{
    int first = sys_listen_unix(path), second;

    (void)unused;
    assert_true(first >= 0);
    close(first);
    second = sys_listen_unix(path);
    assert_true(second >= 0);
    close(second);
}

/* What is no socket stays. */
static void test_file(void **unused)
{
    struct stat about;
    FILE *file = fopen(path, "wb");

    (void)unused;
    assert_non_null(file);
    fputs("precious", file);
    fclose(file);
    assert_int_equal(sys_listen_unix(path), -1);
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
}

/* A peer that sends and does not read is waited for, not looked at again and again. */
static void test_wait(void **unused)
{
    static const char text[4096];
    int ends[2];

    (void)unused;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    while (sys_send(ends[0], text, sizeof(text)) > 0) {
    }
    assert_int_equal(sys_send(ends[1], "?", 1), 1);
    {
        struct sys_poll list[] = { { .fd = ends[0], .want_write = true } };

        sys_poll(list, 1, 1);
        assert_false(list[0].ready);
        list[0].want_write = false;
        sys_poll(list, 1, 1);
        assert_true(list[0].ready);
        list[0].want_write = true;
        close(ends[1]);
        sys_poll(list, 1, 1);
        assert_true(list[0].ready);
    }
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_living, setup, teardown),
        cmocka_unit_test_setup_teardown(test_left_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file, setup, teardown),
        cmocka_unit_test(test_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
