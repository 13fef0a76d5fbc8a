/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path: that it does what the whole way would do, or nothing, for every syndrome. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "fast.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/mmio.h"
#include "hyp/core/reg.h"
#include "hyp/core/zone.h"
#include "psci.h"

#define DEVICE   UINT64_C(0x9000000)
#define EC(n)    ((uint64_t)(n) << 26)
#define DATA     (EC(0x24) | UINT64_C(1) << 25 | UINT64_C(1) << 24 | 0x07) /* IL, ISV, level 3 */
#define ALL_REGS 32u

static struct zone zone;
static struct pcpu cpu;
static struct vcpu vcpu, other;
static struct mmio_access seen;
static struct reg_access reg_seen;
static bool device_takes, call_is_quick, register_known;
static unsigned accesses, interrupts, flushes, calls;

_Noreturn void arch_crash(const char *why)
{
    (void)why;
    abort();
}

bool run_interrupt(struct pcpu *on)
{
    assert_ptr_equal(on, &cpu);
    interrupts++;
    return true;
}

void arch_virq_flush(struct vcpu *of)
{
    assert_ptr_equal(of, &vcpu);
    flushes++;
}

bool psci_quick(struct vcpu *of)
{
    assert_ptr_equal(of, &vcpu);
    calls++;
    return call_is_quick;
}

bool reg_access(struct vcpu *of, struct reg_access *access)
{
    (void)of;
    reg_seen = *access;
    if (!access->write) {
        access->value = 0x4321;
    }
    return register_known;
}

static bool device(struct vcpu *of, struct mmio_access *access)
{
    (void)of;
    seen = *access;
    accesses++;
    if (!access->write) {
        access->value = UINT64_C(0x8182838485868788);
    }
    return device_takes;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&zone, 0, sizeof(zone));
    memset(&cpu, 0, sizeof(cpu));
    memset(&vcpu, 0, sizeof(vcpu));
    vcpu.zone = &zone;
    vcpu.cpu = &cpu;
    for (unsigned i = 0; i < ARRAY_COUNT(vcpu.arch.x); i++) {
        vcpu.arch.x[i] = UINT64_C(0x1111111100000001) * (i + 1);
    }
    other = vcpu;
    mmio_add(&zone, &(struct mmio_dev){ DEVICE, 0x1000, device });
    device_takes = call_is_quick = register_known = true;
    accesses = interrupts = flushes = calls = 0;
    fake_elr_el2 = 0x1000;
    fake_spsr_el2 = PSTATE_EL1H;
    fake_hpfar_el2 = DEVICE >> 8;
    fake_far_el2 = UINT64_C(0xffff000000000008);
    return 0;
}

/* Nothing has been done but a look. */
static void assert_refused(uint64_t esr)
{
    fake_esr_el2 = esr;
    assert_int_equal(fast_sync(&vcpu), FAST_LEAVE(EXIT_SYNC));
    assert_memory_equal(vcpu.arch.x, other.arch.x, sizeof(vcpu.arch.x));
    assert_int_equal(fake_elr_el2, 0x1000);
}

static void test_read(void **state)
{
    (void)state;
    fake_esr_el2 = DATA | 2u << 22 | 5u << 16; /* ldr w5 */
    assert_int_equal(fast_sync(&vcpu), FAST_RESUME);
    assert_int_equal(seen.offset, 8);
    assert_int_equal(seen.size, 4);
    assert_true(vcpu.arch.x[5] == 0x85868788);
    assert_int_equal(fake_elr_el2, 0x1004);
}

