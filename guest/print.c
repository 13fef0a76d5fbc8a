/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text. */
#include "vitrine-guest.h"

enum { DEC = 10, HEX = 16, MAX_DIGITS = 20 };

static void put_number(uint64_t value, unsigned base)
{
    char text[MAX_DIGITS + 1];
    unsigned at = MAX_DIGITS;

    text[at] = '\0';
    do {
        at--;
        text[at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    vg_puts(&text[at]);
}

void vg_put_dec(uint64_t value)
{
    put_number(value, DEC);
}

void vg_put_hex(uint64_t value)
{
    vg_puts("0x");
    put_number(value, HEX);
}

void vg_put_named(const char *text, uint64_t value)
{
    vg_puts(text);
    vg_put_dec(value);
}

void vg_put_named_hex(const char *text, uint64_t value)
{
    vg_puts(text);
    vg_put_hex(value);
}
