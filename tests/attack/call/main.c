/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: calls of hypervisor and firmware by any number, immediate and argument, and vCPUs that
 * start and stop each other at once. What is not in the table of PSCI and SMCCC answers -1 and
 * changes nothing; a wild target or entry point is refused; a start that was promised happens once.
 * Fault records of any place and content are refused, or are what they look like, and fill no log.
 */
#include "tests/attack/attack.h"

#include "abi/fault.h"
#include "abi/hypcall.h"
#include "guest/aarch64/psci.h"

#define CALLS       30000u
#define IMMEDIATES  1024u /* in calls.S */
#define REFUSALS    6000u
#define REPORTS     1000u
#define STARTS      500u      /* that both together must bring about */
#define RACE_US     40000000u /* at most */
#define WAIT_US     5000000u
#define INSN_STRIDE 8u

#define LEGACY_FIRST 0x95c1ba5eu /* QEMU's own, from before PSCI had numbers */

FIELD(MPIDR_ANY, 4, 60); /* more than the zone has vCPUs */
FIELD(FID_RANGE, 0, 6);
FIELD(LOW32, 0, 32);

/* What calls.S returns. */
struct checked {
    uint64_t changed, answer;
};
extern struct checked calls_checked(uint64_t function, uint64_t insn, const uint64_t args[8]);
extern const char calls_hvc[], calls_smc[], calls_short_life[];

/* Numbers that exist: of the calls that return, and of those that don't. */
static const uint32_t known[] = {
    0x80000000, 0x80000001, 0x84000000, 0x84000003, 0x84000004, 0x84000006,
    0x8400000a, 0xc4000003, 0xc4000004, 0x84000001, 0xc4000001, 0x84000002,
    0x84000008, 0x84000009, 0x84000012, 0xc4000012, 0xc6000000, 0xc6000001,
};

static bool is_known(uint64_t function)
{
    for (uint32_t i = 0; i < ARRAY_COUNT(known); i++) {
        if (known[i] == get(LOW32, function)) {
            return true;
        }
    }
    return false;
}

/* Numbers near those that exist somewhere are more to the point than any number. */
static uint64_t any_function(void)
{
    static const uint32_t near[] = {
        0x80000000, 0x81000000, 0x82000000, 0x83000000, 0x84000000,   0x84000040, 0x85000000,
        0x86000000, 0x87000000, 0xb2000000, 0xbf00ff00, 0xc0000000,   0xc1000000, 0xc4000000,
        0xc6000000, 0xc600ff00, 0x04000000, 0x44000000, LEGACY_FIRST, 0,
    };

    if (attack_below(4) == 0) {
        return attack_random();
    }
    return near[attack_below(ARRAY_COUNT(near))] + put(FID_RANGE, attack_random()) +
           put(MPIDR_ANY, attack_below(2) == 0 ? attack_random() << 32 >> 4 : 0);
}

static uint64_t insn(bool smc, uint64_t number)
{
    return (uint64_t)(smc ? calls_smc : calls_hvc) + number * INSN_STRIDE;
}

static void fill(uint64_t args[8])
{
    for (uint32_t i = 0; i < 8; i++) {
        args[i] = attack_random();
    }
}

/* With an immediate, nothing exists. */
static void test_unknown(void)
{
    uint64_t answered = 0, changed = 0, made = 0;

    while (made < CALLS) {
        uint64_t function = any_function();
        uint64_t immediate = attack_below(2) == 0 ? 0 : attack_below(IMMEDIATES);
        uint64_t args[8];
        struct checked c;

        if (immediate == 0 && is_known(function)) {
            continue;
        }
        fill(args);
        c = calls_checked(function, insn(attack_below(2) != 0, immediate), args);
        answered += c.answer != (uint64_t)PSCI_NOT_SUPPORTED;
        changed += c.changed;
        made++;
    }
    attack_count(made);
    check_equal("unknown calls that did something", answered, 0);
    check_equal("registers changed by them", changed, 0);
}

