/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entering a guest, and exits that need no more of its state than x0..x18, x29 and x30: those are
 * answered before the rest is saved, by the same tables as all others: interrupts, quick firmware
 * calls, registers, devices. Whatever is not plain goes the whole way: arch_vcpu_enter() returns. A
 * refusal here must have changed nothing.
 */
#include "el2.h"
#include "esr.h"
#include "fast.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/mmio.h"
#include "hyp/core/reg.h"
#include "hyp/core/zone.h"
#include "psci.h"

/* A data abort that is an access to no memory: translation fault of stage 2 with syndrome. */
#define PLAIN_MASK                                                                                 \
    (field_mask(ABORT_ISV) | field_mask(ABORT_CM) | field_mask(ABORT_S1PTW) |                      \
     field_mask(ABORT_FSC_KIND))
#define PLAIN (field_mask(ABORT_ISV) | put(ABORT_FSC_KIND, 1))

/* Nothing has been done: the whole way. */
#define REFUSED FAST_LEAVE(EXIT_SYNC)

/* `kept` of the registers from x19 on are still the guest's and not in the vCPU: all or none. */
static inline bool is_kept(uint32_t kept, uint32_t reg)
{
    return reg - FAST_KEPT_FIRST < kept;
}

/* Guests that need more than the next instruction: AArch32, single step, branch targets. */
static inline bool is_plain(uint64_t pstate)
{
    return (pstate &
            (field_mask(PSTATE_MODE32) | field_mask(PSTATE_SS) | field_mask(PSTATE_BTYPE))) == 0;
}

/* The guest may go on when virtual interrupts have been seen to; all else is for the loop. */
static inline uint64_t settle(struct vcpu *vcpu)
{
    uint32_t requests = atomic_load_explicit(&vcpu->cpu->requests, memory_order_relaxed);

    if (requests == 0) {
        return FAST_RESUME;
    }
    if (requests != REQUEST_VIRQ) {
        return FAST_LEAVE(EXIT_IRQ); /* this exit is done; nothing but the loop's own work */
    }
    atomic_fetch_and(&vcpu->cpu->requests, ~REQUEST_VIRQ);
    arch_virq_flush(vcpu);
    return FAST_RESUME;
}

static inline uint64_t skip(struct vcpu *vcpu)
{
    wr_elr_el2(rd_elr_el2() + 4);
    return settle(vcpu);
}

static uint64_t on_call(struct vcpu *vcpu, uint64_t esr, uint32_t kept)
{
    (void)kept;
    if (get(CALL_IMM, esr) != 0 || !psci_quick(vcpu)) {
        return REFUSED;
    }
    vcpu->exits[EXITS_HVC]++;
    return settle(vcpu);
}

static uint64_t on_reg(struct vcpu *vcpu, uint64_t esr, uint32_t kept)
{
    uint32_t rt = (uint32_t)get(SYS_ISS_RT, esr);
    struct reg_access access;

    if (is_kept(kept, rt)) {
        return FAST_MORE;
    }
    access.enc = esr_sys_enc(esr);
    access.write = !get(SYS_ISS_READ, esr);
    access.value = access.write ? arch_vcpu_get(vcpu, rt) : 0;
    if (!is_plain(rd_spsr_el2()) || !reg_access(vcpu, &access)) {
        return REFUSED;
    }
    if (!access.write) {
        arch_vcpu_set(vcpu, rt, access.value);
    }
    vcpu->exits[EXITS_REG]++;
    return skip(vcpu);
}

/*
 * An access that the device at hand may answer. ESR_EL2 is read again for the answer: that is less
 * than to keep its parts over the call.
 */
__attribute__((noinline, flatten)) static uint64_t ask(struct vcpu *vcpu, uint64_t esr, mmio_fn fn,
                                                       uint64_t offset)
{
    struct mmio_access access;
    struct trap_mem mem;

    esr_access(esr, &mem);
    access.offset = offset;
    access.size = mem.size;
    access.write = get(ABORT_WNR, esr) != 0;
    access.value = 0;
    if (get(ABORT_WNR, esr) != 0) {
        access.value = mmio_stored(arch_vcpu_get(vcpu, mem.reg), mem.size);
    }
    if (!fn(vcpu, &access)) {
        return REFUSED;
    }
    esr = rd_esr_el2();
    if (get(ABORT_WNR, esr) != 0) {
        vcpu->exits[EXITS_WRITE]++;
        return skip(vcpu);
    }
    esr_access(esr, &mem);
    arch_vcpu_set(vcpu, mem.reg, mmio_loaded(&mem, access.value));
    vcpu->exits[EXITS_READ]++;
    return skip(vcpu);
}

__attribute__((flatten)) static uint64_t on_data(struct vcpu *vcpu, uint64_t esr, uint32_t kept)
{
    const struct mmio_dev *dev;
    struct trap_mem mem;
    uint64_t at;

    if ((esr & PLAIN_MASK) != PLAIN || !is_plain(rd_spsr_el2())) {
        return REFUSED;
    }
    esr_access(esr, &mem);
    if (is_kept(kept, mem.reg)) {
        return FAST_MORE;
    }
    at = put(PAGE_NUMBER, get(HPFAR_FIPA, rd_hpfar_el2())) | put(PAGE_OFFSET, rd_far_el2());
    dev = mmio_find(vcpu->zone, at, mem.size);
    return dev ? ask(vcpu, esr, dev->fn, at - dev->gpa) : REFUSED;
}

typedef uint64_t fast_fn(struct vcpu *vcpu, uint64_t esr, uint32_t kept);

/* By exception class; empty rows go the whole way. */
static fast_fn *const classes[EC_COUNT] = {
    [EC_HVC64] = on_call,
    [EC_SYS64] = on_reg,
    [EC_DATA_LOWER] = on_data,
};

static inline uint64_t synchronous(struct vcpu *vcpu, uint32_t kept)
{
    uint64_t esr = rd_esr_el2();
    fast_fn *fn = classes[get(ESR_EC, esr)];

    return fn ? fn(vcpu, esr, kept) : REFUSED;
}

uint64_t fast_sync(struct vcpu *vcpu)
{
    return synchronous(vcpu, FAST_KEPT_COUNT);
}

uint64_t fast_exit(struct vcpu *vcpu, uint32_t vector)
{
    if (vector == EXIT_IRQ) {
        vcpu->exits[EXITS_INTERRUPT]++;
        (void)run_interrupt(vcpu->cpu);
        return settle(vcpu);
    }
    return FAST_LEAVE(vector);
}

uint64_t fast_exit_all(struct vcpu *vcpu)
{
    return synchronous(vcpu, 0);
}

/* Aborts and alignment faults: those with addresses. */
static bool has_address(uint64_t esr)
{
    return get(ESR_EC_ABORT, esr) != 0;
}

void arch_vcpu_enter(struct vcpu *vcpu, struct arch_syndrome *why)
{
    why->vector = hw_guest_enter(vcpu);
    if (why->vector != EXIT_SYNC) {
        return;
    }
    why->esr = rd_esr_el2();
    if (has_address(why->esr)) {
        why->far = rd_far_el2();
        why->hpfar = rd_hpfar_el2();
    }
}
