/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The architecture contract: all that hyp/core may ask of an architecture. Each architecture (and
 * hyp/arch/fake, for tests on the host) provides these functions and tables and the types of
 * arch_types.h; docs/porting.md says what each must hold to.
 */
#ifndef HYP_ARCH_H
#define HYP_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/plan.h"
#include "arch_types.h" /* struct arch_vcpu, arch_zone, arch_pcpu, arch_syndrome */
#include "hyp/core/reg.h"
#include "hyp/core/s2.h"
#include "hyp/core/trap.h"
#include "lib/addr.h"
#include "lib/err.h"

struct pcpu;
struct vcpu;
struct vcpu_start;
struct zone;

/* ---- CPU ---- */

/* Brings this CPU's EL2 state, interrupt interface and timer into service; once per CPU. */
void arch_cpu_init(struct pcpu *cpu);

/* This CPU's descriptor, set up before any C code of hyp/core runs on it. */
struct pcpu *arch_cpu_this(void);

/* Asks the firmware to start CPU `cpu` in the hypervisor. ERR_NONE: firmware refuses. */
enum err arch_cpu_on(struct pcpu *cpu) MUST_CHECK;

/* Sleeps until an interrupt is pending; returns with it pending (interrupts stay masked). */
void arch_cpu_wait(void);

/* Never returns: sleeps with everything masked. */
_Noreturn void arch_cpu_park(void);

/* Raises the hypervisor's doorbell interrupt on another CPU; see pcpu_kick() for the message. */
void arch_ipi_send(struct pcpu *target);

/* Powers the machine off through the firmware; returns only if that failed. */
void arch_machine_off(void);

/* ---- vCPU: always called on the physical CPU that owns it ---- */

/* At boot: identity of a vCPU whose zone, id and cpu are set. */
void arch_vcpu_init(struct vcpu *vcpu);

/* Sets every register to its reset value, then entry point and first argument registers. */
void arch_vcpu_reset(struct vcpu *vcpu, const struct vcpu_start *start);

/* Makes the machine's guest state be this vCPU's (stage 2, ids, traps). Once before the loop. */
void arch_vcpu_load(struct vcpu *vcpu);

/* Leaves guest state: interrupts of the guest disabled, list registers empty, timers off. */
void arch_vcpu_unload(struct vcpu *vcpu);

/*
 * The vCPU's virtual timer rests, for as long as it is held outside of its guest; then it goes on,
 * and virtual time is the machine's less zone->time_offset. On a vCPU that is loaded, in turn.
 */
void arch_vcpu_rest(struct vcpu *vcpu);
void arch_vcpu_wake(struct vcpu *vcpu);

/*
 * Runs the guest until it traps or an interrupt arrives: a C call that returns. What it answers
 * itself meanwhile, and each interrupt, it has counted in vcpu->exits.
 */
void arch_vcpu_enter(struct vcpu *vcpu, struct arch_syndrome *why);

/* General register n as an instruction names it (aarch64: 31 reads 0 and drops writes). */
uint64_t arch_vcpu_get(const struct vcpu *vcpu, unsigned n);
void arch_vcpu_set(struct vcpu *vcpu, unsigned n, uint64_t value);

/* Where the guest is. */
uint64_t arch_vcpu_pc(const struct vcpu *vcpu);

/* Steps over the trapped instruction of `bytes` length (conditional state included). */
void arch_vcpu_skip(struct vcpu *vcpu, unsigned bytes);

/* ---- Traps ---- */

/*
 * Pure: what the syndrome means. Never fails: what it does not know is TRAP_UNKNOWN. Only the
 * fields that belong to the kind it finds are written.
 */
void arch_trap_decode(const struct arch_syndrome *why, struct trap *trap);

/* Completes a TRAP_MMIO without syndrome by reading and decoding the instruction; false: cannot. */
bool arch_trap_fetch(struct vcpu *vcpu, struct trap *trap);

/* Write-back of an emulated TRAP_MMIO to its base register: after loaded values, before skip. */
void arch_trap_finish(struct vcpu *vcpu, const struct trap *trap);

/* Delivers the architecture's own exception to the guest instead of the trapped instruction. */
void arch_fault_inject(struct vcpu *vcpu, enum fault_kind kind, const struct trap *trap);

