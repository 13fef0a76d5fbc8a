/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounting of exits. A vCPU's counters are written by its own CPU only, with no atomic operation;
 * who reads them elsewhere may miss the latest. Nothing is decided by them.
 */
#include "hyp/core/exits.h"

#include "hyp/core/log.h"
#include "hyp/core/trap.h"
#include "hyp/core/zone.h"

static const char names[EXITS_COUNT][8] = {
    [EXITS_HVC] = LOG_ARG_DEC "hvc",     [EXITS_SMC] = LOG_ARG_DEC "smc",
    [EXITS_REG] = LOG_ARG_DEC "reg",     [EXITS_READ] = LOG_ARG_DEC "read",
    [EXITS_WRITE] = LOG_ARG_DEC "write", [EXITS_INTERRUPT] = LOG_ARG_DEC "irq",
    [EXITS_WAIT] = LOG_ARG_DEC "wait",   [EXITS_FAULT] = LOG_ARG_DEC "fault",
    [EXITS_OTHER] = LOG_ARG_DEC "other",
};

/* By kind of trap; interrupts have no class here. */
static const uint8_t classes[TRAP_KIND_COUNT] = {
    [TRAP_INTERRUPT] = EXITS_COUNT, [TRAP_MMIO] = EXITS_READ,    [TRAP_DATA] = EXITS_FAULT,
    [TRAP_FETCH] = EXITS_FAULT,     [TRAP_REG] = EXITS_REG,      [TRAP_CALL] = EXITS_HVC,
    [TRAP_WAIT] = EXITS_WAIT,       [TRAP_SERROR] = EXITS_FAULT, [TRAP_UNKNOWN] = EXITS_OTHER,
};

const char *exits_name(enum exit_class class)
{
    return names[class];
}

void exits_count_trap(struct vcpu *vcpu, const struct trap *trap)
{
    uint32_t class = classes[trap->kind];

    if (trap->kind == TRAP_MMIO && trap->mem.write) {
        class = EXITS_WRITE;
    } else if (trap->kind == TRAP_CALL && trap->call.smc) {
        class = EXITS_SMC;
    }
    if (class < EXITS_COUNT) {
        vcpu->exits[class]++;
    }
}

void exits_clear(const struct zone *zone)
{
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        for (uint32_t class = 0; class < EXITS_COUNT; class ++) {
            zone->vcpus[i].exits[class] = 0;
        }
    }
}
