/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a running call is ended from outside: by its time budget or by another thread. Both send a
 * signal that the calling thread blocks except inside of KVM_RUN; no handler is ever installed.
 */
#ifndef HOST_BUDGET_H
#define HOST_BUDGET_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/uvm.h"
#include "host/alarm.h"
#include "host/backend.h"

#define BUDGET_THREADS (UVM_VCPUS_MAX - 1)

enum budget_clock { BUDGET_WALL, BUDGET_CPU, BUDGET_CLOCKS };

struct budget {
    int signal;
    uint64_t limit[BUDGET_CLOCKS];    /* ns a call; 0: none */
    uint64_t deadline[BUDGET_CLOCKS]; /* of this call; 0: none */
    struct alarm alarm[BUDGET_CLOCKS];
    bool mask_is_known;
    bool armed;
    sigset_t old;  /* the caller's mask */
    sigset_t mask; /* what the vCPU was given */

    pthread_mutex_t lock; /* guards the rest: budget_cancel() comes from any thread */
    bool running, cancelled;
    bool kicked; /* a signal may be pending when the call is over */
    int wake;    /* an event that a cancel sets, too, of a debugger, whose bytes kick; -1: none */
    pthread_t thread;

    /* CPU time is that of all threads of the call. Each wakes after its share of what is left, so
     * that together they can't use more. */
    unsigned share;
    clockid_t clock; /* of the thread that runs the call */
    clockid_t other[BUDGET_THREADS];
    unsigned others;
};

void budget_init(struct budget *b, int signal);
void budget_destroy(struct budget *b);

/* Around a call, on the thread that runs it. */
VT_CHECK int budget_begin(struct budget *b, const struct be_ops *ops, struct be_vcpu *vcpu,
                          const struct log *log);
void budget_end(struct budget *b);

/* After a kick: VT_OK to go on, VT_ERR_CANCELLED or VT_ERR_BUDGET. */
VT_CHECK int budget_check(struct budget *b, const struct log *log);

/* Another thread takes part in the call: first of all, and after a kick as budget_check(). */
VT_CHECK int budget_join(struct budget *b, struct alarm *alarm, const struct log *log);
VT_CHECK int budget_join_check(struct budget *b, struct alarm *alarm, const struct log *log);

/* For who waits otherwise than in the guest: whether the call was cancelled; and what it waited is
 * no part of the call's time. */
bool budget_is_cancelled(struct budget *b);
void budget_shift(struct budget *b, uint64_t ns);
void budget_set_wake(struct budget *b, int wake);

/* From any thread. */
void budget_cancel(struct budget *b);

/*
 * The thread that runs the call leaves the guest and looks for work; none when it is not in it,
 * since it does so before it enters. By that thread itself: only that such signals may come.
 */
void budget_kick(struct budget *b);

#endif
