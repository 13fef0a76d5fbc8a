/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel between two zones, header only: registers, and messages through a ring in each half of
 * the shared memory. The same source in bare guests (with vitrine-guest.h included before: then
 * vch_start() opens a channel by its name) and in a Linux program that maps what sysfs has of it.
 *
 * The peer may write anything into shared memory at any time: what is read from it is copied once
 * and checked. Unless a function says otherwise it does not block. A struct vch has one user at a
 * time. Memory is accessed by aligned 32-bit words, as it may be mapped as device memory.
 */
#ifndef VITRINE_CHANNEL_H
#define VITRINE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/channel.h"

#define VCH_WORD      4u
#define VCH_HEAD      0u    /* word of a half: where the next message goes; its writer's */
#define VCH_TAIL      16u   /* where the next message is taken; its reader's */
#define VCH_DATA      32u   /* first word of the ring */
#define VCH_MSG_LIMIT 1024u /* bytes of a message, at most */

struct vch {
    volatile uint32_t *regs;
    volatile uint32_t *out, *in; /* halves: written by us, written by the peer */
    uint32_t words;              /* of a ring */
    uint32_t side;
};

/* ---- Registers ---- */

static inline uint32_t vch_read(const struct vch *c, uint32_t reg)
{
    return c->regs[reg / VCH_WORD];
}

static inline void vch_write(const struct vch *c, uint32_t reg, uint32_t value)
{
    c->regs[reg / VCH_WORD] = value;
}

/* Between what is written to memory and who is told, and the other way round. */
static inline void vch_fence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Rings the peer's doorbell; everything sent before is visible to it then. */
static inline void vch_ring(const struct vch *c)
{
    vch_fence();
    vch_write(c, CHANNEL_DOORBELL, 1);
}

/* What has happened since the last call; to be called before the ring is looked at. */
static inline uint32_t vch_cause_take(const struct vch *c)
{
    uint32_t cause = vch_read(c, CHANNEL_CAUSE);

    vch_write(c, CHANNEL_CAUSE, cause);
    vch_fence();
    return cause;
}

static inline bool vch_peer_is_up(const struct vch *c)
{
    return vch_read(c, CHANNEL_PEER) != 0;
}

/* ---- Messages ---- */

/* Forgets all messages in both directions; for who has started anew, while the peer keeps quiet. */
static inline void vch_clear(const struct vch *c)
{
    uint32_t head = c->in[VCH_HEAD], tail = c->out[VCH_TAIL];

    c->in[VCH_TAIL] = head < c->words ? head : 0;
    c->out[VCH_HEAD] = tail < c->words ? tail : 0;
    vch_fence();
}

/*
 * Begins to use mapped registers and memory, and forgets all messages. False: no channel that this
 * source knows. The memory is `found->mem_gpa` of vch_find(), or what Linux has mapped.
 */
static inline bool vch_open(struct vch *c, volatile void *regs, volatile void *memory)
{
    uint32_t half;

    c->regs = (volatile uint32_t *)regs;
    if (vch_read(c, CHANNEL_ABI) != CHANNEL_VERSION || vch_read(c, CHANNEL_SIZE_HIGH) != 0) {
        return false;
    }
    half = vch_read(c, CHANNEL_SIZE_LOW) / 2 / VCH_WORD;
    c->side = vch_read(c, CHANNEL_SIDE);
    c->words = half - VCH_DATA;
    c->out = (volatile uint32_t *)memory + (c->side == 0 ? 0 : half);
    c->in = (volatile uint32_t *)memory + (c->side == 0 ? half : 0);
    vch_clear(c);
    return true;
}

/* Sends `count` words; false: no room, or more than VCH_MSG_LIMIT bytes. Rings no bell. */
static inline bool vch_send(const struct vch *c, const uint32_t *data, uint32_t count)
{
    uint32_t head = c->out[VCH_HEAD], tail = c->out[VCH_TAIL], used;

    if (head >= c->words || tail >= c->words || count > VCH_MSG_LIMIT / VCH_WORD) {
        return false;
    }
    used = head >= tail ? head - tail : head + c->words - tail;
    if (count + 2 > c->words - used) {
        return false;
    }
    c->out[VCH_DATA + head] = count;
    for (uint32_t i = 0; i < count; i++) {
        head = head + 1 == c->words ? 0 : head + 1;
        c->out[VCH_DATA + head] = data[i];
    }
    vch_fence();
    c->out[VCH_HEAD] = head + 1 == c->words ? 0 : head + 1;
    return true;
}

/*
 * Takes a message of at most `max` words; returns their count, or -1: none is there, or what is
 * there is no message (then all that is there is dropped).
 */
static inline int vch_receive(const struct vch *c, uint32_t *data, uint32_t max)
{
    uint32_t head = c->in[VCH_HEAD], tail = c->in[VCH_TAIL], used, count;

    if (head == tail || head >= c->words || tail >= c->words) {
        return -1;
    }
    vch_fence();
    used = head > tail ? head - tail : head + c->words - tail;
    count = c->in[VCH_DATA + tail];
    if (count > max || count + 1 > used) {
        c->in[VCH_TAIL] = head;
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        tail = tail + 1 == c->words ? 0 : tail + 1;
        data[i] = c->in[VCH_DATA + tail];
    }
    vch_fence();
    c->in[VCH_TAIL] = tail + 1 == c->words ? 0 : tail + 1;
    return (int)count;
}

/* ---- Bare guests ---- */

#ifdef VITRINE_GUEST_H

/* The zone's channel of that name, or NULL; its intid is of interest. */
static inline const struct boot_channel *vch_find(const char *name)
{
    const struct boot_info *boot = vg_boot();

    for (uint32_t i = 0; i < boot->channel_count && i < BOOT_MAX_CHANNELS; i++) {
        const char *own = boot->channel[i].name;
        uint32_t n = 0;

        while (n < BOOT_NAME_SIZE - 1 && own[n] == name[n] && name[n] != '\0') {
            n++;
        }
        if (own[n] == name[n]) {
            return &boot->channel[i];
        }
    }
    return NULL;
}

/* Opens it; causes are unmasked, `fn` is its interrupt's handler. False: no such channel. */
static inline bool vch_start(struct vch *c, const char *name, void (*fn)(uint32_t intid, void *arg))
{
    const struct boot_channel *found = vch_find(name);

    if (found == NULL ||
        !vch_open(c, (volatile void *)found->regs_gpa, (volatile void *)found->mem_gpa)) {
        return false;
    }
    if (vg_irq_handler(found->intid, fn, c) < 0) {
        return false;
    }
    vg_irq_enable(found->intid);
    vch_write(c, CHANNEL_MASK, CHANNEL_CAUSE_ALL);
    return true;
}

#endif

#endif
