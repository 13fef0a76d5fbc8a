/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers and life of channels. A doorbell is one atomic operation, and one visit to the peer's
 * function lock when it changes something; no zone waits for what the other does with it.
 */
#include "hyp/core/channel.h"

#include "abi/channel.h"
#include "hw.h"
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

static uint32_t name_word(const struct channel_end *end, uint32_t offset)
{
    const char *name = &end->channel->plan->name[offset];

    return (uint32_t)(put(BYTE0, name[0]) | put(BYTE1, name[1]) | put(BYTE2, name[2]) |
                      put(BYTE3, name[3]));
}

static uint32_t mask_read(const struct channel_end *end)
{
    return atomic_load(&end->mask);
}

static uint32_t cause_read(const struct channel_end *end)
{
    return atomic_load(&end->cause);
}

static uint32_t side_read(const struct channel_end *end)
{
    return end->side;
}

static uint32_t abi_read(const struct channel_end *end)
{
    (void)end;
    return CHANNEL_VERSION;
}

static uint32_t features_read(const struct channel_end *end)
{
    return (end->channel->plan->flags & PLAN_CHANNEL_NOTIFY) != 0 ? CHANNEL_FEATURE_NOTIFY : 0;
}

static uint32_t peer_read(const struct channel_end *end)
{
    return atomic_load(&end->peer->up) ? 1 : 0;
}

static uint32_t starts_read(const struct channel_end *end)
{
    return atomic_load(&end->peer->starts);
}

static uint32_t size_low_read(const struct channel_end *end)
{
    return (uint32_t)get(LOW32, end->channel->plan->size);
}

static uint32_t size_high_read(const struct channel_end *end)
{
    return (uint32_t)get(HIGH32, end->channel->plan->size);
}

static void mask_write(struct channel_end *end, uint32_t value)
{
    atomic_store(&end->mask, value & CHANNEL_CAUSE_ALL);
    vbus_settle(&end->fn);
}

static void cause_write(struct channel_end *end, uint32_t value)
{
    atomic_fetch_and(&end->cause, ~value);
    vbus_settle(&end->fn);
}

static void doorbell_write(struct channel_end *end, uint32_t value)
{
    (void)value;
    if ((end->channel->plan->flags & PLAN_CHANNEL_NOTIFY) != 0) {
        tell(end->peer, CHANNEL_CAUSE_DOORBELL);
    }
}

/* clang-format off */
const struct channel_row channel_rows[] = {
    [CHANNEL_MASK / 4] =        { mask_read,      mask_write },
    [CHANNEL_CAUSE / 4] =       { cause_read,     cause_write },
    [CHANNEL_SIDE / 4] =        { side_read,      NULL },
    [CHANNEL_DOORBELL / 4] =    { NULL,           doorbell_write },
    [CHANNEL_ABI / 4] =         { abi_read,       NULL },
    [CHANNEL_FEATURES / 4] =    { features_read,  NULL },
    [CHANNEL_PEER / 4] =        { peer_read,      NULL },
    [CHANNEL_PEER_STARTS / 4] = { starts_read,    NULL },
    [CHANNEL_SIZE_LOW / 4] =    { size_low_read,  NULL },
    [CHANNEL_SIZE_HIGH / 4] =   { size_high_read, NULL },
};
/* clang-format on */
const size_t channel_row_count = ARRAY_COUNT(channel_rows);

static uint32_t row_read(const struct channel_end *end, uint64_t offset)
{
    uint64_t i = offset / sizeof(uint32_t);

    if (i < channel_row_count) {
        return channel_rows[i].read ? channel_rows[i].read(end) : 0;
    }
    return offset >= CHANNEL_NAME && offset - CHANNEL_NAME < CHANNEL_NAME_SIZE
               ? name_word(end, (uint32_t)offset - CHANNEL_NAME)
               : 0;
}

static bool end_regs(struct vbus_fn *fn, struct mmio_access *access)
{
    struct channel_end *end = (struct channel_end *)fn;
    uint64_t i = access->offset / sizeof(uint32_t);

    if (access->size != sizeof(uint32_t)) {
        return false;
    }
    if (!access->write) {
        access->value = row_read(end, access->offset);
    } else if (i < channel_row_count && channel_rows[i].write) {
        channel_rows[i].write(end, (uint32_t)access->value);
    }
    return true;
}

static const struct vbus_ops end_ops = { end_regs, end_wants, NULL };

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
        cpu_relax();
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
