/* SPDX-License-Identifier: Apache-2.0 */
/* Completion of data aborts without syndrome: what is read, what is refused, and write-back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crash.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"

#define RAM_HPA  UINT64_C(0x40000000)
#define DEV_HPA  UINT64_C(0x60000000)
#define FAR      UINT64_C(0xffff000009000ff8)
#define GPA      UINT64_C(0x09000ff8)
#define EL0T     UINT64_C(0x0)
#define EL1T     UINT64_C(0x4)
#define EL1H     UINT64_C(0x5)
#define LDP_POST 0xa8c10861u /* ldp x1, x2, [x3], #16 */
#define STR_PRE  0xb81f0fe1u /* str w1, [sp, #-16]! */
#define LDR_PRE  0xf8408c61u /* ldr x1, [x3, #8]! */
#define LDXR     0xc85f7c61u /* ldxr x1, [x3] */
#define PRFM     0xf9800460u /* prfm pldl1keep, [x3, #8] */

static struct plan plan;
static struct zone zone = { .id = 1, .plan = &plan.zone[1] };
static struct vcpu vcpu = { .zone = &zone };
static struct trap trap;
static uint32_t word;
static uint64_t window;
static unsigned unmapped;

const struct plan *the_plan = &plan;

void *arch_window_map(hpa_t pa)
{
    window = pa.v;
    return &word;
}

void arch_window_unmap(void)
{
    unmapped++;
}

/* The machine's translation: PAR_EL1 is clobbered, `translation` is the answer. */
static unsigned probes[2]; /* for EL0, EL1 */
static uint64_t probed, translation;

static uint64_t probe(unsigned el, uint64_t va)
{
    probes[el]++;
    probed = va;
    fake_par_el1 = translation;
    return translation;
}

uint64_t probe_s12e1r(uint64_t va)
{
    return probe(1, va);
}

uint64_t probe_s12e0r(uint64_t va)
{
    return probe(0, va);
}

static void prepare(uint32_t insn)
{
    fake_reset();
    probes[0] = probes[1] = 0;
    plan.region_count = 3;
    plan.region[0] = (struct plan_region){ 0, 0x80000000, SIZE_2M, 0, PLAN_REGION_RAM, 0, 0 };
    plan.region[1] = (struct plan_region){ 0, RAM_HPA, SIZE_2M, 1, PLAN_REGION_RAM, 0, 0 };
    plan.region[2] = (struct plan_region){ 0, DEV_HPA, SIZE_2M, 1, PLAN_REGION_DEVICE, 0, 0 };
    for (unsigned i = 0; i < 31; i++) {
        vcpu.arch.x[i] = i;
    }
    vcpu.arch.x[3] = FAR;
    vcpu.arch.pc = 0x1ffffc;
    vcpu.arch.pstate = EL1H;
    fake_par_el1 = 0x1234;
    translation = RAM_HPA + 0x1ff000;
    trap = (struct trap){ .kind = TRAP_MMIO,
                          .bytes = 4,
                          .mem = { .cause = MEM_UNMAPPED, .gva = gva(FAR), .gpa = gpa(GPA) } };
    word = insn;
    window = 0;
    unmapped = 0;
}

static void test_pair_with_write_back(void **state)
{
    (void)state;
    prepare(LDP_POST);
    trap.mem.gva = gva(FAR - 8);
    trap.mem.gpa = gpa(GPA - 8);
    vcpu.arch.x[3] = FAR - 8;
    assert_true(arch_trap_fetch(&vcpu, &trap));
    assert_true(window == RAM_HPA + 0x1ffffc);
    assert_int_equal(unmapped, 1);
    assert_int_equal(probes[1], 1);
    assert_int_equal(probes[0], 0);
    assert_true(probed == 0x1ffffc);
    assert_true(trap.mem.decoded);
    assert_int_equal(trap.mem.count, 2);
    assert_int_equal(trap.mem.size, 8);
    assert_int_equal(trap.mem.reg, 1);
    assert_int_equal(trap.mem.reg2, 2);
    arch_trap_finish(&vcpu, &trap);
    assert_true(vcpu.arch.x[3] == FAR + 8);
}

static void test_pair_over_the_end_of_the_page_is_refused(void **state)
{
    (void)state;
    prepare(LDP_POST);
    assert_false(arch_trap_fetch(&vcpu, &trap));
    assert_false(trap.mem.decoded);
}

