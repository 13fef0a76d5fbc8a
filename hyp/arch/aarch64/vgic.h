/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GICv3 of a zone. vgic.c: life and SGIs; vlr.c, vlr_state.c: list registers; pirq.c:
 * machine interrupts; vgicd.c, vgicr.c: register tables; vword.c: the registers both tables share.
 * A guest sees one security state (DS = 1), no message-based SPIs; LPIs: msi.h. On a machine with a
 * GICv2 it has a GICv2: vgicv2.c and vlr2.c in the place of vgicd.c, vgicr.c, some of vlr_state.c.
 */
#ifndef HYP_ARCH_AARCH64_VGIC_H
#define HYP_ARCH_AARCH64_VGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch_types.h"
#include "gic.h"
#include "hyp/core/mmio.h"
#include "hyp/core/zone.h"

/* ---- for the rest of hyp/arch/aarch64 ---- */

/* CPU_ON: CPU interface at its reset values. On the vCPU's CPU, before or after load. */
void vgic_vcpu_reset(struct vcpu *vcpu);
void vgic_vcpu_load(struct vcpu *vcpu);

/* Empties the list registers and the vCPU's private interrupts; machine timers are disabled. */
void vgic_vcpu_unload(struct vcpu *vcpu);

/* A write of ICC_SGI1R_EL1 or ICC_SGI0R_EL1 by the guest. false: undefined instruction. */
bool vgic_sgi1r_write(struct vcpu *vcpu, uint64_t value);
bool vgic_sgi0r_write(struct vcpu *vcpu, uint64_t value);

/* mmio_fn of the two register windows. */
bool vgicd_access(struct vcpu *vcpu, struct mmio_access *access);
bool vgicr_access(struct vcpu *vcpu, struct mmio_access *access);
bool vgicd2_access(struct vcpu *vcpu, struct mmio_access *access);

/* ---- between the files of the virtual GIC ---- */

/* GICD_TYPER of a zone whose interrupts are known; GICR_TYPER of one of its vCPUs. */
uint32_t vgicd_typer(const struct zone *zone);
uint64_t vgicr_typer(const struct vcpu *vcpu);

/* Priority bits a guest can set; the virtual CPU interface has at least these (IHI 0069, 4.8). */
#define VGIC_PRIORITY_MASK 0xf8u

/* GICD_IIDR, GICR_IIDR: product 'V', no JEP106 code. */
#define VGIC_IIDR UINT32_C(0x56000000)

/* Word n of the interrupts a vCPU sees: 0 its own, else the zone's. */
static inline struct vgic_word *vgic_word_at(struct vcpu *vcpu, uint32_t n)
{
    return n == 0 ? &vcpu->arch.vgic.word : &vcpu->zone->arch.vgic.spi[n];
}

static inline uint32_t vgic_enabled(const struct vgic_word *word)
{
    return atomic_load_explicit(&word->enabled, memory_order_relaxed);
}

static inline uint32_t vgic_pending(const struct vgic_word *word)
{
    return atomic_load_explicit(&word->pending, memory_order_relaxed);
}

/* Interrupts of the word whose group the guest's distributor forwards. */
static inline uint32_t vgic_forwarded(const struct zone *zone, const struct vgic_word *word)
{
    uint32_t ctlr = zone->arch.vgic.ctlr;

    return (get(GICD_CTLR_GRP1, ctlr) != 0 ? word->group : 0) |
           (get(GICD_CTLR_GRP0, ctlr) != 0 ? ~word->group : 0);
}

/* Interrupts of the word that may go to a list register now. */
static inline uint32_t vgic_candidates(const struct zone *zone, const struct vgic_word *word)
{
    uint32_t raised = vgic_pending(word) | (word->line & ~word->edge);

    return raised & vgic_enabled(word) & ~word->active & ~word->in_lr & vgic_forwarded(zone, word);
}

/* Machine frame that has the registers of word n: distributor or the vCPU's SGI frame; 0: none. */
uintptr_t vgic_frame(const struct vcpu *vcpu, uint32_t n);

/* After a change of GICD_CTLR or of the group of private interrupts. */
void vgic_quick_update(struct vcpu *vcpu);

/* Tells a vCPU to look at these words before it enters the guest again. State is set already. */
void vgic_post(struct vcpu *vcpu, uint64_t words);

/* The same for those vCPUs that `bits` of word n are routed to; `vcpu`: whose word 0. Locked. */
void vgic_post_bits(struct vcpu *vcpu, uint32_t n, uint32_t bits);

