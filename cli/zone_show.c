/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs `zone list`, `zone status` and `stat`: what there is, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "lib/field.h"
#include "zone0/names.h"

#define MIB          20
#define CPU_TEXT     64u
#define REGIONS_MAX  8u
#define NS_IN_SECOND UINT64_C(1000000000)

/* "0,2-3" */
static const char *cpus_text(uint64_t cpus, char *text)
{
    size_t at = 0;

    text[0] = 0;
    for (unsigned first = 0; first < 64 && at < CPU_TEXT - 8; first++) {
        unsigned last = first;

        if ((cpus & BIT64(first)) == 0) {
            continue;
        }
        while (last < 63 && (cpus & BIT64(last + 1)) != 0) {
            last++;
        }
        at += (size_t)snprintf(text + at, CPU_TEXT - at, at == 0 ? "%u" : ",%u", first);
        if (last > first) {
            at += (size_t)snprintf(text + at, CPU_TEXT - at, "-%u", last);
        }
        first = last;
    }
    return text;
}

void zone_json(struct json *json, uint32_t index, const struct ctl_zone *zone)
{
    json_number(json, "index", index);
    json_text(json, "name", zone->name);
    json_text(json, "role", names_role(zone->role));
    json_text(json, "state", names_state(zone->state));
    json_text(json, "reason", names_reason(zone->reason));
    json_number(json, "starts", zone->starts);
    json_number(json, "vcpus", zone->vcpu_count);
    json_number(json, "vcpus_on", zone->vcpus_on);
    json_open(json, "cpus", '[');
    for (unsigned i = 0; i < 64; i++) {
        if ((zone->cpus & BIT64(i)) != 0) {
            json_number(json, NULL, i);
        }
    }
    json_close(json, ']');
    json_number(json, "memory", zone->memory);
    json_number(json, "faults", zone->faults);
    json_number(json, "since_ns", zone->since);
    json_bool(json, "console", (zone->flags & CTL_ZONE_FLAG_CONSOLE) != 0);
    json_bool(json, "created", (zone->flags & CTL_ZONE_FLAG_CREATED) != 0);
    json_bool(json, "private", (zone->flags & CTL_ZONE_FLAG_PRIVATE) != 0);
}

static void list_line(uint32_t index, const struct ctl_zone *zone, uint64_t now)
{
    char cpus[CPU_TEXT];
    uint64_t age = now > zone->since ? (now - zone->since) / NS_IN_SECOND : 0;

    printf("%2" PRIu32 "  %-15s %-8s  %-8s %3" PRIu32 "/%-3" PRIu32 " %-8s %6" PRIu64 "M %6" PRIu32
           " %7" PRIu64 "s  %s\n",
           index, zone->name, names_role(zone->role), names_state(zone->state), zone->vcpus_on,
           zone->vcpu_count, cpus_text(zone->cpus, cpus), zone->memory >> MIB, zone->starts, age,
           names_reason(zone->reason));
}

/* All zones, as JSON or lines; a result of ctl_request(). */
static int list(struct ctl *ctl, struct json *json, uint64_t now)
{
    for (uint32_t i = 0; i < ctl_zone_count(ctl); i++) {
        struct ctl_zone zone;
        int result = ctl_get_zone(ctl, i, &zone);

        if (result != 0 && result != CTL_ERR_ZONE) {
            return result;
        }
        if (result != 0 || zone.state == CTL_ZONE_NONE) {
            continue;
        }
        if (json == NULL) {
            list_line(i, &zone, now);
            continue;
        }
        json_open(json, NULL, '{');
        zone_json(json, i, &zone);
        json_close(json, '}');
    }
    return 0;
}

