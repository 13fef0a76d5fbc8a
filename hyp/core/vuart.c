/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulates a PL011 (Arm DDI 0183, revision r1p5) for a zone from a register table. Lock order:
 * vuart.lock, then what arch_virq_set() takes. Never logs and never drains with the lock held.
 */
#include "hyp/core/vuart.h"

#include "hyp/arch.h"
#include "hyp/core/console.h"
#include "hyp/core/control.h"
#include "hyp/core/pl011.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

#define INT_ALL UINT32_C(0x7ff)

/* What a read of FR always shows of the modem: a terminal is there and ready. */
#define FR_MODEM (PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD)

/*
 * As firmware leaves it, since an early console writes without setting up anything. Loopback, IrDA
 * and break are not emulated: their bits read as zero.
 */
#define CR_RESET    (PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE)
#define CR_WRITABLE UINT32_C(0xff01)
#define TX_ENABLED  (PL011_CR_UARTEN | PL011_CR_TXE)

#define IFLS_RESET 0x12u /* both halves: 1/2 */
#define IFLS_STEPS 8u

/* ---- FIFOs and tokens, lock held ---- */

static uint32_t tx_used(const struct vuart *uart)
{
    return uart->tx_head - uart->tx_tail;
}

static uint32_t tx_room(const struct vuart *uart)
{
    return VUART_TX_SIZE - tx_used(uart);
}

static uint32_t rx_used(const struct vuart *uart)
{
    return uart->rx_head - uart->rx_tail;
}

/* Ticks in which `bytes` (<= VUART_BURST) of tokens come back, rounded up. */
static uint64_t ticks_of(uint32_t bytes)
{
    return (bytes * arch_tick_rate() + VUART_RATE - 1) / VUART_RATE;
}

static void refill(struct vuart *uart, uint64_t now)
{
    uint64_t rate = arch_tick_rate();
    uint64_t elapsed = now - uart->tokens_at;
    uint64_t back;

    if (now < uart->tokens_at) {
        return; /* clocks of two CPUs may differ by a tick */
    }
    if (elapsed >= ticks_of(VUART_BURST)) {
        uart->tokens = VUART_BURST;
        uart->tokens_at = now;
        return;
    }
    back = elapsed * VUART_RATE / (rate == 0 ? 1 : rate);
    if (back >= VUART_BURST - uart->tokens) {
        uart->tokens = VUART_BURST;
        uart->tokens_at = now;
    } else if (back > 0) {
        /* The clock moves on by what was paid out, rounded up so that none is paid twice. */
        uart->tokens += (uint32_t)back;
        uart->tokens_at += ticks_of((uint32_t)back);
    }
}

static bool tx_full(const struct vuart *uart)
{
    return tx_room(uart) == 0 || uart->tokens == 0;
}

/* ---- Registers with a behaviour, lock held ---- */

static uint32_t dr_read(struct vuart *uart)
{
    uint32_t value;

    if (rx_used(uart) == 0) {
        return 0;
    }
    value = uart->rx[uart->rx_tail++ % VUART_RX_SIZE];
    if (uart->overrun) {
        value |= PL011_DR_OE;
        uart->overrun = false;
    }
    return value;
}

static void dr_write(struct vuart *uart, uint32_t value)
{
    if ((uart->reg[VUART_CR] & TX_ENABLED) != TX_ENABLED || tx_full(uart)) {
        uart->dropped += uart->dropped < UINT32_MAX;
        return;
    }
    uart->tx[uart->tx_head++ % VUART_TX_SIZE] = (uint8_t)value;
    uart->tokens--;
    /* The byte has left the FIFO at once; settle() takes this back when there is no room. */
    uart->reg[VUART_RIS] |= PL011_INT_TX;
}

static void ecr_write(struct vuart *uart, uint32_t value)
{
    (void)value; /* any value clears */
    uart->reg[VUART_RSR] = 0;
}

/* BUSY is never set: a byte in the ring counts as sent, nobody waits for the machine's UART. */
static uint32_t fr_read(struct vuart *uart)
{
    uint32_t value = FR_MODEM;

    value |= rx_used(uart) == 0 ? PL011_FR_RXFE : 0;
    value |= rx_used(uart) == VUART_RX_SIZE ? PL011_FR_RXFF : 0;
    value |= tx_full(uart) ? PL011_FR_TXFF : 0;
    value |= uart->tx_ready ? PL011_FR_TXFE : 0;
    return value;
}

