/* SPDX-License-Identifier: Apache-2.0 */
/* A debugger's client that sends for ever: the thread that runs the guest is not its own. */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/debug.h"
#include "host/sys.h"
#include "rsp_double.h"

static struct debug d;
static struct vt_vm vm;

static void flood(int fd)
{
    static char text[0x10000];

    memset(text, '+', sizeof(text));
    while (write(fd, text, sizeof(text)) > 0) {
    }
}

static void test_flood(void **unused)
{
    int ends[2], status;
    sigset_t old;
    pid_t pid;

    (void)unused;
    vm.budget.signal = SIGUSR1;
    d.vm = &vm;
    d.listen = d.refused = d.wake = -1;
    d.in_call = true;
    dbg_init(&d.engine, &rsp_double_ops, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    d.client = ends[0];
    pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        flood(ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    assert_int_equal(sys_block(SIGUSR1, &old), 0);
    (void)alarm(20);
    for (unsigned i = 0; i < 3; i++) {
        debug_pump(&d, true);
        assert_true(debug_has_client(&d));
        assert_true(sys_take_signal(SIGUSR1)); /* it is to come again */
    }
    (void)alarm(0);
    (void)close(ends[0]);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    sys_unblock(&old);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_flood) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