int zone_verb_list(int argc, char **argv)
{
    struct zone_args args = { 0 };
    struct json json = { stdout, false };
    struct ctl_info info;
    struct ctl ctl;
    int code, result;

    if (!zone_args(&args, ZONE_JSON, argc, argv) || args.name_count != 0) {
        return verb_usage("zone list");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    result = ctl_get_info(&ctl, &info);
    if (result == 0 && args.given != 0) {
        json_open(&json, NULL, '{');
        json_number(&json, "now_ns", info.now);
        json_open(&json, "zones", '[');
        result = list(&ctl, &json, info.now);
        json_close(&json, ']');
        json_close(&json, '}');
        json_end(&json);
    } else if (result == 0) {
        printf("ID  NAME            ROLE      STATE    VCPUS   CPUS      MEMORY STARTS"
               "    SINCE  LAST STOP\n");
        result = list(&ctl, NULL, info.now);
    }
    ctl_close(&ctl);
    return zone_report(result, NULL);
}

struct status {
    uint32_t index;
    struct ctl_zone zone;
    struct ctl_memory region[REGIONS_MAX];
    size_t region_count;
};

static void status_json(const struct status *status)
{
    struct json json = { stdout, false };

    json_open(&json, NULL, '{');
    zone_json(&json, status->index, &status->zone);
    json_open(&json, "regions", '[');
    for (size_t i = 0; i < status->region_count; i++) {
        const struct ctl_memory *region = &status->region[i];

        json_open(&json, NULL, '{');
        json_number(&json, "gpa", region->gpa);
        json_number(&json, "size", region->size);
        if (region->pool == UINT32_MAX) {
            json_null(&json, "pool");
        } else {
            json_number(&json, "pool", region->pool);
            json_number(&json, "offset", region->offset);
        }
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    json_end(&json);
}

static void status_text(const struct status *status)
{
    const struct ctl_zone *zone = &status->zone;
    char cpus[CPU_TEXT];

    printf("zone      %s (%" PRIu32 "), role %s\n", zone->name, status->index,
           names_role(zone->role));
    printf("state     %s; last stop: %s; starts: %" PRIu32 "\n", names_state(zone->state),
           names_reason(zone->reason), zone->starts);
    printf("vCPUs     %" PRIu32 " of %" PRIu32 " on, CPUs %s\n", zone->vcpus_on, zone->vcpu_count,
           cpus_text(zone->cpus, cpus));
    printf("memory    %" PRIu64 " MiB%s\n", zone->memory >> MIB,
           (zone->flags & CTL_ZONE_FLAG_PRIVATE) != 0 ? ", private" : "");
    for (size_t i = 0; i < status->region_count; i++) {
        const struct ctl_memory *region = &status->region[i];

        printf("          0x%" PRIx64 ", %" PRIu64 " MiB, ", region->gpa, region->size >> MIB);
        if (region->pool == UINT32_MAX) {
            printf("in no pool\n");
        } else {
            printf("pool %" PRIu32 " at 0x%" PRIx64 "\n", region->pool, region->offset);
        }
    }
    printf("console   %s\n", (zone->flags & CTL_ZONE_FLAG_CONSOLE) != 0 ? "emulated" : "not here");
    printf("faults    %" PRIu32 " reported\n", zone->faults);
}

static int show_status(struct ctl *ctl, const char *name, bool is_json)
{
    struct status status = { .region_count = REGIONS_MAX };
    int code = zone_find(ctl, name, &status.index), result;

    if (code != 0) {
        return code;
    }
    result = ctl_get_zone(ctl, status.index, &status.zone);
    if (result == 0) {
        result = ctl_get_memory(ctl, status.index, status.region, &status.region_count);
    }
    if (result == CTL_ERR_DENIED || result == CTL_ERR_OP) { /* the zone's memory is its own */
        status.region_count = 0;
        result = 0;
    }
    if (result == 0 && is_json) {
        status_json(&status);
    } else if (result == 0) {
        status_text(&status);
    }
    return zone_report(result, name);
}

int zone_verb_status(int argc, char **argv)
{
    struct zone_args args = { 0 };
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_JSON, argc, argv) || args.name_count == 0) {
        return verb_usage("zone status");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    for (unsigned i = 0; i < args.name_count && code == 0; i++) {
        code = show_status(&ctl, args.name[i], args.given != 0);
    }
    ctl_close(&ctl);
    return code;
}
