/* SPDX-License-Identifier: Apache-2.0 */
/* Time budgets and cancelling; system calls for timers only when a budget is set. */
#include "host/budget.h"

#include <string.h>

#include "host/sys.h"
#include "host/sys_net.h"

#define RETRY_MIN_NS UINT64_C(50000) /* a CPU timer may be early by the scheduler's accounting */
#define DRAIN_MAX    8u

static const clockid_t clocks[BUDGET_CLOCKS] = {
    [BUDGET_WALL] = CLOCK_MONOTONIC,
    [BUDGET_CPU] = CLOCK_THREAD_CPUTIME_ID,
};

void budget_init(struct budget *b, int signal)
{
    memset(b, 0, sizeof(*b));
    b->signal = signal;
    b->share = 1;
    b->wake = -1;
    (void)pthread_mutex_init(&b->lock, NULL);
}

void budget_destroy(struct budget *b)
{
    for (unsigned c = 0; c < BUDGET_CLOCKS; c++) {
        alarm_drop(&b->alarm[c]);
    }
    (void)pthread_mutex_destroy(&b->lock);
}

static int set_alarm(struct budget *b, enum budget_clock c, uint64_t ns, const struct log *log)
{
    const struct alarm_cfg cfg = { .clock = clocks[c], .signal = b->signal };

    return alarm_set(&b->alarm[c], &cfg, ns, log);
}

/* On the clock of deadlines. */
static uint64_t now_of(struct budget *b, enum budget_clock c)
{
    uint64_t now;

    if (c == BUDGET_WALL) {
        return sys_now(CLOCK_MONOTONIC);
    }
    (void)pthread_mutex_lock(&b->lock);
    now = sys_now(b->clock);
    for (unsigned i = 0; i < b->others; i++) {
        now += sys_now(b->other[i]);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return now;
}

/* When to look again, with `left` until the deadline. */
static uint64_t wait_of(const struct budget *b, enum budget_clock c, uint64_t left)
{
    uint64_t wait = c == BUDGET_CPU ? left / b->share : left;

    return wait < RETRY_MIN_NS ? RETRY_MIN_NS : wait;
}

static int arm(struct budget *b, const struct log *log)
{
    int err = VT_OK;

    b->armed = true;
    b->others = 0;
    b->clock = CLOCK_THREAD_CPUTIME_ID;
    if (b->share > 1) {
        (void)pthread_getcpuclockid(pthread_self(), &b->clock);
    }
    for (enum budget_clock c = BUDGET_WALL; c < BUDGET_CLOCKS && err == VT_OK; c++) {
        uint64_t now = now_of(b, c);

        b->deadline[c] = 0;
        if (b->limit[c] != 0) {
            b->deadline[c] = b->limit[c] > UINT64_MAX - now ? UINT64_MAX : now + b->limit[c];
            err = set_alarm(b, c, wait_of(b, c, b->limit[c]), log);
        }
    }
    return err;
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
    b->kicked = false;
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

/* One that is left would do to the caller what no handler does. Nobody sends any more. */
static void drain_all(const struct budget *b)
{
    while (sys_take_signal(b->signal)) {
    }
}

void budget_end(struct budget *b)
{
    bool kicked;

    (void)pthread_mutex_lock(&b->lock);
    b->running = false;
    kicked = b->cancelled || b->kicked || b->wake >= 0;
    (void)pthread_mutex_unlock(&b->lock);
    for (unsigned c = 0; b->armed && c < BUDGET_CLOCKS; c++) {
        if (b->deadline[c] != 0) {
            alarm_stop(&b->alarm[c]);
        }
    }
    if (b->armed || kicked) {
        drain_all(b);
    }
    b->armed = false;
    sys_unblock(&b->old);
}

int budget_check(struct budget *b, const struct log *log)
{
    bool cancelled;
    int err;

    drain(b);
    (void)pthread_mutex_lock(&b->lock);
    cancelled = b->cancelled;
    (void)pthread_mutex_unlock(&b->lock);
    if (cancelled) {
        return VT_ERR_CANCELLED;
    }
    for (enum budget_clock c = BUDGET_WALL; b->armed && c < BUDGET_CLOCKS; c++) {
        uint64_t now = now_of(b, c);

        if (b->deadline[c] == 0) {
            continue;
        }
        if (now >= b->deadline[c]) {
            return VT_ERR_BUDGET;
        }
        /* The timer may have been what kicked, a little early: it runs only once. */
        err = set_alarm(b, c, wait_of(b, c, b->deadline[c] - now), log);
        if (err != VT_OK) {
            return err;
        }
    }
    return VT_OK;
}

static bool is_cpu_limited(const struct budget *b)
{
    return b->armed && b->deadline[BUDGET_CPU] != 0;
}

int budget_join(struct budget *b, struct alarm *alarm, const struct log *log)
{
    if (!is_cpu_limited(b)) {
        return VT_OK;
    }
    (void)pthread_mutex_lock(&b->lock);
    if (b->others < BUDGET_THREADS &&
        pthread_getcpuclockid(pthread_self(), &b->other[b->others]) == 0) {
        b->others++;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return budget_join_check(b, alarm, log);
}

int budget_join_check(struct budget *b, struct alarm *alarm, const struct log *log)
{
    const struct alarm_cfg cfg = { .clock = CLOCK_THREAD_CPUTIME_ID, .signal = b->signal };
    uint64_t now;

    drain(b);
    if (!is_cpu_limited(b)) {
        return VT_OK;
    }
    now = now_of(b, BUDGET_CPU);
    if (now >= b->deadline[BUDGET_CPU]) {
        return VT_ERR_BUDGET;
    }
    return alarm_set(alarm, &cfg, wait_of(b, BUDGET_CPU, b->deadline[BUDGET_CPU] - now), log);
}

bool budget_is_cancelled(struct budget *b)
{
    bool cancelled;

    drain(b);
    (void)pthread_mutex_lock(&b->lock);
    cancelled = b->cancelled;
    (void)pthread_mutex_unlock(&b->lock);
    return cancelled;
}

/* An alarm that has rung meanwhile is set again by the look at the clocks that this asks for. */
void budget_shift(struct budget *b, uint64_t ns)
{
    if (!b->armed || b->deadline[BUDGET_WALL] == 0) {
        return;
    }
    b->deadline[BUDGET_WALL] += ns < UINT64_MAX - b->deadline[BUDGET_WALL] ? ns : 0;
    (void)pthread_mutex_lock(&b->lock);
    if (b->running) {
        b->kicked = true;
        (void)pthread_kill(b->thread, b->signal);
    }
    (void)pthread_mutex_unlock(&b->lock);
}

void budget_set_wake(struct budget *b, int wake)
{
    (void)pthread_mutex_lock(&b->lock);
    b->wake = wake;
    (void)pthread_mutex_unlock(&b->lock);
}

void budget_cancel(struct budget *b)
{
    (void)pthread_mutex_lock(&b->lock);
    if (b->running && !b->cancelled) {
        b->cancelled = true;
        if (b->wake >= 0) {
            sys_event_set(b->wake);
        }
        (void)pthread_kill(b->thread, b->signal);
    }
    (void)pthread_mutex_unlock(&b->lock);
}

void budget_kick(struct budget *b)
{
    (void)pthread_mutex_lock(&b->lock);
    if (b->running) {
        b->kicked = true;
        if (pthread_equal(b->thread, pthread_self()) == 0) {
            (void)pthread_kill(b->thread, b->signal);
        }
    }
    (void)pthread_mutex_unlock(&b->lock);
}
