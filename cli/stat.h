/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of all vCPUs at one moment, for `stat` and `top`. */
#ifndef CLI_STAT_H
#define CLI_STAT_H

#include "cli/json.h"
#include "zone0/ctl.h"

#define STAT_VCPUS_MAX 64u

struct stat_vcpu {
    uint32_t zone, vcpu;
    struct ctl_stat stat;
};

struct stat_all {
    double time; /* of zone_now() */
    struct ctl_zone zone[CTL_ZONES];
    bool is_there[CTL_ZONES];
    size_t count;
    struct stat_vcpu vcpu[STAT_VCPUS_MAX];
};

/* Of all zones, or of one (UINT32_MAX: all); a result of ctl_request(). */
int stat_take(struct ctl *ctl, uint32_t only, struct stat_all *all);

uint64_t stat_total(const struct ctl_stat *stat);

#endif
