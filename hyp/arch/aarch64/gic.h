/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's GICv3 (Arm IHI 0069): registers, and the driver that the hypervisor itself uses;
 * with what it shares with the GICv2's (gicv2.h).
 */
#ifndef HYP_ARCH_AARCH64_GIC_H
#define HYP_ARCH_AARCH64_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "hyp/core/trap.h"
#include "lib/field.h"

struct gic_driver;
struct pcpu;
struct vcpu;

/*
 * Offsets in the distributor. Those from IGROUPR to ICFGR are the same in the SGI frame of a
 * redistributor, for word 0.
 */
enum {
    GICD_CTLR = 0x0000,
    GICD_TYPER = 0x0004,
    GICD_IIDR = 0x0008,
    GICD_STATUSR = 0x0010,
    GICD_IGROUPR = 0x0080,
    GICD_ISENABLER = 0x0100,
    GICD_ICENABLER = 0x0180,
    GICD_ISPENDR = 0x0200,
    GICD_ICPENDR = 0x0280,
    GICD_ISACTIVER = 0x0300,
    GICD_ICACTIVER = 0x0380,
    GICD_IPRIORITYR = 0x0400,
    GICD_ITARGETSR = 0x0800,
    GICD_ICFGR = 0x0c00,
    GICD_IGRPMODR = 0x0d00,
    GICR_NSACR = 0x0e00, /* of the SGI frame */
    GICD_SGIR = 0x0f00,
    GICD_IROUTER = 0x6000,
    GICD_PIDR2 = 0xffe8,
    GICD_SIZE = 0x10000,
};

/* Offsets in a redistributor: RD frame, then SGI frame. */
enum {
    GICR_CTLR = 0x0000,
    GICR_IIDR = 0x0004,
    GICR_TYPER = 0x0008,
    GICR_STATUSR = 0x0010,
    GICR_WAKER = 0x0014,
    GICR_PIDR2 = 0xffe8,
    GICR_SGI = 0x10000,
    GICR_SIZE = 0x20000,      /* distance of redistributors */
    GICR_SIZE_VLPI = 0x40000, /* the same with GICv4's two further frames */
};

FIELD(GICD_CTLR_GRP0, 0, 1);
FIELD(GICD_CTLR_GRP1, 1, 1); /* seen from non-secure with two security states: EnableGrp1A */
FIELD(GICD_CTLR_ARE, 4, 1);
FIELD(GICD_CTLR_DS, 6, 1);
FIELD(GICD_CTLR_RWP, 31, 1);
FIELD(GICD_TYPER_LINES, 0, 5);
FIELD(GICD_TYPER_LPIS, 17, 1);
FIELD(GICD_TYPER_ID_BITS, 19, 5); /* less 1 */
FIELD(GICR_CTLR_RWP, 3, 1);
FIELD(GICR_TYPER_LPIS, 0, 1);
FIELD(GICR_TYPER_VLPIS, 1, 1);
FIELD(GICR_TYPER_LAST, 4, 1);
FIELD(GICR_TYPER_NUMBER, 8, 16);
FIELD(GICR_TYPER_AFFINITY, 32, 32); /* Aff3.Aff2.Aff1.Aff0 */
FIELD(GICR_WAKER_SLEEP, 1, 1);
FIELD(GICR_WAKER_ASLEEP, 2, 1);

/* INTID as bitmap position, and special values of ICC_IAR1_EL1 */
FIELD(INTID_BIT, 0, 5);
FIELD(INTID_WORD, 5, 6); /* up to 31; LPIs of zones: see msi.h */
FIELD(IAR_INTID, 0, 24);
enum { INTID_SPI = 32, INTID_SPECIAL = 1020 };

/* Affinity as in MPIDR_EL1 and GICD_IROUTER */
FIELD(AFF_0_BIT, 0, 4);   /* bit in a target list */
FIELD(AFF_0_RANGE, 4, 4); /* range selector of the list */
FIELD(AFF_1, 8, 8);
FIELD(AFF_2, 16, 8);
FIELD(AFF_3, 32, 8);
FIELD(AFF_210, 0, 24);
FIELD(AFF32_3, 24, 8); /* Aff3 in GICR_TYPER's packing */

