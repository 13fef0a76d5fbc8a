/* SPDX-License-Identifier: Apache-2.0 */
/* Console input: focus and the Ctrl-A commands by table. Runs on the console's CPU, never waits. */
#include "hyp/core/console_cmd.h"

#include "hyp/arch.h"
#include "hyp/core/console.h"
#include "hyp/core/exits.h"
#include "hyp/core/log.h"
#include "hyp/core/vuart.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

#define FOCUS_HYP UINT32_MAX

_Static_assert(PLAN_MAX_ZONES <= 9, "a zone is chosen by one digit");

/* Zone that gets input, or FOCUS_HYP. Written by the console's CPU, read by all. */
static _Atomic uint32_t focus = FOCUS_HYP;

/* Only the console's CPU has these. */
static bool escaped;  /* the last byte was Ctrl-A */
static bool flooding; /* a byte was dropped and said so, and none has been taken since */

static struct zone *focused(void)
{
    uint32_t id = atomic_load(&focus);

    return id < the_plan->zone_count ? &zones[id] : NULL;
}

bool console_has_focus(const struct zone *zone)
{
    return atomic_load(&focus) == zone->id;
}

static const char *state_name(const struct zone *zone)
{
    return zone_state_name(zone_state(zone));
}

static bool has_input(const struct zone *zone)
{
    return zone->plan->console == PLAN_CONSOLE_EMULATED;
}

/* A typed byte for the zone in focus. */
static void send(uint8_t byte)
{
    struct zone *zone = focused();

    if (!zone || !has_input(zone)) {
        return;
    }
    if (vuart_receive(zone, byte)) {
        flooding = false;
    } else if (!flooding) {
        flooding = true;
        LOG(LOG_WARN, "input is dropped: the zone does not read it", LOG_ZONE(zone));
    }
}

/* ---- Commands ---- */

static void cmd_focus(char key)
{
    uint32_t id = (uint32_t)(key - '1');
    struct zone *zone;

    if (key == '0') {
        atomic_store(&focus, FOCUS_HYP);
        LOG_SAY0("input: hyp (only commands)");
        return;
    }
    if (id >= the_plan->zone_count) {
        LOG_SAY("there is no zone with this number: Ctrl-A z lists them",
                LOG_DEC("zones", the_plan->zone_count));
        return;
    }
    zone = &zones[id];
    atomic_store(&focus, id);
    flooding = false;
    if (has_input(zone)) {
        LOG_SAY("input:", LOG_STR("", zone->plan->name));
        console_flush(zone); /* its prompt */
    } else {
        LOG_SAY("input:", LOG_STR("", zone->plan->name), LOG_STR("", "(has no console here)"));
    }
}

static void say_zone(const struct zone *zone)
{
    LOG_SAY("zone", LOG_DEC("", zone->id + 1), LOG_STR("", zone->plan->name),
            LOG_STR("", state_name(zone)), LOG_STR("last-stop", zone_reason_name(zone->reason)),
            LOG_DEC("starts", zone->starts), LOG_DEC("cpus-on", atomic_load(&zone->running)),
            LOG_DEC("cpus", zone->vcpu_count), LOG_DEC("dropped", zone->vuart.dropped));
}

static void cmd_status(char key)
{
    struct zone *zone = focused();

    (void)key;
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        say_zone(&zones[i]);
    }
    LOG_SAY("input:", LOG_STR("", zone ? zone->plan->name : "hyp"));
}

_Static_assert(EXITS_COUNT + 2 < LOG_MAX_ARGS, "one line per vCPU");

/* Other CPUs write the counters meanwhile. */
static void say_exits(const struct vcpu *vcpu)
{
    const volatile uint64_t *exits = vcpu->exits;
    struct log_arg args[EXITS_COUNT + 3] = { LOG_ZONE(vcpu->zone), LOG_DEC("vcpu", vcpu->id) };

    for (uint32_t n = 0; n < EXITS_COUNT; n++) {
        args[n + 2] = (struct log_arg){ exits_name((enum exit_class)n), exits[n] };
    }
    args[EXITS_COUNT + 2] = LOG_END;
    log_say("exits", args);
}

static void cmd_stat(char key)
{
    (void)key;
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        for (uint32_t n = 0; n < zones[i].vcpu_count; n++) {
            say_exits(&zones[i].vcpus[n]);
        }
    }
}

