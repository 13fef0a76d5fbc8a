/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's side of a virtqueue, split or packed (VIRTIO 1.2, 2.7 and 2.8), over memory that a
 * hostile driver changes meanwhile. Each field of a ring is read once; a driver that breaks a rule
 * has a broken queue, and nothing else happens.
 *
 * One thread at a time. No back end touches a ring but by these functions.
 */
#ifndef DEV_VIRTQ_H
#define DEV_VIRTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "abi/bridge.h"
#include "dev/mem.h"
#include "dev/span.h"
#include "lib/err.h"

#define VIRTQ_SIZE_MAX 1024u /* descriptors of a queue */
#define VIRTQ_DESCS    256u  /* descriptors of a chain, with those of an indirect table */
#define VIRTQ_SPANS    288u  /* more: a buffer may lie in several ranges of memory */

/* As the transport got it from the driver. */
struct virtq_cfg {
    bool is_packed, has_event_idx, has_indirect;
    uint16_t size;
    uint64_t desc, driver, device; /* guest addresses */
    /* Where the queue goes on after a server that was killed (abi/bridge.h), or NULL. */
    struct bridge_log *log;
    uint32_t epoch; /* of the log: what was written in another one is not of this queue */
};

/* A position in a ring. Split: counts on, wrap is not used. Packed: below size. */
struct virtq_at {
    uint16_t index;
    bool wrap;
};

struct virtq {
    const struct mem *mem;
    const struct virtq_ops *ops;
    struct virtq_cfg cfg;
    uint8_t *desc, *driver, *device;
    struct virtq_at avail, used; /* next to take, next to return */
    uint32_t in_flight;          /* split: chains; packed: descriptors */
    uint32_t since;              /* entries returned since virtq_wants_interrupt() was asked */
    bool is_broken;
    bool busy[VIRTQ_SIZE_MAX]; /* split: which heads are in flight */
};

/* A chain of buffers. It points into itself: do not copy it. */
struct virtq_chain {
    struct spans read, write; /* what the device may read and write */
    uint64_t write_size;      /* of all that it could write at first */
    uint16_t id;              /* split: head; packed: buffer ID */
    uint16_t slots;           /* packed: ring entries that it takes */
    uint16_t descs;
    bool has_written; /* a descriptor for writing was seen: none for reading may follow */
    struct iovec span[VIRTQ_SPANS];
};

/* A chain that goes back; all but `written` as it was taken. */
struct virtq_done {
    uint16_t id, slots;
    uint32_t written; /* bytes, not more than the device could write */
};

/*
 * The rings lie in mem, which outlives q; else an error and q is broken. With a log, chains that
 * were taken and not returned are there to be taken again, which is right as long as they are
 * returned in the order in which they were taken: that is then the caller's duty.
 */
int virtq_init(struct virtq *q, const struct mem *mem, const struct virtq_cfg *cfg) MUST_CHECK;

/* 1: the next chain; 0: there is none; an error: the queue is broken from now on. */
int virtq_pop(struct virtq *q, struct virtq_chain *chain) MUST_CHECK;

/* Returns a chain, in any order; written: bytes from the front of what the device may write. */
void virtq_push(struct virtq *q, const struct virtq_chain *chain, uint64_t written);

/* Returns several at once, BRIDGE_BATCH at most: the driver sees all of them or none. */
struct virtq_done virtq_done(const struct virtq_chain *chain, uint64_t written);
void virtq_push_all(struct virtq *q, const struct virtq_done *done, size_t count);

/* The last `count` chains were not taken after all, and nothing of them was used. */
void virtq_undo(struct virtq *q, const struct virtq_done *taken, size_t count);

/* After one or more pushes: whether the driver wants to be told. */
bool virtq_wants_interrupt(struct virtq *q);

/* Whether the driver shall notify. Returns whether something is there already: take it first. */
bool virtq_listen(struct virtq *q, bool on);

/*
 * Ends a run. *interrupt: the driver wants to be told. Returns `got`, but if that is 0 (all
 * was taken): 1 if there is more already, 0 if the driver will notify.
 */
int virtq_end(struct virtq *q, int got, bool *interrupt) MUST_CHECK;

/* The device found a chain that nobody can answer. */
void virtq_break(struct virtq *q);

/* Returns a chain with so many bytes, or breaks the queue if that is an error. 1, or the error. */
int virtq_answer(struct virtq *q, const struct virtq_chain *chain, int64_t written) MUST_CHECK;

#endif