/* Lets the machine signal acknowledged interrupts again, keeping edges. Zone lock held. */
void vgic_give_back(struct vcpu *vcpu, uint32_t n, uint32_t bits);

/* vCPU of the zone with these affinity bits, or NULL. */
struct vcpu *vgic_find(struct zone *zone, uint64_t affinity);

/* ---- vlr_state.c: only for the running vCPU's own list registers ---- */

enum { LR_INVALID = 0, LR_PENDING = 1, LR_ACTIVE = 2 };

void vlr_start(struct vcpu *vcpu); /* machine interface at reset values, in service */
void vlr_stop(struct vcpu *vcpu);  /* all states given back; out of service. Zone lock held */

/* Bits of word n that list registers hold in any of the states of the mask. */
uint32_t vlr_find(const struct vcpu *vcpu, uint32_t n, unsigned states);

/* Bits of word n that are active without a list register. */
uint32_t vspill_find(const struct vcpu *vcpu, uint32_t n);

/* Takes states away from `bits` of word n; returns those that are gone. Zone lock held. */
uint32_t vlr_clear(struct vcpu *vcpu, uint32_t n, uint32_t bits, unsigned states);

/* Takes `bits` of word n that are only pending back into the bitmaps. Zone lock held. */
void vlr_withdraw(struct vcpu *vcpu, uint32_t n, uint32_t bits);

/* ---- register tables ---- */

struct vgic_reg;

/* One access on its way to its handler. */
struct vgic_at {
    struct vcpu *vcpu;  /* who accesses */
    struct vcpu *owner; /* redistributor: whose; distributor: who accesses */
    struct mmio_access *access;
    uint32_t offset; /* within distributor or redistributor */
};

/* Writes run with the zone's vgic.lock held; unowned interrupts read as 0 and ignore writes. */
typedef void (*vgic_fn)(const struct vgic_at *at);

struct vgic_reg {
    uint32_t first, last; /* offset of first and last byte; rows are sorted */
    uint8_t sizes;        /* sum of the sizes in bytes it takes */
    vgic_fn fn;           /* NULL: reads `value`, ignores writes */
    uint32_t value;
};

/* Words in the first 4 KiB of the two frames that a window may have. */
#define VGIC_MAP_FRAME 1024u
#define VGIC_MAP_SIZE  (2 * VGIC_MAP_FRAME)

/* A window's registers. */
struct vgic_table {
    const struct vgic_reg *rows;
    uint32_t count;
    uint8_t *map; /* 1 + row of each of these words, 0: none; made from the rows at boot */
};

/* Before the first access. */
void vgic_map_init(const struct vgic_table *table);

extern const struct vgic_table vgicd_table, vgicr_table, vgicd2_table;

/* The row that covers an offset, or NULL. */
const struct vgic_reg *vgic_row(const struct vgic_table *table, uint32_t offset);

/* Looks the row up and runs it. Offsets in no row: read 0, ignore writes. */
bool vgic_dispatch(const struct vgic_table *table, struct vgic_at *at);

/* Part of a 64-bit register that a 32- or 64-bit access reads; value with the written part. */
uint64_t vgic_read64(const struct vgic_at *at, uint64_t value);
uint64_t vgic_write64(const struct vgic_at *at, uint64_t value);

/* Byte i (0..3) of a register value, and a value with only that byte. */
static inline uint8_t vgic_byte(uint64_t value, uint32_t i)
{
    return (uint8_t)(value >> (i * 8));
}

static inline uint64_t vgic_byte_put(uint32_t byte, uint32_t i)
{
    return (uint64_t)byte << (i * 8);
}

/* The enable bits of GICD_CTLR. */
void vgic_ctlr_write(struct zone *zone, uint64_t value);

/* Registers that guests write while they start, or never: small rather than fast. */
#define VGIC_RARE __attribute__((cold))

VGIC_RARE void vword_group(const struct vgic_at *at);
void vword_enable_set(const struct vgic_at *at);
void vword_enable_clear(const struct vgic_at *at);
VGIC_RARE void vword_pend_set(const struct vgic_at *at);
VGIC_RARE void vword_pend_clear(const struct vgic_at *at);
VGIC_RARE void vword_active_set(const struct vgic_at *at);
VGIC_RARE void vword_active_clear(const struct vgic_at *at);
void vword_priority(const struct vgic_at *at);
VGIC_RARE void vword_config(const struct vgic_at *at);

#endif
