/* SPDX-License-Identifier: Apache-2.0 */
/* arch_regs[]: order, consistency, coverage, what a guest sees of the machine, and reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "sysreg.h"
#include "vgic.h"

static struct vcpu vcpu;
static uint64_t sgi1r, sgi0r;
static bool sgi_answer;

bool vgic_sgi1r_write(struct vcpu *who, uint64_t value)
{
    assert_ptr_equal(who, &vcpu);
    sgi1r = value;
    return sgi_answer;
}

bool vgic_sgi0r_write(struct vcpu *who, uint64_t value)
{
    assert_ptr_equal(who, &vcpu);
    sgi0r = value;
    return sgi_answer;
}

static bool rd(uint32_t enc, uint64_t *value)
{
    struct reg_access access = { .enc = enc, .value = UINT64_C(0xdeadbeefdeadbeef) };
    bool done = reg_access(&vcpu, &access);

    *value = access.value;
    return done;
}

static bool wr(uint32_t enc, uint64_t value)
{
    struct reg_access access = { .enc = enc, .write = true, .value = value };

    return reg_access(&vcpu, &access);
}

static void assert_reads(uint32_t enc, uint64_t want)
{
    uint64_t value;

    assert_true(rd(enc, &value));
    if (value != want) {
        fail_msg("%#x reads %#llx, not %#llx", enc, (unsigned long long)value,
                 (unsigned long long)want);
    }
}

/* ---- the table itself ---- */

static void test_sorted_without_overlap(void **state)
{
    (void)state;
    for (size_t i = 0; i < arch_reg_count; i++) {
        assert_true(arch_regs[i].enc <= arch_regs[i].last);
        if (i > 0 && arch_regs[i].enc <= arch_regs[i - 1].last) {
            fail_msg("%s is not behind %s", arch_reg_names[i], arch_reg_names[i - 1]);
        }
    }
}

static void test_names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < arch_reg_count; i++) {
        assert_non_null(arch_reg_names[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(arch_reg_names[i], arch_reg_names[j]);
        }
    }
}

/* Which kinds a home allows, and which columns a kind uses. */
static void check_row(const struct reg_row *row)
{
    switch (row->home) {
    case HOME_MACHINE:
        assert_int_equal(row->kind, REG_UNDEF); /* never trapped; closed if it is */
        assert_true(row->class == REG_PRIVATE || row->class == REG_SHARED);
        assert_true(row->class == REG_PRIVATE || !row->reset);
        assert_false(row->mask);
        return; /* the function is reset */
    case HOME_VCPU:
        assert_true(row->kind == REG_RW || row->kind == REG_FN || row->kind == REG_RO);
        assert_true(row->slot < SLOT_COUNT);
        assert_true(row->value == 0); /* arch_vcpu_reset() clears all shadows */
        assert_int_equal(row->class, REG_PRIVATE);
        break;
    case HOME_CONST:
        assert_true(row->kind == REG_RO || row->kind == REG_RAZ_WI || row->kind == REG_FN);
        break;
    case HOME_NONE:
        assert_int_equal(row->kind, REG_UNDEF);
        assert_int_equal(row->class, REG_HYP_ONLY);
        break;
    default: fail();
    }
    assert_true(row->kind == REG_RO || row->kind == REG_FN || !row->fn);
    assert_true(row->kind != REG_FN || row->fn);
    assert_true(row->kind == REG_RW || row->kind == REG_RO || !row->mask);
    assert_true((row->mask & row->value) == 0);
}

static void test_rows_are_consistent(void **state)
{
    _Static_assert(SLOT_COUNT <= A64_SHADOW_COUNT, "slots of sysreg.h");
    (void)state;
    for (size_t i = 0; i < arch_reg_count; i++) {
        check_row(&arch_regs[i]);
    }
}

