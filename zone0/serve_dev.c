/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's life with the server: its threads run while its driver is ready, and have ended before
 * the hypervisor hears that the zone's memory has been let go of. What lies in the region is copied
 * before it is believed.
 */
#include "zone0/serve.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/field.h"

/* As in abi/bridge.h. */
FIELD(LOG_PLACE, 0, 32);
FIELD(LOG_EPOCH, 32, 32);

void serve_dev_log(const struct serve_dev *dev, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    dev->server->log(dev, text);
}

static uint32_t state_of(const struct serve_dev *dev)
{
    return __atomic_load_n(&dev->shared->state, __ATOMIC_ACQUIRE);
}

static uint32_t epoch_of(const struct serve_dev *dev)
{
    return __atomic_load_n(&dev->shared->epoch, __ATOMIC_ACQUIRE);
}

void serve_dev_signal(const struct serve_dev *dev, uint32_t bits)
{
    __atomic_fetch_or(&dev->shared->signal, bits, __ATOMIC_SEQ_CST);
    dev->server->ctl->write(dev->server->ctl, CTL_SIGNAL, dev->number);
}

/* ---- Memory ---- */

/* Where a region of the zone is mapped here; NULL: in no pool. */
static uint8_t *map_region(const struct server *server, const struct ctl_memory *memory)
{
    const struct serve_pool *pool;

    if (memory->pool >= server->pool_count) {
        return NULL;
    }
    pool = &server->pool[memory->pool];
    if (!pool->at || memory->offset < pool->begin || memory->size == 0 ||
        memory->offset - pool->begin >= pool->size ||
        memory->size > pool->size - (memory->offset - pool->begin)) {
        return NULL;
    }
    return pool->at + (memory->offset - pool->begin);
}

/* What of the zone's memory lies in pools; the rest is not there for its devices. */
static bool take_memory(struct serve_dev *dev)
{
    struct ctl_memory memory[SERVE_RAM];
    size_t count = SERVE_RAM;

    dev->mem = (struct mem){ .range = dev->range };
    if (ctl_get_memory(dev->server->ctl, dev->shared->zone, memory, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = map_region(dev->server, &memory[i]);

        if (at && range_is_valid(memory[i].gpa, memory[i].size)) {
            dev->range[dev->mem.count++] =
                (struct mem_range){ .gpa = memory[i].gpa, .size = memory[i].size, .at = at };
        }
    }
    return dev->mem.count != 0;
}

/* ---- Threads ---- */

static void start(struct serve_dev *dev)
{
    uint32_t count = 0;
    bool is_good = true;

    dev->epoch = epoch_of(dev);
    dev->features = dev->shared->features;
    atomic_store(&dev->stop, false);
    dev->is_on = true;
    if (!take_memory(dev)) {
        serve_dev_log(dev, "the zone's memory is in no pool");
        serve_dev_signal(dev, BRIDGE_SIGNAL_BROKEN);
        return;
    }
    dev->wish->kind->begin(dev);
    for (uint32_t i = 0; i < BRIDGE_QUEUES && i < dev->shared->queue_count; i++) {
        if (dev->shared->queue[i].is_ready != 0) {
            is_good = serve_queue_start(dev, i) == OK && is_good;
            count++;
        }
    }
    serve_dev_log(dev, "runs with %u queues", count);
    if (!is_good) {
        serve_dev_log(dev, "a queue can't be served");
        serve_dev_signal(dev, BRIDGE_SIGNAL_BROKEN);
    }
}

void serve_dev_stop(struct serve_dev *dev)
{
    if (dev->is_on && !atomic_exchange(&dev->stop, true)) {
        for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
            if (dev->queue[i].has_thread) {
                serve_queue_wake(&dev->queue[i]);
            }
        }
    }
}

void serve_dev_wait(struct serve_dev *dev)
{
    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        serve_queue_join(&dev->queue[i]);
    }
    dev->is_on = false;
}

/* Queues that go on while another one ends have the same log. */
static void keep_logs(const struct serve_dev *dev, uint32_t epoch)
{
    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        uint64_t *place = &dev->shared->log[i].place;

        if (dev->shared->queue[i].is_ready != 0 && get(LOG_EPOCH, *place) == dev->epoch) {
            __atomic_store_n(place, with(LOG_EPOCH, *place, epoch), __ATOMIC_RELEASE);
        }
    }
}

static void let_go(struct serve_dev *dev, uint32_t epoch)
{
    if (__atomic_load_n(&dev->shared->let_go, __ATOMIC_RELAXED) != epoch) {
        __atomic_store_n(&dev->shared->let_go, epoch, __ATOMIC_RELEASE);
        dev->server->ctl->write(dev->server->ctl, CTL_SIGNAL, dev->number);
    }
}

static void wake_notified(struct serve_dev *dev)
{
    uint32_t bits = __atomic_exchange_n(&dev->shared->notified, 0, __ATOMIC_SEQ_CST);

    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        if ((bits & BIT32(i)) != 0 && dev->queue[i].has_thread) {
            serve_queue_wake(&dev->queue[i]);
        }
    }
}

/* Threads are ended in one look and waited for in a later one, when the last has ended. */
void serve_dev_look(struct serve_dev *dev)
{
    uint32_t epoch = epoch_of(dev), state = state_of(dev);

    wake_notified(dev);
    if (dev->is_on && (state != BRIDGE_RUNNING || epoch != dev->epoch)) {
        serve_dev_stop(dev);
        if (atomic_load(&dev->running) != 0) {
            return;
        }
        serve_dev_wait(dev);
        if (state == BRIDGE_RUNNING) {
            keep_logs(dev, epoch);
        }
        serve_dev_log(dev, "has let go");
    }
    if (!dev->is_on) {
        let_go(dev, epoch);
        state = state_of(dev);
        if (state == BRIDGE_RUNNING && epoch_of(dev) == epoch) {
            start(dev);
        }
    }
}
