/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of a device and the thread that serves it, from the driver's start to its reset. */
#ifndef ZONE0_SERVE_QUEUE_H
#define ZONE0_SERVE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dev/virtq.h"

struct serve_dev;

/* The thread's while it runs, but for `wake`. */
struct serve_queue {
    struct serve_dev *dev;
    uint32_t index;
    bool has_thread;
    pthread_t thread;
    int wake;        /* an eventfd: notified, or to end; -1: none */
    uint64_t window; /* ns that it looks for more before it sleeps: grows and shrinks */
    struct virtq q;
};

/* Starts the thread of a queue that is ready; an error: there is none. */
int serve_queue_start(struct serve_dev *dev, uint32_t index) MUST_CHECK;

/* From any thread. */
void serve_queue_wake(const struct serve_queue *queue);

/* Waits for the thread's end, and gives back what it had. */
void serve_queue_join(struct serve_queue *queue);

#endif
