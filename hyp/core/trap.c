/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor does for each kind of trap: a table by kind. A guest can provoke all of this
 * at will, so nothing here waits, fails or loops; the worst answer is a fault of the guest's own.
 */
#include "hyp/core/trap.h"

#include "hyp/arch.h"
#include "hyp/core/exits.h"
#include "hyp/core/log.h"
#include "hyp/core/mmio.h"
#include "hyp/core/zone.h"

typedef void (*trap_fn)(struct vcpu *vcpu, struct trap *trap);

static void note(struct vcpu *vcpu, const char *text, uint64_t where)
{
    if (log_guest(vcpu)) {
        LOG(LOG_WARN, text, LOG_ZONE(vcpu->zone), LOG_DEC("vcpu", vcpu->id), LOG_HEX("at", where),
            LOG_HEX("pc", arch_vcpu_pc(vcpu)));
    }
}

static void on_mmio(struct vcpu *vcpu, struct trap *trap)
{
    if (!trap->mem.decoded && !arch_trap_fetch(vcpu, trap)) {
        note(vcpu, "device access that cannot be decoded", trap->mem.gpa.v);
        arch_fault_inject(vcpu, FAULT_DATA_EXTERNAL, trap);
        return;
    }
    if (!mmio_handle(vcpu, trap)) {
        note(vcpu, "access to nothing", trap->mem.gpa.v);
        arch_fault_inject(vcpu, FAULT_DATA_EXTERNAL, trap);
        return;
    }
    arch_trap_finish(vcpu, trap);
    arch_vcpu_skip(vcpu, trap->bytes);
}

static void on_data(struct vcpu *vcpu, struct trap *trap)
{
    note(vcpu, "data access denied", trap->mem.gva.v);
    arch_fault_inject(vcpu, FAULT_DATA_EXTERNAL, trap);
}

static void on_fetch(struct vcpu *vcpu, struct trap *trap)
{
    note(vcpu, "instruction fetch from nothing", trap->mem.gva.v);
    if (arch_fault_is_hopeless(vcpu, trap)) {
        zone_stop(vcpu->zone, STOP_FAULT);
        return;
    }
    arch_fault_inject(vcpu, FAULT_FETCH_EXTERNAL, trap);
}

static void on_reg(struct vcpu *vcpu, struct trap *trap)
{
    struct reg_access access = { .enc = trap->reg.enc, .write = trap->reg.write };

    if (access.write) {
        access.value = arch_vcpu_get(vcpu, trap->reg.reg);
    }
    if (!reg_access(vcpu, &access)) {
        note(vcpu, access.write ? "write of an unknown register" : "read of an unknown register",
             access.enc);
        arch_fault_inject(vcpu, FAULT_UNDEFINED, trap);
        return;
    }
    if (!access.write) {
        arch_vcpu_set(vcpu, trap->reg.reg, access.value);
    }
    arch_vcpu_skip(vcpu, trap->bytes);
}

static void on_call(struct vcpu *vcpu, struct trap *trap)
{
    arch_vcpu_skip(vcpu, trap->bytes);
    arch_firmware_call(vcpu, trap);
}

/* Not trapped today; a wait is always allowed to end at once. */
static void on_wait(struct vcpu *vcpu, struct trap *trap)
{
    arch_vcpu_skip(vcpu, trap->bytes);
}

static void on_serror(struct vcpu *vcpu, struct trap *trap)
{
    note(vcpu, "asynchronous external abort", 0);
    arch_fault_inject(vcpu, FAULT_SERROR, trap);
}

static void on_unknown(struct vcpu *vcpu, struct trap *trap)
{
    note(vcpu, "undefined instruction", 0);
    arch_fault_inject(vcpu, FAULT_UNDEFINED, trap);
}

static void on_interrupt(struct vcpu *vcpu, struct trap *trap)
{
    (void)trap;
    run_interrupts(vcpu->cpu);
}

static const trap_fn handlers[TRAP_KIND_COUNT] = {
    [TRAP_INTERRUPT] = on_interrupt, [TRAP_MMIO] = on_mmio,     [TRAP_DATA] = on_data,
    [TRAP_FETCH] = on_fetch,         [TRAP_REG] = on_reg,       [TRAP_CALL] = on_call,
    [TRAP_WAIT] = on_wait,           [TRAP_SERROR] = on_serror, [TRAP_UNKNOWN] = on_unknown,
};

void trap_handle(struct vcpu *vcpu, struct trap *trap)
{
    exits_count_trap(vcpu, trap);
    handlers[trap->kind](vcpu, trap);
}
