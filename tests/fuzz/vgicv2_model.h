/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz target of the virtual GICv2 expects, and what must hold between all its steps. */
#ifndef TESTS_FUZZ_VGICV2_MODEL_H
#define TESTS_FUZZ_VGICV2_MODEL_H

#include "gicv2_fixture.h"

#define VCPUS   3u
#define FOREIGN 3u /* the CPU of the other zone */
#define SPI_MAX 1020u

struct v2_model {
    struct zone *zone;
    struct zone other_zone; /* as it was at the beginning: nothing of it may change */
    struct vcpu other_vcpu;
    bool is_on[VCPUS];
    bool is_active_set; /* by the guest: then active is no longer a matter of list registers */

    uint8_t targets[1024]; /* vCPU of each SPI */
    /* vCPUs whose SGI a vCPU has not taken yet... */
    uint8_t sgis[VCPUS][VGIC_SGIS];
    /* ... and of these: sent again while a list register held the first one, not taken yet. */
    uint8_t again[VCPUS][VGIC_SGIS];
};

extern struct v2_model model;

extern const uint16_t v2_own_spis[8];

struct vcpu *v2_vcpu(unsigned n);

/* The interrupts of word n that are the zone's. */
uint32_t v2_owned(uint32_t n);
bool v2_is_owned(uint32_t intid);

/* Ends the run where the state, or the machine's, is not as it must be. */
void v2_check(void);

#endif
