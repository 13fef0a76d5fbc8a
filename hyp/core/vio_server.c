/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone0's side of virtio devices: servers that come, say something, and go. Of what they write the
 * offer is copied once, and `signal` and `let_go` are taken; nothing else is ever read.
 */
#include "abi/virtio.h"
#include "hyp/arch.h"
#include "hyp/core/string.h"
#include "hyp/core/vio_dev.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

/* What only a transport can have, and NOTIFICATION_DATA, which has no place in the bridge. */
#define FEATURES_DENIED                                                                            \
    (BIT64(VIRTIO_F_SR_IOV) | BIT64(VIRTIO_F_NOTIFICATION_DATA) |                                  \
     BIT64(VIRTIO_F_NOTIF_CONFIG_DATA) | BIT64(VIRTIO_F_RING_RESET))

/* Zone0 may write there, which only zone0 notices. */
static void describe(struct vio_dev *dev, struct bridge_device *out)
{
    lock_take(&dev->lock);
    dev->shared = out;
    out->zone = dev->plan->zone;
    out->type = dev->plan->type;
    out->queue_count = dev->plan->queue_count;
    memcpy(out->name, dev->plan->name, sizeof(out->name));
    vio_publish(dev);
    lock_give(&dev->lock);
}

void vio_connect(struct bridge_device *table, bool (*raise)(void))
{
    vio_raise = raise;
    for (uint32_t i = 0; i < the_plan->virtio_count; i++) {
        describe(&vio_devs[i], &table[i]);
    }
}

/* The device by its number, or NULL: there is none. */
static struct vio_dev *dev_find(uint64_t device)
{
    return device < the_plan->virtio_count && vio_devs[device].shared ? &vio_devs[device] : NULL;
}

/* Copied once: the server may write there meanwhile. */
static void config_take(struct vio_dev *dev)
{
    memcpy(dev->config, dev->shared->offer.config, sizeof(dev->config));
    (void)vmmio_config_set(&dev->regs, 0, dev->config, dev->id.config_size);
    vio_publish(dev);
    (void)vmmio_signal(&dev->regs, VIRTIO_INTERRUPT_CONFIG);
}

