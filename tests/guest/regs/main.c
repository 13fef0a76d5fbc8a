/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test guest that tries every encoding of a system register or instruction, read and write, with
 * a register and with the zero register: each must end, with a value or its own undefined
 * instruction, and leave the guest as it was.
 */
#include "lib/field.h"
#include "tests/guest/check.h"
#include "vitrine-guest.h"

#define REGS 0x8000u /* op0 2 and 3 */
#define SYS  0x4000u /* op0 1 */
#define SEED UINT64_C(0x5eed0123456789ab)

/* Index of a register in the tables: op0 - 2, op1, CRn, CRm, op2. */
#define AT(op0, op1, crn, crm, op2)                                                                \
    ((uint32_t)((((op0)-2) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2)))

FIELD(ESR_EC, 26, 6);

enum {
    CLASS_UNKNOWN = 0x00,
    CLASS_FP = 0x07,
    CLASS_SYS = 0x18,
    CLASS_SVE = 0x19,
    CLASS_SME = 0x1d,
    CLASS_DATA_ABORT = 0x25,
};

/* In regs.S: 8 bytes for each encoding. */
extern const char regs_mrs[], regs_mrs_zero[], regs_msr_zero[], regs_sys_zero[], regs_sysl[];

typedef uint64_t entry_fn(uint64_t value);

struct tally {
    uint32_t done, undefined, own, aborted, strange;
};

static bool faulted;
static uint64_t fault_class;

static bool on_fault(struct vg_frame *frame, void *arg)
{
    (void)arg;
    faulted = true;
    fault_class = get(ESR_EC, frame->syndrome);
    frame->pc += sizeof(uint32_t);
    return true;
}

static uint64_t try_one(const char *table, uint32_t index)
{
    faulted = false;
    return ((entry_fn *)(uintptr_t)(table + (uintptr_t)index * 8))(SEED);
}

static void count(struct tally *tally)
{
    if (!faulted) {
        tally->done++;
    } else if (fault_class == CLASS_UNKNOWN) {
        tally->undefined++;
    } else if (fault_class == CLASS_FP || fault_class == CLASS_SYS || fault_class == CLASS_SVE ||
               fault_class == CLASS_SME) {
        tally->own++; /* trapped to EL1 by the guest's own CPACR_EL1 and the like */
    } else if (fault_class == CLASS_DATA_ABORT) {
        tally->aborted++;
    } else {
        tally->strange++;
    }
}

/* Registers that this guest could not go on without, were they 0. */
static bool is_vital(uint32_t index)
{
    static const uint32_t vital[] = {
        AT(3, 0, 1, 0, 0), /* SCTLR_EL1 */
        AT(3, 0, 2, 0, 0), /* TTBR0_EL1, TTBR1_EL1, TCR_EL1 */
        AT(3, 0, 2, 0, 1),  AT(3, 0, 2, 0, 2), AT(3, 0, 4, 1, 0), /* SP_EL0 */
        AT(3, 0, 4, 2, 0),                                        /* SPSel */
        AT(3, 0, 10, 2, 0),                                       /* MAIR_EL1 */
        AT(3, 0, 12, 0, 0),                                       /* VBAR_EL1 */
        AT(3, 0, 13, 0, 4),                                       /* TPIDR_EL1 */
        AT(3, 3, 4, 2, 1),                                        /* DAIF */
    };

    for (uint32_t i = 0; i < ARRAY_COUNT(vital); i++) {
        if (vital[i] == index) {
            return true;
        }
    }
    return false;
}

static void test_reads(void)
{
    struct tally some = { 0 }, zero = { 0 };
    uint32_t differ = 0, leaks = 0;

    for (uint32_t i = 0; i < REGS; i++) {
        bool first;
        uint64_t value = try_one(regs_mrs, i);

        count(&some);
        first = faulted;
        leaks += first && value != SEED; /* an undefined read must not change the register */
        value = try_one(regs_mrs_zero, i);
        count(&zero);
        differ += first != faulted;
        leaks += value != SEED;
    }
    check("reads end", some.strange == 0 && some.aborted == 0);
    check("reads to the zero register end", zero.strange == 0 && zero.aborted == 0);
    check_equal("zero register: same outcome", differ, 0);
    check_equal("registers changed by the way", leaks, 0);
    check("most are undefined", some.undefined > REGS - 1000);
    check("some are not", some.done > 100);
}

static void test_writes(void)
{
    struct tally tally = { 0 };
    uint32_t skipped = 0;

    for (uint32_t i = 0; i < REGS; i++) {
        if (is_vital(i)) {
            skipped++;
            continue;
        }
        (void)try_one(regs_msr_zero, i);
        count(&tally);
    }
    check_equal("left out", skipped, 10);
    check("writes end", tally.strange == 0 && tally.aborted == 0);
    check("most writes are undefined", tally.undefined > REGS - 1000);
    check("some writes are not", tally.done > 60);
}

/* Cache and TLB maintenance, address translation: at address 0, where the zone has nothing. */
static void test_instructions(void)
{
    struct tally sys = { 0 }, sysl = { 0 };

    for (uint32_t i = 0; i < SYS; i++) {
        (void)try_one(regs_sys_zero, i);
        count(&sys);
        (void)try_one(regs_sysl, i);
        count(&sysl);
    }
    check("system instructions end", sys.strange == 0);
    check("system instructions with a result end", sysl.strange == 0 && sysl.aborted == 0);
    check("some are maintenance", sys.done > 20);
    check("few abort", sys.aborted < 40);
}

void guest_main(void)
{
    uint64_t midr, midr_after;

    vg_puts("regs: begins\n");
    vg_fault_handler(on_fault, NULL);
    midr = try_one(regs_mrs, AT(3, 0, 0, 0, 0));
    test_reads();
    test_instructions();
    test_writes();
    midr_after = try_one(regs_mrs, AT(3, 0, 0, 0, 0));
    check("still the same machine", !faulted && midr == midr_after);
    check_sum("regs");
    vg_power_off();
}
