/* SPDX-License-Identifier: Apache-2.0 */
/* Syndromes to traps: every exception class, every fault code, and the fields of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hyp/arch.h"
#include "lib/field.h"
#include "regs.h"

/* What is not written must not be read: it is filled with rubbish first. */
static struct trap decode_why(const struct arch_syndrome *why)
{
    struct trap trap;

    memset(&trap, 0xa5, sizeof(trap));
    arch_trap_decode(why, &trap);
    return trap;
}

static struct trap decode(uint64_t ec, uint64_t iss)
{
    const struct arch_syndrome why = {
        .vector = EXIT_SYNC,
        .esr = put(ESR_EC, ec) | put(ESR_IL, 1) | iss,
        .far = UINT64_C(0xffff800008001234),
        .hpfar = UINT64_C(0x90), /* IPA 0x9000 */
    };

    return decode_why(&why);
}

/* What each class means; all that are not listed are unknown. */
static const struct {
    unsigned ec;
    enum trap_kind kind;
} known[] = {
    { 0x01, TRAP_WAIT }, { 0x16, TRAP_CALL },  { 0x17, TRAP_CALL },
    { 0x18, TRAP_REG },  { 0x20, TRAP_FETCH }, { 0x24, TRAP_DATA }, /* ISS 0: address size */
};

static void test_every_exception_class(void **state)
{
    (void)state;
    for (unsigned ec = 0; ec < 64; ec++) {
        enum trap_kind want = TRAP_UNKNOWN;

        for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
            want = known[i].ec == ec ? known[i].kind : want;
        }
        assert_int_equal(decode(ec, 0).kind, want);
        assert_int_equal(decode(ec, 0).bytes, ec == 0x16 ? 0 : 4);
    }
}

static void test_vectors(void **state)
{
    struct arch_syndrome why = { .vector = EXIT_IRQ, .esr = UINT64_MAX };

    (void)state;
    assert_int_equal(decode_why(&why).kind, TRAP_INTERRUPT);
    why.vector = EXIT_FIQ;
    assert_int_equal(decode_why(&why).kind, TRAP_INTERRUPT);
    why.vector = EXIT_SERROR;
    assert_int_equal(decode_why(&why).kind, TRAP_SERROR);
    why.vector = 4;
    assert_int_equal(decode_why(&why).kind, TRAP_UNKNOWN);
    why.vector = UINT32_MAX;
    assert_int_equal(decode_why(&why).kind, TRAP_UNKNOWN);
}

static void test_thumb_instructions_are_two_bytes(void **state)
{
    const struct arch_syndrome why = { .vector = EXIT_SYNC, .esr = put(ESR_EC, 0x24) };

    (void)state;
    assert_int_equal(decode_why(&why).bytes, 2);
}

/* Written from the table of DFSC values of ESR_EL2, one by one. */
static enum mem_cause cause_by_manual(unsigned code)
{
    switch (code) {
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x2b: /* translation */
    case 0x08:
    case 0x09:
    case 0x0a:
    case 0x0b: /* access flag */ return MEM_UNMAPPED;
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f: return MEM_DENIED;
    case 0x10:
    case 0x13:
    case 0x14:
    case 0x15:
    case 0x16:
    case 0x17:
    case 0x18:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f: return MEM_EXTERNAL;
    default: return MEM_OTHER;
    }
}

static void test_every_fault_code(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 64; code++) {
        enum mem_cause want = cause_by_manual(code);
        struct trap data = decode(0x24, code);
        struct trap fetch = decode(0x20, code);

        assert_int_equal(data.mem.cause, want);
        assert_int_equal(data.kind, want == MEM_UNMAPPED ? TRAP_MMIO : TRAP_DATA);
        assert_int_equal(fetch.mem.cause, want);
        assert_int_equal(fetch.kind, TRAP_FETCH);
        assert_false(data.mem.decoded);
    }
}

static void test_walk_faults_are_not_device_accesses(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 64; code++) {
        enum mem_cause plain = cause_by_manual(code);
        struct trap trap = decode(0x24, BIT64(7) | BIT64(24) | BIT64(8) | code);

        assert_int_equal(trap.kind, TRAP_DATA);
        if (plain == MEM_UNMAPPED || plain == MEM_DENIED) {
            assert_int_equal(trap.mem.cause, MEM_WALK);
            assert_true(trap.mem.gpa.v == 0x9000);
        } else {
            assert_int_equal(trap.mem.cause, plain);
        }
    }
}

