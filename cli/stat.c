/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `stat`: each vCPU's exits by kind since its zone's start. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/stat.h"
#include "cli/verb.h"
#include "cli/zone.h"

static int take_zone(struct ctl *ctl, uint32_t index, struct stat_all *all)
{
    const struct ctl_zone *zone = &all->zone[index];

    for (uint32_t v = 0; v < zone->vcpu_count && all->count < STAT_VCPUS_MAX; v++) {
        struct stat_vcpu *vcpu = &all->vcpu[all->count];
        int result = ctl_get_stat(ctl, index, v, &vcpu->stat);

        if (result != 0) {
            return result;
        }
        vcpu->zone = index;
        vcpu->vcpu = v;
        all->count++;
    }
    return 0;
}

int stat_take(struct ctl *ctl, uint32_t only, struct stat_all *all)
{
    memset(all, 0, sizeof(*all));
    all->time = zone_now();
    for (uint32_t i = 0; i < ctl_zone_count(ctl); i++) {
        int result = only == UINT32_MAX || only == i ? ctl_get_zone(ctl, i, &all->zone[i])
                                                     : CTL_ERR_ZONE;

        if (result == CTL_ERR_ZONE || all->zone[i].state == CTL_ZONE_NONE) {
            continue;
        }
        all->is_there[i] = result == 0;
        result = result != 0 ? result : take_zone(ctl, i, all);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

uint64_t stat_total(const struct ctl_stat *stat)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < stat->exit_count; i++) {
        total += stat->exit[i].count;
    }
    return total;
}

static void vcpu_json(struct json *json, const struct stat_all *all, const struct stat_vcpu *vcpu)
{
    json_open(json, NULL, '{');
    json_text(json, "zone", all->zone[vcpu->zone].name);
    json_number(json, "vcpu", vcpu->vcpu);
    json_number(json, "cpu", vcpu->stat.cpu);
    json_bool(json, "on", vcpu->stat.state != 0);
    json_open(json, "exits", '{');
    for (uint32_t i = 0; i < vcpu->stat.exit_count; i++) {
        json_number(json, vcpu->stat.exit[i].name, vcpu->stat.exit[i].count);
    }
    json_close(json, '}');
    json_close(json, '}');
}

static void all_json(const struct stat_all *all)
{
    struct json json = { stdout, false };

    json_open(&json, NULL, '{');
    json_open(&json, "vcpus", '[');
    for (size_t i = 0; i < all->count; i++) {
        vcpu_json(&json, all, &all->vcpu[i]);
    }
    json_close(&json, ']');
    json_close(&json, '}');
    json_end(&json);
}

static void all_text(const struct stat_all *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct stat_vcpu *vcpu = &all->vcpu[i];

        printf("%s vCPU %" PRIu32 " on CPU %" PRIu32 ", %s: %" PRIu64 " exits\n",
               all->zone[vcpu->zone].name, vcpu->vcpu, vcpu->stat.cpu,
               vcpu->stat.state != 0 ? "on" : "off", stat_total(&vcpu->stat));
        for (uint32_t e = 0; e < vcpu->stat.exit_count; e++) {
            if (vcpu->stat.exit[e].count != 0) {
                printf("  %-16s %12" PRIu64 "\n", vcpu->stat.exit[e].name,
                       vcpu->stat.exit[e].count);
            }
        }
    }
}

int stat_verb(int argc, char **argv)
{
    struct zone_args args = { 0 };
    static struct stat_all all;
    uint32_t only = UINT32_MAX;
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_JSON, argc, argv) || args.name_count > 1) {
        return verb_usage("stat");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    if (args.name_count == 1) {
        code = zone_find(&ctl, args.name[0], &only);
    }
    if (code == 0) {
        code = zone_report(stat_take(&ctl, only, &all), NULL);
    }
    if (code == 0 && args.given != 0) {
        all_json(&all);
    } else if (code == 0) {
        all_text(&all);
    }
    ctl_close(&ctl);
    return code;
}
