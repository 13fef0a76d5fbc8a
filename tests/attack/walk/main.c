/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: stage 1 tables that change under EL2 while it looks for the instruction of an access
 * without syndrome: other code, no code, tables in devices whose reads abort, attributes at random;
 * first with a stale TLB, which makes the race certain, then by other vCPUs at any moment. Each
 * access must come out as one of the instructions that were there, or as a fault; never as a
 * mixture, and never as EL2's own fault.
 */
#include "tests/attack/attack.h"

#define SCRATCH     UINT64_C(0xc00000) /* in RAM, above the image */
#define PAGE_SIZE   UINT64_C(0x1000)
#define ENTRIES     512u
#define ROUNDS      4000u
#define RACES       40000u
#define MARKER      UINT64_C(0x5eed0000) /* the first of them */
#define LOAD_STEP   4u
#define STORE_STEP  8u
#define CODE_INDEX  (SCRATCH / UINT64_C(0x200000)) /* of level 2, and 0 of level 3 */
#define UART_FR     0x018u
#define UART_UNUSED 0x800u
#define FW_CFG      UINT64_C(0x09020000) /* passed through in one stanza; most of its page aborts */
#define FLASH       UINT64_C(0)          /* passed through in the same stanza */
#define NOWHERE     UINT64_C(0x3f00000000)

FIELD(RANDOM_ATTRIBUTES, 2, 10); /* of a descriptor, below the address */
FIELD(RANDOM_UPPER, 50, 14);
FIELD(PTE_ACCESSED, 10, 1);
FIELD(PTE_READ_ONLY, 6, 2);

enum { TABLE = 3 };
enum { CODE_LOAD, CODE_STORE, CODE_PAIR, CODE_COUNT };

struct regs {
    uint64_t x0, x1;
};
extern struct regs walk_call(uint64_t base, uint64_t value, uint64_t code);
extern const uint32_t walk_load[], walk_store[], walk_pair[];
extern uint64_t mmu_level1[];

/* The window's own tables: code at CODE_INDEX, page 0; data at page 1. */
static uint64_t level2[ENTRIES] __attribute__((aligned(4096)));
static uint64_t level3[ENTRIES] __attribute__((aligned(4096)));

static uint64_t code_va, data_va;
static uint32_t stop;

static uint64_t page_of(uint32_t code)
{
    return vg_boot()->ram_gpa + SCRATCH + code * PAGE_SIZE;
}

static void copy_code(void)
{
    static const uint32_t *const sources[CODE_COUNT] = { walk_load, walk_store, walk_pair };

    for (uint32_t i = 0; i < CODE_COUNT; i++) {
        volatile uint32_t *to = (volatile uint32_t *)page_of(i);

        to[0] = sources[i][0];
        to[1] = sources[i][1];
        __asm__ volatile("dc cvau, %0; dsb ish" : : "r"(to) : "memory");
    }
    __asm__ volatile("ic ialluis; dsb ish; isb" : : : "memory");
}

static void put_entry(uint64_t *entry, uint64_t descriptor)
{
    __atomic_store_n(entry, descriptor, __ATOMIC_RELEASE);
    __asm__ volatile("dsb ish" : : : "memory");
}

static void flush(void)
{
    __asm__ volatile("dsb ish; tlbi vmalle1is; dsb ish; isb" : : : "memory");
}

/* Everything in order: the code's page, and the UART as data. */
static void tables_good(uint32_t code)
{
    put_entry(&level3[0], window_page(page_of(code), WINDOW_NORMAL));
    put_entry(&level3[1], window_page(vg_boot()->uart_gpa, WINDOW_NGNRE));
    put_entry(&level2[CODE_INDEX], (uint64_t)level3 | TABLE);
    put_entry(&mmu_level1[WINDOW_SLOT], (uint64_t)level2 | TABLE);
    flush();
    code_va = WINDOW_VA + SCRATCH;
    data_va = code_va + PAGE_SIZE;
}

/* The attempt's result; what attack_try() returns is x0 alone. */
static struct regs last;

/* What x1 held before: never twice the same, since a load may find what a store has left. */
static uint64_t marker = MARKER;

static uint64_t next_marker(void)
{
    return ++marker;
}

static uint64_t call_noting(uint64_t base, uint64_t value)
{
    last = walk_call(base, value, code_va);
    return last.x0;
}

/* What is left of an access of `code` that was done, or was refused. */
static bool is_done(const struct regs *r, uint64_t base, uint32_t code)
{
    switch (code) {
    case CODE_LOAD: return r->x0 == base + LOAD_STEP && r->x1 != marker;
    case CODE_STORE: return r->x0 == base + STORE_STEP && r->x1 == marker;
    case CODE_PAIR:
    default: return r->x0 == base && r->x1 != marker;
    }
}

/*
 * An access that the CPU made is emulated as that, or as another one of the same direction and
 * address which EL2 has found in its place: that is the attacker's own affair.
 */
static bool is_like(const struct regs *r, uint64_t base, uint32_t code)
{
    return code == CODE_STORE ? is_done(r, base, CODE_STORE)
                              : is_done(r, base, CODE_LOAD) || is_done(r, base, CODE_PAIR);
}

static bool is_refused(const struct regs *r, uint64_t base)
{
    return r->x0 == base && r->x1 == marker;
}