/* Every encoding, read and write: only these may be answered, the rest is undefined. */
static bool is_answered(uint32_t enc, bool write)
{
    static const uint32_t both[] = {
        SYS_ENC(2, 0, 1, 3, 4),
        SYS_ENC(2, 0, 1, 4, 4),
        SYS_ENC(3, 0, 1, 0, 1),
        SYS_ENC(3, 0, 12, 12, 5),
    };
    static const uint32_t write_only[] = {
        SYS_ENC(2, 0, 1, 0, 4),
        SYS_ENC(3, 0, 12, 11, 5),
        SYS_ENC(3, 0, 12, 11, 6),
        SYS_ENC(3, 0, 12, 11, 7),
    };
    bool id = enc >= SYS_ENC(3, 0, 0, 1, 0) && enc <= SYS_ENC(3, 0, 0, 7, 7);

    for (size_t i = 0; i < ARRAY_COUNT(both); i++) {
        if (both[i] == enc) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(write_only); i++) {
        if (write_only[i] == enc) {
            return write;
        }
    }
    return !write && (id || enc == SYS_ENC(2, 0, 1, 0, 0) || enc == SYS_ENC(2, 0, 1, 1, 4));
}

static void test_every_encoding(void **state)
{
    (void)state;
    sgi_answer = true;
    for (uint32_t enc = 0; enc < BIT32(16); enc++) {
        uint64_t value;

        if (rd(enc, &value) != is_answered(enc, false) || wr(enc, 0) != is_answered(enc, true)) {
            fail_msg("%#x", enc);
        }
    }
}

/* ---- identification ---- */

/* A machine with every feature at the given value in all fields. */
static void machine_all(uint64_t nibble)
{
    uint64_t all = UINT64_C(0x1111111111111111) * nibble;

    fake_reset();
    fake_id_aa64pfr0_el1 = all;
    fake_id_aa64pfr1_el1 = all;
    fake_id_aa64dfr0_el1 = all;
    fake_id_aa64isar0_el1 = all;
    fake_id_aa64isar1_el1 = all;
    fake_id_aa64isar2_el1 = all;
    fake_id_aa64mmfr0_el1 = all;
    fake_id_aa64mmfr1_el1 = all;
    fake_id_aa64mmfr2_el1 = all;
    fake_id_aa64mmfr3_el1 = all;
    fake_id_aa64mmfr4_el1 = all;
    fake_id_aa64zfr0_el1 = all;
    fake_id_aa64smfr0_el1 = all;
}

static void test_id_of_a_machine_with_everything(void **state)
{
    (void)state;
    machine_all(0xf);
    assert_reads(SYS_ENC(3, 0, 0, 4, 0), UINT64_C(0xf10f000001ff0011)); /* CSV2 1, GIC 1 */
    assert_reads(SYS_ENC(3, 0, 0, 4, 1), UINT64_C(0x00000000000000ff));
    assert_reads(SYS_ENC(3, 0, 0, 5, 0), UINT64_C(0x00000000f0f0f006));
    assert_reads(SYS_ENC(3, 0, 0, 6, 0), UINT64_C(0xfffffffff0fffff0));
    assert_reads(SYS_ENC(3, 0, 0, 6, 1), UINT64_C(0x00ffffffffffffff));
    assert_reads(SYS_ENC(3, 0, 0, 6, 2), UINT64_C(0x00ff0000fff0ffff));
    assert_reads(SYS_ENC(3, 0, 0, 7, 0), UINT64_C(0x00000000ffff0ff2));
    assert_reads(SYS_ENC(3, 0, 0, 7, 1), UINT64_C(0xf00ff0f00ff0f002));
    assert_reads(SYS_ENC(3, 0, 0, 7, 2), UINT64_C(0xf0ff00fff0ff0fff));
}

static void test_id_of_a_machine_with_nothing(void **state)
{
    (void)state;
    machine_all(0);
    assert_reads(SYS_ENC(3, 0, 0, 4, 0), 0x11);
    assert_reads(SYS_ENC(3, 0, 0, 5, 0), 6);
    for (uint32_t enc = SYS_ENC(3, 0, 0, 6, 0); enc <= SYS_ENC(3, 0, 0, 7, 7); enc++) {
        assert_reads(enc, 0);
    }
}