static void test_what_goes_the_whole_way(void **state)
{
    static const uint64_t not_plain[] = {
        DATA & ~(UINT64_C(1) << 24), /* no syndrome */
        DATA | 1u << 7,
        DATA | 1u << 8,                  /* stage 1 walk, cache maintenance */
        (DATA & ~UINT64_C(0x3f)) | 0x0f, /* permission */
        (DATA & ~UINT64_C(0x3f)) | 0x0b, /* access flag */
        (DATA & ~UINT64_C(0x3f)) | 0x10, /* external */
        EC(0x20),
        EC(0x00),
        EC(0x01),
        EC(0x17),
        EC(0x3c),     /* other classes */
        EC(0x16) | 1, /* HVC #1 */
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(not_plain); i++) {
        assert_refused(not_plain[i]);
    }
    assert_int_equal(accesses, 0);
    assert_int_equal(calls, 0);
    for (unsigned bit = 0; bit < 64; bit++) { /* AArch32, single step, branch target */
        fake_spsr_el2 = BIT64(bit);
        if (bit == 4 || bit == 10 || bit == 11 || bit == 21) {
            assert_refused(DATA);
            assert_refused(EC(0x18) | 1);
        }
    }
    assert_int_equal(accesses, 0);
    fake_spsr_el2 = PSTATE_EL1H;
    device_takes = false;
    assert_refused(DATA);
    fake_far_el2 = 0x9; /* not aligned */
    assert_refused(DATA | 1u << 22);
    fake_hpfar_el2 = (DEVICE + 0x1000) >> 8; /* nobody there */
    assert_refused(DATA);
    call_is_quick = register_known = false;
    assert_refused(EC(0x16));
    assert_refused(EC(0x18) | 1);
}

/* Registers that entry.S has not saved yet: asked for, then done from the saved ones. */
static void test_kept_registers(void **state)
{
    (void)state;
    for (unsigned rt = 0; rt < ALL_REGS; rt++) {
        bool kept = rt >= 19 && rt <= 28;

        setup(NULL);
        fake_esr_el2 = DATA | 1u << 6 | rt << 16;
        assert_int_equal(fast_sync(&vcpu), kept ? FAST_MORE : FAST_RESUME);
        assert_int_equal(accesses, kept ? 0 : 1);
        if (kept) {
            assert_int_equal(fake_elr_el2, 0x1000);
            assert_int_equal(fast_exit_all(&vcpu), FAST_RESUME);
        }
        assert_int_equal(seen.value, rt == 31 ? 0 : rt + 1);
        fake_esr_el2 = EC(0x18) | rt << 5;
        assert_int_equal(fast_sync(&vcpu), kept ? FAST_MORE : FAST_RESUME);
        if (kept) {
            assert_int_equal(fast_exit_all(&vcpu), FAST_RESUME);
        }
        assert_true(reg_seen.value == (rt == 31 ? 0 : vcpu.arch.x[rt]));
        assert_int_equal(fake_elr_el2, 0x1008);
    }
}

/* Every size, extension, width, register and direction, beside decoding and mmio_handle(). */
static void test_same_as_the_whole_way(void **state)
{
    (void)state;
    for (uint64_t iss = 0; iss < 1u << 11; iss++) {
        uint64_t esr = DATA | (iss & 1) << 6 | (iss >> 1 & 1) << 15 | (iss >> 2 & 1) << 21 |
                       (iss >> 3 & 3) << 22 | (iss >> 5 & 31) << 16;
        struct arch_syndrome why = { EXIT_SYNC, esr, 0, 0 };
        struct mmio_access slow;
        struct trap trap;

        setup(NULL);
        why.far = fake_far_el2;
        why.hpfar = fake_hpfar_el2;
        arch_trap_decode(&why, &trap);
        assert_int_equal(trap.kind, TRAP_MMIO);
        assert_true(mmio_handle(&other, &trap));
        slow = seen;
        fake_esr_el2 = esr;
        assert_int_equal(fast_exit_all(&vcpu), FAST_RESUME);
        assert_true(slow.offset == seen.offset && slow.value == seen.value &&
                    slow.size == seen.size && slow.write == seen.write);
        assert_memory_equal(vcpu.arch.x, other.arch.x, sizeof(vcpu.arch.x));
    }
}

static void test_register(void **state)
{
    (void)state;
    for (uint64_t bit = 1; bit < 1u << 22; bit *= 2) {
        struct arch_syndrome why = { EXIT_SYNC, EC(0x18) | bit, 0, 0 };
        struct trap trap;

        setup(NULL);
        arch_trap_decode(&why, &trap);
        fake_esr_el2 = why.esr;
        assert_int_equal(fast_exit_all(&vcpu), FAST_RESUME);
        assert_int_equal(reg_seen.enc, trap.reg.enc);
        assert_int_equal(reg_seen.write, trap.reg.write);
        assert_true(trap.reg.write || vcpu.arch.x[trap.reg.reg] == 0x4321);
    }
}

