/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the server's requests, and takes what it signals. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serve_double.h"
#include "virtq_model.h"
#include "zone0/slot.h"

#define SLOTS_AT   0x1000u
#define DEVICES_AT (SLOTS_AT + CTL_SLOTS * CTL_SLOT_SIZE)

static _Alignas(4096) uint8_t region[DEVICES_AT + DOUBLE_DEVICES * sizeof(struct bridge_device)];

static int32_t attach(struct serve_double *d, uint64_t device)
{
    struct bridge_device *shared;

    if (device >= DOUBLE_DEVICES) {
        return CTL_ERR_RANGE;
    }
    shared = d->shared[device];
    assert_int_equal(shared->offer.queue_max, SERVE_QUEUE_MAX);
    assert_true(shared->offer.config_size <= BRIDGE_CONFIG_SIZE);
    d->attached++;
    shared->state = BRIDGE_IDLE;
    return CTL_OK;
}

static int32_t answer(struct serve_double *d, struct ctl_slot *slot)
{
    struct ctl_memory memory = { .gpa = MODEL_RAM, .size = MODEL_HALF, .offset = 0x200000 };
    struct ctl_zone zone = { .name = "web", .state = CTL_ZONE_RUNNING };

    switch (slot->op) {
    case CTL_OP_INFO:
        slot->size = sizeof(struct ctl_info);
        memset(slot->data, 0, slot->size);
        return CTL_OK;
    case CTL_OP_ZONE:
        slot->size = sizeof(zone);
        memcpy(slot->data, &zone, sizeof(zone));
        return slot->zone == 0 ? CTL_OK : CTL_ERR_ZONE;
    case CTL_OP_MEMORY:
        slot->size = sizeof(memory);
        memcpy(slot->data, &memory, sizeof(memory));
        return CTL_OK;
    case CTL_OP_ATTACH: return attach(d, slot->arg[0]);
    default: return CTL_ERR_OP;
    }
}

static void signal_taken(struct serve_double *d, uint32_t device)
{
    struct bridge_device *shared = d->shared[device];
    uint32_t bits = __atomic_exchange_n(&shared->signal, 0, __ATOMIC_SEQ_CST);

    if (__atomic_load_n(&shared->state, __ATOMIC_ACQUIRE) == BRIDGE_LET_GO &&
        __atomic_load_n(&shared->let_go, __ATOMIC_ACQUIRE) == shared->epoch) {
        memset(shared->queue, 0, sizeof(shared->queue));
        __atomic_store_n(&shared->state, BRIDGE_IDLE, __ATOMIC_RELEASE);
        atomic_store(&d->device[device]->state, BRIDGE_IDLE);
    }
    atomic_fetch_or(&d->signalled[device], bits);
}

static void reg_write(struct ctl *ctl, enum ctl_reg reg, uint32_t value)
{
    struct serve_double *d = ctl->context;
    struct ctl_slot *slot;

    if (reg == CTL_SIGNAL) {
        signal_taken(d, value);
    } else if (reg == CTL_REQUEST) {
        slot = (struct ctl_slot *)(void *)(region + SLOTS_AT) + value;
        slot->status = answer(d, slot);
    }
}

void double_begin(struct serve_double *d, const char *run)
{
    static const struct {
        const char *name;
        uint32_t type, queues;
    } rows[DOUBLE_DEVICES] = { { "root", 2, 1 }, { "hvc", 3, 2 }, { "random", 4, 1 } };

    memset(region, 0, sizeof(region));
    memset(d, 0, sizeof(*d));
    d->ctl = (struct ctl){ .region = region, .write = reg_write, .context = d };
    d->ctl.layout = (struct ctl_shared){ .device_count = DOUBLE_DEVICES,
                                         .slot_offset = SLOTS_AT,
                                         .device_offset = DEVICES_AT };
    ((struct ctl_shared *)(void *)region)->zone_count = 1;
    d->ctl.lock_fd = slot_open(run);
    assert_true(d->ctl.lock_fd >= 0);
    for (uint32_t i = 0; i < DOUBLE_DEVICES; i++) {
        d->shared[i] = ctl_device(&d->ctl, i);
        d->device[i] = &d->devices[i];
        d->shared[i]->type = rows[i].type;
        d->shared[i]->queue_count = rows[i].queues;
        snprintf(d->shared[i]->name, sizeof(d->shared[i]->name), "%s", rows[i].name);
    }
}

void double_end(struct serve_double *d)
{
    close(d->ctl.lock_fd);
}

void double_pool(struct server *server)
{
    const struct serve_double *d = server->ctl->context;

    server->pool_count = 1;
    server->pool[0] = (struct serve_pool){
        .gpa = 0x80200000, .size = MODEL_HALF, .begin = 0x200000, .at = model_at(MODEL_RAM)
    };
    for (uint32_t n = 0; n < DOUBLE_DEVICES; n++) {
        struct bridge_device *shared = d->shared[n];

        if (shared->queue[0].size + shared->queue[1].size != 0) {
            shared->state = BRIDGE_RUNNING;
        }
    }
}

void double_run(struct serve_double *d, uint32_t device, uint32_t queue,
                const struct virtq_cfg *ring)
{
    struct bridge_device *shared = d->shared[device];

    shared->features = shared->offer.features;
    shared->features |= ring->is_packed ? UINT64_C(1) << 34 : 0;
    shared->queue[queue] = (struct bridge_queue){ .desc = ring->desc,
                                                  .driver = ring->driver,
                                                  .device = ring->device,
                                                  .size = ring->size,
                                                  .is_ready = 1 };
    atomic_store(&d->device[device]->state, BRIDGE_RUNNING);
    __atomic_store_n(&shared->state, BRIDGE_RUNNING, __ATOMIC_RELEASE);
}

void double_notify(struct serve_double *d, uint32_t device, uint32_t queue)
{
    __atomic_fetch_or(&d->shared[device]->notified, 1u << queue, __ATOMIC_SEQ_CST);
}

void double_reset(struct serve_double *d, uint32_t device)
{
    struct bridge_device *shared = d->shared[device];

    atomic_store(&d->device[device]->state, BRIDGE_LET_GO);
    __atomic_store_n(&shared->epoch, shared->epoch + 1, __ATOMIC_RELEASE);
    __atomic_store_n(&shared->state, BRIDGE_LET_GO, __ATOMIC_RELEASE);
}

void double_gone(struct serve_double *d)
{
    for (uint32_t i = 0; i < DOUBLE_DEVICES; i++) {
        d->shared[i]->state = BRIDGE_NO_SERVER;
        atomic_store(&d->signalled[i], 0);
    }
}
