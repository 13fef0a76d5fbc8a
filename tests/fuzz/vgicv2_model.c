/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants of the virtual GICv2 of one zone: list registers, waiting SGIs, routes, the machine's
 * enables, and the other zone. Looks at all, changes nothing.
 */
#include "tests/fuzz/vgicv2_model.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "vlr.h"

struct v2_model model;

const uint16_t v2_own_spis[] = { FX_VUART, FX_LEVEL, FX_EDGE, 43, 44, 45, 46, FX_HIGH };

struct vcpu *v2_vcpu(unsigned n)
{
    return &fx.vcpu[0][n];
}

uint32_t v2_owned(uint32_t n)
{
    uint32_t bits = n == 0 ? 0xffffu | BIT32(FX_VTIMER) | BIT32(FX_PTIMER) : 0;

    for (unsigned i = 0; i < ARRAY_COUNT(v2_own_spis); i++) {
        bits |= v2_own_spis[i] / 32u == n ? BIT32(v2_own_spis[i] % 32u) : 0;
    }
    return bits;
}

bool v2_is_owned(uint32_t intid)
{
    return (v2_owned(intid / 32) & BIT32(intid % 32)) != 0;
}

static bool is_hw(uint32_t intid)
{
    return intid >= VGIC_SGIS && intid != FX_VUART && v2_is_owned(intid);
}

/* ---- list registers ---- */

/* A GICv2 has the sender of an SGI where others have the machine's number. */
static void check_lr(unsigned cpu, const struct fx2_entry *lr)
{
    const struct vlr_spot at = vlr_spot(v2_vcpu(cpu), lr->intid);
    bool backed = is_hw(lr->intid);

    FUZZ_CHECK(model.is_on[cpu] && lr->intid < SPI_MAX && v2_is_owned(lr->intid));
    FUZZ_CHECK(lr->hw == (backed && !gic.soft_end));
    FUZZ_CHECK(!lr->hw || lr->physical == lr->intid);
    FUZZ_CHECK(!backed || lr->state != (LR_PENDING | LR_ACTIVE));
    if (lr->intid < VGIC_SGIS) {
        FUZZ_CHECK((lr->physical & 0x1ff) < VCPUS);
    } else if (!lr->hw) {
        FUZZ_CHECK(lr->physical == 0x200 || (lr->intid < INTID_SPI && lr->physical == 0));
        FUZZ_CHECK(lr->intid < INTID_SPI || backed || (at.word->in_lr & at.bit) != 0);
    }
}

static void check_lrs(void)
{
    uint8_t in_lr[VCPUS][1024] = { 0 };

    for (unsigned i = 0; i < VCPUS * FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(i / FX2_LRS, i % FX2_LRS);

        if (lr.used) {
            check_lr(i / FX2_LRS, &lr);
        }
        FUZZ_CHECK(lr.state == 0 || in_lr[i / FX2_LRS][lr.intid]++ == 0);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(v2_own_spis); i++) {
        unsigned at = v2_own_spis[i];

        FUZZ_CHECK(in_lr[0][at] + in_lr[1][at] + in_lr[2][at] <= 1);
    }
}

/* What may not be injected because it is in a list register is in one that asks at its end. */
static void check_in_lr(unsigned cpu)
{
    struct vcpu *vcpu = v2_vcpu(cpu);
    uint32_t left = vcpu->arch.vgic.word.in_lr & ~vspill_find(vcpu, 0);

    FUZZ_CHECK((vcpu->arch.vgic.word.in_lr & ~0xffffu) == 0);
    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(cpu, i);

        left &= lr.eoi && lr.intid < 32 ? ~BIT32(lr.intid) : UINT32_MAX;
    }
    FUZZ_CHECK(left == 0);
}

/* Each SGI waits in a list register or by its sender's bit; none is lost, and none made up. */
static void check_sgis(unsigned cpu)
{
    const struct vgic_cpu *v = &v2_vcpu(cpu)->arch.vgic;
    uint8_t waiting[VGIC_SGIS];

    memcpy(waiting, v->sgi_source, sizeof(waiting));
    for (unsigned i = 0; i < VGIC_SGIS; i++) {
        FUZZ_CHECK((waiting[i] != 0) == ((vgic_pending(&v->word) & BIT32(i)) != 0));
    }
    for (unsigned i = 0; i < FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(cpu, i);

        if (lr.intid < VGIC_SGIS && (lr.state & LR_PENDING) != 0) {
            waiting[lr.intid] |= (uint8_t)(1u << (lr.physical & 7));
        }
    }
    FUZZ_CHECK(memcmp(waiting, model.sgis[cpu], sizeof(waiting)) == 0);
}

