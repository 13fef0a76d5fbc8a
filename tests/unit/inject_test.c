/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions given to the guest: every kind from every origin, bit by bit; and the step over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

#define VBAR UINT64_C(0xffff800080010800)
#define PC   UINT64_C(0xffff800080123454)
#define FAR  UINT64_C(0x12345678)

/* PSTATE values in full, as DDI 0487 C5.2.19 (SPSR_EL1) draws them. */
#define EL0T        UINT64_C(0x0)
#define EL1T        UINT64_C(0x4)
#define EL1H        UINT64_C(0x5)
#define USR32       UINT64_C(0x10)
#define IN_HANDLER  UINT64_C(0x3c5) /* EL1h, DAIF */
#define NZCV        UINT64_C(0xf0000000)
#define DIT         UINT64_C(0x01000000)
#define UAO         UINT64_C(0x00800000)
#define PAN         UINT64_C(0x00400000)
#define SS          UINT64_C(0x00200000)
#define IL          UINT64_C(0x00100000)
#define SSBS        UINT64_C(0x00001000)
#define BTYPE       UINT64_C(0x00000c00)
#define SCTLR_SPAN  UINT64_C(0x00800000)
#define SCTLR_DSSBS UINT64_C(0x0000100000000000)
#define MMFR1_PAN   UINT64_C(0x00100000)
#define PFR0_RAS    UINT64_C(0x10000000)

static const struct {
    uint64_t pstate;
    uint64_t vector;
    bool lower;
} origins[] = {
    { EL0T, 0x400, true },
    { EL1T, 0x000, false },
    { EL1H, 0x200, false },
    { USR32, 0x600, true },
};

/* IL is set in all of them. */
static const struct {
    enum fault_kind kind;
    uint64_t esr_lower, esr_same;
    bool has_far;
} faults[] = {
    { FAULT_UNDEFINED, 0x02000000, 0x02000000, false },
    { FAULT_DATA_EXTERNAL, 0x92000010, 0x96000010, true },
    { FAULT_DATA_ALIGN, 0x92000021, 0x96000021, true },
    { FAULT_FETCH_EXTERNAL, 0x82000010, 0x86000010, true },
};

static struct vcpu vcpu;

static void prepare(uint64_t pstate)
{
    fake_reset();
    vcpu.arch.pc = PC;
    vcpu.arch.pstate = pstate;
    fake_vbar_el1 = VBAR;
    fake_sctlr_el1 = SCTLR_SPAN;
}

static void test_every_fault_from_every_origin(void **state)
{
    (void)state;
    for (size_t o = 0; o < ARRAY_COUNT(origins); o++) {
        for (size_t f = 0; f < ARRAY_COUNT(faults); f++) {
            struct trap trap = { .kind = TRAP_MMIO, .mem = { .gva = gva(FAR) } };
            uint64_t pstate = origins[o].pstate | NZCV;

            prepare(pstate);
            arch_fault_inject(&vcpu, faults[f].kind, &trap);
            assert_true(vcpu.arch.pc == VBAR + origins[o].vector);
            assert_true(vcpu.arch.pstate == (IN_HANDLER | NZCV));
            assert_true(fake_elr_el1 == PC);
            assert_true(fake_spsr_el1 == pstate);
            assert_true(fake_esr_el1 ==
                        (origins[o].lower ? faults[f].esr_lower : faults[f].esr_same));
            assert_true(fake_far_el1 == (faults[f].has_far ? FAR : 0));
        }
    }
}

static void test_direction_and_missing_address(void **state)
{
    struct trap trap = { .kind = TRAP_DATA, .mem = { .gva = gva(FAR), .write = true } };

    (void)state;
    prepare(EL1H);
    arch_fault_inject(&vcpu, FAULT_DATA_EXTERNAL, &trap);
    assert_true(fake_esr_el1 == 0x96000050);
    prepare(EL1H);
    trap.kind = TRAP_REG;
    arch_fault_inject(&vcpu, FAULT_DATA_EXTERNAL, &trap);
    assert_true(fake_esr_el1 == 0x96000410); /* FAR not valid */
    prepare(EL1H);
    arch_fault_inject(&vcpu, FAULT_FETCH_EXTERNAL, NULL);
    assert_true(fake_esr_el1 == 0x86000410);
}

/* The guest's table lies nowhere: an external abort on the walk, level 0. */
static void test_walk(void **state)
{
    struct trap trap = { .kind = TRAP_DATA,
                         .mem = { .cause = MEM_WALK, .gva = gva(FAR), .write = true } };

    (void)state;
    prepare(EL1H);
    arch_fault_inject(&vcpu, FAULT_DATA_EXTERNAL, &trap);
    assert_true(fake_esr_el1 == 0x96000054);
    assert_true(fake_far_el1 == FAR);
    prepare(EL0T);
    trap.kind = TRAP_FETCH;
    arch_fault_inject(&vcpu, FAULT_FETCH_EXTERNAL, &trap);
    assert_true(fake_esr_el1 == 0x82000014);
}

