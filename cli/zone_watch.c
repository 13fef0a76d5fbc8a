/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `zone watch`: what happens to zones, as it happens, until Ctrl-C or --count events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "cli/zone.h"
#include "zone0/feed.h"
#include "zone0/names.h"

#define LOOK_EVERY 0.03
#define AT_ONCE    16u
#define NS_IN_MS   UINT64_C(1000000)

struct watch {
    struct ctl *ctl;
    char names[CTL_ZONES][CTL_NAME_SIZE];
    uint32_t only; /* a zone, or UINT32_MAX: all */
    uint64_t left; /* events */
    bool is_json;
};

/* A zone that was made meanwhile has its name asked for. */
static const char *name_of(struct watch *watch, uint32_t index)
{
    struct ctl_zone zone;

    if (index >= CTL_ZONES) {
        return "";
    }
    if (watch->names[index][0] == 0 && ctl_get_zone(watch->ctl, index, &zone) == 0) {
        memcpy(watch->names[index], zone.name, CTL_NAME_SIZE);
    }
    return watch->names[index];
}

static void show_lost(const struct watch *watch, uint64_t lost)
{
    struct json json = { stdout, false };

    if (!watch->is_json) {
        printf("%" PRIu64 " events were lost\n", lost);
        return;
    }
    json_open(&json, NULL, '{');
    json_text(&json, "event", "lost");
    json_number(&json, "count", lost);
    json_close(&json, '}');
    json_end(&json);
}

static void event_json(struct watch *watch, const struct ctl_event *event)
{
    struct json json = { stdout, false };

    json_open(&json, NULL, '{');
    json_number(&json, "time_ns", event->time);
    json_text(&json, "event", names_event(event->kind));
    if (event->kind == CTL_EVENT_STATE) {
        json_text(&json, "zone", name_of(watch, event->zone));
        json_text(&json, "state", names_state(event->value));
        json_text(&json, "reason", names_reason(event->detail));
    } else {
        json_number(&json, "value", event->value);
        json_number(&json, "detail", event->detail);
    }
    json_close(&json, '}');
    json_end(&json);
}

static void event_text(struct watch *watch, const struct ctl_event *event)
{
    uint64_t ms = event->time / NS_IN_MS;

    printf("%6" PRIu64 ".%03" PRIu64 "  ", ms / 1000, ms % 1000);
    if (event->kind == CTL_EVENT_STATE) {
        printf("%s %s", name_of(watch, event->zone), names_state(event->value));
        if (event->value == CTL_ZONE_OFF) {
            printf(", %s", names_reason(event->detail));
        }
    } else if (event->kind == CTL_EVENT_SERVER) {
        printf("server of devices %s", event->value != 0 ? "is there" : "has gone");
    } else {
        printf("%s %" PRIu32 " %" PRIu32, names_event(event->kind), event->value, event->detail);
    }
    putchar('\n');
}

static void show_events(struct watch *watch, const struct ctl_event *events, size_t count)
{
    for (size_t i = 0; i < count && watch->left > 0; i++) {
        const struct ctl_event *event = &events[i];
        bool is_of_zone = event->kind == CTL_EVENT_STATE;

        if (watch->only != UINT32_MAX && (!is_of_zone || event->zone != watch->only)) {
            continue;
        }
        watch->left--;
        if (watch->is_json) {
            event_json(watch, event);
        } else {
            event_text(watch, event);
        }
    }
    fflush(stdout);
}

static void follow(struct watch *watch, const struct zone_args *args)
{
    double end = zone_now() + args->timeout;
    struct ctl_event events[AT_ONCE];
    struct feed feed;

    feed_events(&feed, watch->ctl);
    if ((args->given & ZONE_HISTORY) == 0) {
        feed_seek(&feed, 0);
    }
    while (watch->left > 0 && !zone_is_over()) {
        uint64_t lost;
        size_t count = feed_read(&feed, events, AT_ONCE, &lost);

        if (lost != 0) {
            show_lost(watch, lost);
        }
        show_events(watch, events, count);
        if (count == 0 && lost == 0 && (zone_now() > end || !zone_sleep(LOOK_EVERY))) {
            break;
        }
    }
}

int zone_verb_watch(int argc, char **argv)
{
    struct zone_args args = { .timeout = 1e9, .count = UINT64_MAX };
    struct watch watch = { .only = UINT32_MAX };
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_JSON | ZONE_COUNT | ZONE_HISTORY | ZONE_TIMEOUT, argc, argv) ||
        args.name_count > 1) {
        return verb_usage("zone watch");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    watch.ctl = &ctl;
    watch.left = args.count;
    watch.is_json = (args.given & ZONE_JSON) != 0;
    if (args.name_count == 1) {
        code = zone_find(&ctl, args.name[0], &watch.only);
    }
    if (code == 0) {
        zone_catch_signals();
        follow(&watch, &args);
    }
    ctl_close(&ctl);
    return code;
}
