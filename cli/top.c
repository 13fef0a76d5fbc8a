/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `top`: what each vCPU does, per second, again and again; `q` ends it. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/stat.h"
#include "cli/verb.h"
#include "cli/zone.h"
#include "zone0/names.h"

#define DELAY_DEFAULT 2.0
#define KINDS_SHOWN   3u
#define CLEAR         "\033[H\033[2J"

struct top {
    struct ctl *ctl;
    const struct zone_args *args;
    struct stat_all *before, *now;
    bool is_screen; /* output is a terminal: the picture is drawn over the last one */
    bool is_raw;
    struct termios terminal;
};

/* The same vCPU before; NULL: it was not there. */
static const struct ctl_stat *stat_before(const struct top *top, const struct stat_vcpu *vcpu)
{
    for (size_t i = 0; i < top->before->count; i++) {
        const struct stat_vcpu *old = &top->before->vcpu[i];

        if (old->zone == vcpu->zone && old->vcpu == vcpu->vcpu) {
            return &old->stat;
        }
    }
    return NULL;
}

/* Per second; a zone that was started anew counts from 0. */
static double rate(const struct top *top, uint64_t before, uint64_t now)
{
    double passed = top->now->time - top->before->time;

    return passed <= 0 ? 0 : (double)(now >= before ? now - before : now) / passed;
}

struct kind_rate {
    const char *name;
    double value;
};

/* The kinds with the highest rates, high ones first. */
static void top_kinds(const struct top *top, const struct stat_vcpu *vcpu, struct kind_rate *kinds)
{
    const struct ctl_stat *before = stat_before(top, vcpu);

    memset(kinds, 0, KINDS_SHOWN * sizeof(*kinds));
    for (uint32_t e = 0; e < vcpu->stat.exit_count; e++) {
        struct kind_rate one = { vcpu->stat.exit[e].name, 0 };

        one.value = rate(top, before != NULL ? before->exit[e].count : 0, vcpu->stat.exit[e].count);
        for (unsigned k = 0; k < KINDS_SHOWN && one.value > 0; k++) {
            if (one.value > kinds[k].value) {
                struct kind_rate other = kinds[k];

                kinds[k] = one;
                one = other;
            }
        }
    }
}

static double total_rate(const struct top *top, const struct stat_vcpu *vcpu)
{
    const struct ctl_stat *before = stat_before(top, vcpu);

    return rate(top, before != NULL ? stat_total(before) : 0, stat_total(&vcpu->stat));
}

static void line(const struct top *top, const struct stat_vcpu *vcpu)
{
    const struct ctl_zone *zone = &top->now->zone[vcpu->zone];
    struct kind_rate kinds[KINDS_SHOWN];

    top_kinds(top, vcpu, kinds);
    printf("%-15s %4" PRIu32 " %4" PRIu32 "  %-8s %-3s %10.0f ", zone->name, vcpu->vcpu,
           vcpu->stat.cpu, names_state(zone->state), vcpu->stat.state != 0 ? "on" : "off",
           total_rate(top, vcpu));
    for (unsigned k = 0; k < KINDS_SHOWN && kinds[k].value > 0; k++) {
        printf(" %s %.0f", kinds[k].name, kinds[k].value);
    }
    putchar('\n');
}

static void picture(const struct top *top)
{
    unsigned there = 0, running = 0;

    for (uint32_t i = 0; i < CTL_ZONES; i++) {
        there += top->now->is_there[i];
        running += top->now->is_there[i] && top->now->zone[i].state == CTL_ZONE_RUNNING;
    }
    printf("%svitrine top: %u zones, %u running%s\n\n", top->is_screen ? CLEAR : "", there, running,
           top->is_raw ? "; q ends" : "");
    printf("ZONE            VCPU  CPU  STATE           EXITS/S  MOST\n");
    for (size_t i = 0; i < top->now->count; i++) {
        line(top, &top->now->vcpu[i]);
    }
    fflush(stdout);
}

static void picture_json(const struct top *top)
{
    struct json json = { stdout, false };

    json_open(&json, NULL, '{');
    json_number(&json, "passed_ms", (uint64_t)((top->now->time - top->before->time) * 1000));
    json_open(&json, "vcpus", '[');
    for (size_t i = 0; i < top->now->count; i++) {
        const struct stat_vcpu *vcpu = &top->now->vcpu[i];
        const struct ctl_zone *zone = &top->now->zone[vcpu->zone];
        const struct ctl_stat *before = stat_before(top, vcpu);

        json_open(&json, NULL, '{');
        json_text(&json, "zone", zone->name);
        json_number(&json, "vcpu", vcpu->vcpu);
        json_number(&json, "cpu", vcpu->stat.cpu);
        json_text(&json, "state", names_state(zone->state));
        json_bool(&json, "on", vcpu->stat.state != 0);
        json_number(&json, "exits_per_second", (uint64_t)total_rate(top, vcpu));
        json_open(&json, "by_kind", '{');
        for (uint32_t e = 0; e < vcpu->stat.exit_count; e++) {
            uint64_t old = before != NULL ? before->exit[e].count : 0;

            json_number(&json, vcpu->stat.exit[e].name,
                        (uint64_t)rate(top, old, vcpu->stat.exit[e].count));
        }
        json_close(&json, '}');
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    json_end(&json);
}

/* Keys without waiting for a line, while a picture is drawn on a terminal. */
static void keys_on(struct top *top)
{
    struct termios raw;

    top->is_screen = isatty(STDOUT_FILENO) && (top->args->given & ZONE_JSON) == 0;
    if (!top->is_screen || tcgetattr(STDIN_FILENO, &top->terminal) != 0) {
        return;
    }
    raw = top->terminal;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    top->is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

/* Waits; false: `q` or a signal. */
static bool wait_key(const struct top *top)
{
    double end = zone_now() + top->args->delay, left;

    while ((left = end - zone_now()) > 0) {
        struct pollfd keys = { .fd = top->is_raw ? STDIN_FILENO : -1, .events = POLLIN };
        int got = poll(&keys, 1, (int)(left * 1000) + 1);
        char key;

        if (zone_is_over()) {
            return false;
        }
        if (got > 0 && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q')) {
            return false;
        }
    }
    return !zone_is_over();
}

static int run(struct top *top)
{
    uint64_t left = top->args->count;
    int result = stat_take(top->ctl, UINT32_MAX, top->before);

    while (result == 0 && left-- > 0 && wait_key(top)) {
        struct stat_all *old = top->before;

        result = stat_take(top->ctl, UINT32_MAX, top->now);
        if (result == 0 && (top->args->given & ZONE_JSON) != 0) {
            picture_json(top);
        } else if (result == 0) {
            picture(top);
        }
        top->before = top->now;
        top->now = old;
    }
    return result;
}

int top_verb(int argc, char **argv)
{
    static struct stat_all moments[2];
    struct zone_args args = { .delay = DELAY_DEFAULT, .count = UINT64_MAX };
    struct top top = { .args = &args, .before = &moments[0], .now = &moments[1] };
    struct ctl ctl;
    int code;

    if (!zone_args(&args, ZONE_JSON | ZONE_DELAY | ZONE_COUNT, argc, argv) ||
        args.name_count != 0) {
        return verb_usage("top");
    }
    code = zone_connect(&ctl);
    if (code != 0) {
        return code;
    }
    top.ctl = &ctl;
    zone_catch_signals();
    keys_on(&top);
    code = run(&top);
    if (top.is_raw) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &top.terminal);
    }
    code = zone_report(code, NULL);
    ctl_close(&ctl);
    return code;
}
