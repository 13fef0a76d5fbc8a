/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a virtio-mmio device: the table, the rules of status and queues, configuration. */
#include "lib/vmmio.h"

#include "abi/virtio.h"
#include "lib/addr.h"
#include "lib/field.h"

FIELD(LOW32, 0, 32);
FIELD(HIGH32, 32, 32);
FIELD(LOW8, 0, 8);
FIELD(NOTIFY_QUEUE, 0, 16);

#define MAGIC   0x74726976u /* "virt" */
#define VERSION 2u

/* What the driver may set, in this order; FAILED at any time. */
static const uint32_t status_order[] = { VIRTIO_STATUS_ACKNOWLEDGE, VIRTIO_STATUS_DRIVER,
                                         VIRTIO_STATUS_FEATURES_OK, VIRTIO_STATUS_DRIVER_OK };

/* Features of a transport that this one does not have, whatever the device says. */
#define FEATURES_NEVER                                                                             \
    (BIT64(VIRTIO_F_SR_IOV) | BIT64(VIRTIO_F_NOTIF_CONFIG_DATA) | BIT64(VIRTIO_F_RING_RESET))

static const struct vmmio_event nothing = { .kind = VMMIO_NOTHING };

static uint64_t offered(const struct vmmio *dev)
{
    return (dev->id->features & ~FEATURES_NEVER) | BIT64(VIRTIO_F_VERSION_1);
}

static bool has_status(const struct vmmio *dev, uint32_t bit)
{
    return (dev->status & bit) != 0;
}

static bool has_feature(const struct vmmio *dev, unsigned number)
{
    return (dev->accepted & BIT64(number)) != 0;
}

/* Half `high` of a 64-bit register replaced. */
static uint64_t half(uint64_t old, bool high, uint32_t value)
{
    return high ? with(HIGH32, old, value) : with(LOW32, old, value);
}

/* ---- Features ---- */

static uint32_t features_read(const struct vmmio *dev)
{
    switch (dev->device_sel) {
    case 0: return (uint32_t)get(LOW32, offered(dev));
    case 1: return (uint32_t)get(HIGH32, offered(dev));
    default: return 0;
    }
}

static struct vmmio_event features_sel_write(struct vmmio *dev, uint32_t value)
{
    dev->device_sel = value;
    return nothing;
}

static struct vmmio_event driver_sel_write(struct vmmio *dev, uint32_t value)
{
    dev->driver_sel = value;
    return nothing;
}

static struct vmmio_event accept_write(struct vmmio *dev, uint32_t value)
{
    if (has_status(dev, VIRTIO_STATUS_FEATURES_OK)) {
        return nothing;
    }
    if (dev->driver_sel <= 1) {
        dev->accepted = half(dev->accepted, dev->driver_sel == 1, value);
    } else if (value != 0) {
        dev->accepted_beyond = true;
    }
    return nothing;
}

static bool features_are_good(const struct vmmio *dev)
{
    return !dev->accepted_beyond && (dev->accepted & ~offered(dev)) == 0 &&
           has_feature(dev, VIRTIO_F_VERSION_1);
}

/* ---- Status, 3.1.1 ---- */

static uint32_t status_read(const struct vmmio *dev)
{
    return dev->status;
}

/* A bit that must not be set yet is dropped, which the driver sees when it reads the status. */
static void status_advance(struct vmmio *dev, uint32_t value)
{
    uint32_t before = 0;

    dev->status |= value & VIRTIO_STATUS_FAILED;
    for (size_t i = 0; i < ARRAY_COUNT(status_order); i++) {
        uint32_t bit = status_order[i];
        bool is_good = bit != VIRTIO_STATUS_FEATURES_OK || features_are_good(dev);

        if ((value & bit) != 0 && (dev->status & before) == before && is_good) {
            dev->status |= bit;
        }
        before |= bit;
    }
}

static struct vmmio_event status_write(struct vmmio *dev, uint32_t value)
{
    bool was_up = has_status(dev, VIRTIO_STATUS_DRIVER_OK);

    if (value == 0) {
        dev->resetting = true;
        dev->interrupt = 0; /* else it would storm: acknowledging is dropped, too */
        return (struct vmmio_event){ .kind = VMMIO_RESET };
    }
    status_advance(dev, value);
    return !was_up && has_status(dev, VIRTIO_STATUS_DRIVER_OK)
               ? (struct vmmio_event){ .kind = VMMIO_START }
               : nothing;
}

/* ---- Queues ---- */