/* What it says, once; what it goes on saying all the time may be heard twice. */
static uint32_t take_signal(uint32_t *word)
{
    uint32_t bits = __atomic_load_n(word, __ATOMIC_RELAXED);

    for (unsigned i = 0; i < VIO_TRIES; i++) {
        if (__atomic_compare_exchange_n(word, &bits, 0, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
            break;
        }
    }
    return bits;
}

/* What the server says; lock held. */
static void signal_take(struct vio_dev *dev, uint32_t bits)
{
    if ((bits & BRIDGE_SIGNAL_CONFIG) != 0) {
        config_take(dev);
    }
    if ((bits & BRIDGE_SIGNAL_USED) != 0) {
        (void)vmmio_signal(&dev->regs, VIRTIO_INTERRUPT_USED);
    }
    if ((bits & BRIDGE_SIGNAL_BROKEN) != 0 && vio_state(dev) == BRIDGE_RUNNING) {
        (void)vmmio_broken(&dev->regs);
    }
    vio_settle(dev);
}

void vio_signal(uint32_t device)
{
    struct vio_dev *dev = dev_find(device);
    bool has_let_go = false;

    if (!dev) {
        return;
    }
    lock_take(&dev->lock);
    if (dev->has_server) {
        uint32_t let_go = __atomic_load_n(&dev->shared->let_go, __ATOMIC_ACQUIRE);

        has_let_go = atomic_load(&dev->letting_go) && let_go == dev->epoch;
        if (has_let_go) {
            vio_let_go_end(dev);
            vio_publish(dev);
        }
        signal_take(dev, take_signal(&dev->shared->signal));
    }
    lock_give(&dev->lock);
    if (has_let_go) {
        zone_look(dev->zone); /* who is held for the device, or stops it */
    }
}

static bool offer_is_good(const struct vio_dev *dev, const struct bridge_offer *offer)
{
    return offer->queue_max != 0 && is_aligned(offer->queue_max, offer->queue_max) &&
           offer->queue_max <= dev->plan->queue_max && offer->config_size <= BRIDGE_CONFIG_SIZE &&
           offer->writable_at <= offer->config_size &&
           offer->writable_size <= offer->config_size - offer->writable_at &&
           (offer->features & FEATURES_DENIED) == 0;
}

/* Whether a driver that knows an older offer can go on with this one. Lock held. */
static bool offer_fits(const struct vio_dev *dev, const struct bridge_offer *offer)
{
    uint64_t offered = offer->features | BIT64(VIRTIO_F_VERSION_1);

    if (dev->id.device == 0 || dev->regs.status == 0) {
        return true;
    }
    for (uint32_t i = 0; i < VMMIO_QUEUES; i++) {
        if (dev->regs.queue[i].state != VMMIO_QUEUE_OFF &&
            dev->regs.queue[i].size > offer->queue_max) {
            return false;
        }
    }
    return offer->config_size == dev->id.config_size &&
           (vmmio_features(&dev->regs) & ~offered) == 0;
}

/* Lock held. A driver that has found the device keeps its registers, and is served at once. */
static void offer_take(struct vio_dev *dev, const struct bridge_offer *offer)
{
    uint32_t running = 0;

    if (dev->id.device == 0) {
        vmmio_reset(&dev->regs);
    }
    dev->id.device = dev->plan->type;
    dev->id.features = offer->features;
    dev->id.queue_count = dev->plan->queue_count;
    dev->id.queue_max = offer->queue_max;
    dev->id.config_size = offer->config_size;
    dev->id.writable_at = offer->writable_at;
    dev->id.writable_size = offer->writable_size;
    memcpy(dev->config, offer->config, sizeof(dev->config));
    if (dev->regs.status == 0) {
        (void)vmmio_config_set(&dev->regs, 0, dev->config, dev->id.config_size);
    }
    dev->has_server = true;
    dev->is_withdrawn = false;
    for (uint32_t i = 0; i < VMMIO_QUEUES; i++) {
        running |= vmmio_queue_runs(&dev->regs, i) ? BIT32(i) : 0;
    }
    __atomic_store_n(&dev->shared->signal, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&dev->shared->notified, running, __ATOMIC_RELEASE);
    vio_publish(dev);
}

enum ctl_status vio_attach(uint64_t device)
{
    struct vio_dev *dev = dev_find(device);
    struct bridge_offer offer;
    enum ctl_status status = CTL_OK;

    if (!dev) {
        return CTL_ERR_RANGE;
    }
    memcpy(&offer, &dev->shared->offer, sizeof(offer));
    if (!offer_is_good(dev, &offer)) {
        return CTL_ERR_INVALID;
    }
    lock_take(&dev->lock);
    if (dev->has_server || !offer_fits(dev, &offer)) {
        status = CTL_ERR_STATE;
    } else {
        offer_take(dev, &offer);
    }
    lock_give(&dev->lock);
    return status;
}

/* It has let go of all by that. False: there was no server. */
static bool server_leaves(struct vio_dev *dev, bool is_withdrawn)
{
    bool had_server, was_letting_go;

    lock_take(&dev->lock);
    had_server = dev->has_server;
    was_letting_go = atomic_load(&dev->letting_go);
    dev->has_server = false;
    vio_let_go_end(dev);
    if (had_server && is_withdrawn) {
        dev->is_withdrawn = true;
        if (dev->regs.status == 0) {
            vio_forget(dev);
        }
    }
    vio_publish(dev);
    lock_give(&dev->lock);
    if (was_letting_go) {
        zone_look(dev->zone); /* who is held for the device, or stops it */
    }
    return had_server;
}

enum ctl_status vio_detach(uint64_t device)
{
    struct vio_dev *dev = dev_find(device);

    if (!dev) {
        return CTL_ERR_RANGE;
    }
    return server_leaves(dev, true) ? CTL_OK : CTL_ERR_STATE;
}

void vio_server_gone(void)
{
    for (uint32_t i = 0; i < the_plan->virtio_count; i++) {
        (void)server_leaves(&vio_devs[i], false);
    }
}
