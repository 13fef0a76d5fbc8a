/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: resets itself as often as it can, its other vCPUs spinning without any trap. Nothing of a
 * life survives that could end this: it is the operator who does.
 */
#include "tests/attack/attack.h"

static void spin(void *arg)
{
    (void)arg;
    for (;;) {
    }
}

void guest_main(void)
{
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        vg_vcpu_start(v, spin, NULL);
    }
    vg_puts("attack reset: again\n");
    vg_reset();
}