static void test_interrupts_and_requests(void **state)
{
    (void)state;
    assert_int_equal(fast_exit(&vcpu, EXIT_IRQ), FAST_RESUME);
    assert_int_equal(interrupts, 1);
    assert_int_equal(flushes, 0);
    atomic_store(&cpu.requests, REQUEST_VIRQ);
    assert_int_equal(fast_exit(&vcpu, EXIT_IRQ), FAST_RESUME);
    assert_int_equal(flushes, 1);
    assert_int_equal(atomic_load(&cpu.requests), 0);
    atomic_store(&cpu.requests, REQUEST_VIRQ | REQUEST_LOOK);
    fake_esr_el2 = EC(0x16);
    assert_int_equal(fast_sync(&vcpu), FAST_LEAVE(EXIT_IRQ));
    assert_int_equal(calls, 1);
    assert_int_equal(atomic_load(&cpu.requests), REQUEST_VIRQ | REQUEST_LOOK);
    assert_int_equal(fast_exit(&vcpu, EXIT_FIQ), FAST_LEAVE(EXIT_FIQ));
    assert_int_equal(fast_exit(&vcpu, EXIT_SERROR), FAST_LEAVE(EXIT_SERROR));
    assert_true(FAST_MORE > FAST_LEAVE(EXIT_SERROR));
    assert_int_equal(interrupts, 2);
}

static void test_enter(void **state)
{
    struct arch_syndrome why = { 9, 9, 9, 9 };

    (void)state;
    fake_guest_vector = EXIT_IRQ;
    fake_esr_el2 = DATA;
    arch_vcpu_enter(&vcpu, &why);
    assert_int_equal(why.vector, EXIT_IRQ);
    assert_int_equal(why.esr, 9);
    fake_guest_vector = EXIT_SYNC;
    arch_vcpu_enter(&vcpu, &why);
    assert_int_equal(why.vector, EXIT_SYNC);
    assert_true(why.esr == DATA && why.far == fake_far_el2 && why.hpfar == fake_hpfar_el2);
}

/* What is answered here counts once, in the class of the whole way; what is refused does not. */
static void test_exits_are_counted(void **state)
{
    static const struct {
        uint64_t esr;
        enum exit_class class;
    } rows[] = {
        { DATA, EXITS_READ },
        { DATA | 1u << 6, EXITS_WRITE },
        { EC(0x16), EXITS_HVC },
        { EC(0x18) | 1, EXITS_REG },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
        struct arch_syndrome why = { EXIT_SYNC, rows[i].esr, fake_far_el2, fake_hpfar_el2 };
        struct trap trap;

        setup(NULL);
        fake_esr_el2 = rows[i].esr;
        assert_int_equal(fast_sync(&vcpu), FAST_RESUME);
        arch_trap_decode(&why, &trap);
        exits_count_trap(&other, &trap);
        assert_int_equal(vcpu.exits[rows[i].class], 1);
        assert_memory_equal(vcpu.exits, other.exits, sizeof(vcpu.exits));
        device_takes = call_is_quick = register_known = false;
        assert_int_equal(fast_sync(&vcpu), FAST_LEAVE(EXIT_SYNC));
        assert_memory_equal(vcpu.exits, other.exits, sizeof(vcpu.exits));
    }
    setup(NULL);
    assert_int_equal(fast_exit(&vcpu, EXIT_IRQ), FAST_RESUME);
    assert_int_equal(vcpu.exits[EXITS_INTERRUPT], 1);
    (void)fast_exit(&vcpu, EXIT_SERROR); /* by trap_handle() */
    assert_int_equal(vcpu.exits[EXITS_FAULT], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_read, setup),
        cmocka_unit_test_setup(test_what_goes_the_whole_way, setup),
        cmocka_unit_test_setup(test_kept_registers, setup),
        cmocka_unit_test_setup(test_same_as_the_whole_way, setup),
        cmocka_unit_test_setup(test_register, setup),
        cmocka_unit_test_setup(test_interrupts_and_requests, setup),
        cmocka_unit_test_setup(test_enter, setup),
        cmocka_unit_test_setup(test_exits_are_counted, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
