/* SPDX-License-Identifier: Apache-2.0 */
/* The words, in the order of their numbers. */
#include "zone0/names.h"
#include "abi/ctl.h"
#include "abi/plan.h"
#include "lib/field.h"

static const char *const states[] = {
    [CTL_ZONE_OFF] = "off",         [CTL_ZONE_STARTING] = "starting",
    [CTL_ZONE_RUNNING] = "running", [CTL_ZONE_STOPPING] = "stopping",
    [CTL_ZONE_PAUSED] = "paused",   [CTL_ZONE_NONE] = "none",
};

static const char *const reasons[] = {
    [CTL_REASON_NONE] = "none",     [CTL_REASON_POWER_OFF] = "power-off",
    [CTL_REASON_RESET] = "reset",   [CTL_REASON_OPERATOR] = "operator",
    [CTL_REASON_ABORT] = "abort",   [CTL_REASON_FAULT] = "fault",
    [CTL_REASON_DEVICE] = "device",
};

static const char *const roles[] = {
    [PLAN_ROLE_ZONE0] = "zone0",
    [PLAN_ROLE_USER] = "user",
    [PLAN_ROLE_REALTIME] = "realtime",
};

static const char *const events[] = {
    [CTL_EVENT_NONE] = "none",
    [CTL_EVENT_STATE] = "state",
    [CTL_EVENT_SERVER] = "server",
    [CTL_EVENT_DEVICE] = "device",
};

static const char *word(const char *const *words, size_t count, uint32_t number)
{
    return number < count ? words[number] : "unknown";
}

const char *names_state(uint32_t state)
{
    return word(states, ARRAY_COUNT(states), state);
}

const char *names_reason(uint32_t reason)
{
    return word(reasons, ARRAY_COUNT(reasons), reason);
}

const char *names_role(uint32_t role)
{
    return word(roles, ARRAY_COUNT(roles), role);
}

const char *names_event(uint32_t kind)
{
    return word(events, ARRAY_COUNT(events), kind);
}