/* TID3's space: what has no row of its own reads 0 even if the machine has something there. */
static void test_id_space_is_closed(void **state)
{
    (void)state;
    machine_all(0xf);
    for (uint32_t enc = SYS_ENC(3, 0, 0, 1, 0); enc <= SYS_ENC(3, 0, 0, 7, 7); enc++) {
        const struct reg_row *row = reg_find(arch_regs, arch_reg_count, enc);

        assert_non_null(row);
        assert_int_equal(row->class, REG_SHARED);
        if (!row->fn) {
            assert_reads(enc, 0);
        }
        assert_false(wr(enc, 0));
    }
}

static void test_limits_of_fields(void **state)
{
    (void)state;
    for (uint64_t nibble = 0; nibble < 16; nibble++) {
        uint64_t mmfr0, mmfr1, pfr0;

        machine_all(nibble);
        assert_true(rd(SYS_ENC(3, 0, 0, 7, 0), &mmfr0));
        assert_true(rd(SYS_ENC(3, 0, 0, 7, 1), &mmfr1));
        assert_true(rd(SYS_ENC(3, 0, 0, 4, 0), &pfr0));
        assert_true((mmfr0 & 15) == (nibble < 2 ? nibble : 2));
        assert_true((mmfr0 >> 20 & 15) == (nibble == 2 ? 1 : nibble));
        assert_true((mmfr0 >> 28 & 15) == (nibble == 1 ? 0 : nibble));
        assert_true((mmfr0 >> 24 & 15) == nibble);
        assert_true((mmfr1 & 15) == (nibble < 2 ? nibble : 2));
        assert_true((pfr0 >> 56 & 15) == (nibble < 1 ? nibble : 1));
    }
}

/* ---- behaviour ---- */

static void test_os_lock(void **state)
{
    (void)state;
    memset(&vcpu, 0, sizeof(vcpu));
    assert_reads(SYS_ENC(2, 0, 1, 1, 4), 8);
    assert_true(wr(SYS_ENC(2, 0, 1, 0, 4), UINT64_MAX));
    assert_reads(SYS_ENC(2, 0, 1, 1, 4), 10);
    assert_true(wr(SYS_ENC(2, 0, 1, 0, 4), 2));
    assert_reads(SYS_ENC(2, 0, 1, 1, 4), 8);
    assert_true(wr(SYS_ENC(2, 0, 1, 3, 4), UINT64_MAX));
    assert_reads(SYS_ENC(2, 0, 1, 3, 4), 1);
    assert_reads(SYS_ENC(2, 0, 1, 1, 4), 8);
}

static void test_sgi_registers(void **state)
{
    (void)state;
    sgi1r = 0;
    sgi0r = 0;
    sgi_answer = true;
    assert_true(wr(SYS_ENC(3, 0, 12, 11, 5), 0x1234));
    assert_true(sgi1r == 0x1234 && sgi0r == 0);
    assert_true(wr(SYS_ENC(3, 0, 12, 11, 7), 0x5678));
    assert_true(sgi1r == 0x1234 && sgi0r == 0x5678);
    assert_true(wr(SYS_ENC(3, 0, 12, 11, 6), 0x9abc)); /* the other security state: nothing */
    assert_true(sgi1r == 0x1234 && sgi0r == 0x5678);
    sgi_answer = false;
    assert_false(wr(SYS_ENC(3, 0, 12, 11, 5), 0));
    assert_false(wr(SYS_ENC(3, 0, 12, 11, 7), 0));
}

static void test_sre_is_fixed(void **state)
{
    (void)state;
    assert_true(wr(SYS_ENC(3, 0, 12, 12, 5), 0));
    assert_reads(SYS_ENC(3, 0, 12, 12, 5), 7);
}

/* Sets every slot of the fake machine to a value that no reset gives. */
static void machine_dirty(void)
{
    fake_reset();
#define DIRTY(name, text) fake_##name = UINT64_C(0xa5a5a5a5a5a5a5a5);
    A64_REGS_RW(DIRTY)
#undef DIRTY
}

