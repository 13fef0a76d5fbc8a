/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated PL011 of two zones and the console that drains them: any register access, any key,
 * any time, a UART that is full at any moment. Checks the registers against each other, and that
 * each line on the wire begins with the prefix of one who may speak.
 */
#include <string.h>

#include "console_double.h"
#include "hyp/core/console.h"
#include "hyp/core/log.h"
#include "hyp/core/pl011.h"
#include "tests/fuzz/fuzz.h"

#define ROOM_LEFT 60000u /* of wire.out: a run ends before it is full */

#define FLOOD_MAX 8192u /* bytes in one run: a ring and a bit */

static unsigned flooded;

static const char *const prefixes[] = { "\033[1m[hyp]\033[0m ", "\033[32m[linux0]\033[0m ",
                                        "\033[36m[linux1]\033[0m " };

/* ---- invariants ---- */

static void check_vuart(struct zone *zone)
{
    const struct vuart *uart = &zone->vuart;
    uint32_t fr = guest_rd(zone, PL011_FR), ris = guest_rd(zone, PL011_RIS);
    uint32_t imsc = guest_rd(zone, PL011_IMSC), mis = guest_rd(zone, PL011_MIS);
    uint32_t waiting = uart->rx_head - uart->rx_tail;

    FUZZ_CHECK(mis == (ris & imsc));
    FUZZ_CHECK(machine.line[zone->id] == (mis != 0));
    FUZZ_CHECK(waiting <= VUART_RX_SIZE && uart->tx_head - uart->tx_tail <= VUART_TX_SIZE);
    FUZZ_CHECK(uart->tx_line - uart->tx_tail <= uart->tx_head - uart->tx_tail);
    FUZZ_CHECK(uart->tokens <= VUART_BURST);
    FUZZ_CHECK(((fr & PL011_FR_RXFE) != 0) == (waiting == 0));
    FUZZ_CHECK((fr & PL011_FR_BUSY) == 0);
    FUZZ_CHECK((fr & PL011_FR_TXFF) == 0 || (fr & PL011_FR_TXFE) == 0);
    FUZZ_CHECK((ris & PL011_INT_RT) == 0 || waiting != 0);
    for (size_t i = 0; i < vuart_row_count; i++) {
        const struct vuart_row *row = &vuart_rows[i];

        if (row->slot != VUART_NO_SLOT) {
            FUZZ_CHECK((uart->reg[row->slot] & ~(row->writable | row->readable)) == 0);
        }
    }
}

static void check_wire(void)
{
    size_t at = 0;

    while (at < wire.out_used) {
        const char *end = memchr(wire.out + at, '\n', wire.out_used - at);
        size_t left = wire.out_used - at;
        bool found = false;

        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
            size_t length = strlen(prefixes[i]);

            found = found || memcmp(wire.out + at, prefixes[i], left < length ? left : length) == 0;
        }
        FUZZ_CHECK(found);
        if (end == NULL) {
            return;
        }
        FUZZ_CHECK(end > wire.out && end[-1] == '\r');
        at = (size_t)(end - wire.out) + 1;
    }
}

/* ---- steps ---- */

static void access_any(struct zone *zone, struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in), size = (uint8_t)(1u << (how & 3));
    struct mmio_access access = { .size = size, .write = (how & 4) != 0 };
    size_t pick = fuzz_u8(in);

    access.offset = (how & 8) != 0 ? (uint64_t)(pick * 16 + (how >> 4)) & ~(size - UINT64_C(1))
                                   : vuart_rows[pick % vuart_row_count].offset;
    access.value = fuzz_word(in);
    if (size < 8) {
        access.value &= BIT64(size * 8u) - 1;
    }
    FUZZ_CHECK(vuart_access(&zone->vcpus[0], &access) == (size <= 4));
    FUZZ_CHECK(access.write || size > 4 || access.value <= UINT64_MAX >> (64 - size * 8));
}

static void text(struct zone *zone, struct fuzz_in *in)
{
    for (uint8_t left = fuzz_u8(in) % 64; left > 0 && in->left > 0; left--) {
        guest_wr(zone, PL011_DR, fuzz_u8(in));
    }
}

/* One byte again and again: fills rings and spends tokens. */
static void flood(struct zone *zone, struct fuzz_in *in)
{
    uint8_t byte = fuzz_u8(in);

    for (unsigned left = fuzz_u8(in) * 8u; left > 0 && flooded < FLOOD_MAX; left--, flooded++) {
        guest_wr(zone, PL011_DR, byte);
    }
}

static void type(struct zone *zone, struct fuzz_in *in)
{
    size_t count = fuzz_u8(in) % 32;

    (void)zone;
    count = count < in->left ? count : in->left;
    wire_type((const char *)in->data, count);
    in->data += count;
    in->left -= count;
    machine.step = machine.rate / 1000; /* else console_finish() would never give up */
    for (unsigned i = 0; i < 4; i++) {
        console_interrupt();
    }
    machine.step = 0;
}

static void pass_time(struct zone *zone, struct fuzz_in *in)
{
    machine.now += fuzz_u16(in) * UINT64_C(16);
    if (machine.now >= machine.alarm) {
        vuart_alarm(zone);
    }
}

static void room(struct zone *zone, struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);

    (void)zone;
    wire_room(how == 0xff ? UINT32_MAX : how);
    console_interrupt();
}

static void reset(struct zone *zone, struct fuzz_in *in)
{
    (void)in;
    vuart_reset(zone);
}

static void set_state(struct zone *zone, struct fuzz_in *in)
{
    machine.state[zone->id] = fuzz_u8(in) % (ZONE_STOPPING + 1);
}

static void say(struct zone *zone, struct fuzz_in *in)
{
    LOG(fuzz_u8(in) % LOG_LEVEL_COUNT, "text", LOG_ZONE(zone), LOG_HEX("v", fuzz_u64(in)));
}

static void drain(struct zone *zone, struct fuzz_in *in)
{
    if ((fuzz_u8(in) & 1) != 0) {
        console_flush(zone);
    } else {
        console_kick(zone);
    }
}

static void (*const steps[])(struct zone *zone, struct fuzz_in *in) = {
    access_any, access_any, text, text,  flood, type,  type,
    pass_time,  room,       room, reset, say,   drain, set_state,
};

static void setup(void)
{
    static uint8_t rest[LOG_LINE_MAX];

    while (log_crash_take(rest, sizeof(rest)) > 0) {
    }
    double_reset();
    log_set_level(LOG_INFO);
    vuart_init(&zones[0]);
    vuart_init(&zones[1]);
    console_init(&pcpus[0], UART_BASE);
    /* What an earlier run left behind ends here. */
    for (unsigned i = 0; i < 64 && (wire_reg(PL011_IMSC) & PL011_INT_TX) != 0; i++) {
        console_interrupt();
    }
    LOG_SAY0("");
    wire_clear();
    flooded = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    setup();
    while (in.left != 0 && wire.out_used < sizeof(wire.out) - ROOM_LEFT) {
        uint8_t how = fuzz_u8(&in);
        struct zone *zone = &zones[how >> 7];

        steps[(how & 0x7f) % (sizeof(steps) / sizeof(steps[0]))](zone, &in);
        check_vuart(&zones[0]);
        check_vuart(&zones[1]);
    }
    check_wire();
    return 0;
}
