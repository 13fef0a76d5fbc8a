/* SPDX-License-Identifier: Apache-2.0 */
/* aarch64's part of the hypervisor's objects; offsets used by entry.S are proved in cpu.c. */
#ifndef HYP_ARCH_AARCH64_ARCH_TYPES_H
#define HYP_ARCH_AARCH64_ARCH_TYPES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "hyp/core/lock.h"

/* Exit syndrome, read once per exit. esr: of EXIT_SYNC; far, hpfar: of aborts. */
struct arch_syndrome {
    uint32_t vector; /* enum exit_vector */
    uint64_t esr, far, hpfar;
};

enum exit_vector { EXIT_SYNC = 0, EXIT_IRQ = 1, EXIT_FIQ = 2, EXIT_SERROR = 3 };

#define A64_SHADOW_COUNT 16u /* slots for HOME_VCPU rows of arch_regs[] */
#define VGIC_LR_MAX      16u
#define VGIC_LR_NUMBERS  32u /* those of a GICv2 begin at VGIC_LR_MAX */
#define VGIC_SGIS        16u

/* The bit of an SGI that nobody enables in the machine: it has a GICv3. */
#define VGIC_QUICK_V3  0x8000u
#define VGIC_SPILL_MAX 32u
#define VGIC_WORDS     32u /* bitmaps cover INTID 0..1023; word 0 is private to a vCPU */
#define VGIC_LPI_WORD  32u /* and those from here on messages of PCI functions, see msi.h */
#define VGIC_WORDS_ALL (VGIC_LPI_WORD + PLAN_MAX_FUNCTIONS)
#define VGIC_WORK_ALL  ((UINT64_C(1) << VGIC_WORDS_ALL) - 1)

/*
 * 32 interrupts: the private ones of a vCPU, or a word of a zone's shared ones. Written under the
 * zone's vgic.lock but for `pending`, which SGIs set without; read without by the fast paths,
 * which do as well with a value of a moment ago.
 */
struct vgic_word {
    uint32_t owned; /* the zone's: passed through or emulated; never changes, like hw */
    uint32_t hw;    /* of these: backed by the machine's interrupt of the same number */
    /* Latched by software; for hw: acknowledged (active in the machine), waits for room. */
    _Atomic uint32_t pending;
    _Atomic uint32_t enabled;
    uint32_t group, edge;
    uint32_t edge_reset; /* edge at reset, from the plan */
    uint32_t active;     /* set active by the guest, in no list register; not for hw */
    uint32_t line;       /* level of emulated devices' lines */
    uint32_t in_lr;      /* emulated shared ones: in some vCPU's list register */
    uint8_t priority[32];
    uint8_t target[32]; /* vCPU index; shared only */
};

/* One vCPU's part. Only its own CPU touches what is not atomic and not in `word`. */
struct vgic_cpu {
    _Atomic uint64_t work; /* words that may hold something to inject; flush looks at it */
    uint64_t backlog;      /* words that hold more than the list registers had room for */
    uint32_t lr_mask; /* list registers of the machine, by number; 0 while the vCPU is not loaded */
    /* Machine interrupts that may be injected without looking further, and VGIC_QUICK_V3. */
    uint32_t quick;
    uint32_t lr_level; /* of these: hold a level interrupt that its line may take back */
    uint32_t hcr;      /* ICH_HCR_EL2 */
    uint32_t waker;    /* GICR_WAKER.ProcessorSleep as the guest sees it */
    uint64_t typer;    /* GICR_TYPER */
    /* Valid for those not marked empty in ICH_ELRSR_EL2. */
    uint16_t lr_intid[VGIC_LR_NUMBERS];
    uint32_t spill_mask; /* of the two below: active in the guest without a list register */
    uint16_t spill_intid[VGIC_SPILL_MAX];
    uint8_t spill_priority[VGIC_SPILL_MAX];
    uint8_t sgi_source[VGIC_SGIS]; /* GICv2: vCPUs by which it is pending in `word` */
    struct vgic_word word;
};

/* A zone's part. */
struct vgic_zone {
    struct lock lock;                     /* all vgic_words of the zone, ctlr */
    uint32_t ctlr;                        /* GICD_CTLR enable bits */
    uint32_t lines;                       /* GICD_TYPER.ITLinesNumber */
    uint32_t typer;                       /* GICD_TYPER */
    struct vgic_word spi[VGIC_WORDS_ALL]; /* [0] unused */
};

struct vits;

struct arch_vcpu {
    _Alignas(16) uint64_t x[31]; /* first: entry.S, where it is the stack pointer */
    uint64_t pc;
    uint64_t pstate;
    uint64_t host_sp; /* entry.S: the hypervisor's while the guest runs */
    uint64_t shadow[A64_SHADOW_COUNT];
    uint64_t vmpidr;
    uint32_t timer_ctl; /* CNTV_CTL_EL0 while the vCPU is held and rests */
    struct vgic_cpu vgic;
};

struct arch_zone {
    uint64_t vttbr;
    uint32_t dma_faults; /* of its devices since the zone started; smmu.c's lock, as the next */
    uint64_t dma_last;   /* page and kind of the last one */
    uint64_t dma_vttbr;  /* stage 2 of its devices; vttbr, but see msi_zone_init() */
    struct vits *vits;   /* its ITS; NULL: none */
    struct vgic_zone vgic;
};

struct arch_pcpu {
    uint64_t stack_top;     /* first: start.S and entry.S */
    uint64_t emergency_top; /* stack for a crash when the other is exhausted */
    uint64_t doorbell;      /* ICC_SGI1R_EL1 value that rings this CPU, see gic_doorbell() */
    uint8_t gic_target;     /* GICv2: its bit in target lists, 0 until it is known */
    uintptr_t gicr;         /* this CPU's redistributor, mapped */
    uintptr_t window;       /* address of its 2 MiB window, see arch_window_map() */
};

#endif
