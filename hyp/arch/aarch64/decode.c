/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit syndrome -> struct trap (DDI 0487, D17.2.37, ESR_EL2). Pure: must never touch the machine
 * or the vCPU, so that tests and proofs see all of it.
 */
#include "hyp/arch.h"

#include "lib/field.h"
#include "regs.h"

/* Instruction and data aborts */
FIELD(ABORT_FSC, 0, 6);
FIELD(ABORT_WNR, 6, 1);
FIELD(ABORT_S1PTW, 7, 1);
FIELD(ABORT_CM, 8, 1);
FIELD(ABORT_FNV, 10, 1);
FIELD(ABORT_SF, 15, 1);
FIELD(ABORT_SRT, 16, 5);
FIELD(ABORT_SSE, 21, 1);
FIELD(ABORT_SAS, 22, 2);
FIELD(ABORT_ISV, 24, 1);

/* Faulting page of HPFAR_EL2, and the part that FAR_EL2 adds */
FIELD(HPFAR_FIPA, 4, 44);
FIELD(PAGE_NUMBER, 12, 44);
FIELD(PAGE_OFFSET, 0, 12);

/* Trapped MSR, MRS and system instructions */
FIELD(SYS_ISS_READ, 0, 1);
FIELD(SYS_ISS_CRM, 1, 4);
FIELD(SYS_ISS_RT, 5, 5);
FIELD(SYS_ISS_CRN, 10, 4);
FIELD(SYS_ISS_OP1, 14, 3);
FIELD(SYS_ISS_OP2, 17, 3);
FIELD(SYS_ISS_OP0, 20, 2);

/* HVC, SMC */
FIELD(CALL_IMM, 0, 16);

enum {
    EC_WFX = 0x01,
    EC_HVC64 = 0x16,
    EC_SMC64 = 0x17,
    EC_SYS64 = 0x18,
    EC_FETCH_LOWER = 0x20,
    EC_DATA_LOWER = 0x24,
    EC_COUNT = 64,
};

/* Fault status codes, grouped: the last two bits of most are the level of the walk. */
static const struct {
    uint8_t first, last;
    uint8_t cause; /* enum mem_cause */
} fault_codes[] = {
    { 0x04, 0x07, MEM_UNMAPPED }, /* translation fault, level 0..3 */
    { 0x08, 0x0b, MEM_UNMAPPED }, /* access flag fault */
    { 0x0c, 0x0f, MEM_DENIED },   /* permission fault */
    { 0x10, 0x10, MEM_EXTERNAL }, /* external abort, not on a walk */
    { 0x13, 0x17, MEM_EXTERNAL }, /* external abort on a walk, level -1..3 */
    { 0x18, 0x18, MEM_EXTERNAL }, /* parity or ECC */
    { 0x1b, 0x1f, MEM_EXTERNAL }, /* parity or ECC on a walk */
    { 0x2b, 0x2b, MEM_UNMAPPED }, /* translation fault, level -1 */
};

static enum mem_cause cause_of(uint64_t esr)
{
    uint64_t code = get(ABORT_FSC, esr);

    for (unsigned i = 0; i < ARRAY_COUNT(fault_codes); i++) {
        if (code >= fault_codes[i].first && code <= fault_codes[i].last) {
            enum mem_cause cause = (enum mem_cause)fault_codes[i].cause;

            /* Stage 2 fault on a stage 1 walk: HPFAR_EL2 names the guest's table, not its data. */
            return get(ABORT_S1PTW, esr) && cause != MEM_EXTERNAL ? MEM_WALK : cause;
        }
    }
    return MEM_OTHER;
}

static struct trap_mem abort_of(const struct arch_syndrome *why)
{
    struct trap_mem mem = { .cause = cause_of(why->esr) };

    /* FnV is defined for external aborts only and 0 elsewhere. */
    mem.gva = gva(get(ABORT_FNV, why->esr) ? 0 : why->far);
    if (mem.cause == MEM_UNMAPPED || mem.cause == MEM_WALK) {
        mem.gpa = gpa(put(PAGE_NUMBER, get(HPFAR_FIPA, why->hpfar)));
    }
    if (mem.cause == MEM_UNMAPPED) {
        mem.gpa = gpa(mem.gpa.v | put(PAGE_OFFSET, why->far));
    }
    return mem;
}

