/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small machine for tests of the GIC: distributor, redistributors and list registers with the
 * behaviour the code relies on, two zones, and doubles of the core functions it calls.
 */
#ifndef TESTS_UNIT_GIC_FIXTURE_H
#define TESTS_UNIT_GIC_FIXTURE_H

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "unit.h"
#include "vgic.h"

#define FX_CPUS 4u
#define FX_GICD UINT64_C(0x08000000)
#define FX_GICR UINT64_C(0x080a0000)

/* Zone 0: vCPUs 0..2 on CPUs 0..2; zone 1: vCPU 0 on CPU 3. */
enum {
    FX_LEVEL = 40, /* zone 0's */
    FX_EDGE = 41,
    FX_HIGH = 100,
    FX_FOREIGN = 42, /* zone 1's */
    FX_VUART = 33,   /* zone 0's, emulated */
    FX_UART = 34,    /* the hypervisor's */
    FX_VTIMER = 27,
    FX_PTIMER = 30,
    FX_MAINTENANCE = 25,
    FX_HYP_TIMER = 26,
};

/* The machine's side of a distributor, or of an SGI frame (word 0). */
struct fx_frame {
    uint8_t *bytes;
    uint32_t enabled[32], pending[32], active[32];
    uint32_t edge[32];
    uint32_t allowed[32]; /* checked on writes when `watch` is set */
    bool watch;
};

struct fx {
    struct fx_frame gicd, sgi[FX_CPUS];
    struct pcpu cpu[FX_CPUS];
    struct zone zone[2];
    struct vcpu vcpu[2][3];
    struct plan plan;
    unsigned requests[FX_CPUS]; /* pcpu_request() calls */
    unsigned logs;
    unsigned accesses; /* to the machine's distributor, and a GICv2's list registers */
    struct pcpu *self;
    uint64_t saved_lr[FX_CPUS][VGIC_LR_MAX];
};

extern struct fx fx;

/* Boots: gic_init, gic_cpu_init on all CPUs, both zones initialized; self is CPU 0. */
int fx_setup(void **state);

/* Also: zone 0's vCPU 0 is running, its distributor forwards both groups, requests cleared. */
int fx_setup_running(void **state);

void fx_switch(unsigned cpu);      /* another CPU's list registers, too */
uint64_t *fx_lr(unsigned n);       /* of this CPU */
unsigned fx_lr_state(unsigned n);  /* LR_PENDING... */
uint32_t fx_lr_intid(unsigned n);  /* virtual INTID, 0 if invalid */
unsigned fx_lr_count(void);        /* valid ones */
int fx_lr_of(uint32_t intid);      /* list register with it, or -1 */
void fx_guest_ack(uint32_t intid); /* the guest takes it ... */
void fx_guest_eoi(uint32_t intid); /* ... and ends it; HW: deactivates in the machine */

/* A guest that nests its handlers: takes the best if more urgent, ends the innermost. */
struct fx_guest {
    unsigned depth;
    uint32_t intid[64];
    uint64_t priority[64];
};

void fx_guest_init(struct fx_guest *guest);
bool fx_guest_take(struct fx_guest *guest);
bool fx_guest_end(struct fx_guest *guest);

/* The machine signals it to this CPU; claimed. */
enum pirq_kind fx_raise(uint32_t intid);

/* Guest accesses by vCPU 0 of zone 0; fail the test unless the device takes them. */
uint64_t fx_rd(uint32_t offset, unsigned size);
void fx_wr(uint32_t offset, unsigned size, uint64_t value);
uint64_t fx_redist_rd(unsigned vcpu, uint32_t offset, unsigned size);
void fx_redist_wr(unsigned vcpu, uint32_t offset, unsigned size, uint64_t value);

/* Every word of zone 0 enabled at the guest's side. */
void fx_enable_all(void);

/* The running vCPU, and what its CPU does before it enters the guest. */
struct vcpu *fx_me(void);
void fx_flush(void);

/* fx_setup_running(), all interrupts enabled, and each vCPU about to enter. */
int fx_setup_entered(void **state);

/* Priority as the running vCPU sets it, of a private interrupt or an SPI. */
void fx_set_priority(uint32_t intid, uint8_t priority);

#endif
