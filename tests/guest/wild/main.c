/* SPDX-License-Identifier: Apache-2.0 */
/* A test guest that breaks itself beyond repair, in the way that its console's key names. */
#include "tests/guest/wild/wild.h"
#include "vitrine-guest.h"

#define NOWHERE UINT64_C(0x3f00000000)

static void obey(int key)
{
    switch (key) {
    case 'v':
        vg_puts("wild: vectors nowhere\n");
        wild_vectors(NOWHERE);
        break;
    case 'j':
        vg_puts("wild: jump nowhere\n");
        wild_jump(NOWHERE);
        break;
    case 't':
        vg_puts("wild: tables nowhere\n");
        wild_tables(NOWHERE);
        break;
    case 's':
        vg_puts("wild: stack nowhere\n");
        wild_stack(NOWHERE);
        break;
    case 'q': vg_power_off();
    default: vg_puts("wild: keys v j t s q\n"); break;
    }
}

void guest_main(void)
{
    vg_puts("wild: ready\n");
    for (;;) {
        obey(vg_getc_wait());
    }
}
