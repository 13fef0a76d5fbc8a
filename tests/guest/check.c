/* SPDX-License-Identifier: Apache-2.0 */
/* Counts and prints the claims of a test guest. */
#include "tests/guest/check.h"

#include "vitrine-guest.h"

static uint64_t ok_count, failed_count;

static void result(const char *name, bool holds)
{
    if (holds) {
        ok_count++;
    } else {
        failed_count++;
    }
    vg_puts(holds ? "ok " : "FAIL ");
    vg_puts(name);
}

void check(const char *name, bool holds)
{
    result(name, holds);
    vg_puts("\n");
}

void check_equal(const char *name, uint64_t got, uint64_t expected)
{
    result(name, got == expected);
    if (got != expected) {
        vg_put_named_hex(": ", got);
        vg_put_named_hex(" instead of ", expected);
    }
    vg_puts("\n");
}

void check_sum(const char *guest)
{
    vg_puts(guest);
    vg_put_named(": ", ok_count);
    vg_put_named(" ok, ", failed_count);
    vg_puts(" failed\n");
}

bool check_is_native(void)
{
    const char *name = vg_boot()->zone_name;
    const char *native = "native";

    while (*name != '\0' && *name == *native) {
        name++;
        native++;
    }
    return *name == *native;
}
