/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: resets itself as often as it can, its other vCPUs spinning without any trap, and leaves
 * something in memory and in every register that its runtime has no use for. Nothing of a life
 * survives: neither that, nor anything that could end this. It is the operator who ends it.
 */
#include "tests/attack/attack.h"

#define TRACE_STEP UINT64_C(0x10000)
#define FIRST      UINT64_C(0x400000) /* in RAM: above image and stacks, */
#define LAST       UINT64_C(0xc00000) /* below what the plan's compiler puts at its end */
#define POISON     UINT64_C(0x5a5a5a5a5a5a5a5a)

FIELD(CPACR_FPEN, 20, 2);

extern uint64_t state_left(void);
extern void state_poison(uint64_t value);

static void spin(void *arg)
{
    (void)arg;
    for (;;) {
    }
}

/* What the life before has written, in memory. */
static uint64_t memory_left(void)
{
    uint64_t left = 0;

    for (uint64_t at = FIRST; at < LAST; at += TRACE_STEP) {
        volatile uint64_t *word = (volatile uint64_t *)(vg_boot()->ram_gpa + at);

        left |= *word;
        *word = POISON;
    }
    return left;
}

void guest_main(void)
{
    uint64_t left;

    __asm__ volatile("msr cpacr_el1, %0; isb" : : "r"(put(CPACR_FPEN, 3)));
    left = state_left();
    state_poison(POISON);
    if (left != 0) {
        vg_put_named_hex("attack reset: registers left ", left);
        vg_puts("\n");
    }
    left = memory_left();
    if (left != 0) {
        vg_put_named_hex("attack reset: memory left ", left);
        vg_puts("\n");
    }
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        vg_vcpu_start(v, spin, NULL);
    }
    vg_puts("attack reset: again\n");
    vg_reset();
}
