/* SPDX-License-Identifier: Apache-2.0 */
/* Time budgets and cancelling; system calls for timers only when a budget is set. */
#include "host/budget.h"

#include <stdatomic.h>
#include <string.h>

#include "host/sys.h"

#define RETRY_MIN_NS UINT64_C(50000) /* a CPU timer may be early by the scheduler's accounting */
#define DRAIN_MAX    8u

static const clockid_t clocks[BUDGET_CLOCKS] = {
    [BUDGET_WALL] = CLOCK_MONOTONIC,
    [BUDGET_CPU] = CLOCK_THREAD_CPUTIME_ID,
};

/*
 * A number that no other thread gets. Those of the kernel come again, and a timer would go on to
 * signal the thread that has ended.
 */
static uint64_t thread_number(void)
{
    static atomic_ullong last;
    static _Thread_local uint64_t mine;

    if (mine == 0) {
        mine = atomic_fetch_add(&last, 1) + 1;
    }
    return mine;
}

void budget_init(struct budget *b, int signal)
{
    memset(b, 0, sizeof(*b));
    b->signal = signal;
    (void)pthread_mutex_init(&b->lock, NULL);
}

/* After fork() they are the parent's, and their names may be those of others here. */
static void drop_timers(struct budget *b)
{
    for (unsigned c = 0; c < BUDGET_CLOCKS; c++) {
        if (b->has_timer[c] && b->timer_pid == sys_pid()) {
            sys_timer_delete(b->timer[c]);
        }
        b->has_timer[c] = false;
    }
}

void budget_destroy(struct budget *b)
{
    drop_timers(b);
    (void)pthread_mutex_destroy(&b->lock);
}

static int arm(struct budget *b, const struct log *log)
{
    int tid = sys_tid();

    if (b->timer_thread != thread_number() || b->timer_pid != sys_pid()) {
        drop_timers(b);
        b->timer_thread = thread_number();
        b->timer_pid = sys_pid();
    }
    b->armed = true;
    for (unsigned c = 0; c < BUDGET_CLOCKS; c++) {
        const struct sys_timer_cfg cfg = { .clock = clocks[c], .signal = b->signal, .tid = tid };
        uint64_t now = sys_now(clocks[c]);

        b->deadline[c] = 0;
        if (b->limit[c] == 0) {
            continue;
        }
        if (!b->has_timer[c] && sys_timer_create(&cfg, &b->timer[c]) != 0) {
            return log_errno(log, "timer_create");
        }
        b->has_timer[c] = true;
        b->deadline[c] = b->limit[c] > UINT64_MAX - now ? UINT64_MAX : now + b->limit[c];
        if (sys_timer_set(b->timer[c], b->limit[c]) != 0) {
            return log_errno(log, "timer_settime");
        }
    }
    return VT_OK;
}

static int set_mask(struct budget *b, const struct be_ops *ops, struct be_vcpu *vcpu)
{
    sigset_t mask = b->old;
    int err = VT_OK;

    (void)sigdelset(&mask, b->signal);
    if (!b->mask_is_known || memcmp(&mask, &b->mask, sizeof(mask)) != 0) {
        err = ops->set_mask(vcpu, &mask);
        b->mask = mask;
        b->mask_is_known = err == VT_OK;
    }
    return err;
}

int budget_begin(struct budget *b, const struct be_ops *ops, struct be_vcpu *vcpu,
                 const struct log *log)
{
    int err;

    b->armed = false;
    if (sys_block(b->signal, &b->old) != 0) {
        return log_errno(log, "pthread_sigmask");
    }
    err = set_mask(b, ops, vcpu);
    if (err == VT_OK && (b->limit[BUDGET_WALL] != 0 || b->limit[BUDGET_CPU] != 0)) {
        err = arm(b, log);
    }
    (void)pthread_mutex_lock(&b->lock);
    b->cancelled = false;
    b->running = true;
    b->thread = pthread_self();
    (void)pthread_mutex_unlock(&b->lock);
    if (err != VT_OK) {
        budget_end(b);
    }
    return err;
}

static void drain(const struct budget *b)
{
    unsigned n = 0;

    while (n < DRAIN_MAX && sys_take_signal(b->signal)) {
        n++;
    }
}

void budget_end(struct budget *b)
{
    bool cancelled;

    (void)pthread_mutex_lock(&b->lock);
    b->running = false;
    cancelled = b->cancelled;
    (void)pthread_mutex_unlock(&b->lock);
    for (unsigned c = 0; b->armed && c < BUDGET_CLOCKS; c++) {
        if (b->has_timer[c] && b->deadline[c] != 0) {
            (void)sys_timer_set(b->timer[c], 0);
        }
    }
    if (b->armed || cancelled) {
        drain(b);
    }
    b->armed = false;
    sys_unblock(&b->old);
}

int budget_check(struct budget *b)
{
    bool cancelled;

    drain(b);
    (void)pthread_mutex_lock(&b->lock);
    cancelled = b->cancelled;
    (void)pthread_mutex_unlock(&b->lock);
    if (cancelled) {
        return VT_ERR_CANCELLED;
    }
    for (unsigned c = 0; b->armed && c < BUDGET_CLOCKS; c++) {
        uint64_t now = sys_now(clocks[c]);
        uint64_t left;

        if (b->deadline[c] == 0) {
            continue;
        }
        if (now >= b->deadline[c]) {
            return VT_ERR_BUDGET;
        }
        /* The timer may have been what kicked, a little early: it runs only once. */
        left = b->deadline[c] - now;
        if (sys_timer_set(b->timer[c], left < RETRY_MIN_NS ? RETRY_MIN_NS : left) != 0) {
            return VT_ERR_SYSTEM;
        }
    }
    return VT_OK;
}

void budget_cancel(struct budget *b)
{
    (void)pthread_mutex_lock(&b->lock);
    if (b->running && !b->cancelled) {
        b->cancelled = true;
        (void)pthread_kill(b->thread, b->signal);
    }
    (void)pthread_mutex_unlock(&b->lock);
}
