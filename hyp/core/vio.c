/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio devices of zones. Each is one lock and one machine of registers; the table in the control
 * region is a copy for the server, written here and never read back. Never waits for the server.
 */
#include "hyp/core/vio_dev.h"

#include "abi/virtio.h"
#include "hyp/arch.h"
#include "hyp/core/pool.h"
#include "hyp/core/string.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

FIELD(VIO_OFFSET, 0, 12);
FIELD(VIO_PAGE, 12, 5);

#define VENDOR    0x52545256u /* "VRTR" */
#define STATUS_AT 0x70u       /* the register that resets the device */

/* Devices of a zone are one after the other in the plan. Constant after boot, but for `paid`. */
struct vio_zone {
    uint32_t first, count;
    /* The time until which interrupts at zone0 have been used up; it runs ahead of now. */
    _Atomic uint64_t paid;
};

struct vio_dev *vio_devs;
static struct vio_zone of_zone[PLAN_MAX_ZONES];
bool (*vio_raise)(void);

/* The n-th device of a zone, n < of_zone[].count. */
static struct vio_dev *dev_of(const struct zone *zone, uint64_t n)
{
    return &vio_devs[of_zone[zone->id].first + n];
}

/* ---- What the server sees; lock held ---- */

enum bridge_state vio_state(const struct vio_dev *dev)
{
    if (!dev->has_server) {
        return BRIDGE_NO_SERVER;
    }
    if (dev->regs.resetting) {
        return BRIDGE_LET_GO;
    }
    return (dev->regs.status & VIRTIO_STATUS_DRIVER_OK) != 0 ? BRIDGE_RUNNING : BRIDGE_IDLE;
}

static void publish_queue(const struct vio_dev *dev, uint32_t i)
{
    const struct vmmio_queue *queue = &dev->regs.queue[i];
    struct bridge_queue *out = &dev->shared->queue[i];

    out->desc = queue->at[VMMIO_DESC];
    out->driver = queue->at[VMMIO_DRIVER];
    out->device = queue->at[VMMIO_DEVICE];
    out->size = queue->size;
    out->is_ready = queue->state == VMMIO_QUEUE_READY;
}

/* All that the state says is there before the state. */
void vio_publish(const struct vio_dev *dev)
{
    struct bridge_device *out = dev->shared;

    if (!out) {
        return;
    }
    out->features = vmmio_features(&dev->regs);
    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        publish_queue(dev, i);
    }
    memcpy(out->config, dev->regs.config, sizeof(out->config));
    __atomic_store_n(&out->epoch, dev->epoch, __ATOMIC_RELEASE);
    __atomic_store_n(&out->state, (uint32_t)vio_state(dev), __ATOMIC_RELEASE);
}

void vio_settle(struct vio_dev *dev)
{
    bool line = vmmio_line(&dev->regs);

    if (line != dev->line) {
        dev->line = line;
        arch_virq_set(dev->zone, dev->plan->intid, line);
    }
}

/* ---- Letting go; lock held ---- */

static void let_go_begin(struct vio_dev *dev)
{
    uint32_t ms = the_plan->let_go_ms;

    dev->epoch++;
    if (!atomic_load(&dev->letting_go)) {
        atomic_store(&dev->until,
                     arch_now() + arch_tick_rate() * (ms == 0 ? BRIDGE_LET_GO_MS : ms) / 1000);
        atomic_store(&dev->letting_go, true);
    }
}

/* The registers say so after it. */
void vio_let_go_end(struct vio_dev *dev)
{
    if (dev->regs.resetting) {
        vmmio_reset(&dev->regs);
    }
    for (uint32_t i = 0; i < VMMIO_QUEUES; i++) {
        vmmio_queue_stopped(&dev->regs, i);
    }
    atomic_store(&dev->letting_go, false);
}

/* ---- Events of registers; lock held, true: the server is to be told ---- */

static bool on_nothing(struct vio_dev *dev, const struct vmmio_event *event)
{
    (void)dev;
    (void)event;
    return false;
}