/* Exactly these answers and no other; the number of the vCPU must not be what decides. */
static uint64_t refusal(uint32_t kind)
{
    uint64_t args[8];
    uint64_t function = PSCI_CPU_ON_64;
    int64_t answer = PSCI_INVALID_PARAMS;

    fill(args);
    switch (kind) {
    case 0: args[0] = with(MPIDR_ANY, args[0], 1 + attack_below(UINT32_MAX)); break;
    case 1:
        function = PSCI_AFFINITY_INFO_64;
        args[0] = with(MPIDR_ANY, args[0], 1 + attack_below(UINT32_MAX));
        break;
    case 2: /* a level that does not exist any more */
        function = PSCI_AFFINITY_INFO_64;
        args[0] = attack_below(vg_vcpu_count());
        args[1] = 1 + attack_below(UINT32_MAX);
        break;
    case 3: /* an entry point in no memory of the zone's */
        args[0] = attack_below(vg_vcpu_count());
        args[1] = attack_below(2) == 0 ? attack_random() : attack_below(UINT64_C(1) << 40);
        args[1] -= args[1] % 4;
        if (args[1] - vg_boot()->ram_gpa < vg_boot()->ram_size) {
            args[1] = vg_boot()->ram_gpa + vg_boot()->ram_size;
        }
        answer = PSCI_INVALID_ADDRESS;
        break;
    case 4: /* odd */
        args[0] = 1;
        args[1] = vg_boot()->ram_gpa + attack_below(0x1000) * 4 + 1 + attack_below(3);
        answer = PSCI_INVALID_ADDRESS;
        break;
    default: /* a vendor's reset, and architectural ones to come */
        function = PSCI_SYSTEM_RESET2_64;
        args[0] = 1 + attack_below(UINT32_MAX - 1);
        break;
    }
    return calls_checked(function, insn(attack_below(2) != 0, 0), args).answer == (uint64_t)answer;
}

static void test_refusals(void)
{
    uint64_t refused = 0;

    for (uint32_t i = 0; i < REFUSALS; i++) {
        refused += refusal(i % 6);
    }
    attack_count(REFUSALS);
    check_equal("wild targets and entries refused", refused, REFUSALS);
    for (uint32_t i = 1; i < vg_vcpu_count(); i++) {
        check("no vCPU was started by it", !vg_vcpu_is_on(i));
    }
}

/* ---- Fault records ---- */

static uint8_t record_room[2 * sizeof(struct fault_record)] __attribute__((aligned(16)));

static int64_t report(uint64_t at, uint64_t size, uint64_t how)
{
    uint64_t args[8];
    struct checked c;

    fill(args);
    args[0] = at;
    args[1] = size;
    args[2] = how;
    c = calls_checked(HYPCALL_FAULT, insn(attack_below(2) != 0, 0), args);
    return c.changed != 0 ? INT64_MAX : (int64_t)c.answer;
}

/* Sound but for its numbers, and for one of those that are looked at when `spoil` says which. */
static void write_record(uint32_t spoil)
{
    struct fault_record *r = (struct fault_record *)record_room;
    uint64_t wild = attack_random();

    for (uint32_t i = 0; i < sizeof(*r) / sizeof(uint64_t); i++) {
        ((uint64_t *)record_room)[i] = attack_random();
    }
    r->magic = spoil == 1 ? (uint32_t)wild | 1 : FAULT_MAGIC;
    r->version = FAULT_VERSION;
    r->size = spoil == 2 ? (uint16_t)(wild | 1) : sizeof(*r);
    r->arch = FAULT_ARCH_AARCH64;
    r->level = (uint16_t)(wild % 2);
    r->class = spoil == 3 ? FAULT_CLASS_COUNT + (uint16_t)(wild % UINT8_MAX)
                          : (uint16_t)(1 + wild % (FAULT_CLASS_COUNT - 1));
    r->reason = spoil == 4 ? 0 : (uint16_t)(1 + wild % (FAULT_REASON_COUNT - 1));
    r->access = spoil == 5 ? FAULT_ACCESS_EXEC + 1 + (uint32_t)(wild % UINT8_MAX) : 0;
    r->vector = 0;
}

static uint64_t wild_place(void)
{
    uint64_t end = vg_boot()->ram_gpa + vg_boot()->ram_size;

    switch (attack_below(5)) {
    case 0: return attack_random() | BIT64(40);
    case 1: return end - 8 * attack_below(sizeof(struct fault_record) / 8);
    case 2: return (uint64_t)record_room + 1 + attack_below(7);
    case 3: return vg_boot()->gicd_gpa + 8 * attack_below(0x1000);
    default: return (uint64_t)0 - 8 * attack_below(0x1000);
    }
}