static uint32_t mis_read(struct vuart *uart)
{
    return uart->reg[VUART_RIS] & uart->reg[VUART_IMSC];
}

static void icr_write(struct vuart *uart, uint32_t value)
{
    uart->reg[VUART_RIS] &= ~value;
}

/* ---- The table ---- */

/* clang-format off */
const struct vuart_row vuart_rows[] = {
    /* offset      slot           readable writable     reset       name     read      write */
    { PL011_DR,    VUART_NO_SLOT, 0xfff,   0xff,        0,          "DR",    dr_read,  dr_write },
    { PL011_RSR,   VUART_RSR,     0xf,     0xff,        0,          "RSR",   NULL,     ecr_write },
    { PL011_FR,    VUART_NO_SLOT, 0x1ff,   0,           0,          "FR",    fr_read,  NULL },
    { PL011_ILPR,  VUART_ILPR,    0xff,    0xff,        0,          "ILPR",  NULL,     NULL },
    { PL011_IBRD,  VUART_IBRD,    0xffff,  0xffff,      0,          "IBRD",  NULL,     NULL },
    { PL011_FBRD,  VUART_FBRD,    0x3f,    0x3f,        0,          "FBRD",  NULL,     NULL },
    { PL011_LCR_H, VUART_LCR,     0xfe,    0xfe,        0,          "LCR_H", NULL,     NULL },
    { PL011_CR,    VUART_CR,      0xff01,  CR_WRITABLE, CR_RESET,   "CR",    NULL,     NULL },
    { PL011_IFLS,  VUART_IFLS,    0x3f,    0x3f,        IFLS_RESET, "IFLS",  NULL,     NULL },
    { PL011_IMSC,  VUART_IMSC,    INT_ALL, INT_ALL,     0,          "IMSC",  NULL,     NULL },
    { PL011_RIS,   VUART_RIS,     INT_ALL, 0,           0,          "RIS",   NULL,     NULL },
    { PL011_MIS,   VUART_NO_SLOT, INT_ALL, 0,           0,          "MIS",   mis_read, NULL },
    { PL011_ICR,   VUART_NO_SLOT, 0,       INT_ALL,     0,          "ICR",   NULL,     icr_write },
    { PL011_DMACR, VUART_DMACR,   0x7,     0x7,         0,          "DMACR", NULL,     NULL },
    /* Part 0x011, designer 0x41 (Arm), revision 3 (r1p5: FIFOs of 32); the PrimeCell class. */
    { PL011_ID + 0x00u, VUART_NO_SLOT, 0xff, 0, 0x11, "PeriphID0", NULL, NULL },
    { PL011_ID + 0x04u, VUART_NO_SLOT, 0xff, 0, 0x10, "PeriphID1", NULL, NULL },
    { PL011_ID + 0x08u, VUART_NO_SLOT, 0xff, 0, 0x34, "PeriphID2", NULL, NULL },
    { PL011_ID + 0x0cu, VUART_NO_SLOT, 0xff, 0, 0x00, "PeriphID3", NULL, NULL },
    { PL011_ID + 0x10u, VUART_NO_SLOT, 0xff, 0, 0x0d, "PCellID0",  NULL, NULL },
    { PL011_ID + 0x14u, VUART_NO_SLOT, 0xff, 0, 0xf0, "PCellID1",  NULL, NULL },
    { PL011_ID + 0x18u, VUART_NO_SLOT, 0xff, 0, 0x05, "PCellID2",  NULL, NULL },
    { PL011_ID + 0x1cu, VUART_NO_SLOT, 0xff, 0, 0xb1, "PCellID3",  NULL, NULL },
};
/* clang-format on */
const size_t vuart_row_count = ARRAY_COUNT(vuart_rows);

static const struct vuart_row *row_of(uint64_t offset)
{
    for (size_t i = 0; i < vuart_row_count; i++) {
        if (vuart_rows[i].offset == offset) {
            return &vuart_rows[i];
        }
    }
    return NULL;
}

static uint32_t row_read(struct vuart *uart, const struct vuart_row *row)
{
    if (row->read) {
        return row->read(uart) & row->readable;
    }
    if (row->slot != VUART_NO_SLOT) {
        return uart->reg[row->slot] & row->readable;
    }
    return row->reset & row->readable;
}

static void row_write(struct vuart *uart, const struct vuart_row *row, uint32_t value)
{
    if (row->write) {
        row->write(uart, value & row->writable);
    } else if (row->slot != VUART_NO_SLOT && row->writable != 0) {
        uart->reg[row->slot] = value & row->writable;
    }
}

