/* SPDX-License-Identifier: Apache-2.0 */
/* A bare guest that says what it was given and obeys single keys. */
#include "vitrine-guest.h"

/* Far above any board's RAM: nothing is there. */
#define NOWHERE UINT64_C(0x3f00000000)

static void help(void)
{
    vg_puts("keys: h help, q power off, r reset, f fault (reads an address that is not there)\n");
}

static void greet(void)
{
    const struct boot_info *boot = vg_boot();

    vg_puts("hello from ");
    vg_puts(boot->zone_name);
    vg_put_named(": ", boot->vcpu_count);
    vg_put_named(" vCPU, ", boot->ram_size / 1024);
    vg_put_named_hex(" KiB at ", boot->ram_gpa);
    vg_put_named(", counter at ", vg_tick_rate());
    vg_puts(" Hz\n");
}

static void obey(int key)
{
    switch (key) {
    case 'q': vg_puts("power off\n"); vg_power_off();
    case 'r': vg_puts("reset\n"); vg_reset();
    case 'f':
        vg_put_named("read ", vg_mmio_rd32(NOWHERE));
        vg_puts("\n");
        break;
    default: help(); break;
    }
}

void guest_main(void)
{
    greet();
    help();
    for (;;) {
        vg_puts("hello> ");
        obey(vg_getc_wait());
    }
}