/* The selected queue, or NULL. */
static const struct vmmio_queue *selected(const struct vmmio *dev)
{
    return dev->queue_sel < dev->id->queue_count && dev->queue_sel < VMMIO_QUEUES
               ? &dev->queue[dev->queue_sel]
               : NULL;
}

/* The selected queue, or NULL when its size and addresses must stay as they are. */
static struct vmmio_queue *changeable(struct vmmio *dev)
{
    const struct vmmio_queue *queue = selected(dev);

    return queue && queue->state == VMMIO_QUEUE_OFF ? &dev->queue[dev->queue_sel] : NULL;
}

static struct vmmio_event queue_sel_write(struct vmmio *dev, uint32_t value)
{
    dev->queue_sel = value;
    return nothing;
}

static uint32_t queue_max_read(const struct vmmio *dev)
{
    return selected(dev) ? dev->id->queue_max : 0;
}

static struct vmmio_event queue_size_write(struct vmmio *dev, uint32_t value)
{
    struct vmmio_queue *queue = changeable(dev);

    if (queue) {
        queue->size = value;
    }
    return nothing;
}

/* Part of a queue of n descriptors: its alignment and size, 2.7 and 2.8. */
struct part {
    uint32_t align, fixed, each;
};

static const struct part split_parts[VMMIO_PARTS] = {
    [VMMIO_DESC] = { 16, 0, 16 },
    [VMMIO_DRIVER] = { 2, 6, 2 }, /* flags, index, used_event; an index each */
    [VMMIO_DEVICE] = { 4, 6, 8 }, /* flags, index, avail_event; index and length each */
};

static const struct part packed_parts[VMMIO_PARTS] = {
    [VMMIO_DESC] = { 16, 0, 16 },
    [VMMIO_DRIVER] = { 4, 4, 0 }, /* event suppression */
    [VMMIO_DEVICE] = { 4, 4, 0 },
};

static bool queue_is_good(const struct vmmio *dev, const struct vmmio_queue *queue)
{
    bool is_packed = has_feature(dev, VIRTIO_F_RING_PACKED);
    const struct part *parts = is_packed ? packed_parts : split_parts;

    if (queue->size == 0 || queue->size > dev->id->queue_max ||
        (!is_packed && (queue->size & (queue->size - 1)) != 0)) { /* no power of two */
        return false;
    }
    for (size_t i = 0; i < VMMIO_PARTS; i++) {
        uint64_t base = queue->at[i], size = parts[i].fixed + parts[i].each * queue->size;

        if (!is_aligned(base, parts[i].align) || !range_is_valid(base, size) ||
            !dev->id->in_ram(dev->id->memory, base, size)) {
            return false;
        }
    }
    return true;
}

static uint32_t ready_read(const struct vmmio *dev)
{
    const struct vmmio_queue *queue = selected(dev);

    return queue && queue->state != VMMIO_QUEUE_OFF ? 1 : 0;
}

/* What a queue may be depends on the features, and the back end must know it when it starts. */
static bool may_get_ready(const struct vmmio *dev)
{
    return has_status(dev, VIRTIO_STATUS_FEATURES_OK) && !has_status(dev, VIRTIO_STATUS_DRIVER_OK);
}

static struct vmmio_event ready_write(struct vmmio *dev, uint32_t value)
{
    struct vmmio_queue *queue = changeable(dev);

    if (queue) {
        if (value == 1 && may_get_ready(dev) && queue_is_good(dev, queue)) {
            queue->state = VMMIO_QUEUE_READY;
        }
        return nothing;
    }
    if (value != 0 || !selected(dev) || selected(dev)->state != VMMIO_QUEUE_READY) {
        return nothing;
    }
    if (!has_status(dev, VIRTIO_STATUS_DRIVER_OK)) { /* nobody uses it */
        dev->queue[dev->queue_sel].state = VMMIO_QUEUE_OFF;
        return nothing;
    }
    dev->queue[dev->queue_sel].state = VMMIO_QUEUE_STOPPING;
    return (struct vmmio_event){ .kind = VMMIO_STOP, .queue = dev->queue_sel };
}

static struct vmmio_event address_write(struct vmmio *dev, enum vmmio_part part, bool high,
                                        uint32_t value)
{
    struct vmmio_queue *queue = changeable(dev);

    if (queue) {
        queue->at[part] = half(queue->at[part], high, value);
    }
    return nothing;
}

static struct vmmio_event desc_low_write(struct vmmio *dev, uint32_t value)
{
    return address_write(dev, VMMIO_DESC, false, value);
}