/* Whether the guest could not even take that fault: its own exception vector does not exist. */
bool arch_fault_is_hopeless(const struct vcpu *vcpu, const struct trap *trap);

/* Firmware and hypercalls (PSCI, SMCCC) by table; the answer is in the guest's registers. */
void arch_firmware_call(struct vcpu *vcpu, const struct trap *trap);

/* ---- Stage 2 ---- */

/* Pure: leaf or table entry of stage 2, and back. Level as in arch_pt_fmt. */
uint64_t arch_pte_make(const struct pt_leaf *leaf, unsigned level);
uint64_t arch_pte_table(hpa_t table);
struct pt_leaf arch_pte_parse(uint64_t pte, unsigned level);

/* Fills zone->arch from the finished root table. */
void arch_s2_activate(struct zone *zone, hpa_t root);

/* Drops all cached translations of the zone on all CPUs. */
void arch_s2_flush(struct zone *zone);

/* ---- Interrupts ---- */

/* Per zone, at boot: virtual interrupt controller from the plan. */
void arch_virq_init(struct zone *zone, const struct plan *plan);

/* Back to reset state: machine side disabled, nothing pending. All vCPUs of the zone are off. */
void arch_virq_reset(struct zone *zone);

/* Sets the level of an emulated device's interrupt line; callable on any CPU. */
void arch_virq_set(struct zone *zone, uint32_t intid, bool level);

/* Moves pending virtual interrupts into the machine; last thing before enter. */
void arch_virq_flush(struct vcpu *vcpu);

/* Takes the machine's state back after an exit that asks for it (PIRQ_MAINTENANCE). */
void arch_virq_sync(struct vcpu *vcpu);

/* Whether a virtual interrupt would be delivered at once (ends a CPU_SUSPEND). */
bool arch_virq_pending(const struct vcpu *vcpu);

/* Gives a machine interrupt to the hypervisor on CPU `cpu`, enabled, level triggered. */
void arch_pirq_assign(uint32_t intid, const struct pcpu *cpu);

/*
 * Acknowledges the machine's next interrupt. Those owned by the running zone are injected here
 * and reported as PIRQ_GUEST; `vcpu` may be NULL (then they are dropped and disabled).
 */
enum pirq_kind arch_pirq_claim(struct vcpu *vcpu);

/* ---- DMA ---- */

/* The zone's devices reach its memory as its stage 2 says. Its memory is loaded, its vCPUs off. */
enum err arch_iommu_attach(struct zone *zone) MUST_CHECK;

/*
 * When it returns OK, no device that the plan contains reaches memory of the zone any more. Any
 * number of times. Else the IOMMU has failed, and the zone's memory must not be used again.
 */
enum err arch_iommu_detach(struct zone *zone) MUST_CHECK;

/* At boot: PIRQ_IOMMU goes to this CPU. */
void arch_iommu_report_to(const struct pcpu *cpu);

/* On PIRQ_IOMMU: logs what the IOMMU has blocked, with zone and address. Bounded. */
void arch_iommu_events(void);

/* ---- Time ---- */

/* Machine time in ticks, and ticks per second. */
uint64_t arch_now(void);
uint64_t arch_tick_rate(void);

/* One-shot PIRQ_ALARM on this CPU at time `when`; UINT64_MAX: none. */
void arch_alarm_set(uint64_t when);

/* ---- Memory ---- */

/* Writes back and drops cached data of a mapped range, to the point of coherency. */
void arch_cache_clean(void *va, size_t size);

/* Drops stale instructions on all CPUs, after new code was written and cleaned. */
void arch_insn_sync(void);

/*
 * This CPU's window: maps the 2 MiB block of RAM that holds `pa` and returns pa's address.
 * Valid up to the end of that block, until the next call on this CPU.
 */
void *arch_window_map(hpa_t pa);
void arch_window_unmap(void);

/* ---- Crash ---- */

/* Never returns: says what it can on the console and stops the machine. */
_Noreturn void arch_crash(const char *why);

/* ---- Tables ---- */

extern const struct pt_fmt arch_pt_fmt;
extern const struct reg_row arch_regs[]; /* sorted by enc */
extern const size_t arch_reg_count;
extern const char *const arch_reg_names[]; /* of the rows, for tests and scripts/regdoc */

#endif
