/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit syndrome -> struct trap (DDI 0487, D17.2.37, ESR_EL2). Pure: must never touch the machine
 * or the vCPU, so that tests and proofs see all of it.
 */
#include "hyp/arch.h"

#include "esr.h"

/*
 * Cause by fault status code: the last two bits of most codes are the level of the walk. One more
 * than the cause, so that codes without a row mean MEM_OTHER.
 */
#define CAUSE(cause) (uint8_t)((cause) + 1)
#define FOUR(code, cause)                                                                          \
    [code] = CAUSE(cause), [(code) + 1] = CAUSE(cause), [(code) + 2] = CAUSE(cause),               \
    [(code) + 3] = CAUSE(cause)
static const uint8_t causes[] = {
    FOUR(0x04, MEM_UNMAPPED),     /* translation fault, level 0..3 */
    FOUR(0x08, MEM_UNMAPPED),     /* access flag fault */
    FOUR(0x0c, MEM_DENIED),       /* permission fault */
    [0x10] = CAUSE(MEM_EXTERNAL), /* external abort, not on a walk */
    [0x13] = CAUSE(MEM_EXTERNAL), /* external abort on a walk, level -1..3 */
    FOUR(0x14, MEM_EXTERNAL),     /* the same */
    [0x18] = CAUSE(MEM_EXTERNAL), /* parity or ECC */
    [0x1b] = CAUSE(MEM_EXTERNAL), /* parity or ECC on a walk */
    FOUR(0x1c, MEM_EXTERNAL),     /* the same */
    [0x2b] = CAUSE(MEM_UNMAPPED), /* translation fault, level -1 */
    [0x3f] = 0,
};

static enum mem_cause cause_of(uint64_t esr)
{
    uint8_t row = causes[get(ABORT_FSC, esr)];
    enum mem_cause cause = row == 0 ? MEM_OTHER : (enum mem_cause)(row - 1);

    /* Stage 2 fault on a stage 1 walk: HPFAR_EL2 names the guest's table, not its data. */
    return row != 0 && get(ABORT_S1PTW, esr) && cause != MEM_EXTERNAL ? MEM_WALK : cause;
}

static void decode_abort(const struct arch_syndrome *why, struct trap_mem *mem)
{
    mem->cause = cause_of(why->esr);
    mem->decoded = false;
    mem->writeback = false;
    /* FnV is defined for external aborts only and 0 elsewhere. */
    mem->gva = gva(get(ABORT_FNV, why->esr) ? 0 : why->far);
    mem->gpa = gpa(0);
    if (mem->cause == MEM_UNMAPPED || mem->cause == MEM_WALK) {
        mem->gpa = gpa(put(PAGE_NUMBER, get(HPFAR_FIPA, why->hpfar)));
    }
    if (mem->cause == MEM_UNMAPPED) {
        mem->gpa = gpa(mem->gpa.v | put(PAGE_OFFSET, why->far));
    }
}

static void decode_data(const struct arch_syndrome *why, struct trap *trap)
{
    struct trap_mem *mem = &trap->mem;

    trap->kind = TRAP_DATA;
    decode_abort(why, mem);
    mem->write = get(ABORT_WNR, why->esr) != 0;
    if (mem->cause != MEM_UNMAPPED) {
        return;
    }
    trap->kind = TRAP_MMIO;
    if (get(ABORT_CM, why->esr)) {
        /* Cache maintenance by address (never DC ZVA) where there is no memory: no effect. */
        mem->decoded = true;
        mem->count = 0;
    } else if (get(ABORT_ISV, why->esr)) {
        esr_access(why->esr, mem);
    }
}

static void decode_fetch(const struct arch_syndrome *why, struct trap *trap)
{
    trap->kind = TRAP_FETCH;
    trap->mem.write = false;
    decode_abort(why, &trap->mem);
}

/* System instructions (op0 1: cache maintenance by set and way) come here too: same table. */
static void decode_sys(const struct arch_syndrome *why, struct trap *trap)
{
    trap->kind = TRAP_REG;
    trap->reg.enc = esr_sys_enc(why->esr);
    trap->reg.reg = (uint8_t)get(SYS_ISS_RT, why->esr);
    trap->reg.write = !get(SYS_ISS_READ, why->esr);
}

static void decode_call(const struct arch_syndrome *why, struct trap *trap)
{
    trap->kind = TRAP_CALL;
    trap->call.imm = (uint16_t)get(CALL_IMM, why->esr);
    trap->call.smc = get(ESR_EC, why->esr) == EC_SMC64;
}

static void decode_wait(const struct arch_syndrome *why, struct trap *trap)
{
    (void)why;
    trap->kind = TRAP_WAIT;
}

static void decode_unknown(const struct arch_syndrome *why, struct trap *trap)
{
    (void)why;
    trap->kind = TRAP_UNKNOWN;
}

enum row { ROW_UNKNOWN, ROW_WAIT, ROW_CALL, ROW_SYS, ROW_DATA, ROW_FETCH, ROW_COUNT };

static void (*const rows[ROW_COUNT])(const struct arch_syndrome *why, struct trap *trap) = {
    [ROW_UNKNOWN] = decode_unknown, [ROW_WAIT] = decode_wait, [ROW_CALL] = decode_call,
    [ROW_SYS] = decode_sys,         [ROW_DATA] = decode_data, [ROW_FETCH] = decode_fetch,
};

/*
 * By exception class. Those that are not here are undefined instructions to the guest: FP, SVE and
 * SME access, AArch32 coprocessors (AArch32 runs at EL0 only, where HVC and SMC don't exist), LS64,
 * ERET, branch target and pointer authentication, illegal state, debug.
 */
static const uint8_t classes[EC_COUNT] = {
    [EC_WFX] = ROW_WAIT,  [EC_HVC64] = ROW_CALL,      [EC_SMC64] = ROW_CALL,
    [EC_SYS64] = ROW_SYS, [EC_DATA_LOWER] = ROW_DATA, [EC_FETCH_LOWER] = ROW_FETCH,
};

/* HVC leaves pc behind itself; a trapped SMC leaves pc at the SMC. */
static uint8_t bytes_of(uint64_t esr)
{
    if (get(ESR_EC, esr) == EC_HVC64) {
        return 0;
    }
    return get(ESR_IL, esr) ? 4 : 2;
}

static void decode_sync(const struct arch_syndrome *why, struct trap *trap)
{
    trap->bytes = bytes_of(why->esr);
    rows[classes[get(ESR_EC, why->esr)]](why, trap);
}

void arch_trap_decode(const struct arch_syndrome *why, struct trap *trap)
{
    trap->kind = TRAP_UNKNOWN;
    trap->bytes = 0;
    switch (why->vector) {
    case EXIT_SYNC: decode_sync(why, trap); break;
    case EXIT_IRQ:
    case EXIT_FIQ: trap->kind = TRAP_INTERRUPT; break;
    case EXIT_SERROR: trap->kind = TRAP_SERROR; break;
    default: break;
    }
}
