/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completes a data abort without syndrome by reading the guest's instruction. All that is read may
 * change while it is read: it is read once, and must fit what the machine reported.
 */
#include "crash.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "hw.h"
#include "lib/field.h"
#include "lib/insn_a64.h"

FIELD(PAR_F, 0, 1);
FIELD(PAR_PA, 12, 40);
FIELD(PAGE_NUMBER, 12, 40);
FIELD(PAGE_OFFSET, 0, 12);
/* The part of an address that a tag (TBI) leaves alone. */
FIELD(VA_UNTAGGED, 0, 56);

enum { INSN_BYTES = 4, REG_SP = 31 };

/* PAR_EL1 is the guest's: it is lent for the translation only. */
static bool translate(const struct vcpu *vcpu, hpa_t *out)
{
    uint64_t saved = rd_par_el1();
    uint64_t par;

    if (get(PSTATE_EL, vcpu->arch.pstate) == 0) {
        par = probe_s12e0r(vcpu->arch.pc);
    } else {
        par = probe_s12e1r(vcpu->arch.pc);
    }
    wr_par_el1(saved);
    *out = hpa(put(PAGE_NUMBER, get(PAR_PA, par)) | put(PAGE_OFFSET, vcpu->arch.pc));
    return !get(PAR_F, par);
}

/* Only RAM: a fetch from a passed-through device could have side effects. */
static bool is_zone_ram(const struct zone *zone, hpa_t at)
{
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        const struct plan_region *region = &the_plan->region[i];

        if (region->zone == zone->id && region->kind == PLAN_REGION_RAM &&
            range_contains(region->hpa, region->size, at.v, INSN_BYTES)) {
            return true;
        }
    }
    return false;
}

/* A64 instructions are little-endian and aligned, so they never cross a page or the window. */
static bool read_insn(struct vcpu *vcpu, uint32_t *out)
{
    hpa_t at;

    if (get(PSTATE_MODE32, vcpu->arch.pstate) || !is_aligned(vcpu->arch.pc, INSN_BYTES) ||
        !translate(vcpu, &at) || !is_zone_ram(vcpu->zone, at)) {
        return false;
    }
    *out = *(const volatile uint32_t *)arch_window_map(at);
    arch_window_unmap();
    return true;
}

static bool uses_sp_el1(const struct vcpu *vcpu)
{
    return get(PSTATE_EL, vcpu->arch.pstate) != 0 && get(PSTATE_SP, vcpu->arch.pstate);
}

static uint64_t base_get(const struct vcpu *vcpu, unsigned n)
{
    if (n != REG_SP) {
        return arch_vcpu_get(vcpu, n);
    }
    return uses_sp_el1(vcpu) ? rd_sp_el1() : rd_sp_el0();
}

static void base_set(struct vcpu *vcpu, unsigned n, uint64_t value)
{
    if (n != REG_SP) {
        arch_vcpu_set(vcpu, n, value);
    } else if (uses_sp_el1(vcpu)) {
        wr_sp_el1(value);
    } else {
        wr_sp_el0(value);
    }
}

/* Whether this instruction can have caused this abort, wholly inside the page that faulted. */
static bool fits(const struct vcpu *vcpu, const struct insn_a64 *insn, const struct trap_mem *mem)
{
    uint64_t target = insn_a64_target(insn, vcpu->arch.pc, base_get(vcpu, insn->base),
                                      arch_vcpu_get(vcpu, insn->index));

    return insn->count != 0 && insn->write == mem->write &&
           get(VA_UNTAGGED, target) == get(VA_UNTAGGED, mem->gva.v) &&
           get(PAGE_OFFSET, mem->gpa.v) + (uint64_t)insn->size * insn->count <= SIZE_4K;
}

bool arch_trap_fetch(struct vcpu *vcpu, struct trap *trap)
{
    struct trap_mem *mem = &trap->mem;
    struct insn_a64 insn;
    uint32_t word;

    if (!read_insn(vcpu, &word) || !insn_a64_decode(word, &insn) || !fits(vcpu, &insn, mem)) {
        return false;
    }
    mem->decoded = true;
    mem->count = insn.count;
    mem->size = insn.size;
    mem->reg = insn.reg;
    mem->reg2 = insn.reg2;
    mem->sign_extend = insn.sign_extend;
    mem->wide = insn.wide;
    mem->writeback = insn.writeback;
    mem->base = insn.base;
    mem->amount = insn.amount;
    return true;
}

void arch_trap_finish(struct vcpu *vcpu, const struct trap *trap)
{
    const struct trap_mem *mem = &trap->mem;

    if (mem->writeback) {
        base_set(vcpu, mem->base, base_get(vcpu, mem->base) + (uint64_t)mem->amount);
    }
}