static struct vmmio_event desc_high_write(struct vmmio *dev, uint32_t value)
{
    return address_write(dev, VMMIO_DESC, true, value);
}

static struct vmmio_event driver_low_write(struct vmmio *dev, uint32_t value)
{
    return address_write(dev, VMMIO_DRIVER, false, value);
}

static struct vmmio_event driver_high_write(struct vmmio *dev, uint32_t value)
{
    return address_write(dev, VMMIO_DRIVER, true, value);
}

static struct vmmio_event device_low_write(struct vmmio *dev, uint32_t value)
{
    return address_write(dev, VMMIO_DEVICE, false, value);
}

static struct vmmio_event device_high_write(struct vmmio *dev, uint32_t value)
{
    return address_write(dev, VMMIO_DEVICE, true, value);
}

static struct vmmio_event notify_write(struct vmmio *dev, uint32_t value)
{
    uint32_t queue = has_feature(dev, VIRTIO_F_NOTIFICATION_DATA)
                         ? (uint32_t)get(NOTIFY_QUEUE, value)
                         : value;

    return vmmio_queue_runs(dev, queue) && !has_status(dev, VIRTIO_STATUS_NEEDS_RESET)
               ? (struct vmmio_event){ .kind = VMMIO_NOTIFY, .queue = queue, .value = value }
               : nothing;
}

/* ---- Interrupts, generation, identity ---- */

static uint32_t interrupt_read(const struct vmmio *dev)
{
    return dev->interrupt;
}

static struct vmmio_event ack_write(struct vmmio *dev, uint32_t value)
{
    dev->interrupt &= ~value;
    return (struct vmmio_event){ .kind = VMMIO_ACK };
}

static uint32_t generation_read(const struct vmmio *dev)
{
    return dev->generation;
}

static uint32_t device_read(const struct vmmio *dev)
{
    return dev->id->device;
}

static uint32_t vendor_read(const struct vmmio *dev)
{
    return dev->id->vendor;
}

/* ---- The table ---- */

/* clang-format off */
const struct vmmio_row vmmio_rows[VMMIO_ROWS] = {
    [0x000 / 4] = { .constant = MAGIC },
    [0x004 / 4] = { .constant = VERSION },
    [0x008 / 4] = { .read = device_read },
    [0x00c / 4] = { .read = vendor_read },
    [0x010 / 4] = { .read = features_read },
    [0x014 / 4] = { .write = features_sel_write },
    [0x020 / 4] = { .write = accept_write },
    [0x024 / 4] = { .write = driver_sel_write },
    [0x030 / 4] = { .write = queue_sel_write },
    [0x034 / 4] = { .read = queue_max_read },
    [0x038 / 4] = { .write = queue_size_write },
    [0x044 / 4] = { .read = ready_read, .write = ready_write },
    [0x050 / 4] = { .write = notify_write },
    [0x060 / 4] = { .read = interrupt_read },
    [0x064 / 4] = { .write = ack_write },
    [0x070 / 4] = { .read = status_read, .write = status_write },
    [0x080 / 4] = { .write = desc_low_write },
    [0x084 / 4] = { .write = desc_high_write },
    [0x090 / 4] = { .write = driver_low_write },
    [0x094 / 4] = { .write = driver_high_write },
    [0x0a0 / 4] = { .write = device_low_write },
    [0x0a4 / 4] = { .write = device_high_write },
    [0x0b0 / 4] = { .constant = UINT32_MAX }, /* length and base of shared memory: there is none */
    [0x0b4 / 4] = { .constant = UINT32_MAX },
    [0x0b8 / 4] = { .constant = UINT32_MAX },
    [0x0bc / 4] = { .constant = UINT32_MAX },
    [0x0fc / 4] = { .read = generation_read },
};
/* clang-format on */

/* ---- Configuration: bytes beyond it read 0 ---- */

static uint32_t config_read(const struct vmmio *dev, uint32_t at, uint32_t size)
{
    uint32_t value = 0;

    for (uint32_t i = size; i > 0; i--) {
        uint32_t byte = at + i - 1;

        value = value * 256 + (byte < dev->id->config_size ? dev->config[byte] : 0);
    }
    return value;
}

