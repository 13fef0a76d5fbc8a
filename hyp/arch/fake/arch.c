/* SPDX-License-Identifier: Apache-2.0 */
/* The architecture contract as far as tests of zones, loading and traps need it: it only counts. */
#include "arch.h"

#include <stdlib.h>

struct fake_arch fake_arch;

struct pcpu *arch_cpu_this(void)
{
    return fake_arch.self;
}

void arch_cpu_wait(void)
{
    fake_arch.waits++;
}

void arch_ipi_send(struct pcpu *target)
{
    fake_arch.ipis++;
    fake_arch.ipi_last = target;
}

void arch_machine_off(void)
{
    fake_arch.machine_off++;
}

void arch_vcpu_reset(struct vcpu *vcpu, const struct vcpu_start *start)
{
    vcpu->arch.pc = start->pc;
    vcpu->arch.x[0] = start->arg0;
    fake_arch.resets++;
}

void arch_vcpu_load(struct vcpu *vcpu)
{
    (void)vcpu;
    fake_arch.loads++;
}

void arch_vcpu_unload(struct vcpu *vcpu)
{
    (void)vcpu;
    fake_arch.unloads++;
}

void arch_vcpu_rest(struct vcpu *vcpu)
{
    (void)vcpu;
    fake_arch.rests++;
}

void arch_vcpu_wake(struct vcpu *vcpu)
{
    (void)vcpu;
    fake_arch.wakes++;
}

uint64_t arch_vcpu_get(const struct vcpu *vcpu, unsigned n)
{
    return n < 31 ? vcpu->arch.x[n] : 0;
}

void arch_vcpu_set(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    if (n < 31) {
        vcpu->arch.x[n] = value;
    }
}

uint64_t arch_vcpu_pc(const struct vcpu *vcpu)
{
    return vcpu->arch.pc;
}

void arch_vcpu_skip(struct vcpu *vcpu, unsigned bytes)
{
    vcpu->arch.pc += bytes;
    fake_arch.skipped++;
}

void arch_fault_inject(struct vcpu *vcpu, enum fault_kind kind, const struct trap *trap)
{
    (void)vcpu;
    (void)trap;
    fake_arch.fault = kind;
    fake_arch.faults++;
}

void arch_virq_reset(struct zone *zone)
{
    (void)zone;
    fake_arch.virq_resets++;
}

bool arch_virq_pending(const struct vcpu *vcpu)
{
    (void)vcpu;
    return fake_arch.virq_pending;
}

void arch_s2_flush(struct zone *zone)
{
    (void)zone;
    fake_arch.s2_flushes++;
}

enum err arch_iommu_attach(struct zone *zone)
{
    (void)zone;
    fake_arch.iommu_attached = true;
    return OK;
}

enum err arch_iommu_detach(struct zone *zone)
{
    (void)zone;
    fake_arch.iommu_attached = false;
    fake_arch.iommu_detaches++;
    return fake_arch.iommu_fails ? ERR_BUSY : OK;
}

uint64_t arch_now(void)
{
    return fake_arch.now;
}

void arch_alarm_set(uint64_t when)
{
    fake_arch.alarm = when;
}

void *arch_window_map(hpa_t pa)
{
    fake_arch.window_pa = pa.v;
    return fake_arch.window;
}

void arch_window_unmap(void) {}

void arch_insn_sync(void) {}

void arch_cache_clean(void *va, size_t size)
{
    (void)va;
    (void)size;
    fake_arch.cache_syncs++;
}

_Noreturn void arch_crash(const char *why)
{
    (void)why;
    abort();
}
