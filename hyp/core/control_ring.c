/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings of the control region: events, the log, consoles. The hypervisor writes them without asking
 * who reads; it reads nothing here but its own heads. Nothing is waited for, what is old is lost.
 */
#include "hyp/arch.h"
#include "hyp/core/control.h"
#include "hyp/core/pause.h"
#include "hyp/core/string.h"
#include "hyp/core/vio.h"
#include "hyp/core/zone.h"
#include "lib/dax.h"
#include "lib/field.h"

#define NS          UINT64_C(1000000000)
#define TELL_ALWAYS 64u /* bytes of a console after which zone0 is told, newline or not */

_Static_assert(sizeof(struct ctl_slot) == CTL_SLOT_SIZE, "slots lie one after the other");
_Static_assert(sizeof(struct ctl_shared) <= CONTROL_SLOTS, "the description ends before slots");
_Static_assert(CTL_DAX_HEADER + CONTROL_END <= SIZE_2M, "the smallest region holds it all");
_Static_assert(CONTROL_DEVICES % _Alignof(struct bridge_device) == 0, "devices are aligned");
_Static_assert(BRIDGE_DEVICES == PLAN_MAX_VIRTIO, "a place for each device");
_Static_assert(CTL_ZONES == PLAN_MAX_ZONES, "a console for each zone");
_Static_assert((int)STOP_RESET == (int)CTL_REASON_RESET &&
                   (int)STOP_OPERATOR == (int)CTL_REASON_OPERATOR &&
                   (int)STOP_SERROR == (int)CTL_REASON_ABORT &&
                   (int)STOP_FAULT == (int)CTL_REASON_FAULT &&
                   (int)STOP_DEVICE == (int)CTL_REASON_DEVICE,
               "reasons are told as they are");

/* ---- Rings; under the lock of each ---- */

static void ring_put(struct control_ring *ring, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ring->bytes[ring->head++ % ring->size] = ((const uint8_t *)bytes)[i];
    }
}

/* What the head counts has been written before. */
static void publish(const struct control_ring *ring, uint64_t head)
{
    __atomic_store_n(ring->head_out, head, __ATOMIC_RELEASE);
}

static void ring_init(struct control_ring *ring, uint32_t at, uint32_t size)
{
    ring->bytes = (uint8_t *)control.shared + at;
    ring->size = size;
}

/* All but the heads, which the next to write a ring puts right, if zone0 has been there. */
static void describe(struct ctl_shared *out)
{
    out->version = CTL_VERSION;
    out->size = CONTROL_END;
    out->zone_count = the_plan->zone_count;
    out->device_count = the_plan->virtio_count;
    out->slot_offset = CONTROL_SLOTS;
    out->event_offset = CONTROL_EVENTS;
    out->log_offset = CONTROL_LOG;
    out->console_offset = CONTROL_CONSOLES;
    out->device_offset = CONTROL_DEVICES;
    out->self = the_plan->control.zone;
    out->tick_rate = arch_tick_rate();
    out->magic = CTL_MAGIC;
}

/* Where device-DAX is found, and what it is; zone0 may write there, which only zone0 notices. */
static void describe_pool(const struct plan_region *pool)
{
    uint8_t *at = arch_window_map(hpa(pool->hpa));

    dax_info(at + DAX_INFO_OFFSET,
             &(struct dax_region){ pool->size, PLAN_POOL_HEADER, SIZE_2M, 0, pool->hpa });
    arch_cache_clean(at + DAX_INFO_OFFSET, DAX_INFO_SIZE);
    arch_window_unmap();
}

static bool raise_device(void)
{
    return control_raise(CTL_CAUSE_DEVICE);
}

void control_describe(void)
{
    const struct plan_region *own = &the_plan->region[the_plan->control.region - 1];

    dax_info(control.region + DAX_INFO_OFFSET,
             &(struct dax_region){ own->size, CTL_DAX_HEADER, SIZE_4K, 0, own->hpa });
    describe(control.shared);
    vio_connect((struct bridge_device *)((uint8_t *)control.shared + CONTROL_DEVICES),
                raise_device);
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        if (the_plan->region[i].kind == PLAN_REGION_POOL) {
            describe_pool(&the_plan->region[i]);
        }
    }
}

void control_lay_out(void)
{
    struct ctl_shared *shared = (struct ctl_shared *)(control.region + CTL_DAX_HEADER);

    control.shared = shared;
    ring_init(&control.event, CONTROL_EVENTS, CTL_EVENTS * (uint32_t)sizeof(struct ctl_event));
    control.event.head_out = &shared->event.head;
    ring_init(&control.log, CONTROL_LOG, CTL_LOG_SIZE);
    control.log.head_out = &shared->log.head;
    for (uint32_t i = 0; i < CTL_ZONES; i++) {
        ring_init(&control.console[i], CONTROL_CONSOLES + i * CTL_CONSOLE_SIZE, CTL_CONSOLE_SIZE);
        control.console[i].head_out = &shared->console[i].head;
    }
    control_describe();
}

/* ---- The log and consoles ---- */

void control_log(const char *line, size_t size)
{
    if (control.shared) {
        ring_put(&control.log, line, size);
        ring_put(&control.log, "\n", 1);
        publish(&control.log, control.log.head);
        (void)control_announce(CTL_CAUSE_LOG);
    }
}

/* Whole lines, or what is long: an interrupt for each byte would be a storm. */
void control_console(const struct zone *zone, uint8_t byte)
{
    struct control_ring *ring = &control.console[zone->id];

    if (control.shared) {
        ring_put(ring, &byte, 1);
        publish(ring, ring->head);
        if (byte == '\n' || ring->head % TELL_ALWAYS == 0) {
            (void)control_announce(CTL_CAUSE_CONSOLE);
        }
    }
}

/* ---- Events ---- */

uint64_t control_ns(uint64_t ticks)
{
    uint64_t rate = arch_tick_rate();

    rate = rate == 0 ? 1 : rate;
    return ticks / rate * NS + ticks % rate * NS / rate;
}

enum ctl_zone_state control_state(const struct zone *zone)
{
    switch (zone_state(zone)) {
    case ZONE_STARTING: return CTL_ZONE_STARTING;
    case ZONE_RUNNING: return pause_is_done(zone) ? CTL_ZONE_PAUSED : CTL_ZONE_RUNNING;
    case ZONE_STOPPING: return CTL_ZONE_STOPPING;
    case ZONE_OFF:
    default: return CTL_ZONE_OFF;
    }
}

/* Lock held. */
static void event_put(const struct ctl_event *event)
{
    ring_put(&control.event, event, sizeof(*event));
    publish(&control.event, control.event.head / sizeof(*event));
}

void control_event(const struct ctl_event *event)
{
    struct ctl_event out = *event;

    lock_take(&control.events);
    out.time = control_ns(arch_now());
    event_put(&out);
    lock_give(&control.events);
    (void)control_announce(CTL_CAUSE_EVENT);
}

/* The state is looked at with the lock held: the newest event of a zone tells what it is now. */
void control_changed(const struct zone *zone)
{
    uint64_t now;

    if (!control.shared) {
        return;
    }
    lock_take(&control.events);
    now = arch_now();
    control.since[zone->id] = now;
    event_put(&(struct ctl_event){ .time = control_ns(now),
                                   .kind = CTL_EVENT_STATE,
                                   .zone = zone->id,
                                   .value = control_state(zone),
                                   .detail = (uint32_t)zone->reason });
    lock_give(&control.events);
    (void)control_announce(CTL_CAUSE_EVENT);
}
