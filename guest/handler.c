/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of fault handlers: a sorted list in a fixed pool, touching nothing but its own state;
 * the same on all architectures. A slot is not used anew while any fault is being answered, so that
 * a handler may remove itself or others from the list that is being walked.
 */
#include "guest/handler.h"

enum { SLOT_NONE = VG_HANDLERS_MAX, NUMBER_STEP = 256, GENERATION_MAX = 1 << 22 };

enum slot_state { SLOT_FREE, SLOT_USED, SLOT_REMOVED };

struct slot {
    struct vg_handler handler;
    uint32_t next; /* in the list, also of a removed slot */
    uint32_t state;
    uint32_t generation;
};

static struct slot slots[VG_HANDLERS_MAX];
static uint32_t first_plus_1; /* so that all zeros is the empty list */
static uint32_t running;      /* faults that are being answered, on all vCPUs */

static uint32_t first(void)
{
    return first_plus_1 == 0 ? SLOT_NONE : first_plus_1 - 1;
}

static void link_after(uint32_t before, uint32_t slot)
{
    if (before == SLOT_NONE) {
        slots[slot].next = first();
        first_plus_1 = slot + 1;
    } else {
        slots[slot].next = slots[before].next;
        slots[before].next = slot;
    }
}

static uint32_t take_slot(void)
{
    for (uint32_t i = 0; i < VG_HANDLERS_MAX; i++) {
        if (slots[i].state == SLOT_FREE || (slots[i].state == SLOT_REMOVED && running == 0)) {
            return i;
        }
    }
    return SLOT_NONE;
}

static bool is_valid(const struct vg_handler *handler)
{
    enum { VECTORS = 256 };

    return handler->fn != NULL &&
           (handler->on < VG_ON_VECTOR(VECTORS) || handler->on == VG_ON_ALL ||
            (handler->on > VG_ON_CLASS(FAULT_CLASS_NONE) &&
             handler->on < VG_ON_CLASS(FAULT_CLASS_COUNT)));
}

int vg_handler_register(const struct vg_handler *handler)
{
    uint32_t before = SLOT_NONE;
    uint32_t slot = take_slot();

    if (!is_valid(handler)) {
        return VG_ERR_INVALID;
    }
    if (slot == SLOT_NONE) {
        return VG_ERR_FULL;
    }
    slots[slot].handler = *handler;
    slots[slot].state = SLOT_USED;
    slots[slot].generation = (slots[slot].generation + 1) % GENERATION_MAX;
    for (uint32_t at = first(); at != SLOT_NONE; at = slots[at].next) {
        if (slots[at].handler.priority <= handler->priority) {
            break;
        }
        before = at;
    }
    link_after(before, slot);
    return (int)(slots[slot].generation * NUMBER_STEP + slot);
}

int vg_handler_unregister(int number)
{
    uint32_t slot = (uint32_t)number % NUMBER_STEP;
    uint32_t before = SLOT_NONE;

    if (number < 0 || slot >= VG_HANDLERS_MAX || slots[slot].state != SLOT_USED ||
        slots[slot].generation != (uint32_t)number / NUMBER_STEP) {
        return VG_ERR_UNKNOWN;
    }
    for (uint32_t at = first(); at != slot; at = slots[at].next) {
        before = at;
    }
    if (before == SLOT_NONE) {
        first_plus_1 = slots[slot].next == SLOT_NONE ? 0 : slots[slot].next + 1;
    } else {
        slots[before].next = slots[slot].next;
    }
    slots[slot].state = SLOT_REMOVED;
    return 0;
}

static bool is_for(const struct vg_handler *handler, const struct vg_context *context)
{
    return handler->on == context->vector || handler->on == VG_ON_CLASS(context->class) ||
           handler->on == VG_ON_ALL;
}

/* What a handler returns beyond the three verdicts counts as VG_FORWARD. */
enum vg_verdict handler_run(struct vg_context *context)
{
    enum vg_verdict verdict = VG_NEXT;

    if (first_plus_1 == 0) {
        return VG_FORWARD;
    }
    __atomic_fetch_add(&running, 1, __ATOMIC_RELAXED);
    for (uint32_t at = first(); at != SLOT_NONE && verdict == VG_NEXT; at = slots[at].next) {
        if (slots[at].state == SLOT_USED && is_for(&slots[at].handler, context)) {
            verdict = slots[at].handler.fn(context, slots[at].handler.arg);
        }
    }
    __atomic_fetch_sub(&running, 1, __ATOMIC_RELAXED);
    return verdict == VG_RESUME ? VG_RESUME : VG_FORWARD;
}