static void test_reset_of_el1(void **state)
{
    (void)state;
    machine_dirty();
    sysreg_reset();
    assert_true(fake_sctlr_el1 == 0x30d00800);
#define CLEARED(name) assert_true(fake_##name == 0)
    CLEARED(cpacr_el1), CLEARED(ttbr0_el1), CLEARED(ttbr1_el1), CLEARED(tcr_el1);
    CLEARED(esr_el1), CLEARED(afsr0_el1), CLEARED(afsr1_el1), CLEARED(far_el1);
    CLEARED(par_el1), CLEARED(mair_el1), CLEARED(amair_el1), CLEARED(vbar_el1);
    CLEARED(contextidr_el1), CLEARED(tpidr_el0), CLEARED(tpidrro_el0), CLEARED(tpidr_el1);
    CLEARED(cntkctl_el1), CLEARED(csselr_el1), CLEARED(sp_el0), CLEARED(sp_el1);
    CLEARED(elr_el1), CLEARED(spsr_el1), CLEARED(mdscr_el1), CLEARED(oslar_el1);
    CLEARED(cntv_ctl_el0), CLEARED(cntv_cval_el0), CLEARED(cntp_ctl_el0), CLEARED(cntp_cval_el0);
#undef CLEARED
    /* Nothing of the hypervisor's own. */
    assert_true(fake_hcr_el2 == UINT64_C(0xa5a5a5a5a5a5a5a5));
    assert_true(fake_vbar_el2 == UINT64_C(0xa5a5a5a5a5a5a5a5));
    assert_true(fake_tpidr_el2 == UINT64_C(0xa5a5a5a5a5a5a5a5));
}

/* Only points that the machine has may be touched: others are undefined instructions at EL2. */
static void test_reset_of_debug_points(void **state)
{
    for (unsigned count = 1; count <= 16; count++) {
        unsigned breaks = 0, watches = 0;

        (void)state;
        machine_dirty();
        fake_id_aa64dfr0_el1 = (uint64_t)(count - 1) << 12 | (uint64_t)(16 - count) << 20;
        sysreg_reset();
#define COUNT(name, text)                                                                          \
    breaks += (strncmp(text, "dbgb", 4) == 0 && fake_##name == 0) ? 1u : 0u;                       \
    watches += (strncmp(text, "dbgw", 4) == 0 && fake_##name == 0) ? 1u : 0u;
        A64_REGS_POINTS(COUNT)
#undef COUNT
        assert_int_equal(breaks, 2 * count);
        assert_int_equal(watches, 2 * (17 - count));
    }
}

static void test_reset_of_keys_only_where_they_exist(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 4; which++) {
        uint64_t want = which == 0 ? UINT64_C(0xa5a5a5a5a5a5a5a5) : 0;

        machine_dirty();
        fake_id_aa64isar1_el1 = which == 1 ? 0x10 : which == 2 ? 0x100 : 0;
        fake_id_aa64isar2_el1 = which == 3 ? 0x1000 : 0;
        sysreg_reset();
#define KEY(name, text) assert_true(fake_##name == want);
        A64_REGS_KEYS(KEY)
#undef KEY
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_without_overlap),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_rows_are_consistent),
        cmocka_unit_test(test_every_encoding),
        cmocka_unit_test(test_id_of_a_machine_with_everything),
        cmocka_unit_test(test_id_of_a_machine_with_nothing),
        cmocka_unit_test(test_id_space_is_closed),
        cmocka_unit_test(test_limits_of_fields),
        cmocka_unit_test(test_os_lock),
        cmocka_unit_test(test_sgi_registers),
        cmocka_unit_test(test_sre_is_fixed),
        cmocka_unit_test(test_reset_of_el1),
        cmocka_unit_test(test_reset_of_debug_points),
        cmocka_unit_test(test_reset_of_keys_only_where_they_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