static void test_faults(void)
{
    const uint64_t size = sizeof(struct fault_record);
    uint64_t refused = 0, taken = 0;

    for (uint32_t i = 0; i < REPORTS; i++) {
        uint32_t spoil = (uint32_t)attack_below(6);

        write_record(spoil);
        if (spoil == 0) {
            taken += report((uint64_t)record_room, size, HYPCALL_FAULT_GO_ON) == 0;
        } else {
            taken++;
            refused += report((uint64_t)record_room, size, attack_below(2)) == HYPCALL_INVALID;
        }
        refused += spoil == 0;
        refused += report(wild_place(), size, attack_below(2)) == HYPCALL_INVALID;
        refused += report((uint64_t)record_room, attack_random() | BIT64(40), HYPCALL_FAULT_STOP) ==
                   HYPCALL_INVALID;
        refused += report((uint64_t)record_room, size,
                          HYPCALL_FAULT_COUNT + attack_below(UINT32_MAX)) == HYPCALL_INVALID;
    }
    attack_count(4 * REPORTS);
    check_equal("bad reports refused", refused, 4 * REPORTS);
    check_equal("good reports taken", taken, REPORTS);
}

/* ---- Two vCPUs that start the third, which turns itself off at once ---- */

static struct {
    uint64_t lives __attribute__((aligned(4096))); /* written with caches off */
    uint64_t promised __attribute__((aligned(4096)));
    uint32_t strange, ready, done;
} race;

static void start_and_count(void)
{
    uint64_t until = vg_now() + RACE_US * vg_tick_rate() / 1000000u;
    uint64_t made = 0;

    for (; __atomic_load_n(&race.promised, __ATOMIC_RELAXED) < STARTS && vg_now() < until; made++) {
        struct vg_call c = { .x = { PSCI_CPU_ON_64, 2, (uint64_t)calls_short_life,
                                    (uint64_t)&race.lives } };
        struct vg_call info = { .x = { PSCI_AFFINITY_INFO_64, 2, 0 } };

        vg_call(&c);
        if (c.x[0] == PSCI_SUCCESS) {
            __atomic_fetch_add(&race.promised, 1, __ATOMIC_RELAXED);
        } else if (c.x[0] != (uint64_t)PSCI_ALREADY_ON && c.x[0] != (uint64_t)INT64_C(-5)) {
            __atomic_fetch_add(&race.strange, 1, __ATOMIC_RELAXED);
        }
        vg_call(&info);
        if (info.x[0] > 2) {
            __atomic_fetch_add(&race.strange, 1, __ATOMIC_RELAXED);
        }
    }
    attack_count(2 * made);
}

static void second_starter(void *arg)
{
    (void)arg;
    __atomic_store_n(&race.ready, 1, __ATOMIC_RELEASE);
    start_and_count();
    __atomic_store_n(&race.done, 1, __ATOMIC_RELEASE);
}

static bool comes(const uint32_t *word)
{
    for (uint32_t us = 0; us < WAIT_US; us += 10) {
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != 0) {
            return true;
        }
        vg_delay_us(10);
    }
    return false;
}

static void test_races(void)
{
    bool off = false;

    __asm__ volatile("dc civac, %0; dsb sy" : : "r"(&race.lives) : "memory");
    check("a vCPU to race with", vg_vcpu_start(1, second_starter, NULL) == 0);
    check("it runs", comes(&race.ready));
    start_and_count();
    check("it has done its part", comes(&race.done));
    for (uint32_t us = 0; us < WAIT_US && !off; us += 10) {
        off = !vg_vcpu_is_on(2);
        vg_delay_us(10);
    }
    check("the one started is off in the end", off);
    __asm__ volatile("dc ivac, %0; dsb sy" : : "r"(&race.lives) : "memory");
    check_equal("lives lived are those promised", *(volatile uint64_t *)&race.lives, race.promised);
    check_equal("answers that don't exist", race.strange, 0);
    check("many starts succeeded", race.promised >= STARTS);
}

void guest_main(void)
{
    attack_begin("call");
    test_unknown();
    test_refusals();
    test_faults();
    test_races();
    attack_end();
}
