/* SPDX-License-Identifier: Apache-2.0 */
/* What the hypervisor for tests answers: three zones, states that change at once. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "ctl_double.h"
#include "lib/field.h"

void double_zones(struct ctl_double *d)
{
    static const char *const names[] = { "zone0", "linux1", "spare" };

    for (uint32_t i = 0; i < DOUBLE_ZONES; i++) {
        struct ctl_zone *zone = &d->zone[i];

        memset(zone, 0, sizeof(*zone));
        snprintf(zone->name, sizeof(zone->name), "%s", names[i]);
        zone->role = i == 0 ? 0 : 1;
        zone->state = i < 2 ? CTL_ZONE_RUNNING : CTL_ZONE_OFF;
        zone->starts = i < 2;
        zone->vcpu_count = i + 1;
        zone->vcpus_on = i < 2 ? i + 1 : 0;
        zone->cpus = BIT64(2 * i);
        zone->memory = UINT64_C(256) << 20;
        zone->flags = CTL_ZONE_FLAG_CONSOLE;
        zone->since = UINT64_C(5000000000);
    }
    d->input_room = 16;
}

void double_state(struct ctl *ctl, uint32_t zone, uint32_t state, uint32_t reason)
{
    struct ctl_double *d = ctl->context;
    struct ctl_event event = {
        .time = 1000000000, .kind = CTL_EVENT_STATE, .zone = zone, .value = state, .detail = reason
    };

    d->zone[zone].state = state;
    d->zone[zone].reason = reason;
    d->zone[zone].starts += state == CTL_ZONE_STARTING;
    double_event(ctl, &event);
}

/* A state on the way to another. */
static void double_go(struct ctl *ctl, uint32_t zone, const uint32_t *states, uint32_t reason)
{
    const struct ctl_double *d = ctl->context;

    double_state(ctl, zone, states[0], reason);
    if (!d->is_slow) {
        double_state(ctl, zone, states[1], reason);
    }
}

static int32_t change(struct ctl *ctl, const struct ctl_slot *slot)
{
    static const uint32_t up[] = { CTL_ZONE_STARTING, CTL_ZONE_RUNNING };
    static const uint32_t down[] = { CTL_ZONE_STOPPING, CTL_ZONE_OFF };
    struct ctl_double *d = ctl->context;
    uint32_t state = d->zone[slot->zone].state;

    if (slot->zone == 0) {
        return CTL_ERR_DENIED;
    }
    if (slot->op == CTL_OP_START && state == CTL_ZONE_OFF) {
        double_go(ctl, slot->zone, up, CTL_REASON_NONE);
    } else if (slot->op == CTL_OP_RESET && state == CTL_ZONE_RUNNING) {
        double_go(ctl, slot->zone, down, CTL_REASON_OPERATOR);
        double_go(ctl, slot->zone, up, CTL_REASON_OPERATOR);
    } else if (slot->op == CTL_OP_STOP && state != CTL_ZONE_OFF) {
        double_go(ctl, slot->zone, down, CTL_REASON_OPERATOR);
    } else if (slot->op == CTL_OP_PAUSE && state == CTL_ZONE_RUNNING) {
        double_state(ctl, slot->zone, CTL_ZONE_PAUSED, CTL_REASON_NONE);
    } else if (slot->op == CTL_OP_RESUME && state == CTL_ZONE_PAUSED) {
        double_state(ctl, slot->zone, CTL_ZONE_RUNNING, CTL_REASON_NONE);
    } else {
        return CTL_ERR_STATE;
    }
    return CTL_OK;
}

static int32_t console_write(struct ctl *ctl, struct ctl_slot *slot)
{
    const struct ctl_double *d = ctl->context;
    uint32_t taken = slot->size < d->input_room ? slot->size : d->input_room;

    double_console(ctl, slot->zone, (const char *)slot->data, taken);
    slot->out[0] = taken;
    slot->size = 0;
    return CTL_OK;
}

static int32_t answer_with(struct ctl_slot *slot, const void *bytes, size_t size)
{
    memcpy(slot->data, bytes, size);
    slot->size = (uint32_t)size;
    return CTL_OK;
}

static int32_t info(const struct ctl_double *d, struct ctl_slot *slot)
{
    struct ctl_info about = { .version = CTL_VERSION,
                              .features = CTL_FEATURE_CONSOLES,
                              .zone_count = DOUBLE_ZONES,
                              .cpu_count = 4,
                              .pool_count = 1,
                              .log_level = 2,
                              .now = UINT64_C(9000000000),
                              .pool = { { UINT64_C(0xa0000000), UINT64_C(0x20000000) } },
                              .build = "double" };

    (void)d;
    return answer_with(slot, &about, sizeof(about));
}

static int32_t stat(const struct ctl_double *d, struct ctl_slot *slot)
{
    struct ctl_stat about = { .state = 1,
                              .cpu = slot->zone * 2 + (uint32_t)slot->arg[0],
                              .exit_count = 2,
                              .exit = { { "irq", 10 * d->requests }, { "wfi", 3 * d->requests } } };

    if (slot->arg[0] >= d->zone[slot->zone].vcpu_count) {
        return CTL_ERR_RANGE;
    }
    return answer_with(slot, &about, sizeof(about));
}

static int32_t memory(const struct ctl_double *d, struct ctl_slot *slot)
{
    struct ctl_memory region = { .gpa = 0x40000000,
                                 .size = d->zone[slot->zone].memory,
                                 .pool = slot->zone == 1 ? 0 : UINT32_MAX,
                                 .offset = slot->zone == 1 ? 0x200000 : 0 };

    return answer_with(slot, &region, sizeof(region));
}

static int32_t dispatch(struct ctl *ctl, struct ctl_slot *slot)
{
    const struct ctl_double *d = ctl->context;

    if (slot->op == CTL_OP_INFO) {
        return info(d, slot);
    }
    if (slot->op == CTL_OP_LOG_LEVEL) {
        slot->out[0] = 2;
        return slot->arg[0] == UINT64_MAX || slot->arg[0] <= 3 ? CTL_OK : CTL_ERR_INVALID;
    }
    if (slot->zone >= DOUBLE_ZONES) {
        return CTL_ERR_ZONE;
    }
    if (slot->op == CTL_OP_ZONE) {
        return answer_with(slot, &d->zone[slot->zone], sizeof(d->zone[0]));
    }
    if (slot->op >= CTL_OP_START && slot->op <= CTL_OP_RESUME) {
        return change(ctl, slot);
    }
    if (slot->op == CTL_OP_CONSOLE_WRITE) {
        return console_write(ctl, slot);
    }
    if (slot->op == CTL_OP_STAT) {
        return stat(d, slot);
    }
    return slot->op == CTL_OP_MEMORY ? memory(d, slot) : CTL_ERR_OP;
}

void double_answer(struct ctl *ctl, uint32_t number)
{
    struct ctl_double *d = ctl->context;
    struct ctl_slot *slot;
    int32_t status;

    assert_true(number < CTL_SLOTS);
    slot = (struct ctl_slot *)(void *)(ctl->region + ctl->layout.slot_offset +
                                       (size_t)number * CTL_SLOT_SIZE);
    d->seen = *slot;
    d->requests++;
    status = dispatch(ctl, slot);
    if (d->answer_size != 0) {
        slot->size = d->answer_size;
    }
    slot->status = status;
}
