/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of fault handlers: a sorted list in a fixed pool, touching nothing but its own state;
 * the same on all architectures. A slot is not used anew while any fault is being answered, so that
 * a handler may remove itself or others from the list that is being walked.
 */
#include "guest/handler.h"

enum { NUMBER_STEP = 256, GENERATION_MAX = 1 << 22 };

enum slot_state { SLOT_FREE, SLOT_USED, SLOT_REMOVED };

struct slot {
    struct vg_handler handler;
    struct slot *next; /* in the list, also of a removed slot */
    uint32_t state;
    uint32_t generation;
};

static struct slot slots[VG_HANDLERS_MAX];
static struct slot *first;
static uint32_t running; /* faults that are being answered, on all vCPUs */
static uint32_t lock;    /* guards changes of the list; who walks it takes none */

static void take_lock(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) != 0) {
    }
}

static void drop_lock(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static void link_after(struct slot *before, struct slot *slot)
{
    struct slot **link = before == NULL ? &first : &before->next;

    slot->next = *link;
    __atomic_store_n(link, slot, __ATOMIC_RELEASE);
}

static struct slot *take_slot(void)
{
    for (struct slot *slot = slots; slot < slots + VG_HANDLERS_MAX; slot++) {
        if (slot->state == SLOT_FREE ||
            (slot->state == SLOT_REMOVED && __atomic_load_n(&running, __ATOMIC_ACQUIRE) == 0)) {
            return slot;
        }
    }
    return NULL;
}

static bool is_valid(const struct vg_handler *handler)
{
    enum { VECTORS = 256 };

    return handler->fn != NULL &&
           (handler->on < VG_ON_VECTOR(VECTORS) || handler->on == VG_ON_ALL ||
            (handler->on > VG_ON_CLASS(FAULT_CLASS_NONE) &&
             handler->on < VG_ON_CLASS(FAULT_CLASS_COUNT)));
}

static int add(const struct vg_handler *handler)
{
    struct slot *before = NULL;
    struct slot *slot = take_slot();

    if (slot == NULL) {
        return VG_ERR_FULL;
    }
    slot->handler = *handler;
    slot->state = SLOT_USED;
    slot->generation = (slot->generation + 1) % GENERATION_MAX;
    for (struct slot *at = first; at != NULL; at = at->next) {
        if (at->handler.priority <= handler->priority) {
            break;
        }
        before = at;
    }
    link_after(before, slot);
    return (int)(slot->generation * NUMBER_STEP + (uint32_t)(slot - slots));
}

int vg_handler_register(const struct vg_handler *handler)
{
    int number;

    if (!is_valid(handler)) {
        return VG_ERR_INVALID;
    }
    take_lock();
    number = add(handler);
    drop_lock();
    return number;
}

static int remove(int number)
{
    uint32_t index = (uint32_t)number % NUMBER_STEP;
    struct slot *slot = &slots[index % VG_HANDLERS_MAX];
    struct slot **link = &first;

    if (number < 0 || index >= VG_HANDLERS_MAX || slot->state != SLOT_USED ||
        slot->generation != (uint32_t)number / NUMBER_STEP) {
        return VG_ERR_UNKNOWN;
    }
    while (*link != slot) {
        link = &(*link)->next;
    }
    *link = slot->next;
    slot->state = SLOT_REMOVED;
    return 0;
}

int vg_handler_unregister(int number)
{
    int result;

    take_lock();
    result = remove(number);
    drop_lock();
    return result;
}

/* What a handler returns beyond the three verdicts counts as VG_FORWARD. */
enum vg_verdict handler_run(struct vg_context *context)
{
    enum vg_verdict verdict = VG_NEXT;
    uint32_t vector = VG_ON_VECTOR(context->vector);
    uint32_t class = VG_ON_CLASS(context->class);

    __atomic_fetch_add(&running, 1, __ATOMIC_RELAXED);
    for (struct slot *at = first; at != NULL && verdict == VG_NEXT; at = at->next) {
        uint32_t on = at->handler.on;

        if ((on == vector || on == class || on == VG_ON_ALL) && at->state == SLOT_USED) {
            verdict = at->handler.fn(context, at->handler.arg);
        }
    }
    __atomic_fetch_sub(&running, 1, __ATOMIC_RELAXED);
    return verdict == VG_RESUME ? VG_RESUME : VG_FORWARD;
}
