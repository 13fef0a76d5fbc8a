/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PL011 UART (Arm DDI 0183) that the hypervisor emulates for a zone: a register machine with a
 * receive FIFO, and the zone's log ring behind the transmitter.
 */
#ifndef HYP_CORE_VUART_H
#define HYP_CORE_VUART_H

#include <stdbool.h>
#include <stdint.h>

#include "hyp/core/lock.h"
#include "hyp/core/mmio.h"

#define VUART_RX_SIZE 256u /* powers of two */
#define VUART_TX_SIZE 4096u

struct vuart {
    struct lock lock;          /* all fields; taken by the zone's vCPUs and by the console */
    uint32_t rx_head, rx_tail; /* free-running: head written by the console */
    uint32_t tx_head, tx_tail; /* free-running: tail advanced by the console */
    uint64_t tokens_at;        /* when tokens was last refilled (arch_now) */
    uint32_t tokens;           /* bytes the zone may still transmit now */
    uint32_t dropped;          /* bytes written in spite of a full FIFO */
    uint32_t cr, imsc, ris, lcr, ibrd, fbrd, ifls, dmacr, ilpr, rsr;
    bool line;       /* interrupt output as last told to the interrupt controller */
    bool at_newline; /* the console's prefix state */
    uint8_t rx[VUART_RX_SIZE];
    uint8_t tx[VUART_TX_SIZE];
};

struct zone;
struct vcpu;

/* Registers at their reset values; receive FIFO empty; what was transmitted stays to be drained. */
void vuart_reset(struct zone *zone);

/* MMIO handler (mmio_fn). */
bool vuart_access(struct vcpu *vcpu, struct mmio_access *access);

/* Console side: a byte typed for this zone. false: FIFO full (overrun is flagged to the guest). */
bool vuart_receive(struct zone *zone, uint8_t byte);

/* Takes up to `max` transmitted bytes; also lifts flow control. Returns the count. */
uint32_t vuart_take(struct zone *zone, uint8_t *buf, uint32_t max);

/* Alarm: transmit tokens may have come back; re-raises the transmit interrupt if so. */
void vuart_alarm(struct zone *zone);

#endif
