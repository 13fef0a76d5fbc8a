/* SPDX-License-Identifier: Apache-2.0 */
/* No jail: for architectures whose KVM requests cli/jail_filter.c does not know. Says so. */
#include "cli/jail.h"

#include <errno.h>

void jail_enter(struct jail_report *report)
{
    for (unsigned i = 0; i < JAIL_PARTS; i++) {
        report->error[i] = ENOSYS;
    }
}

bool jail_filter(struct jail_report *report)
{
    report->error[JAIL_FILTER] = ENOSYS;
    return false;
}

const char *jail_part_name(enum jail_part part)
{
    (void)part;
    return "jail";
}
