/* SPDX-License-Identifier: Apache-2.0 */
/* The kick signal at a call's end: none of those that came late reaches the calling program. */
#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/budget.h"

static int set_mask(struct be_vcpu *vcpu, const sigset_t *mask)
{
    (void)vcpu;
    (void)mask;
    return VT_OK;
}

static const struct be_ops ops = { .set_mask = set_mask };

enum sender { NOBODY, DEBUGGER, INTERRUPTS };

/* A call during which signals come after the last look at them: the process's status. */
static int call(int number, unsigned count, enum sender sender)
{
    const struct log log = { 0 };
    struct budget b;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        budget_init(&b, number);
        budget_set_wake(&b, sender == DEBUGGER ? STDIN_FILENO : -1);
        if (budget_begin(&b, &ops, NULL, &log) != VT_OK) {
            _exit(1);
        }
        b.kicked = sender == INTERRUPTS;
        for (unsigned i = 0; i < count; i++) {
            (void)pthread_kill(pthread_self(), number);
        }
        budget_end(&b);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_late(void **unused)
{
    (void)unused;
    assert_int_equal(call(SIGUSR1, 1, DEBUGGER), 0);
    assert_int_equal(call(SIGRTMIN, 1, DEBUGGER), 0);
    assert_int_equal(call(SIGRTMIN, 100, DEBUGGER), 0); /* of this kind each waits */
    assert_int_equal(call(SIGRTMIN, 100, INTERRUPTS), 0);
    assert_int_equal(call(SIGURG, 1, NOBODY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_late) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
