/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts, timers and time of micro-VMs: words that user code and the host share, a page for
 * each vCPU. There is no interrupt controller in the machine; the host is one. In a zone EL1 plays
 * the host.
 *
 * A line is delivered to user code only, by an upcall. x86_64: the host waits until the vCPU is in
 * user mode with RFLAGS.IF set, between two instructions; writes line, urgency, pc and flags, sets
 * blocked to IRQ_URGENCY_ALL, and lets the vCPU go on at `entry` with RFLAGS = 0x202 and all other
 * registers as they were. User code brings everything back by itself, without an exit.
 *
 * aarch64: while there is a line to come the host raises the processor's IRQ, which EL1 takes as
 * soon as EL0 runs. EL1 exits by UVM_PORT_TAKE: if a line is still to come, the host writes line
 * and urgency and sets blocked to IRQ_URGENCY_ALL, and then EL1 writes pc and flags and goes on at
 * `entry`. User code goes back by EL1, which sets blocked to `running` and pc to `pc`.
 *
 * Of lines that may not come because of `blocked` the host shows the highest urgency in `waiting`,
 * and user code asks for them (IRQ_REQUEST_NEXT) when it unblocks.
 *
 * Requests leave user mode by the gate page's second piece of code, at IRQ_GATE_GVA, with
 * everything blocked, so that their words are not in use twice. Nothing of this page is trusted by
 * the host: it reads each word once and checks it, and what user code writes hurts nobody else.
 */
#ifndef ABI_IRQ_H
#define ABI_IRQ_H

#include <stdint.h>

#define IRQ_GVA      UINT64_C(0xd000) /* struct irq_area, user RW; behind it the guest's own */
#define IRQ_GATE_GVA UINT64_C(0x1010) /* user RX: as UVM_GATE_GVA, but UVM_PORT_IRQ */

/* Lines: 0..15 from vCPU to vCPU, 16..31 of the vCPU, from 32 on the host's. */
#define IRQ_LINES      64u
#define IRQ_SENT       16u
#define IRQ_SHARED     32u
#define IRQ_TIMER_VIRT 27u
#define IRQ_TIMER_PHYS 30u
#define IRQ_TIMERS     2u
#define IRQ_NONE       UINT32_MAX

/* A line of urgency u comes when u > blocked. */
#define IRQ_URGENCY_DEFAULT 8u
#define IRQ_URGENCY_ALL     16u /* the highest; as `blocked`: nothing comes */

enum irq_request {
    IRQ_REQUEST_NONE,
    IRQ_REQUEST_CLOCK,   /* fills tick_rate and what follows in struct uvm_info */
    IRQ_REQUEST_ENABLE,  /* line; a shared line comes to the vCPU that enabled it last */
    IRQ_REQUEST_DISABLE, /* line */
    IRQ_REQUEST_URGENCY, /* line, 1..IRQ_URGENCY_ALL */
    IRQ_REQUEST_PEND,    /* line */
    IRQ_REQUEST_STATE,   /* line; result: IRQ_STATE_ bits */
    IRQ_REQUEST_SEND,    /* vCPU, line below IRQ_SENT */
    IRQ_REQUEST_TIMER,   /* timer, first tick, period in ticks or 0: once; urgency stays */
    IRQ_REQUEST_STOP,    /* timer */
    IRQ_REQUEST_NEXT, /* arg[0] in place of blocked: takes the next line, or IRQ_NONE, in `line` */
    IRQ_REQUEST_WAIT, /* asleep until a line is pending; then as NEXT */
    IRQ_REQUEST_COUNT
};

#define IRQ_STATE_ENABLED UINT64_C(1)
#define IRQ_STATE_PENDING UINT64_C(2)

/* An answer: 0 or more, or this for an argument that has no meaning. */
#define IRQ_BAD UINT64_MAX

#define IRQ_ARGS 3u

/* All zeros at first. */
struct irq_area {
    uint64_t entry;     /* the guest's: user code of upcalls; 0: none come */
    uint32_t blocked;   /* the guest's; the host sets it at an upcall */
    uint32_t running;   /* the guest's own: urgency of the handler that runs, 0: none */
    uint32_t waiting;   /* the host raises it, the guest clears it before it asks */
    uint32_t line;      /* of the upcall, or IRQ_REQUEST_NEXT's answer */
    uint32_t urgency;   /* of that line */
    uint32_t request;   /* enum irq_request */
    uint64_t pc, flags; /* what the upcall interrupted */
    uint64_t arg[IRQ_ARGS];
    uint64_t result;
};

#endif
