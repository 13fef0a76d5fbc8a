/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue's thread: serves what there is, looks a little longer if that paid off lately, sleeps
 * until the driver notifies or a file has something. It ends when told to, within what one run of
 * the device takes.
 */
#include "zone0/serve_queue.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "abi/virtio.h"
#include "dev/flow.h"
#include "lib/field.h"
#include "zone0/serve.h"

#define LATE_MS      20 /* that output waits for its reader */
#define FAILED_MS    100
#define WINDOW_FIRST 4000u
#define NS_PER_S     UINT64_C(1000000000)

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* An eventfd, which does not block. */
static void wake(int fd)
{
    const uint64_t one = 1;
    ssize_t done = write(fd, &one, sizeof(one));

    (void)done; /* full: it is awake */
}

void serve_queue_wake(const struct serve_queue *queue)
{
    wake(queue->wake);
}

/* Whether more came while it looked. The driver does not notify meanwhile, which saves an exit. */
static bool poll_queue(struct serve_queue *queue)
{
    uint64_t end = now_ns() + queue->window;

    while (queue->window != 0 && !atomic_load(&queue->dev->stop)) {
        if (virtq_listen(&queue->q, false)) {
            return true;
        }
        if (now_ns() >= end) {
            break;
        }
    }
    return false;
}

/* Sleeps until notified, a file is ready or `late_ms` (-1: never) have passed: then false. */
static bool sleep_queue(struct serve_queue *queue, short events, int late_ms)
{
    struct pollfd files[2] = { { .fd = queue->wake, .events = POLLIN },
                               { .fd = -1, .events = events } };
    uint64_t count;
    ssize_t got;
    int ready;

    if (events != 0) {
        files[1].fd = queue->dev->wish->kind->waits_on(queue);
    }
    ready = poll(files, 2, late_ms);
    if ((files[0].revents & POLLIN) != 0) {
        got = read(queue->wake, &count, sizeof(count));
        (void)got;
    }
    return ready != 0;
}

/* After RUN_DRIVER: the driver will notify. The window follows how long there was nothing. */
static void idle(struct serve_queue *queue)
{
    uint64_t most = (uint64_t)queue->dev->server->cfg->poll_us * 1000, begin;

    if (queue->window != 0) {
        if (poll_queue(queue)) {
            return;
        }
        queue->window /= 2;
        queue->window = queue->window < WINDOW_FIRST ? 0 : queue->window;
        if (virtq_listen(&queue->q, true)) {
            return;
        }
    }
    begin = now_ns();
    (void)sleep_queue(queue, 0, -1);
    if (now_ns() - begin < most) {
        queue->window = queue->window == 0 ? WINDOW_FIRST : queue->window * 2;
        queue->window = queue->window < most ? queue->window : most;
    }
}

/* What the device said that it waits for. */
static int wait_for(struct serve_queue *queue, int got, bool *interrupt)
{
    const struct serve_kind *kind = queue->dev->wish->kind;

    *interrupt = false;
    if (got == RUN_DRIVER) {
        idle(queue);
    } else if (got == RUN_INPUT) {
        (void)sleep_queue(queue, POLLIN, -1);
    } else if (got == RUN_REST) {
        (void)sleep_queue(queue, 0, -1);
    } else if (got == RUN_FAILED) {
        (void)sleep_queue(queue, 0, FAILED_MS);
    } else if (got == RUN_OUTPUT && !sleep_queue(queue, POLLOUT, kind->late ? LATE_MS : -1)) {
        return kind->late(queue, interrupt);
    }
    return RUN_MORE;
}

static void serve(struct serve_queue *queue)
{
    const struct serve_kind *kind = queue->dev->wish->kind;
    int got = RUN_MORE;

    serve_dev_signal(queue->dev, BRIDGE_SIGNAL_USED); /* the one before may not have come to it */
    while (!atomic_load(&queue->dev->stop)) {
        bool interrupt;

        got = got == RUN_MORE ? kind->run(queue, &interrupt) : wait_for(queue, got, &interrupt);
        if (interrupt) {
            serve_dev_signal(queue->dev, BRIDGE_SIGNAL_USED);
        }
        if (got < 0) {
            serve_dev_log(queue->dev, "queue %u is broken (%d)", queue->index, got);
            serve_dev_signal(queue->dev, BRIDGE_SIGNAL_BROKEN);
            return;
        }
    }
}

static void *thread(void *opaque)
{
    struct serve_queue *queue = opaque;
    struct serve_dev *dev = queue->dev;

    serve(queue);
    if (atomic_fetch_sub(&dev->running, 1) == 1) { /* of the zone's memory nothing is used now */
        wake(dev->server->look);
    }
    return NULL;
}

static int open_queue(struct serve_dev *dev, uint32_t index)
{
    const struct bridge_queue *ring = &dev->shared->queue[index];
    struct virtq_cfg cfg = { .is_packed = (dev->features & BIT64(VIRTIO_F_RING_PACKED)) != 0,
                             .has_event_idx = (dev->features & BIT64(VIRTIO_F_EVENT_IDX)) != 0,
                             .has_indirect = (dev->features & BIT64(VIRTIO_F_INDIRECT_DESC)) != 0,
                             .size = (uint16_t)ring->size,
                             .desc = ring->desc,
                             .driver = ring->driver,
                             .device = ring->device,
                             .log = &dev->shared->log[index],
                             .epoch = dev->epoch };

    return virtq_init(&dev->queue[index].q, &dev->mem, &cfg);
}

int serve_queue_start(struct serve_dev *dev, uint32_t index)
{
    struct serve_queue *queue = &dev->queue[index];

    queue->dev = dev;
    queue->index = index;
    queue->window = 0;
    if (open_queue(dev, index) != OK) {
        return ERR_RANGE;
    }
    queue->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (queue->wake < 0) {
        return ERR_FULL;
    }
    atomic_fetch_add(&dev->running, 1);
    if (pthread_create(&queue->thread, NULL, thread, queue) != 0) {
        atomic_fetch_sub(&dev->running, 1);
        (void)close(queue->wake);
        return ERR_FULL;
    }
    queue->has_thread = true;
    return OK;
}

void serve_queue_join(struct serve_queue *queue)
{
    if (queue->has_thread) {
        (void)pthread_join(queue->thread, NULL);
        (void)close(queue->wake);
        queue->has_thread = false;
    }
}
