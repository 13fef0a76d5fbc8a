/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pausing a zone: its vCPUs are held outside of the guest, and its virtual time stands still until
 * it is resumed. Its memory, its devices and what is pending stay as they are.
 */
#ifndef HYP_CORE_PAUSE_H
#define HYP_CORE_PAUSE_H

#include <stdbool.h>

#include "lib/err.h"

struct vcpu;
struct zone;

/* zone->pause */
enum pause_state {
    PAUSE_NONE,
    PAUSE_ASKED,    /* vCPUs leave the guest, or have */
    PAUSE_RESUMING, /* for as long as time_offset is being moved */
};

/*
 * Asks. ERR_DENIED: the zone does not run, or is paused; ERR_BUSY: a vCPU has not gone on yet since
 * the pause before. Any CPU, never waits.
 */
enum err pause_zone(struct zone *zone) MUST_CHECK;

/* ERR_DENIED: it is not paused; ERR_BUSY: a vCPU has not left the guest yet. Any CPU. */
enum err pause_resume(struct zone *zone) MUST_CHECK;

/* Whether a running zone has been paused, and no vCPU of it is in the guest any more. Any CPU. */
bool pause_is_done(const struct zone *zone);

/* What a vCPU's own CPU does about it, by zone_progress(). */
void pause_look(struct vcpu *vcpu);

/* A vCPU goes off, on its own CPU: before it counts as off, and after that. */
void pause_leave(struct zone *zone);
void pause_left(const struct zone *zone);

/* The zone starts, all vCPUs are off: it is not paused, its time is the machine's. */
void pause_reset(struct zone *zone);

#endif
