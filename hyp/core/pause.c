/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual time is the machine's less zone->time_offset. It stands still from the moment at which
 * the last vCPU has left the guest, so that none of them ever sees it go back. Nobody waits.
 */
#include "hyp/core/pause.h"

#include "hyp/arch.h"
#include "hyp/core/control.h"
#include "hyp/core/zone.h"

/* The latest moment at which somebody has left. */
static void left_at(struct zone *zone, uint64_t now)
{
    uint64_t at = atomic_load(&zone->paused_at);

    while (at < now && !atomic_compare_exchange_weak(&zone->paused_at, &at, now)) {
    }
}

static bool is_out(const struct vcpu *vcpu)
{
    /* One that is held for a device only might go on before it has heard of the pause. */
    return atomic_load(&vcpu->state) == VCPU_OFF || (atomic_load(&vcpu->holds) & HOLD_PAUSE) != 0;
}

bool pause_is_done(const struct zone *zone)
{
    if (atomic_load(&zone->pause) == PAUSE_NONE || zone_state(zone) != ZONE_RUNNING) {
        return false;
    }
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        if (!is_out(&zone->vcpus[i])) {
            return false;
        }
    }
    return true;
}

/* A vCPU that is out because of the pause before is about to go on: it must not count as out. */
static bool is_resuming(const struct zone *zone)
{
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        if ((atomic_load(&zone->vcpus[i].holds) & HOLD_PAUSE) != 0) {
            return true;
        }
    }
    return false;
}

enum err pause_zone(struct zone *zone)
{
    uint32_t expected = PAUSE_NONE;

    if (zone_state(zone) == ZONE_RUNNING && atomic_load(&zone->pause) == PAUSE_NONE &&
        is_resuming(zone)) {
        return ERR_BUSY;
    }
    if (zone_state(zone) != ZONE_RUNNING ||
        !atomic_compare_exchange_strong(&zone->pause, &expected, PAUSE_ASKED)) {
        return ERR_DENIED;
    }
    left_at(zone, arch_now());
    zone_look(zone);
    return OK;
}

enum err pause_resume(struct zone *zone)
{
    uint32_t expected = PAUSE_ASKED;

    if (atomic_load(&zone->pause) == PAUSE_NONE || zone_state(zone) != ZONE_RUNNING) {
        return ERR_DENIED;
    }
    if (!pause_is_done(zone) ||
        !atomic_compare_exchange_strong(&zone->pause, &expected, PAUSE_RESUMING)) {
        return ERR_BUSY;
    }
    atomic_fetch_add(&zone->time_offset, arch_now() - atomic_load(&zone->paused_at));
    atomic_store(&zone->pause, PAUSE_NONE);
    zone_look(zone);
    control_changed(zone);
    return OK;
}

void pause_look(struct vcpu *vcpu)
{
    struct zone *zone = vcpu->zone;
    bool wanted = atomic_load(&zone->pause) != PAUSE_NONE;
    bool is_held = (vcpu->holds & HOLD_PAUSE) != 0;

    if (wanted == is_held || atomic_load(&vcpu->state) < VCPU_ON) {
        return;
    }
    if (!wanted) {
        arch_vcpu_wake(vcpu);
        vcpu_release(vcpu, HOLD_PAUSE);
        return;
    }
    arch_vcpu_rest(vcpu);
    left_at(zone, arch_now());
    vcpu_hold(vcpu, HOLD_PAUSE);
    if (pause_is_done(zone)) {
        control_changed(zone);
    }
}

void pause_leave(struct zone *zone)
{
    if (atomic_load(&zone->pause) != PAUSE_NONE) {
        left_at(zone, arch_now());
    }
}

void pause_left(const struct zone *zone)
{
    if (pause_is_done(zone)) {
        control_changed(zone);
    }
}

void pause_reset(struct zone *zone)
{
    atomic_store(&zone->pause, PAUSE_NONE);
    atomic_store(&zone->time_offset, 0);
}
