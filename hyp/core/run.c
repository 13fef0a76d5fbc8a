/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of each physical CPU, and the only place that enters a guest: look at requests, flush
 * interrupts, enter, decode, handle.
 */
#include "hyp/arch.h"
#include "hyp/core/console.h"
#include "hyp/core/vuart.h"
#include "hyp/core/zone.h"

/* Interrupts served before the loop looks at requests again. */
#define CLAIMS_MAX 16u

static void on_alarm(struct pcpu *cpu)
{
    if (cpu->vcpu) {
        if (arch_now() >= cpu->alarm_look) {
            cpu->alarm_look = UINT64_MAX;
            pcpu_request(cpu, REQUEST_LOOK);
        }
        vuart_alarm(cpu->vcpu->zone); /* sets the CPU's alarm anew */
    } else {
        arch_alarm_set(UINT64_MAX);
    }
}

bool run_interrupt(struct pcpu *cpu)
{
    switch (arch_pirq_claim(cpu->vcpu)) {
    case PIRQ_ALARM: on_alarm(cpu); return true;
    case PIRQ_MAINTENANCE:
        if (cpu->vcpu) {
            arch_virq_sync(cpu->vcpu);
        }
        return true;
    case PIRQ_CONSOLE: console_interrupt(); return true;
    case PIRQ_IOMMU: arch_iommu_events(); return true;
    case PIRQ_GUEST:
    case PIRQ_KICK: /* the loop looks at cpu->requests anyway */
    case PIRQ_SPURIOUS: return true;
    case PIRQ_NONE:
    case PIRQ_KIND_COUNT:
    default: return false;
    }
}

void run_interrupts(struct pcpu *cpu)
{
    for (unsigned i = 0; i < CLAIMS_MAX && run_interrupt(cpu); i++) {
    }
}

bool run_meanwhile(void)
{
    struct pcpu *cpu = arch_cpu_this();

    run_interrupts(cpu);
    return (atomic_load(&cpu->requests) & REQUEST_HALT) == 0;
}

/* Takes what others have asked for. */
static void serve_requests(struct pcpu *cpu)
{
    uint32_t requests = atomic_exchange(&cpu->requests, 0);

    if ((requests & REQUEST_HALT) != 0) {
        arch_cpu_park();
    }
    if (cpu->vcpu && (requests & REQUEST_LOOK) != 0) {
        zone_progress(cpu->vcpu);
    }
}

static void enter_guest(struct vcpu *vcpu)
{
    struct arch_syndrome why;
    struct trap trap;

    arch_virq_flush(vcpu);
    arch_vcpu_enter(vcpu, &why);
    arch_trap_decode(&why, &trap);
    trap_handle(vcpu, &trap);
}

_Noreturn void run_cpu(struct pcpu *cpu)
{
    struct vcpu *vcpu = cpu->vcpu;

    for (;;) {
        if (atomic_load_explicit(&cpu->requests, memory_order_relaxed) != 0) {
            serve_requests(cpu);
        }
        if (vcpu && atomic_load_explicit(&vcpu->state, memory_order_relaxed) == VCPU_ON) {
            enter_guest(vcpu);
        } else if (atomic_load(&cpu->requests) == 0) {
            arch_cpu_wait();
            run_interrupts(cpu);
        }
    }
}