static struct vmmio_event config_write(struct vmmio *dev, uint32_t at,
                                       const struct vmmio_access *access)
{
    bool is_changed = false;
    uint32_t value = access->value;

    if (!has_status(dev, VIRTIO_STATUS_FEATURES_OK)) {
        return nothing;
    }
    for (uint32_t i = at; i < at + access->size; i++, value /= 256) {
        uint8_t byte = (uint8_t)get(LOW8, value);
        bool is_writable = i >= dev->id->writable_at &&
                           i - dev->id->writable_at < dev->id->writable_size &&
                           i < dev->id->config_size;

        if (is_writable && dev->config[i] != byte) {
            dev->config[i] = byte;
            is_changed = true;
        }
    }
    return is_changed ? (struct vmmio_event){ .kind = VMMIO_WRITTEN } : nothing;
}

bool vmmio_config_set(struct vmmio *dev, uint32_t at, const uint8_t *bytes, uint32_t size)
{
    if (at > dev->id->config_size || size > dev->id->config_size - at) {
        return false;
    }
    for (uint32_t i = 0; i < size; i++) {
        dev->config[at + i] = bytes[i];
    }
    dev->generation++;
    return true;
}

/* ---- Accesses ---- */

static bool is_access(const struct vmmio_access *access)
{
    bool is_width = access->size == 4 ||
                    (access->offset >= VMMIO_CONFIG && (access->size == 1 || access->size == 2));

    return is_width && access->offset < VMMIO_SIZE && is_aligned(access->offset, access->size);
}

bool vmmio_read(const struct vmmio *dev, struct vmmio_access *access)
{
    const struct vmmio_row *row;

    if (!is_access(access)) {
        return false;
    }
    if (access->offset >= VMMIO_CONFIG) {
        access->value = config_read(dev, (uint32_t)access->offset - VMMIO_CONFIG, access->size);
        return true;
    }
    row = &vmmio_rows[access->offset / 4];
    access->value = row->read ? row->read(dev) : row->constant;
    return true;
}

bool vmmio_write(struct vmmio *dev, const struct vmmio_access *access, struct vmmio_event *event)
{
    const struct vmmio_row *row;

    *event = nothing;
    if (!is_access(access)) {
        return false;
    }
    if (dev->resetting) {
        return true;
    }
    if (access->offset >= VMMIO_CONFIG) {
        *event = config_write(dev, (uint32_t)access->offset - VMMIO_CONFIG, access);
        return true;
    }
    row = &vmmio_rows[access->offset / 4];
    if (row->write) {
        *event = row->write(dev, access->value);
    }
    return true;
}

/* ---- The caller's side ---- */

void vmmio_init(struct vmmio *dev, const struct vmmio_id *id)
{
    *dev = (struct vmmio){ .id = id };
}

void vmmio_reset(struct vmmio *dev)
{
    dev->accepted = 0;
    dev->accepted_beyond = false;
    dev->device_sel = dev->driver_sel = dev->queue_sel = 0;
    dev->status = dev->interrupt = 0;
    dev->resetting = false;
    for (uint32_t i = 0; i < VMMIO_QUEUES; i++) {
        dev->queue[i] = (struct vmmio_queue){ .state = VMMIO_QUEUE_OFF };
    }
}

void vmmio_queue_stopped(struct vmmio *dev, uint32_t queue)
{
    if (queue < VMMIO_QUEUES && dev->queue[queue].state == VMMIO_QUEUE_STOPPING) {
        dev->queue[queue].state = VMMIO_QUEUE_OFF;
    }
}

bool vmmio_line(const struct vmmio *dev)
{
    return dev->interrupt != 0;
}

bool vmmio_signal(struct vmmio *dev, uint32_t bits)
{
    if (has_status(dev, VIRTIO_STATUS_DRIVER_OK) && !dev->resetting) {
        dev->interrupt |= bits & (VIRTIO_INTERRUPT_USED | VIRTIO_INTERRUPT_CONFIG);
    }
    return vmmio_line(dev);
}

bool vmmio_broken(struct vmmio *dev)
{
    dev->status |= VIRTIO_STATUS_NEEDS_RESET;
    return vmmio_signal(dev, VIRTIO_INTERRUPT_CONFIG);
}

uint64_t vmmio_features(const struct vmmio *dev)
{
    return has_status(dev, VIRTIO_STATUS_FEATURES_OK) ? dev->accepted : 0;
}

bool vmmio_queue_runs(const struct vmmio *dev, uint32_t queue)
{
    return queue < VMMIO_QUEUES && dev->queue[queue].state == VMMIO_QUEUE_READY &&
           has_status(dev, VIRTIO_STATUS_DRIVER_OK) && !dev->resetting;
}