/* All 2^n combinations of the PSTATE bits that an exception treats in some way. */
static void test_handler_pstate(void **state)
{
    static const uint64_t bits[] = { NZCV, DIT, UAO, PAN, SS, IL, SSBS, BTYPE };

    (void)state;
    for (unsigned set = 0; set < BIT32(ARRAY_COUNT(bits)); set++) {
        for (unsigned control = 0; control < 8; control++) {
            uint64_t pstate = EL0T;
            uint64_t want = IN_HANDLER;

            for (unsigned i = 0; i < ARRAY_COUNT(bits); i++) {
                pstate |= set >> i & 1 ? bits[i] : 0;
            }
            prepare(pstate);
            fake_sctlr_el1 = (control & 1 ? SCTLR_SPAN : 0) | (control & 2 ? SCTLR_DSSBS : 0);
            fake_id_aa64mmfr1_el1 = control & 4 ? MMFR1_PAN : 0;
            want |= pstate & (NZCV | DIT | PAN);
            want |= (control & 5) == 4 ? PAN : 0;
            want |= control & 2 ? SSBS : 0;
            arch_fault_inject(&vcpu, FAULT_UNDEFINED, NULL);
            assert_true(vcpu.arch.pstate == want);
            assert_true(fake_spsr_el1 == pstate);
        }
    }
}

/* GE, IT, E, T, Q and SSBS of AArch32 must not turn into bits of AArch64. */
static void test_aarch32_leaves_no_bits(void **state)
{
    (void)state;
    prepare(UINT64_C(0xffffffff) & ~UINT64_C(0xf));
    arch_fault_inject(&vcpu, FAULT_UNDEFINED, NULL);
    assert_true(vcpu.arch.pstate == (IN_HANDLER | NZCV | DIT | PAN));
    assert_true(vcpu.arch.pc == VBAR + 0x600);
}

static void test_serror_is_pended(void **state)
{
    (void)state;
    prepare(EL1H);
    fake_hcr_el2 = 0x80000021;
    arch_fault_inject(&vcpu, FAULT_SERROR, NULL);
    assert_true(fake_hcr_el2 == 0x80000121);
    assert_true(fake_vsesr_el2 == 0);
    assert_true(vcpu.arch.pc == PC);
    fake_id_aa64pfr0_el1 = PFR0_RAS;
    arch_fault_inject(&vcpu, FAULT_SERROR, NULL);
    assert_true(fake_vsesr_el2 == 0x01000000);
}

static void test_registers(void **state)
{
    (void)state;
    prepare(EL1H);
    for (unsigned n = 0; n < 64; n++) {
        arch_vcpu_set(&vcpu, n, n + 1);
    }
    for (unsigned n = 0; n < 64; n++) {
        assert_true(arch_vcpu_get(&vcpu, n) == (n < 31 ? n + 1 : 0));
    }
    assert_true(vcpu.arch.pc == PC);
}

static void test_skip(void **state)
{
    (void)state;
    prepare(EL1H | NZCV | SS | BTYPE | DIT);
    arch_vcpu_skip(&vcpu, 4);
    assert_true(vcpu.arch.pc == PC + 4);
    assert_true(vcpu.arch.pstate == (EL1H | NZCV | DIT));
    prepare(EL1H);
    arch_vcpu_skip(&vcpu, 0);
    assert_true(vcpu.arch.pc == PC);
    prepare(USR32);
    vcpu.arch.pc = 0xfffffffe;
    arch_vcpu_skip(&vcpu, 2);
    assert_true(vcpu.arch.pc == 0);
}

/* IT[7:5] condition, IT[4:0] mask; PSTATE has IT[7:2] at bit 10 and IT[1:0] at bit 25. */
static uint64_t with_it(unsigned it)
{
    return USR32 | (uint64_t)(it >> 2) << 10 | (uint64_t)(it & 3) << 25;
}

static void test_skip_advances_the_it_state(void **state)
{
    (void)state;
    for (unsigned it = 0; it < 256; it++) {
        unsigned next = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;

        prepare(with_it(it));
        arch_vcpu_skip(&vcpu, 2);
        assert_true(vcpu.arch.pstate == with_it(next));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_from_every_origin),
        cmocka_unit_test(test_direction_and_missing_address),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_handler_pstate),
        cmocka_unit_test(test_aarch32_leaves_no_bits),
        cmocka_unit_test(test_serror_is_pended),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_skip_advances_the_it_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