static void test_el0_translates_as_el0(void **state)
{
    (void)state;
    prepare(LDR_PRE);
    vcpu.arch.pstate = EL0T;
    vcpu.arch.x[3] = FAR - 8;
    assert_true(arch_trap_fetch(&vcpu, &trap));
    assert_int_equal(probes[0], 1);
    assert_int_equal(probes[1], 0);
}

static void test_par_is_given_back(void **state)
{
    (void)state;
    prepare(LDR_PRE);
    vcpu.arch.x[3] = FAR - 8;
    (void)arch_trap_fetch(&vcpu, &trap);
    assert_true(fake_par_el1 == 0x1234);
}

static void test_stack_pointers(void **state)
{
    static const struct {
        uint64_t pstate;
        bool el1;
    } cases[] = { { EL0T, false }, { EL1T, false }, { EL1H, true } };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        prepare(STR_PRE);
        trap.mem.write = true;
        vcpu.arch.pstate = cases[i].pstate;
        fake_sp_el0 = cases[i].el1 ? 0 : FAR + 16;
        fake_sp_el1 = cases[i].el1 ? FAR + 16 : 0;
        assert_true(arch_trap_fetch(&vcpu, &trap));
        arch_trap_finish(&vcpu, &trap);
        assert_true(fake_sp_el0 == (cases[i].el1 ? 0 : FAR));
        assert_true(fake_sp_el1 == (cases[i].el1 ? FAR : 0));
    }
}

static void test_tag_of_the_address_does_not_matter(void **state)
{
    (void)state;
    prepare(LDR_PRE);
    vcpu.arch.x[3] = (FAR - 8) ^ UINT64_C(0x5500000000000000);
    assert_true(arch_trap_fetch(&vcpu, &trap));
}

/* Each case differs from an accepted one by the one thing it is named for. */
static void prepare_accepted(void)
{
    prepare(LDR_PRE);
    vcpu.arch.x[3] = FAR - 8;
}

static void test_refusals(void **state)
{
    (void)state;
    prepare_accepted();
    vcpu.arch.pc |= 2; /* unaligned */
    assert_false(arch_trap_fetch(&vcpu, &trap));
    prepare_accepted();
    vcpu.arch.pstate = 0x10; /* AArch32 */
    assert_false(arch_trap_fetch(&vcpu, &trap));
    prepare_accepted();
    translation |= 1; /* translation failed */
    assert_false(arch_trap_fetch(&vcpu, &trap));
    prepare_accepted();
    trap.mem.write = true; /* the instruction was exchanged */
    assert_false(arch_trap_fetch(&vcpu, &trap));
    prepare_accepted();
    vcpu.arch.x[3] += 8; /* it does not access that address */
    assert_false(arch_trap_fetch(&vcpu, &trap));
    prepare_accepted();
    word = LDXR;
    vcpu.arch.x[3] = FAR;
    assert_false(arch_trap_fetch(&vcpu, &trap));
    prepare_accepted();
    word = PRFM; /* never faults */
    assert_false(arch_trap_fetch(&vcpu, &trap));
}

/* Nothing but the zone's own RAM is mapped, let alone read. */
static void test_only_own_ram_is_read(void **state)
{
    static const uint64_t places[] = { 0, 0x80000000, DEV_HPA, RAM_HPA + SIZE_2M, 0x3ffff000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
        prepare_accepted();
        translation = places[i];
        vcpu.arch.pc = 0;
        assert_false(arch_trap_fetch(&vcpu, &trap));
        assert_true(window == 0);
    }
}

static void test_finish_without_write_back(void **state)
{
    (void)state;
    prepare(LDR_PRE);
    trap.mem.amount = 8;
    arch_trap_finish(&vcpu, &trap);
    assert_true(vcpu.arch.x[0] == 0 && vcpu.arch.x[3] == FAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair_with_write_back),
        cmocka_unit_test(test_pair_over_the_end_of_the_page_is_refused),
        cmocka_unit_test(test_el0_translates_as_el0),
        cmocka_unit_test(test_par_is_given_back),
        cmocka_unit_test(test_stack_pointers),
        cmocka_unit_test(test_tag_of_the_address_does_not_matter),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_only_own_ram_is_read),
        cmocka_unit_test(test_finish_without_write_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