static void test_address(void **state)
{
    struct arch_syndrome why = {
        .vector = EXIT_SYNC,
        .esr = put(ESR_EC, 0x24) | put(ESR_IL, 1) | 0x07,
        .far = UINT64_C(0xffff800008001abc),
        .hpfar = UINT64_C(0x0000000fffffffff) << 4,
    };
    struct trap trap = decode_why(&why);

    (void)state;
    assert_true(trap.mem.gva.v == why.far);
    assert_true(trap.mem.gpa.v == UINT64_C(0xfffffffffabc));
    why.esr = put(ESR_EC, 0x24) | BIT64(10) | 0x10; /* FAR is not valid */
    assert_true(decode_why(&why).mem.gva.v == 0);
}

static void test_every_data_syndrome(void **state)
{
    (void)state;
    for (unsigned sas = 0; sas < 4; sas++) {
        for (unsigned flags = 0; flags < 8; flags++) {
            for (unsigned srt = 0; srt < 32; srt++) {
                uint64_t iss = BIT64(24) | ((uint64_t)sas << 22) | ((uint64_t)(flags & 1) << 21) |
                               ((uint64_t)srt << 16) | ((uint64_t)(flags >> 1 & 1) << 15) |
                               ((uint64_t)(flags >> 2) << 6) | 0x06;
                struct trap trap = decode(0x24, iss);

                assert_int_equal(trap.kind, TRAP_MMIO);
                assert_true(trap.mem.decoded);
                assert_int_equal(trap.mem.count, 1);
                assert_int_equal(trap.mem.size, 1 << sas);
                assert_int_equal(trap.mem.reg, srt);
                assert_int_equal(trap.mem.sign_extend, flags & 1);
                assert_int_equal(trap.mem.wide, flags >> 1 & 1);
                assert_int_equal(trap.mem.write, flags >> 2);
                assert_false(trap.mem.writeback);
            }
        }
    }
}

static void test_cache_maintenance_has_no_access(void **state)
{
    struct trap trap = decode(0x24, BIT64(8) | BIT64(6) | 0x05);

    (void)state;
    assert_int_equal(trap.kind, TRAP_MMIO);
    assert_true(trap.mem.decoded);
    assert_int_equal(trap.mem.count, 0);
    assert_false(trap.mem.writeback);
}

static void test_every_register_encoding(void **state)
{
    (void)state;
    for (uint32_t enc = 0; enc < BIT32(16); enc++) {
        uint64_t op0 = enc >> 14, op1 = enc >> 11 & 7, crn = enc >> 7 & 15, crm = enc >> 3 & 15;
        uint64_t op2 = enc & 7, rt = enc % 32;
        uint64_t iss = op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1;
        struct trap write = decode(0x18, iss);
        struct trap read = decode(0x18, iss | 1);

        assert_int_equal(write.kind, TRAP_REG);
        assert_int_equal(write.reg.enc, enc);
        assert_int_equal(write.reg.reg, rt);
        assert_true(write.reg.write);
        assert_int_equal(read.reg.enc, enc);
        assert_false(read.reg.write);
    }
}

static void test_calls(void **state)
{
    (void)state;
    assert_false(decode(0x16, 0x1234).call.smc);
    assert_int_equal(decode(0x16, 0x1234).call.imm, 0x1234);
    assert_true(decode(0x17, 0xffff).call.smc);
    assert_int_equal(decode(0x17, 0xffff).call.imm, 0xffff);
    assert_int_equal(decode(0x17, 0).bytes, 4);
    assert_int_equal(decode(0x16, 0).bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_exception_class),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_thumb_instructions_are_two_bytes),
        cmocka_unit_test(test_every_fault_code),
        cmocka_unit_test(test_walk_faults_are_not_device_accesses),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_every_data_syndrome),
        cmocka_unit_test(test_cache_maintenance_has_no_access),
        cmocka_unit_test(test_every_register_encoding),
        cmocka_unit_test(test_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