/* ---- the rest of the state ---- */

static void check_word(const struct vgic_word *word, uint32_t n)
{
    FUZZ_CHECK(word->owned == v2_owned(n));
    FUZZ_CHECK((vgic_enabled(word) & ~word->owned) == 0);
    FUZZ_CHECK((vgic_pending(word) & ~word->owned) == 0);
    FUZZ_CHECK(((word->active | word->line | word->in_lr) & ~(word->owned & ~word->hw)) == 0);
    for (unsigned i = 0; i < 32; i++) {
        FUZZ_CHECK((word->priority[i] & ~VGIC_PRIORITY_MASK) == 0);
    }
}

/* The interrupt is with a vCPU: in a list register, ended there and not seen, or spilled. */
static bool is_with_guest(uint32_t intid)
{
    for (unsigned i = 0; i < VCPUS * FX2_LRS; i++) {
        struct fx2_entry lr = fx2_lr_of(i / FX2_LRS, i % FX2_LRS);

        if (lr.used && lr.intid == intid) {
            return true;
        }
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        if ((vspill_find(v2_vcpu(i), intid / 32) & BIT32(intid % 32)) != 0) {
            return true;
        }
    }
    return false;
}

static void check_spi(uint32_t intid)
{
    const struct vgic_word *word = &model.zone->arch.vgic.spi[intid / 32];
    uint32_t n = intid / 32, bit = BIT32(intid % 32);

    FUZZ_CHECK(word->target[intid % 32] == model.targets[intid]);
    if (!is_hw(intid)) {
        return;
    }
    FUZZ_CHECK(fx.gicd.bytes[GICD_ITARGETSR + intid] == BIT32(model.targets[intid]));
    FUZZ_CHECK((fx.gicd.enabled[n] & bit) == (vgic_enabled(word) & bit));
    if ((fx.gicd.active[n] & bit) != 0 && !model.is_active_set) {
        FUZZ_CHECK((vgic_pending(word) & bit) != 0 || is_with_guest(intid));
    }
}

static void check_cpu(unsigned cpu)
{
    const struct vgic_cpu *v = &v2_vcpu(cpu)->arch.vgic;
    uint32_t timers = BIT32(FX_VTIMER) | BIT32(FX_PTIMER);
    uint32_t own = BIT32(FX_MAINTENANCE) | BIT32(FX_HYP_TIMER) | BIT32(GIC_DOORBELL);
    uint32_t enabled = fx2_private(cpu, GICD_ISENABLER);

    check_word(&v->word, 0);
    FUZZ_CHECK((enabled & timers) ==
               (vgic_enabled(&v->word) & timers & (model.is_on[cpu] ? ~0u : 0)));
    FUZZ_CHECK((enabled & own) == own);
    FUZZ_CHECK(model.is_on[cpu] || v->spill_mask == 0);
    FUZZ_CHECK(v->lr_mask == (model.is_on[cpu] ? (BIT32(FX2_LRS) - 1) << VLR_V2_FIRST : 0));
    check_in_lr(cpu);
    check_sgis(cpu);
}

void v2_check(void)
{
    for (uint32_t n = 1; n < VGIC_WORDS; n++) {
        check_word(&model.zone->arch.vgic.spi[n], n);
    }
    for (unsigned i = 0; i < ARRAY_COUNT(v2_own_spis); i++) {
        check_spi(v2_own_spis[i]);
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        check_cpu(i);
    }
    check_lrs();
    FUZZ_CHECK(fx.requests[FOREIGN] == 0);
    FUZZ_CHECK(memcmp(&model.other_zone, &fx.zone[1], sizeof(model.other_zone)) == 0);
    FUZZ_CHECK(memcmp(&model.other_vcpu, &fx.vcpu[1][0], sizeof(model.other_vcpu)) == 0);
}