/* Whether the bit was clear. When zone0 does not let it be set, it is told to look at them all. */
static bool set_notified(uint32_t *word, uint32_t bit)
{
    uint32_t before = __atomic_load_n(word, __ATOMIC_RELAXED);

    for (unsigned i = 0; i < VIO_TRIES; i++) {
        if (__atomic_compare_exchange_n(word, &before, before | bit, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
            return (before & bit) == 0;
        }
    }
    __atomic_store_n(word, UINT32_MAX, __ATOMIC_SEQ_CST);
    return true;
}

/* A bit that is set has been told of: the server takes it before it looks at the queue. */
static bool on_notify(struct vio_dev *dev, const struct vmmio_event *event)
{
    return dev->has_server && set_notified(&dev->shared->notified, BIT32(event->queue));
}

static bool on_start(struct vio_dev *dev, const struct vmmio_event *event)
{
    (void)event;
    vio_publish(dev);
    return dev->has_server;
}

static bool on_reset(struct vio_dev *dev, const struct vmmio_event *event)
{
    bool had_queues = (dev->regs.status & VIRTIO_STATUS_DRIVER_OK) != 0;
    bool is_used = had_queues && vio_state(dev) == BRIDGE_LET_GO;

    (void)event;
    vio_settle(dev);
    if (is_used) {
        let_go_begin(dev);
    } else {
        dev->epoch += had_queues; /* they are no more, for a server that comes later, too */
        vmmio_reset(&dev->regs);
    }
    vio_publish(dev);
    return is_used;
}

static bool on_stop(struct vio_dev *dev, const struct vmmio_event *event)
{
    if (dev->has_server) {
        let_go_begin(dev);
    } else {
        vmmio_queue_stopped(&dev->regs, event->queue);
    }
    vio_publish(dev);
    return dev->has_server;
}

static bool on_ack(struct vio_dev *dev, const struct vmmio_event *event)
{
    (void)event;
    vio_settle(dev);
    return false;
}

const vio_event_fn vio_events[VMMIO_KINDS] = {
    [VMMIO_NOTHING] = on_nothing, [VMMIO_NOTIFY] = on_notify, [VMMIO_START] = on_start,
    [VMMIO_RESET] = on_reset,     [VMMIO_STOP] = on_stop,     [VMMIO_ACK] = on_ack,
    [VMMIO_WRITTEN] = on_start,
};

/* A driver's write, and what comes of it: whether the server is to be told. */
static bool dev_write(struct vio_dev *dev, const struct vmmio_access *access,
                      struct vmmio_event *event, bool *tell)
{
    bool good;

    lock_take(&dev->lock);
    good = vmmio_write(&dev->regs, access, event);
    *tell = vio_events[event->kind](dev, event);
    lock_give(&dev->lock);
    return good;
}

/* ---- vCPUs that are held ---- */

/* Its own CPU: out of its guest until a time, or until a device, if not NULL, is let go of. */
static void hold(struct vcpu *vcpu, const struct vio_dev *dev, uint64_t until)
{
    vcpu->waits_for = dev;
    vcpu->waits_until = until;
    vcpu_hold(vcpu, HOLD_DEVICE);
    pcpu_look_at(vcpu->cpu, until);
}

void vio_progress(struct vcpu *vcpu)
{
    bool is_asked, is_late, is_done;

    if ((vcpu->holds & HOLD_DEVICE) == 0) {
        return;
    }
    is_asked = vcpu->waits_for && atomic_load(&vcpu->waits_for->letting_go);
    if (is_asked) { /* perhaps anew by another vCPU, before this one has looked */
        vcpu->waits_until = atomic_load(&vcpu->waits_for->until);
    }
    is_late = arch_now() >= vcpu->waits_until;
    is_done = vcpu->waits_for ? !is_asked : is_late;
    if (is_done) {
        vcpu_release(vcpu, HOLD_DEVICE);
    } else if (is_late) {
        zone_stop(vcpu->zone, STOP_DEVICE);
    } else {
        pcpu_look_at(vcpu->cpu, vcpu->waits_until);
    }
}

/* Pays for an interrupt at zone0. Until when the vCPU must wait for having done so; or now. */
static uint64_t pay(struct vio_zone *zone)
{
    uint64_t rate = arch_tick_rate(), now = arch_now(), burst = rate * VIO_BURST / VIO_RATE;
    uint64_t before = atomic_load(&zone->paid), after;

    do { /* each other vCPU of the zone gets before this one once, then it is held */
        after = (before > now ? before : now) + rate / VIO_RATE;
    } while (!atomic_compare_exchange_weak(&zone->paid, &before, after));
    return after - now > burst ? after - burst : now;
}

/* Zone0 gets an interrupt, unless it has it already. */
static void tell_server(struct vcpu *vcpu)
{
    uint64_t until;

    if (vio_raise()) {
        until = pay(&of_zone[vcpu->zone->id]);
        if (until > arch_now()) {
            hold(vcpu, NULL, until);
        }
    }
}

bool vio_access(struct vcpu *vcpu, struct mmio_access *access)
{
    struct vio_dev *dev = dev_of(vcpu->zone, get(VIO_PAGE, access->offset));
    struct vmmio_access part = { .offset = get(VIO_OFFSET, access->offset),
                                 .value = (uint32_t)access->value,
                                 .size = access->size };
    struct vmmio_event event;
    bool good, tell;

    if (!access->write) {
        lock_take(&dev->lock);
        good = vmmio_read(&dev->regs, &part);
        lock_give(&dev->lock);
        access->value = part.value;
        return good;
    }
    good = dev_write(dev, &part, &event, &tell);
    if (tell) {
        tell_server(vcpu);
    }
    /* Drivers take their memory back once a reset has been written: the next one waits for it. */
    if ((event.kind == VMMIO_RESET || event.kind == VMMIO_STOP) && atomic_load(&dev->letting_go)) {
        hold(vcpu, dev, dev->until);
    }
    return good;
}

/* ---- Life of the zone ---- */

static bool in_ram(const void *memory, uint64_t base, uint64_t size)
{
    hpa_t unused;

    return zone_ram_find((const struct zone *)memory, gpa(base), size, &unused);
}

/* No device is there. Lock held, or at boot. */
void vio_forget(struct vio_dev *dev)
{
    dev->is_withdrawn = false;
    dev->id = (struct vmmio_id){ .vendor = VENDOR, .in_ram = in_ram, .memory = dev->zone };
    vmmio_init(&dev->regs, &dev->id);
}

void vio_init_all(void)
{
    if (the_plan->virtio_count == 0) {
        return;
    }
    vio_devs = pool_take(the_plan->virtio_count * sizeof(*vio_devs), SIZE_4K);
    for (uint32_t i = 0; i < the_plan->virtio_count; i++) {
        struct vio_dev *dev = &vio_devs[i];
        struct vio_zone *zone = &of_zone[the_plan->virtio[i].zone];

        dev->plan = &the_plan->virtio[i];
        dev->zone = &zones[dev->plan->zone];
        vio_forget(dev);
        if (i == 0 || dev[-1].zone != dev->zone) {
            *zone = (struct vio_zone){ .first = i };
        }
        zone->count++;
    }
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        if (of_zone[i].count != 0) {
            mmio_add(&zones[i], &(struct mmio_dev){ dev_of(&zones[i], 0)->plan->gpa,
                                                    of_zone[i].count * SIZE_4K, vio_access });
        }
    }
}

