/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupt controllers of guests at EL1: a GICv3 (gic.c) or a GICv2 (gicv2.c); gic.c chooses. */
#ifndef GUEST_AARCH64_GIC_H
#define GUEST_AARCH64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot.h"
#include "lib/field.h"

/* In distributors, and for private interrupts in the frame vcpu.gic_frame. */
#define GICD_CTLR       0x0000u
#define GICD_TYPER      0x0004u
#define GICD_IGROUPR    0x0080u
#define GICD_ISENABLER  0x0100u
#define GICD_ICENABLER  0x0180u
#define GICD_ISPENDR    0x0200u
#define GICD_ICPENDR    0x0280u
#define GICD_ISACTIVER  0x0300u
#define GICD_ICACTIVER  0x0380u
#define GICD_IPRIORITYR 0x0400u
#define GICD_ITARGETSR  0x0800u /* and all below: GICv2 */
#define GICD_SGIR       0x0f00u
#define GICD_CPENDSGIR  0x0f10u
#define GICD_SPENDSGIR  0x0f20u

FIELD(GICD_TYPER_LINES, 0, 5);
FIELD(GIC_TAKEN_INTID, 0, 10); /* of what acknowledge() says, if it is one of these */

enum { GIC_SPI = 32, GIC_SPECIAL = 1020, GIC_PRIORITY = 0xa0, GIC_PRIORITY_MASK = 0xf0 };

struct gic_kind {
    void (*init)(uint64_t gicd); /* what differs of the distributor */
    void (*init_cpu)(void);      /* sets *gic_frame() */
    uint32_t (*acknowledge)(void);
    void (*end)(uint32_t taken); /* as acknowledged */
    void (*route)(uint32_t spi); /* to the calling vCPU */
    void (*send)(uint64_t affinity, uint32_t sgi);
};

extern const struct gic_kind gicv2_kind;

/* The zone's or the machine's. */
const struct gic_kind *gic_kind(void);

/* Distributor, once: all is disabled. `boot` stays where it is. */
void gic_init(const struct boot_info *boot);
const struct boot_info *gic_boot(void);

/* Redistributor and CPU interface of the calling vCPU. */
void gic_init_cpu(void);

/* By the controller: the vCPU count of a machine without boot_info. */
uint32_t gic_count_cpus(const struct boot_info *boot);

/* The caller's: where the calling vCPU keeps the place of its private interrupts' registers. */
uint64_t *gic_frame(void);

/* Private interrupts of the calling vCPU, others for all and routed to it. */
void gic_enable(uint32_t intid);
void gic_disable(uint32_t intid);
bool gic_is_enabled(uint32_t intid);
bool gic_is_pending(uint32_t intid);
void gic_pend(uint32_t intid);

/* All private interrupts of the calling vCPU: disabled, one priority. */
void gic_frame_init(uint64_t frame);

/* Whether the CPU has no GICv3. */
bool gicv2_is_native(void);
uint32_t gicv2_count_cpus(uint64_t gicd);

#endif