/* ---- Interrupts and alarms ---- */

/* Bytes in the receive FIFO from which RX is raised. Without FIFO, and for reserved levels: 1. */
static uint32_t rx_trigger(const struct vuart *uart)
{
    static const uint8_t eighths[IFLS_STEPS] = { 1, 2, 4, 6, 7 };
    uint32_t level = eighths[get(PL011_IFLS_RX, uart->reg[VUART_IFLS])] * PL011_FIFO_DEPTH / 8;

    return get(PL011_LCR_FEN, uart->reg[VUART_LCR]) && level > 0 ? level : 1;
}

/*
 * Brings the raw interrupts up to date and tells the interrupt controller of a change. Lock held.
 * TX behaves as in hardware: set by the transition to room for a whole FIFO or by a byte sent while
 * there is room, cleared by ICR. (Linux writes half a FIFO per TX interrupt without a look at FR.)
 * RX and RT are levels, so that a guest that leaves bytes behind is told again.
 */
static void settle(struct zone *zone)
{
    struct vuart *uart = &zone->vuart;
    uint32_t *ris = &uart->reg[VUART_RIS];
    bool ready, line;

    uart->throttled = uart->tokens < (uart->throttled ? VUART_RESUME : PL011_FIFO_DEPTH);
    ready = !uart->throttled && tx_room(uart) >= PL011_FIFO_DEPTH;
    if (!ready) {
        *ris &= ~PL011_INT_TX;
    } else if (!uart->tx_ready) {
        *ris |= PL011_INT_TX;
    }
    uart->tx_ready = ready;

    *ris &= ~(PL011_INT_RX | PL011_INT_RT);
    *ris |= rx_used(uart) >= rx_trigger(uart) ? PL011_INT_RX : 0;
    *ris |= rx_used(uart) > 0 ? PL011_INT_RT : 0;

    line = mis_read(uart) != 0;
    if (line != uart->line) {
        uart->line = line;
        arch_virq_set(zone, zone->plan->vuart_intid, line);
    }
}

/*
 * The alarm that this vuart needs next. Only a guest that waits for the TX interrupt needs one for
 * its tokens: one that polls FR refills them itself. Lock held.
 */
static uint64_t next_alarm(const struct vuart *uart)
{
    uint64_t at = UINT64_MAX;

    if (uart->throttled && uart->reg[VUART_IMSC] & PL011_INT_TX && uart->tokens < VUART_RESUME) {
        at = uart->tokens_at + ticks_of(VUART_RESUME - uart->tokens);
    }
    if (uart->flush_at != 0 && uart->flush_at < at) {
        at = uart->flush_at;
    }
    return at;
}

/* On a CPU of the zone only: an alarm rings on the CPU that sets it. */
static void arm(uint64_t at)
{
    struct pcpu *cpu = arch_cpu_this();

    if (at < cpu->alarm_vuart) {
        cpu->alarm_vuart = at;
        arch_alarm_set(pcpu_alarm(cpu));
    }
}

/* ---- Entry points ---- */

void vuart_init(struct zone *zone)
{
    const struct mmio_dev dev = { zone->plan->vuart_gpa, VUART_SIZE, vuart_access };

    if (zone->plan->console != PLAN_CONSOLE_EMULATED) {
        return;
    }
    zone->vuart.tokens = VUART_BURST;
    zone->vuart.tokens_at = arch_now();
    mmio_add(zone, &dev);
    vuart_reset(zone);
}

void vuart_reset(struct zone *zone)
{
    struct vuart *uart = &zone->vuart;

    if (zone->plan->console != PLAN_CONSOLE_EMULATED) {
        return;
    }
    lock_take(&uart->lock);
    for (size_t i = 0; i < vuart_row_count; i++) {
        if (vuart_rows[i].slot != VUART_NO_SLOT) {
            uart->reg[vuart_rows[i].slot] = vuart_rows[i].reset;
        }
    }
    uart->rx_tail = uart->rx_head;
    uart->overrun = false;
    uart->flush_at = 0;
    uart->tx_ready = true; /* no transition: TX is not raised by a reset */
    settle(zone);
    lock_give(&uart->lock);
    console_flush(zone);
}

/*
 * After a byte was written: whether lines are to be drained now; for an incomplete line of the zone
 * in focus, when. The zone's others stay in the ring until they are complete. Lock held.
 */