void vio_up(struct zone *zone)
{
    for (uint32_t i = 0; i < of_zone[zone->id].count; i++) {
        struct vio_dev *dev = dev_of(zone, i);

        lock_take(&dev->lock);
        vmmio_reset(&dev->regs);
        if (dev->is_withdrawn) {
            vio_forget(dev);
        }
        (void)vmmio_config_set(&dev->regs, 0, dev->config, dev->id.config_size);
        dev->line = false;
        vio_publish(dev);
        lock_give(&dev->lock);
    }
}

/* As if a driver had reset it: one way to take memory away. */
static enum vio_quiet dev_down(struct vio_dev *dev)
{
    const struct vmmio_access reset = { .offset = STATUS_AT, .value = 0, .size = 4 };
    struct vmmio_event event;
    bool tell;

    (void)dev_write(dev, &reset, &event, &tell);
    if (tell) {
        (void)vio_raise();
    }
    if (!atomic_load(&dev->letting_go)) {
        return VIO_QUIET;
    }
    if (arch_now() >= atomic_load(&dev->until)) {
        return VIO_LATE;
    }
    pcpu_look_at(dev->zone->vcpus[0].cpu, atomic_load(&dev->until));
    return VIO_WAITS;
}

enum vio_quiet vio_down(struct zone *zone)
{
    enum vio_quiet all = VIO_QUIET;

    for (uint32_t i = 0; i < of_zone[zone->id].count; i++) {
        enum vio_quiet one = dev_down(dev_of(zone, i));

        all = one > all ? one : all;
    }
    return all;
}

bool vio_is_busy(const struct zone *zone)
{
    for (uint32_t i = 0; i < of_zone[zone->id].count; i++) {
        if (atomic_load(&dev_of(zone, i)->letting_go)) {
            return true;
        }
    }
    return false;
}