static void cmd_help(char key)
{
    for (size_t i = 0; i < console_cmd_count; i++) {
        LOG_SAY("Ctrl-A", LOG_STR("", console_cmds[i].keys), LOG_STR("", console_cmds[i].help));
    }
    cmd_status(key);
}

static void cmd_literal(char key)
{
    (void)key;
    send(CONSOLE_ESCAPE);
}

static void cmd_level(char key)
{
    uint32_t next = ((uint32_t)log_get_level() + 1) % LOG_LEVEL_COUNT;

    (void)key;
    log_set_level((enum log_level)next);
    LOG_SAY("log level:", LOG_STR("", log_level_name((enum log_level)next)));
}

/* The zone in focus if it is running; says why not otherwise. */
static struct zone *running_zone(void)
{
    struct zone *zone = focused();

    if (!zone) {
        LOG_SAY0("no zone is chosen: Ctrl-A 1..8 chooses one");
        return NULL;
    }
    if (zone_state(zone) == ZONE_OFF) {
        LOG_SAY("zone is off", LOG_ZONE(zone), LOG_STR("state", state_name(zone)));
        return NULL;
    }
    return zone;
}

static void cmd_reset(char key)
{
    struct zone *zone = running_zone();

    (void)key;
    if (zone) {
        LOG_SAY("reset", LOG_ZONE(zone));
        zone_stop(zone, STOP_RESET);
    }
}

static void cmd_kill(char key)
{
    struct zone *zone = running_zone();

    (void)key;
    if (zone) {
        LOG_SAY("stop", LOG_ZONE(zone));
        zone_stop(zone, STOP_OPERATOR);
    }
}

static void cmd_start(char key)
{
    struct zone *zone = focused();

    (void)key;
    if (!zone) {
        LOG_SAY0("no zone is chosen: Ctrl-A 1..8 chooses one");
    } else if (zone_start(zone) == OK) {
        LOG_SAY("start", LOG_ZONE(zone));
    } else {
        LOG_SAY("zone is not off", LOG_ZONE(zone), LOG_STR("state", state_name(zone)));
    }
}

static void cmd_power_off(char key)
{
    (void)key;
    LOG_SAY0("power off");
    console_finish();
    arch_machine_off();
    LOG0(LOG_ERROR, "the firmware did not power the machine off");
}

/* clang-format off */
const struct console_cmd console_cmds[] = {
    { '?', '?', "?",    "this help",                               cmd_help },
    { '0', '0', "0",    "input to nobody",                         cmd_focus },
    { '1', '9', "1..8", "input to this zone",                      cmd_focus },
    { 'a', 'a', "a",    "send Ctrl-A to the zone",                 cmd_literal },
    { 'k', 'k', "k",    "stop the zone that has the input",        cmd_kill },
    { 'l', 'l', "l",    "next log level",                          cmd_level },
    { 'r', 'r', "r",    "reset the zone that has the input",       cmd_reset },
    { 's', 's', "s",    "start the zone that has the input again", cmd_start },
    { 't', 't', "t",    "stat: exits of each vCPU, by class",      cmd_stat },
    { 'x', 'x', "x",    "power the machine off",                   cmd_power_off },
    { 'z', 'z', "z",    "state of all zones",                      cmd_status },
};
/* clang-format on */
const size_t console_cmd_count = ARRAY_COUNT(console_cmds);

static void command(char key)
{
    for (size_t i = 0; i < console_cmd_count; i++) {
        if (key >= console_cmds[i].first && key <= console_cmds[i].last) {
            console_cmds[i].fn(key);
            return;
        }
    }
    LOG_SAY0("no such command: Ctrl-A ? lists them");
}

void console_input(uint8_t byte)
{
    if (escaped) {
        escaped = false;
        command((char)byte);
    } else if (byte == CONSOLE_ESCAPE) {
        escaped = true;
    } else {
        send(byte);
    }
}

void console_cmd_init(void)
{
    uint32_t chosen = FOCUS_HYP;

    escaped = false;
    flooding = false;
    for (uint32_t i = the_plan->zone_count; i-- > 0;) {
        const struct plan_zone *plan = &the_plan->zone[i];
        bool better = chosen == FOCUS_HYP || plan->role == PLAN_ROLE_ZONE0 ||
                      the_plan->zone[chosen].role != PLAN_ROLE_ZONE0;

        if (plan->console == PLAN_CONSOLE_EMULATED && better) {
            chosen = i;
        }
    }
    atomic_store(&focus, chosen);
}