static bool written(struct zone *zone, uint8_t byte, uint64_t now)
{
    struct vuart *uart = &zone->vuart;

    if (byte == '\n') {
        uart->tx_line = uart->tx_head;
        uart->flush_at = 0;
        return true;
    }
    if (uart->flush_at == 0 && console_has_focus(zone)) {
        uart->flush_at = now + arch_tick_rate() / VUART_FLUSH_PART;
    }
    return tx_used(uart) >= VUART_TX_SIZE / 2;
}

static uint64_t value_of_size(uint32_t value, uint8_t size)
{
    switch (size) {
    case 1: return (uint8_t)value;
    case 2: return (uint16_t)value;
    default: return value;
    }
}

bool vuart_access(struct vcpu *vcpu, struct mmio_access *access)
{
    struct zone *zone = vcpu->zone;
    struct vuart *uart = &zone->vuart;
    const struct vuart_row *row = row_of(access->offset);
    uint64_t now, alarm;
    bool kick = false;

    if (access->size > sizeof(uint32_t)) {
        return false;
    }
    if (!row) {
        access->value = 0;
        return true;
    }
    lock_take(&uart->lock);
    now = arch_now();
    refill(uart, now);
    if (access->write) {
        uint32_t head = uart->tx_head;

        row_write(uart, row, (uint32_t)access->value);
        if (uart->tx_head != head) {
            control_console(zone, (uint8_t)access->value);
        }
        kick = row->write == dr_write && written(zone, (uint8_t)access->value, now);
    } else {
        access->value = value_of_size(row_read(uart, row), access->size);
    }
    settle(zone);
    alarm = next_alarm(uart);
    lock_give(&uart->lock);

    arm(alarm);
    if (kick) {
        console_kick(zone);
    }
    return true;
}

bool vuart_receive(struct zone *zone, uint8_t byte)
{
    struct vuart *uart = &zone->vuart;
    bool room;

    lock_take(&uart->lock);
    room = rx_used(uart) < VUART_RX_SIZE;
    if (room) {
        uart->rx[uart->rx_head++ % VUART_RX_SIZE] = byte;
    } else {
        uart->overruns += uart->overruns < UINT32_MAX;
        uart->overrun = true;
        uart->reg[VUART_RSR] |= PL011_RSR_OE;
        uart->reg[VUART_RIS] |= PL011_INT_OE;
    }
    settle(zone);
    lock_give(&uart->lock);
    return room;
}

uint32_t vuart_type(struct zone *zone, const uint8_t *bytes, uint32_t size)
{
    struct vuart *uart = &zone->vuart;
    uint32_t count = 0;

    lock_take(&uart->lock);
    while (count < size && rx_used(uart) < VUART_RX_SIZE) {
        uart->rx[uart->rx_head++ % VUART_RX_SIZE] = bytes[count++];
    }
    settle(zone);
    lock_give(&uart->lock);
    return count;
}

uint32_t vuart_take(struct zone *zone, const struct vuart_taking *taking)
{
    struct vuart *uart = &zone->vuart;
    uint32_t count = 0;
    uint32_t end;
    uint8_t byte = 0;

    lock_take(&uart->lock);
    end = taking->partial || tx_used(uart) >= VUART_TX_SIZE / 2 ? uart->tx_head : uart->tx_line;
    while (count < taking->max && byte != '\n' && uart->tx_tail != end) {
        byte = uart->tx[uart->tx_tail++ % VUART_TX_SIZE];
        taking->buf[count++] = byte;
        if (uart->tx_tail - 1 == uart->tx_line) {
            uart->tx_line = uart->tx_tail; /* never behind the tail, though the line goes on */
        }
    }
    if (count > 0) {
        settle(zone);
    }
    lock_give(&uart->lock);
    return count;
}

void vuart_alarm(struct zone *zone)
{
    struct vuart *uart = &zone->vuart;
    uint64_t now, alarm;
    bool flush;

    lock_take(&uart->lock);
    now = arch_now();
    refill(uart, now);
    flush = uart->flush_at != 0 && now >= uart->flush_at;
    if (flush) {
        uart->flush_at = 0;
    }
    settle(zone);
    alarm = next_alarm(uart);
    lock_give(&uart->lock);

    arch_cpu_this()->alarm_vuart = UINT64_MAX;
    arch_alarm_set(arch_cpu_this()->alarm_look);
    arm(alarm);
    if (flush) {
        console_flush(zone);
    }
}
