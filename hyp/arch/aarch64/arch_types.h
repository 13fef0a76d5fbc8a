/* SPDX-License-Identifier: Apache-2.0 */
/* aarch64's part of the hypervisor's objects; offsets used by entry.S are proved in frame.c. */
#ifndef HYP_ARCH_AARCH64_ARCH_TYPES_H
#define HYP_ARCH_AARCH64_ARCH_TYPES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "hyp/core/lock.h"

/* Exit syndrome, read once per exit. */
struct arch_syndrome {
    uint32_t vector; /* enum exit_vector */
    uint64_t esr, far, hpfar;
};

enum exit_vector { EXIT_SYNC = 0, EXIT_IRQ = 1, EXIT_FIQ = 2, EXIT_SERROR = 3 };

#define A64_SHADOW_COUNT 16u /* slots for HOME_VCPU rows of arch_regs[] */
#define VGIC_LR_MAX      16u

/* Interrupts 0..31 of one vCPU, and what is in its list registers. */
struct vgic_cpu {
    _Atomic uint32_t pending; /* software state: SGIs, emulated lines, acknowledged machine PPIs */
    _Atomic uint32_t active;
    _Atomic uint32_t enabled;
    uint32_t group, edge; /* edge: 1 = edge; bits 0..15 always */
    uint32_t hw;          /* private interrupts backed by the machine (timers) */
    uint8_t priority[32];
    uint32_t lr_count; /* of the machine */
    uint32_t lr_used;  /* mask of list registers in use */
    uint16_t lr_intid[VGIC_LR_MAX];
    _Atomic uint32_t spi_words; /* words of the zone's SPI bitmaps with work for this vCPU */
    uint64_t gicr_pa; /* the machine's redistributor frame of the CPU (physical address) */
    uintptr_t gicr;   /* the same, mapped */
    uint32_t waker, ctlr;
};

#define VGIC_SPI_WORDS 32u /* bitmaps cover INTID 0..1023; word 0 is unused */

/* Shared interrupts of a zone. */
struct vgic_zone {
    struct lock lock; /* all below but `owned`, `hw`, which never change */
    uint32_t ctlr;
    uint32_t owned[VGIC_SPI_WORDS];   /* the zone's: passed through or emulated */
    uint32_t hw[VGIC_SPI_WORDS];      /* of these: backed by the machine's interrupt */
    uint32_t pending[VGIC_SPI_WORDS]; /* latched, or acknowledged from the machine */
    uint32_t line[VGIC_SPI_WORDS];    /* level of emulated lines */
    uint32_t active[VGIC_SPI_WORDS];
    uint32_t in_lr[VGIC_SPI_WORDS]; /* now in some vCPU's list registers */
    uint32_t enabled[VGIC_SPI_WORDS];
    uint32_t group[VGIC_SPI_WORDS];
    uint32_t edge[VGIC_SPI_WORDS];
    uint8_t priority[VGIC_SPI_WORDS * 32];
    uint8_t target[VGIC_SPI_WORDS * 32]; /* vCPU index; IROUTER reads as its MPIDR */
};

struct arch_vcpu {
    uint64_t x[31]; /* first: entry.S */
    uint64_t pc;
    uint64_t pstate;
    uint64_t shadow[A64_SHADOW_COUNT];
    uint64_t vmpidr;
    struct vgic_cpu vgic;
};

struct arch_zone {
    uint64_t vttbr;
    struct vgic_zone vgic;
};

struct arch_pcpu {
    uint64_t stack_top;     /* first: start.S and entry.S */
    uint64_t emergency_top; /* stack for a crash when the other is exhausted */
    uintptr_t gicr;         /* this CPU's redistributor, mapped */
    void *window;           /* see arch_window_map() */
};

#endif
