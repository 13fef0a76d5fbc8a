/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of the driver `its` in a build without it: boot.c refuses plans with messages. */
#include <stddef.h>

#include "msi.h"
#include "vgic.h"

const char *msi_init(const struct plan *plan)
{
    (void)plan;
    return NULL;
}

void msi_cpu_init(struct pcpu *cpu)
{
    (void)cpu;
}

void msi_zone_init(struct zone *zone)
{
    (void)zone;
}

void msi_zone_reset(struct zone *zone)
{
    (void)zone;
}

void msi_claim(uint32_t intid)
{
    (void)intid;
}

void msi_recall(struct vcpu *vcpu)
{
    (void)vcpu;
}

uint32_t msi_intid(uint32_t inside)
{
    return inside;
}

bool msi_is_on(const struct vcpu *vcpu)
{
    (void)vcpu;
    return false;
}

void msi_turn_on(const struct vgic_at *at)
{
    (void)at;
}

void msi_base(const struct vgic_at *at)
{
    if (!at->access->write) {
        at->access->value = 0;
    }
}
