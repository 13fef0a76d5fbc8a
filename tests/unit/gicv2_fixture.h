/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of gic_fixture.h with a GICv2: CPU and hypervisor interfaces, and the distributor's
 * registers of interrupts 0..31, are the running CPU's own. It ends a test that writes what zone 0
 * does not own.
 */
#ifndef TESTS_UNIT_GICV2_FIXTURE_H
#define TESTS_UNIT_GICV2_FIXTURE_H

#include "gic_fixture.h"
#include "gicv2.h"

#define FX2_GICC UINT64_C(0x8010000)
#define FX2_GICH UINT64_C(0x8030000)
#define FX2_LRS  4u

/* Boots, with this GICD_IIDR; zone 0's vCPU 0 is loaded on CPU 0, the others are off. */
void fx2_boot(uint32_t iidr);
int fx2_setup(void **state); /* the same with a GICv2 that needs no help */

/* Another CPU is the running one. */
void fx2_switch(unsigned cpu);

/* What another, or the running CPU, has in GICH and in the distributor for itself. */
uint32_t fx2_gich(unsigned cpu, uint32_t offset);
uint32_t fx2_private(unsigned cpu, uint32_t offset);

/* A list register, taken apart. */
struct fx2_entry {
    bool used; /* not empty: valid, or ended and not seen yet */
    unsigned state;
    uint32_t intid, physical; /* `physical` with the EOI bit and the sender, where it is not hw */
    bool hw, eoi;
};

struct fx2_entry fx2_lr_of(unsigned cpu, unsigned n);

/* List registers of the running CPU; the guest takes what is in one, or ends it. */
uint32_t fx2_lr(unsigned n);
unsigned fx2_lr_state(unsigned n);
void fx2_guest_ack(unsigned n);
void fx2_guest_eoi(unsigned n);

/* GICC_IAR reads this on the running CPU; claimed. */
enum pirq_kind fx2_raise(uint32_t iar);

#endif