static struct trap decode_data(const struct arch_syndrome *why)
{
    struct trap trap = { .kind = TRAP_DATA, .mem = abort_of(why) };
    struct trap_mem *mem = &trap.mem;

    mem->write = get(ABORT_WNR, why->esr) != 0;
    if (mem->cause != MEM_UNMAPPED) {
        return trap;
    }
    trap.kind = TRAP_MMIO;
    if (get(ABORT_CM, why->esr)) {
        /* Cache maintenance by address (never DC ZVA) where there is no memory: no effect. */
        mem->decoded = true;
        mem->count = 0;
    } else if (get(ABORT_ISV, why->esr)) {
        mem->decoded = true;
        mem->count = 1;
        mem->size = (uint8_t)BIT32(get(ABORT_SAS, why->esr));
        mem->reg = (uint8_t)get(ABORT_SRT, why->esr);
        mem->sign_extend = get(ABORT_SSE, why->esr) != 0;
        mem->wide = get(ABORT_SF, why->esr) != 0;
    }
    return trap;
}

static struct trap decode_fetch(const struct arch_syndrome *why)
{
    return (struct trap){ .kind = TRAP_FETCH, .mem = abort_of(why) };
}

/* System instructions (op0 1: cache maintenance by set and way) come here too: same table. */
static struct trap decode_sys(const struct arch_syndrome *why)
{
    uint64_t iss = get(ESR_ISS, why->esr);
    uint64_t enc = put(SYS_OP0, get(SYS_ISS_OP0, iss)) | put(SYS_OP1, get(SYS_ISS_OP1, iss)) |
                   put(SYS_CRN, get(SYS_ISS_CRN, iss)) | put(SYS_CRM, get(SYS_ISS_CRM, iss)) |
                   put(SYS_OP2, get(SYS_ISS_OP2, iss));

    return (struct trap){
        .kind = TRAP_REG,
        .reg = { .enc = (uint32_t)enc,
                 .reg = (uint8_t)get(SYS_ISS_RT, iss),
                 .write = !get(SYS_ISS_READ, iss) },
    };
}

static struct trap decode_call(const struct arch_syndrome *why)
{
    return (struct trap){
        .kind = TRAP_CALL,
        .call = { .imm = (uint16_t)get(CALL_IMM, why->esr),
                  .smc = get(ESR_EC, why->esr) == EC_SMC64 },
    };
}

static struct trap decode_wait(const struct arch_syndrome *why)
{
    (void)why;
    return (struct trap){ .kind = TRAP_WAIT };
}

static struct trap decode_unknown(const struct arch_syndrome *why)
{
    (void)why;
    return (struct trap){ .kind = TRAP_UNKNOWN };
}

typedef struct trap decode_fn(const struct arch_syndrome *why);

/*
 * By exception class. Empty rows are undefined instructions to the guest: FP, SVE and SME access,
 * AArch32 coprocessors (AArch32 runs at EL0 only, where HVC and SMC don't exist), LS64, ERET,
 * branch target and pointer authentication, illegal state, debug.
 */
static decode_fn *const classes[EC_COUNT] = {
    [EC_WFX] = decode_wait,  [EC_HVC64] = decode_call,      [EC_SMC64] = decode_call,
    [EC_SYS64] = decode_sys, [EC_DATA_LOWER] = decode_data, [EC_FETCH_LOWER] = decode_fetch,
};

static decode_fn *class_of(uint64_t ec)
{
    return classes[ec] ? classes[ec] : decode_unknown;
}

/* HVC leaves pc behind itself; a trapped SMC leaves pc at the SMC. */
static uint8_t bytes_of(uint64_t esr)
{
    if (get(ESR_EC, esr) == EC_HVC64) {
        return 0;
    }
    return get(ESR_IL, esr) ? 4 : 2;
}

struct trap arch_trap_decode(const struct arch_syndrome *why)
{
    struct trap trap = { .kind = TRAP_UNKNOWN };

    switch (why->vector) {
    case EXIT_SYNC:
        trap = class_of(get(ESR_EC, why->esr))(why);
        trap.bytes = bytes_of(why->esr);
        break;
    case EXIT_IRQ:
    case EXIT_FIQ: trap.kind = TRAP_INTERRUPT; break;
    case EXIT_SERROR: trap.kind = TRAP_SERROR; break;
    default: break;
    }
    return trap;
}
