/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile program in zone0: requests, registers and the whole control region full of random
 * bytes, while a thread changes slots under the hypervisor's eyes. Never asks for what would end
 * zone0 or a zone that shall live: each zone that it names is the victim or does not exist.
 *
 * Usage: garble SEED COUNT VICTIM; the last line is "garble: COUNT requests, N answered yes".
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/field.h"
#include "zone0/ctl.h"

static struct ctl ctl;
static uint32_t victim;
static atomic_bool is_over;

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct ctl_slot *slot_at(uint32_t n)
{
    return (struct ctl_slot *)(void *)(ctl.region + ctl.layout.slot_offset + n * CTL_SLOT_SIZE);
}

/* Mostly what has a meaning; nothing that has one for another zone. */
static void fill(struct ctl_slot *slot, uint64_t *seed)
{
    uint64_t kind = next(seed);

    slot->zone = kind % 4 != 0 ? victim : (uint32_t)next(seed) | 8;
    slot->op = kind % 16 == 1 ? (uint32_t)next(seed) : (uint32_t)next(seed) % (CTL_OP_COUNT + 2);
    for (unsigned i = 0; i < ARRAY_COUNT(slot->arg); i++) {
        slot->arg[i] = kind % 3 == 0 ? next(seed) : next(seed) % 4;
    }
    slot->size = kind % 5 == 0 ? (uint32_t)next(seed) : (uint32_t)next(seed) % CTL_DATA_SIZE;
    for (unsigned i = 0; i < 64; i++) {
        slot->data[next(seed) % CTL_DATA_SIZE] = (uint8_t)next(seed);
    }
}

static void *scribble(void *start)
{
    uint64_t seed = *(uint64_t *)start;

    while (!atomic_load(&is_over)) {
        struct ctl_slot *slot = slot_at((uint32_t)next(&seed) % CTL_SLOTS);

        fill(slot, &seed);
        slot->status = (int32_t)next(&seed);
    }
    return NULL;
}

/* One request whose answer must make sense; returns whether it was a yes. */
static bool ask(uint64_t *seed)
{
    uint32_t n = (uint32_t)next(seed) % CTL_SLOTS;
    struct ctl_slot *slot = slot_at(n);

    fill(slot, seed);
    slot->status = 1;
    ctl.write(&ctl, CTL_REQUEST, n);
    if (slot->status > CTL_OK || slot->status < CTL_ERR_FULL || slot->size > CTL_DATA_SIZE) {
        printf("garble: op %u answered %d, size %u\n", slot->op, slot->status, slot->size);
        exit(1);
    }
    return slot->status == CTL_OK;
}

static void wild_register(uint64_t *seed)
{
    static const uint32_t regs[] = { CTL_MASK, CTL_CAUSE, CTL_ABI, CTL_REQUEST, CTL_SIGNAL };
    uint64_t kind = next(seed);
    uint32_t at = kind % 2 != 0 ? regs[next(seed) % ARRAY_COUNT(regs)]
                                : (uint32_t)next(seed) % (CTL_REGS_SIZE / 4) * 4;

    ctl.write(&ctl, (enum ctl_reg)at, (uint32_t)next(seed));
}

/* Everything that is laid out, once; what says so itself is put back for others. */
static void garble_region(uint64_t *seed)
{
    struct ctl_shared before;

    memcpy(&before, ctl.region, sizeof(before));
    for (size_t i = 0; i < ctl.layout.size / sizeof(uint64_t); i++) {
        ((uint64_t *)(void *)ctl.region)[i] = next(seed);
    }
    for (uint32_t i = 0; i < CTL_SLOTS; i++) {
        fill(slot_at(i), seed);
    }
    for (unsigned i = 0; i < 100; i++) {
        ctl.write(&ctl, CTL_REQUEST, i % CTL_SLOTS);
    }
    memcpy(ctl.region, &before, sizeof(before));
}

int main(int argc, char **argv)
{
    struct ctl_request level = { .op = CTL_OP_LOG_LEVEL, .arg = { 2 } };
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1, other = seed + 1;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000, good = 0;
    pthread_t thread;
    int result = ctl_open(&ctl, &ctl_places);

    if (result == 0) {
        result = ctl_find_zone(&ctl, argc > 3 ? argv[3] : "worker", &victim);
    }
    if (result != 0) {
        printf("garble: %s\n", ctl_text(result));
        return 1;
    }
    for (unsigned long i = 0; i < count; i++) {
        good += ask(&seed);
        wild_register(&seed);
    }
    garble_region(&seed);
    pthread_create(&thread, NULL, scribble, &other);
    for (unsigned long i = 0; i < count; i++) {
        ctl.write(&ctl, CTL_REQUEST, (uint32_t)next(&seed) % (CTL_SLOTS + 1));
    }
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    ctl.write(&ctl, CTL_MASK, 0);
    result = ctl_request(&ctl, &level);
    printf("garble: %lu requests, %lu answered yes, then %s\n", 2 * count, good, ctl_text(result));
    return result == 0 ? 0 : 1;
}
