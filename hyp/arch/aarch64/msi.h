/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of PCI functions as LPIs of their zones. its.c: the machine's ITS; vits.c: the ITS that
 * a zone sees; lpi.c: what both lead to. This is what the rest of the hypervisor calls; a build
 * without the driver has hyp/none/its.c in their place.
 *
 * Message e of plan.function[f] is bit e of word VGIC_LPI_WORD + f of its zone's vgic, so that list
 * registers, priorities and routing are as for any other interrupt. Inside, its number is
 * LPI_INSIDE + f * PLAN_MAX_EVENTS + e; the guest's INTID for it only stands in list registers.
 */
#ifndef HYP_ARCH_AARCH64_MSI_H
#define HYP_ARCH_AARCH64_MSI_H

#include <stdbool.h>
#include <stdint.h>

#include "hyp/arch.h"

struct vgic_at;

#define LPI_INSIDE (VGIC_LPI_WORD * PLAN_MAX_EVENTS)

_Static_assert(PLAN_MAX_EVENTS == 32, "a word of the virtual GIC is a function's");

/* Boot CPU, the GIC is set up: the machine's ITS, if the plan uses it. NULL, or why that fails. */
const char *msi_init(const struct plan *plan);

/* This CPU's redistributor is up. */
void msi_cpu_init(struct pcpu *cpu);

/* At boot, after stage 2: a zone's emulated ITS, and what its devices see of the machine's. */
void msi_zone_init(struct zone *zone);

/* Nothing mapped or pending, in the machine neither. vgic.lock held; vCPUs off. */
void msi_zone_reset(struct zone *zone);

/* The machine's LPI `intid` was acknowledged and ended. */
void msi_claim(uint32_t intid);

/* The running vCPU gives up what it has in list registers and no more is its own. Lock held. */
void msi_recall(struct vcpu *vcpu);

/* What the guest calls the interrupt with this inside number. */
uint32_t msi_intid(uint32_t inside);

/* LPIs of a vCPU: GICR_CTLR.EnableLPIs; GICR_PROPBASER and GICR_PENDBASER. Writes: lock held. */
bool msi_is_on(const struct vcpu *vcpu);
void msi_turn_on(const struct vgic_at *at);
void msi_base(const struct vgic_at *at);

#endif
