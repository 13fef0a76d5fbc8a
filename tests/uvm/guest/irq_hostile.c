/* SPDX-License-Identifier: Apache-2.0 */
/* Anything in the words that a micro-VM's user code shares with the host; the guest irq's part. */
#include "abi/irq.h"
#include "vitrine-call.h"
#include "vitrine-irq.h"

enum { LINE = 32, ROUNDS = 200 };

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Small numbers, single bits, and anything. */
static uint64_t word(void)
{
    uint64_t value = next_random();

    switch (value % 4) {
    case 0: return (value >> 8) % 70;
    case 1: return UINT64_C(1) << (value >> 8) % 64;
    case 2: return UINT64_MAX - (value >> 8) % 4;
    default: return value;
    }
}

/* The shared words hold anything, the entry is a good one now and then; requests of any number
 * but those that wait. What comes of it is the program's own business. */
static uint64_t hostile(uint64_t seed)
{
    volatile struct irq_area *area = (volatile struct irq_area *)IRQ_GVA;
    uint64_t entry;

    vg_irq_enable(LINE);
    entry = area->entry;
    state = seed | 1;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t request = (uint32_t)next_random() % (IRQ_REQUEST_COUNT - 1) + 1;

        area->blocked = IRQ_URGENCY_ALL;
        area->entry = next_random() % 8 == 0 ? word() : entry;
        area->running = (uint32_t)word();
        area->waiting = (uint32_t)word();
        area->line = (uint32_t)word();
        area->urgency = (uint32_t)word();
        area->request = request == IRQ_REQUEST_WAIT ? IRQ_REQUEST_NEXT : request;
        for (unsigned n = 0; n < IRQ_ARGS; n++) {
            area->arg[n] = word();
        }
        ((void (*)(void))IRQ_GATE_GVA)();
    }
    area->entry = entry;
    area->running = 0;
    return 0;
}
VG_EXPORT(hostile, uint64_t, uint64_t);

static uint64_t bad_request(uint64_t number)
{
    volatile struct irq_area *area = (volatile struct irq_area *)IRQ_GVA;

    area->request = (uint32_t)number;
    ((void (*)(void))IRQ_GATE_GVA)();
    return 0;
}
VG_EXPORT(bad_request, uint64_t, uint64_t);