/* ICC_SGI1R_EL1 */
FIELD(SGIR_LIST, 0, 16);
FIELD(SGIR_AFF1, 16, 8);
FIELD(SGIR_INTID, 24, 4);
FIELD(SGIR_AFF2, 32, 8);
FIELD(SGIR_IRM, 40, 1);
FIELD(SGIR_RANGE, 44, 4);
FIELD(SGIR_AFF3, 48, 8);

/* arch_pcpu.doorbell of a GICv2: a value for GICD_SGIR; these bits of ICC_SGI1R_EL1 are 0. */
FIELD(DOORBELL_MMIO, 63, 1);

/* The hypervisor's doorbell among the machine's SGIs; a guest's SGIs never reach the machine. */
#define GIC_DOORBELL 0u

/* Machine priorities: the hypervisor's own come before any guest's. */
#define GIC_PRIORITY_OWN   0x00u
#define GIC_PRIORITY_GUEST 0x10u /* highest a guest can have */
#define GIC_PRIORITY_RESET 0xa0u

/* Written while booting, constant afterwards. */
struct gic {
    uintptr_t gicd, gicr; /* mapped */
    uint64_t gicr_size;
    uint32_t words;                  /* 32-interrupt words of the distributor */
    uint32_t maintenance, hyp_timer; /* INTIDs */
    uint32_t iommu;                  /* one of `own`, or 0 */
    uint32_t own[32];                /* SPIs by arch_pirq_assign() */
    const struct gic_driver *v2;     /* of the machine's GICv2; NULL: a GICv3 */
    uintptr_t gicc, gich;            /* GICv2: mapped */
    bool soft_end;                   /* GICv2: see vlr2_write() */
};

extern struct gic gic;

/* Distributor: affinity routing, group 1, all SPIs disabled. Once, on the boot CPU. */
void gic_init(const struct plan_board *board, uintptr_t gicd, uintptr_t gicr);

/* At boot, before any other CPU could ring this one. */
void gic_doorbell(struct pcpu *cpu);

/* This CPU's redistributor and CPU interface; the doorbell and EL2's own PPIs are enabled. */
void gic_cpu_init(struct pcpu *cpu);

/* SGI frame of the CPU's redistributor, or 0 while it is not known; GICv2: of this CPU only. */
uintptr_t gic_sgi_frame(const struct pcpu *cpu);

/* Machine side of one interrupt that a guest owns. `frame`: distributor or SGI frame. */
void gic_set_priority(uintptr_t frame, uint32_t intid, uint8_t priority);
void gic_set_edge(uint32_t intid, bool edge); /* SPIs only; takes the gic lock */
void gic_set_route(uint32_t intid, const struct pcpu *cpu);

/* ---- between the drivers ---- */

/* Word n of a distributor, or word 0 of an SGI frame: nothing enabled, pending, active. */
void gic_word_init(uintptr_t frame, uint32_t n);

/* What is the same of all machines, once gic.gicd is set. */
void gic_facts(const struct plan_board *board);

/* The doorbell and EL2's own private interrupts of this CPU. */
void gic_own_enable(uintptr_t frame);

/* pirq.c: who gets an acknowledged interrupt. Others than PIRQ_GUEST: deactivate it. */
enum pirq_kind pirq_take(struct vcpu *vcpu, uint32_t intid);

/* Waits, bounded, until a disable has taken effect. */
void gic_settle(uintptr_t frame);

/* 32-bit affinity packing of GICR_TYPER for MPIDR-style affinity bits. */
static inline uint32_t gic_affinity32(uint64_t mpidr)
{
    return (uint32_t)(get(AFF_210, mpidr) | put(AFF32_3, get(AFF_3, mpidr)));
}

#endif
