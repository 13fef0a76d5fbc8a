/* SPDX-License-Identifier: Apache-2.0 */
/* The library's threads, for host/sys.h; no state. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "host/sys.h"
#include "lib/field.h"

void sys_thread_mask(int signal, sigset_t *out)
{
    static const int mistakes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };

    (void)sigfillset(out);
    for (size_t i = 0; i < ARRAY_COUNT(mistakes); i++) {
        (void)sigdelset(out, mistakes[i]);
    }
    (void)sigdelset(out, signal);
}

int sys_thread(pthread_t *out, void *(*fn)(void *arg), void *arg)
{
    sigset_t mask, old;
    int err;

    sys_thread_mask(0, &mask);
    (void)pthread_sigmask(SIG_SETMASK, &mask, &old);
    err = pthread_create(out, NULL, fn, arg);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = err != 0 ? err : errno;
    return err == 0 ? 0 : -1;
}

void sys_yield(void)
{
    (void)sched_yield();
}
