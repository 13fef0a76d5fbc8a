/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver of a virtqueue of either format, written after the standard and not after dev/: what
 * tests of devices talk to. It owns a small zone's memory, which lies in two places.
 */
#ifndef TESTS_UNIT_VIRTQ_MODEL_H
#define TESTS_UNIT_VIRTQ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/virtq.h"

#define MODEL_RAM   UINT64_C(0x40000000)
#define MODEL_HALF  0x8000u /* bytes in each of the two places, neighbours for the guest */
#define MODEL_RINGS 0x0000u /* where the model's rings and tables begin; at most 16 KiB */
#define MODEL_DATA  0x4000u /* from here on the memory is the test's */
#define MODEL_SIZE  64u     /* descriptors at most */

struct model_buf {
    uint64_t gpa;
    uint32_t len;
    bool is_write;
};

struct model {
    bool is_packed, has_event_idx;
    uint16_t size, free;
    uint16_t next, used;        /* positions; split: counting on */
    bool next_wrap, used_wrap;  /* packed */
    uint16_t notified;          /* split: available index when the device was last told */
    uint16_t slots[MODEL_SIZE]; /* descriptors of a request, by its ID; 0: ID is free */
    bool taken[MODEL_SIZE];     /* split: descriptors in use */
};

extern const struct mem model_mem;

/* The memory at a guest address. */
uint8_t *model_at(uint64_t gpa);

/* All memory zero, no request; cfg for virtq_init(). */
struct virtq_cfg model_init(struct model *m, bool is_packed, bool has_event_idx, uint16_t size);

/* Gives a request to the device; through a table if is_indirect. Its ID, or -1: no room. */
int model_add(struct model *m, const struct model_buf *bufs, uint16_t count, bool is_indirect);

/* The next request that came back, or -1. */
int model_used(struct model *m, uint32_t *len);

/* Wants an interrupt when this many more descriptors came back (1: the next), or never. */
void model_want(struct model *m, uint16_t after);
void model_want_none(struct model *m);

/* Whether the device wants to be told of what was added since it was asked the last time. */
bool model_must_notify(struct model *m);

#endif
