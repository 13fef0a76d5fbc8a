/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of the kernel that signal one thread; made late, since most calls need none. */
#include "host/alarm.h"

#include <stdatomic.h>

#include "host/sys.h"

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

/* After fork() it is the parent's, and its name may be that of another here. */
void alarm_drop(struct alarm *a)
{
    if (a->is_made && a->pid == sys_pid()) {
        sys_timer_delete(a->timer);
    }
    a->is_made = false;
}

int alarm_set(struct alarm *a, const struct alarm_cfg *cfg, uint64_t ns, const struct log *log)
{
    const struct sys_timer_cfg timer = { .clock = cfg->clock,
                                         .signal = cfg->signal,
                                         .tid = sys_tid() };

    if (a->thread != thread_number() || a->pid != sys_pid()) {
        alarm_drop(a);
        a->thread = thread_number();
        a->pid = sys_pid();
    }
    if (!a->is_made && sys_timer_create(&timer, &a->timer) != 0) {
        return log_errno(log, "timer_create");
    }
    a->is_made = true;
    return sys_timer_set(a->timer, ns) == 0 ? VT_OK : log_errno(log, "timer_settime");
}

void alarm_stop(struct alarm *a)
{
    if (a->is_made) {
        (void)sys_timer_set(a->timer, 0);
    }
}
