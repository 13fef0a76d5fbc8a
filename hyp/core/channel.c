/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers and life of channels. A doorbell is one atomic operation, and one visit to the peer's
 * function lock when it changes something; no zone waits for what the other does with it.
 */
#include "hyp/core/channel.h"

#include "abi/channel.h"
#include "hyp/arch.h"
#include "hyp/core/load.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

FIELD(LOW32, 0, 32);
FIELD(HIGH32, 32, 32);
FIELD(BYTE0, 0, 8);
FIELD(BYTE1, 8, 8);
FIELD(BYTE2, 16, 8);
FIELD(BYTE3, 24, 8);

static struct channel *channels; /* the_plan->channel_count of them */

/* ---- Signals ---- */

/*
 * Any CPU. A bit that is set already has been announced by who set it, and the peer has not cleared
 * it yet: then whatever the sender wrote before is seen by who clears it.
 */
static void tell(struct channel_end *end, uint32_t cause)
{
    if (atomic_load(&end->up) && (atomic_fetch_or(&end->cause, cause) & cause) == 0) {
        vbus_settle(&end->fn);
    }
}

static bool end_wants(const struct vbus_fn *fn)
{
    const struct channel_end *end = (const struct channel_end *)fn;

    return (atomic_load(&end->cause) & atomic_load(&end->mask)) != 0;
}

/* ---- Registers ---- */

static uint32_t mask_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)row;
    return atomic_load(&end->mask);
}

static void mask_write(struct channel_end *end, uint32_t value)
{
    atomic_store(&end->mask, value & CHANNEL_CAUSE_ALL);
    vbus_settle(&end->fn);
}

static uint32_t cause_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)row;
    return atomic_load(&end->cause);
}

static void cause_write(struct channel_end *end, uint32_t value)
{
    atomic_fetch_and(&end->cause, ~value);
    vbus_settle(&end->fn);
}

static uint32_t side_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)row;
    return end->side;
}

static void doorbell_write(struct channel_end *end, uint32_t value)
{
    (void)value;
    if ((end->channel->plan->flags & PLAN_CHANNEL_NOTIFY) != 0) {
        tell(end->peer, CHANNEL_CAUSE_DOORBELL);
    }
}

static uint32_t abi_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)end;
    (void)row;
    return CHANNEL_VERSION;
}

static uint32_t features_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)row;
    return (end->channel->plan->flags & PLAN_CHANNEL_NOTIFY) != 0 ? CHANNEL_FEATURE_NOTIFY : 0;
}

static uint32_t peer_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)row;
    return atomic_load(&end->peer->up) ? 1 : 0;
}

static uint32_t starts_read(const struct channel_end *end, const struct channel_row *row)
{
    (void)row;
    return atomic_load(&end->peer->starts);
}

static uint32_t size_read(const struct channel_end *end, const struct channel_row *row)
{
    uint64_t size = end->channel->plan->size;

    return (uint32_t)(row->offset == CHANNEL_SIZE_LOW ? get(LOW32, size) : get(HIGH32, size));
}

static uint32_t name_read(const struct channel_end *end, const struct channel_row *row)
{
    const char *name = &end->channel->plan->name[row->offset - CHANNEL_NAME];

    return (uint32_t)(put(BYTE0, name[0]) | put(BYTE1, name[1]) | put(BYTE2, name[2]) |
                      put(BYTE3, name[3]));
}

/* clang-format off */
const struct channel_row channel_rows[] = {
    /* offset               name           read           write */
    { CHANNEL_MASK,        "MASK",        mask_read,     mask_write },
    { CHANNEL_CAUSE,       "CAUSE",       cause_read,    cause_write },
    { CHANNEL_SIDE,        "SIDE",        side_read,     NULL },
    { CHANNEL_DOORBELL,    "DOORBELL",    NULL,          doorbell_write },
    { CHANNEL_ABI,         "ABI",         abi_read,      NULL },
    { CHANNEL_FEATURES,    "FEATURES",    features_read, NULL },
    { CHANNEL_PEER,        "PEER",        peer_read,     NULL },
    { CHANNEL_PEER_STARTS, "PEER_STARTS", starts_read,   NULL },
    { CHANNEL_SIZE_LOW,    "SIZE_LOW",    size_read,     NULL },
    { CHANNEL_SIZE_HIGH,   "SIZE_HIGH",   size_read,     NULL },
    { CHANNEL_NAME + 0x00, "NAME0",       name_read,     NULL },
    { CHANNEL_NAME + 0x04, "NAME1",       name_read,     NULL },
    { CHANNEL_NAME + 0x08, "NAME2",       name_read,     NULL },
    { CHANNEL_NAME + 0x0c, "NAME3",       name_read,     NULL },
    { CHANNEL_NAME + 0x10, "NAME4",       name_read,     NULL },
    { CHANNEL_NAME + 0x14, "NAME5",       name_read,     NULL },
};
/* clang-format on */
const size_t channel_row_count = ARRAY_COUNT(channel_rows);

