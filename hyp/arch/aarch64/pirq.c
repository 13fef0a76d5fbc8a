/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's interrupts: whose each one is, decided by the ownership masks and nothing else. */
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/log.h"
#include "hyp/core/zone.h"
#include "vgic.h"

/* Whether the interrupt is one of the machine's that the vCPU's zone owns. */
static inline bool is_guests(struct vcpu *vcpu, uint32_t intid)
{
    uint32_t n = (uint32_t)get(INTID_WORD, intid);

    return (vgic_word_at(vcpu, n)->hw & BIT32(get(INTID_BIT, intid))) != 0;
}

/* Nobody's here: off, so that it cannot come again. LPIs are never enabled. */
static enum pirq_kind reject(uint32_t intid)
{
    uint64_t n = get(INTID_WORD, intid);
    const struct pcpu *cpu = arch_cpu_this();
    uintptr_t frame = n == 0 ? gic_sgi_frame(cpu) : gic.gicd;

    if (intid < INTID_SPECIAL && frame != 0) {
        mmio_wr32(frame, GICD_ICENABLER + n * 4, BIT32(get(INTID_BIT, intid)));
    }
    wr_icc_dir_el1(intid);
    LOG(LOG_WARN, "interrupt without owner disabled", LOG_DEC("intid", intid),
        LOG_DEC("cpu", cpu->id));
    return PIRQ_SPURIOUS;
}

/* The hypervisor's own. They are deactivated at once: interrupts stay masked in EL2. */
static enum pirq_kind claim_own(uint32_t intid)
{
    enum pirq_kind kind;

    if (intid == GIC_DOORBELL) {
        kind = PIRQ_KICK;
    } else if (intid == gic.hyp_timer) {
        kind = PIRQ_ALARM;
    } else if (intid == gic.maintenance) {
        kind = PIRQ_MAINTENANCE;
    } else if (intid < INTID_SPECIAL && intid >= INTID_SPI &&
               (gic.own[get(INTID_WORD, intid)] & BIT32(get(INTID_BIT, intid))) != 0) {
        kind = PIRQ_CONSOLE;
    } else {
        return reject(intid);
    }
    wr_icc_dir_el1(intid);
    return kind;
}

enum pirq_kind arch_pirq_claim(struct vcpu *vcpu)
{
    uint32_t intid = (uint32_t)get(IAR_INTID, rd_icc_iar1_el1());

    if (intid >= INTID_SPECIAL && intid < INTID_SPECIAL + 4) {
        return PIRQ_NONE;
    }
    /* Priority drop only: a guest's interrupt stays active until the guest deactivates it. */
    wr_icc_eoir1_el1(intid);
    if (vcpu != NULL && intid < INTID_SPECIAL && is_guests(vcpu, intid)) {
        vlr_inject(vcpu, intid);
        return PIRQ_GUEST;
    }
    return claim_own(intid);
}
