/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer that sends a signal to the thread that set it. Made when it is first set, and anew when
 * another thread or process sets it. One user at a time.
 */
#ifndef HOST_ALARM_H
#define HOST_ALARM_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "host/log.h"

/* All zeros at first. */
struct alarm {
    timer_t timer;
    bool is_made;
    uint64_t thread; /* whom it signals, and its process */
    int pid;
};

struct alarm_cfg {
    clockid_t clock; /* always the same of an alarm */
    int signal;
};

/* Once, in ns from now. VT_ERR_SYSTEM. */
VT_CHECK int alarm_set(struct alarm *a, const struct alarm_cfg *cfg, uint64_t ns,
                       const struct log *log);

/* No signal comes any more, but one may be pending. By the thread that set it. */
void alarm_stop(struct alarm *a);

/* By any thread, when none uses it. */
void alarm_drop(struct alarm *a);

#endif
