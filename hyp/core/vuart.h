/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PL011 UART (Arm DDI 0183) that the hypervisor emulates for a zone: a register machine with a
 * receive FIFO, and the zone's transmit ring that the console drains. A zone transmits no faster
 * than its tokens allow; a guest sees that as a full FIFO, so one that obeys the flags loses
 * nothing.
 */
#ifndef HYP_CORE_VUART_H
#define HYP_CORE_VUART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hyp/core/lock.h"
#include "hyp/core/mmio.h"

#define VUART_SIZE    0x1000u /* bytes of the register page */
#define VUART_RX_SIZE 256u    /* powers of two */
#define VUART_TX_SIZE 4096u

/*
 * Rate limit in bytes: a Linux boot log (about 25 KiB) fits into the burst. Once the tokens are
 * spent, the transmitter becomes ready again only when VUART_RESUME of them have come back, so that
 * a flooding guest is woken 32 times a second and not for each byte.
 */
#define VUART_BURST  32768u
#define VUART_RATE   32768u /* per second */
#define VUART_RESUME 1024u

/* An incomplete line of the zone in focus is shown after this part of a second (10 ms). */
#define VUART_FLUSH_PART 100u

/* Registers that are storage, in vuart.reg[]. */
enum vuart_slot {
    VUART_RSR,
    VUART_ILPR,
    VUART_IBRD,
    VUART_FBRD,
    VUART_LCR,
    VUART_CR,
    VUART_IFLS,
    VUART_IMSC,
    VUART_RIS,
    VUART_DMACR,
    VUART_SLOT_COUNT,
    VUART_NO_SLOT = VUART_SLOT_COUNT,
};

struct vuart {
    struct lock lock;          /* all fields; taken by the zone's vCPUs and by the console */
    uint32_t rx_head, rx_tail; /* free-running: head written by the console */
    uint32_t tx_head, tx_tail; /* free-running: tail advanced by the console */
    uint32_t tx_line;          /* tx_head as it was after the last newline */
    uint64_t tokens_at;        /* when tokens was last refilled (arch_now) */
    uint64_t flush_at;         /* when an incomplete line is to be shown; 0: never */
    uint32_t tokens;           /* bytes the zone may still transmit now */
    uint32_t dropped;          /* bytes written in spite of a full FIFO or a disabled UART */
    uint32_t overruns;         /* typed bytes that found the receive FIFO full */
    uint32_t reg[VUART_SLOT_COUNT];
    bool throttled; /* tokens were spent and VUART_RESUME of them are not back yet */
    bool tx_ready;  /* the transmit FIFO had room when last looked at */
    bool overrun;   /* to be flagged with the next byte read */
    bool line;      /* interrupt output as last told to the interrupt controller */
    uint8_t rx[VUART_RX_SIZE];
    uint8_t tx[VUART_TX_SIZE];
};

struct zone;
struct vcpu;

/* One register: DR, FR, MIS and the identification have functions, the rest are slots. */
struct vuart_row {
    uint16_t offset;
    uint16_t slot;     /* enum vuart_slot, or VUART_NO_SLOT */
    uint32_t readable; /* bits that a read shows */
    uint32_t writable; /* bits that a write changes; others are dropped */
    uint32_t reset;    /* also the value of a constant: no slot, no function */
    const char *name;
    uint32_t (*read)(struct vuart *uart);              /* NULL: slot or reset */
    void (*write)(struct vuart *uart, uint32_t value); /* NULL: slot or ignored */
};

extern const struct vuart_row vuart_rows[]; /* sorted by offset; unlisted offsets are RAZ/WI */
extern const size_t vuart_row_count;

/* At boot: a zone whose console is emulated gets its UART; others get none. */
void vuart_init(struct zone *zone);

/*
 * Registers at their reset values; receive FIFO empty; what was transmitted stays to be drained,
 * and spent tokens stay spent. All vCPUs of the zone are off.
 */
void vuart_reset(struct zone *zone);

/* MMIO handler (mmio_fn). */
bool vuart_access(struct vcpu *vcpu, struct mmio_access *access);

/* Console side: a byte typed for this zone. false: FIFO full (overrun is flagged to the guest). */
bool vuart_receive(struct zone *zone, uint8_t byte) __attribute__((warn_unused_result));

/* Zone0's side: as many bytes as the FIFO has room for. Returns how many. */
uint32_t vuart_type(struct zone *zone, const uint8_t *bytes, uint32_t size);

struct vuart_taking {
    uint8_t *buf;
    uint32_t max;
    bool partial; /* also an incomplete last line */
};

/*
 * Takes transmitted bytes up to the first newline or `max`; without `partial` only whole lines,
 * unless the ring is half full. Also lifts flow control. Returns the count. Under console lock.
 */
uint32_t vuart_take(struct zone *zone, const struct vuart_taking *taking);

/*
 * PIRQ_ALARM on a CPU of the zone: transmit tokens may have come back, or an incomplete line is to
 * be shown. Disarms the CPU's alarm, or arms it anew.
 */
void vuart_alarm(struct zone *zone);

#endif