static bool end_regs(struct vbus_fn *fn, struct mmio_access *access)
{
    struct channel_end *end = (struct channel_end *)fn;
    uint64_t i = access->offset / sizeof(uint32_t);
    const struct channel_row *row = i < channel_row_count ? &channel_rows[i] : NULL;

    if (access->size != sizeof(uint32_t)) {
        return false;
    }
    if (access->write) {
        if (row && row->write) {
            row->write(end, (uint32_t)access->value);
        }
    } else {
        access->value = row && row->read ? row->read(end, row) : 0;
    }
    return true;
}

static const struct vbus_ops end_ops = { end_regs, end_wants };

/* ---- Life ---- */

static void end_init(struct channel *channel, uint32_t side)
{
    const struct plan_channel_side *plan = &channel->plan->side[side];
    struct channel_end *end = &channel->end[side];
    struct zone *zone = &zones[plan->zone];

    end->channel = channel;
    end->peer = &channel->end[1 - side];
    end->side = side;
    end->fn.ops = &end_ops;
    end->fn.zone = zone;
    end->fn.intid = plan->intid;
    end->fn.id = (struct vpci_id){
        .vendor = CHANNEL_PCI_VENDOR,
        .device = CHANNEL_PCI_DEVICE,
        .class_code = CHANNEL_PCI_CLASS,
        .has_interrupt = true,
        .bar = { { zone->plan->pci_gpa + plan->slot * PLAN_PCI_REGS_SIZE, PLAN_PCI_REGS_SIZE },
                 { plan->mem_gpa, channel->plan->size } },
    };
    vbus_add(&end->fn, plan->slot);
}

void channel_init_all(void)
{
    if (the_plan->channel_count == 0) {
        return;
    }
    channels = pool_take(the_plan->channel_count * sizeof(*channels), SIZE_4K);
    for (uint32_t i = 0; i < the_plan->channel_count; i++) {
        channels[i].plan = &the_plan->channel[i];
        end_init(&channels[i], 0);
        end_init(&channels[i], 1);
    }
}

/* The zone's end of a channel, or NULL. */
static struct channel_end *end_of(struct channel *channel, const struct zone *zone)
{
    for (uint32_t side = 0; side < 2; side++) {
        if (channel->end[side].fn.zone == zone) {
            return &channel->end[side];
        }
    }
    return NULL;
}

/* No interrupt of the run before, and none until the guest asks for it. */
static void end_reset(struct channel_end *end)
{
    atomic_store(&end->mask, 0);
    atomic_store(&end->cause, 0);
    vbus_reset(&end->fn);
}

/* Takes channel->life. The peer's CPU may hold it while it scrubs: interrupts are served. */
static bool life_take(struct channel *channel, const struct zone *zone)
{
    while (!lock_try(&channel->life)) {
        if (!run_meanwhile() || zone_state(zone) != ZONE_STARTING) {
            return false;
        }
    }
    return true;
}

static bool end_up(struct channel_end *end)
{
    struct channel *channel = end->channel;
    bool clean = true;

    if (!life_take(channel, end->fn.zone)) {
        return false;
    }
    if (!atomic_load(&end->peer->up)) {
        clean = load_scrub(end->fn.zone, hpa(channel->plan->hpa), channel->plan->size);
    }
    if (clean) {
        end_reset(end);
        atomic_fetch_add(&end->starts, 1);
        atomic_store(&end->up, true);
    }
    lock_give(&channel->life);
    if (clean) {
        tell(end->peer, CHANNEL_CAUSE_PEER);
    }
    return clean;
}

/* Without channel->life, so that it never waits: whether the peer sees `up` or not, it is right. */
static void end_down(struct channel_end *end)
{
    bool was_up = atomic_exchange(&end->up, false);

    end_reset(end);
    if (was_up) {
        tell(end->peer, CHANNEL_CAUSE_PEER);
    }
}

void channel_down(const struct zone *zone)
{
    for (uint32_t i = 0; i < the_plan->channel_count; i++) {
        struct channel_end *end = end_of(&channels[i], zone);

        if (end) {
            end_down(end);
        }
    }
}

bool channel_up(const struct zone *zone)
{
    for (uint32_t i = 0; i < the_plan->channel_count; i++) {
        struct channel_end *end = end_of(&channels[i], zone);

        if (end && !end_up(end)) {
            channel_down(zone);
            return false;
        }
    }
    return true;
}
