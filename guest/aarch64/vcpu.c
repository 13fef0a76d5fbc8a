/* SPDX-License-Identifier: Apache-2.0 */
/* vCPUs of a bare guest: stacks, start and stop by PSCI, identity, spinlock. */
#include "guest/aarch64/vcpu.h"

#include <stddef.h>

#include "guest/aarch64/frame.h"
#include "guest/aarch64/gic.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/psci.h"
#include "guest/internal.h"
#include "lib/field.h"

void vcpu_main(void);
extern char secondary_start[];

#define GUARD_SECOND (PAGE_SIZE + STACK_SIZE)

struct vcpu vcpu_table[VG_MAX_VCPUS];
char vcpu_stacks[VG_MAX_VCPUS][STACK_STRIDE] __attribute__((aligned(4096), section(".bss_stacks")));

_Static_assert(offsetof(struct vcpu, stack) == VCPU_STACK, "start.S");
_Static_assert(offsetof(struct vcpu, exc_stack) == VCPU_EXC_STACK, "vectors.S");

bool vcpu_is_guard_page(uint64_t at)
{
    uint64_t offset = at - (uint64_t)vcpu_stacks;
    uint64_t within = offset % STACK_STRIDE;

    return offset < sizeof(vcpu_stacks) && (within == 0 || within == GUARD_SECOND);
}

void vcpu_init(void)
{
    for (uint32_t i = 0; i < VG_MAX_VCPUS; i++) {
        vcpu_table[i].id = i;
        vcpu_table[i].stack = (uint64_t)vcpu_stacks[i] + PAGE_SIZE + STACK_SIZE;
        vcpu_table[i].exc_stack = (uint64_t)vcpu_stacks[i] + STACK_STRIDE;
    }
}

struct vcpu *vcpu_this(void)
{
    return (struct vcpu *)rd_tpidr_el1();
}

uint32_t vg_vcpu_id(void)
{
    return vcpu_this()->id;
}

uint32_t vg_vcpu_count(void)
{
    uint32_t count = vg_boot()->vcpu_count;

    return count < VG_MAX_VCPUS ? count : VG_MAX_VCPUS;
}

int vg_vcpu_start(uint32_t vcpu, void (*fn)(void *arg), void *arg)
{
    struct vg_call call = { .x = { PSCI_CPU_ON_64, psci_affinity(vcpu),
                                   (uint64_t)secondary_start } };

    if (vcpu >= vg_vcpu_count()) {
        return (int)PSCI_INVALID_PARAMS;
    }
    if (vg_vcpu_is_on(vcpu)) {
        return (int)PSCI_ALREADY_ON;
    }
    vcpu_table[vcpu].fn = fn;
    vcpu_table[vcpu].arg = arg;
    call.x[3] = (uint64_t)&vcpu_table[vcpu];
    hw_dsb();
    vg_call(&call);
    return (int)(int32_t)call.x[0];
}

/* First C code of the others, from start.S. */
void vcpu_main(void)
{
    struct vcpu *self = vcpu_this();

    hw_serror_unmask();
    gic_init_cpu();
    timer_init_cpu();
    hw_irq_unmask();
    self->fn(self->arg);
    vg_vcpu_off();
}

_Noreturn void vg_vcpu_off(void)
{
    struct vg_call call = { .x = { PSCI_CPU_OFF } };

    vg_irq_mask();
    vg_call(&call);
    for (;;) {
        hw_wfi();
    }
}

bool vg_vcpu_is_on(uint32_t vcpu)
{
    struct vg_call call = { .x = { PSCI_AFFINITY_INFO_64, psci_affinity(vcpu), 0 } };

    vg_call(&call);
    return call.x[0] != PSCI_AFFINITY_OFF;
}

void vg_relax(uint32_t turn)
{
    (void)turn;
    hw_yield();
}