/* With the tables as they should be it works, else the rest shows nothing. */
static void test_works(void)
{
    uint64_t done = 0;

    for (uint32_t code = 0; code < CODE_PAIR; code++) {
        uint64_t base = data_va;

        tables_good(code);
        base = data_va + (code == CODE_STORE ? UART_UNUSED : UART_FR);
        done += !attack_try(call_noting, base, next_marker()).faulted && is_done(&last, base, code);
    }
    check_equal("accesses are emulated", done, CODE_PAIR);
}

/* A descriptor that does not give EL2 the instruction which the CPU has from its TLB. */
static uint64_t evil(uint32_t code, uint32_t kind)
{
    uint64_t good = window_page(page_of(code), WINDOW_NORMAL);

    switch (kind) {
    case 0: return 0;
    case 1: return FW_CFG | TABLE;
    case 2: return window_page(NOWHERE, WINDOW_NORMAL);
    case 3: return window_page(vg_boot()->gicd_gpa, WINDOW_NORMAL);
    case 4: return window_page(page_of(code == CODE_LOAD ? CODE_STORE : CODE_LOAD), WINDOW_NORMAL);
    case 5: return with(PTE_ACCESSED, good, 0);
    case 6: return window_page(FW_CFG, WINDOW_NGNRE);
    default:
        return put(RANDOM_UPPER, attack_random()) | put(RANDOM_ATTRIBUTES, attack_random()) |
               page_of(CODE_PAIR) | attack_below(4);
    }
}

/*
 * The code runs out of the TLB, the tables say something else by then, at any level. `came` counts
 * accesses that EL2 was asked about: a TLB may forget, then the fetch itself faults.
 */
static void test_stale(void)
{
    uint64_t *const entries[] = { &mmu_level1[WINDOW_SLOT], &level2[CODE_INDEX], &level3[0] };
    uint64_t base, held = 0, came = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t code = (uint32_t)attack_below(CODE_COUNT);
        struct attempt a;

        tables_good(code);
        (void)walk_call(vg_boot()->ram_gpa + SCRATCH / 2, 0, code_va); /* into the TLB */
        put_entry(entries[attack_below(ARRAY_COUNT(entries))], evil(code, round % 8));
        base = vg_boot()->uart_gpa + (code == CODE_STORE ? UART_UNUSED : UART_FR);
        a = attack_try(call_noting, base, next_marker());
        came += a.faulted && a.class == CLASS_DATA_ABORT && a.address == base;
        if (a.faulted) {
            held += is_refused(&last, base) ||
                    (a.class == CLASS_FETCH_ABORT && is_like(&last, base, code));
        } else {
            held += is_like(&last, base, code);
        }
    }
    tables_good(CODE_LOAD);
    check_equal("code that changed is not run by EL2", held, ROUNDS);
    check("EL2 was asked in most cases", came > ROUNDS / 2);
}

/* A device that is the zone's own is no code. */
static void test_fetch(void)
{
    struct attempt a;

    tables_good(CODE_LOAD);
    put_entry(&level3[1], window_page(FLASH, WINDOW_NORMAL));
    flush();
    check("the device is there", !attack_try(insn_ldrw, data_va, 0).faulted);
    a = attack_try(insn_exec, data_va, 0);
    check("no fetch from the device", a.faulted && a.class == CLASS_FETCH_ABORT);
}

/* ---- Other vCPUs at the tables, at any moment ---- */

static void change_code(void *arg)
{
    uint64_t changes = 0;

    (void)arg;
    while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
        uint32_t kind = (uint32_t)attack_below(6);

        put_entry(&level3[0], kind >= 4 ? evil(CODE_LOAD, (kind - 4) * 2)
                                        : window_page(page_of(kind % 2), WINDOW_NORMAL));
        if (attack_below(2) == 0) {
            flush();
        }
        changes++;
    }
    attack_count(changes);
}

static void change_data(void *arg)
{
    uint64_t changes = 0;

    (void)arg;
    while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
        const uint64_t pages[] = { vg_boot()->uart_gpa, vg_boot()->uart_gpa,
                                   vg_boot()->ram_gpa + SCRATCH / 2, NOWHERE };

        put_entry(&level3[1], window_page(pages[attack_below(4)],
                                          (enum window_kind)attack_below(WINDOW_KINDS)));
        if (attack_below(4) == 0) {
            flush();
        }
        changes++;
    }
    attack_count(changes);
}

static void test_races(void)
{
    uint64_t held = 0, done = 0;

    tables_good(CODE_LOAD);
    check("a vCPU for the code", vg_vcpu_start(1, change_code, NULL) == 0);
    check("a vCPU for the data", vg_vcpu_start(2, change_data, NULL) == 0);
    for (uint32_t i = 0; i < RACES; i++) {
        uint64_t base = data_va + UART_UNUSED;

        (void)attack_try(call_noting, base, next_marker());
        done += !is_refused(&last, base);
        held += is_refused(&last, base) || is_done(&last, base, CODE_LOAD) ||
                is_done(&last, base, CODE_STORE);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        while (vg_vcpu_is_on(v)) {
            vg_delay_us(100);
        }
    }
    check_equal("no access is a mixture of two", held, RACES);
    check("some were done", done > RACES / 100);
    check("some were refused", done < RACES);
}

void guest_main(void)
{
    attack_begin("walk");
    copy_code();
    tables_good(CODE_LOAD);
    test_works();
    test_fetch();
    test_stale();
    test_races();
    window_set(0);
    attack_end();
}
