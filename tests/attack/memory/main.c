/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: touches what the zone was not given, in every way an instruction can: each unmapped 2 MiB
 * of the 40-bit space, all of the machine's own addresses, beyond 40 bits, edges, and execution.
 */
#include "tests/attack/attack.h"

#define GIBS         1024u /* of a 40-bit space */
#define SLOTS        512u  /* of 2 MiB in 1 GiB */
#define SLOT_SIZE    UINT64_C(0x200000)
#define SLOT_OFFSETS (SLOT_SIZE / 8)

#define MACHINE_END  UINT64_C(0x80000000) /* QEMU virt with 1 GiB: devices, then RAM */
#define MACHINE_STEP UINT64_C(0x10000)
#define FETCH_EVERY  16u

#define FORM_ROUNDS   300u
#define DEVICE_ROUNDS 150u
#define FETCHES       400u
#define EDGE_BYTES    72u /* more than any access has */
#define BEYOND_ROUNDS 200u
#define WALKS         400u

#define PAGE_SIZE   0x1000u
#define NOP         0xd503201fu
#define GICR_FRAMES 0x20000u

FIELD(CPACR_FPEN, 20, 2);
FIELD(TCR_IPS, 32, 3);
FIELD(BEYOND, 40, 8);
FIELD(LOW40_ALIGNED, 3, 37);
FIELD(PAGE_NUMBER, 12, 28);

enum { DESCRIPTOR_TABLE = 3, IPS_48_BITS = 5 };

extern uint64_t mmu_level1[];

/* What an instruction must do on an address without anything. */
enum must {
    ABORTS,     /* data abort of the hypervisor's */
    ABORTS_LSE, /* or undefined, where there are no such atomics */
    ENDS,       /* maintenance: nothing, or an abort */
};

static const struct form {
    insn_fn *fn;
    enum must must;
} forms[] = {
    { insn_ldrb, ABORTS },      { insn_strb, ABORTS },     { insn_ldrh, ABORTS },
    { insn_strh, ABORTS },      { insn_ldrw, ABORTS },     { insn_strw, ABORTS },
    { insn_ldr, ABORTS },       { insn_str, ABORTS },      { insn_ldrsw, ABORTS },
    { insn_ldp, ABORTS },       { insn_stp, ABORTS },      { insn_ldxr, ABORTS },
    { insn_ldxp, ABORTS },      { insn_stxr, ENDS },       { insn_ldar, ABORTS },
    { insn_stlr, ABORTS },      { insn_swp, ABORTS_LSE },  { insn_cas, ABORTS_LSE },
    { insn_ldadd, ABORTS_LSE }, { insn_ldr_q, ABORTS },    { insn_str_q, ABORTS },
    { insn_ldp_q, ABORTS },     { insn_ld1, ABORTS },      { insn_st1, ABORTS },
    { insn_ldr_post, ABORTS },  { insn_str_post, ABORTS }, { insn_ldr_pre, ENDS },
    { insn_ldtr, ENDS },        { insn_sttr, ENDS },       { insn_dc_zva, ABORTS },
    { insn_dc_ivac, ENDS },     { insn_dc_cvac, ENDS },    { insn_dc_civac, ENDS },
    { insn_dc_cvau, ENDS },     { insn_ic_ivau, ENDS },    { insn_prfm, ENDS },
    { insn_at_s1e1r, ENDS },    { insn_at_s1e1w, ENDS },   { insn_tlbi_va, ENDS },
    { insn_dc_isw, ENDS },      { insn_dc_csw, ENDS },     { insn_dc_cisw, ENDS },
    { insn_ic_iallu, ENDS },    { insn_tlbi_all, ENDS },
};

/* Nobody can carry these out on a device's behalf: they abort wherever EL2 is asked. */
static insn_fn *const never[] = {
    insn_ldxr,  insn_ldxp,  insn_swp, insn_cas, insn_ldadd,  insn_ldr_q,
    insn_str_q, insn_ldp_q, insn_ld1, insn_st1, insn_dc_zva,
};

/* Nor what is not aligned. */
static bool must_not(insn_fn *fn, uint64_t va)
{
    for (uint32_t i = 0; i < ARRAY_COUNT(never); i++) {
        if (never[i] == fn) {
            return true;
        }
    }
    return (fn == insn_ldrw || fn == insn_strw) && va % sizeof(uint32_t) != 0;
}

static bool holds(const struct attempt *a, enum must must, uint64_t va)
{
    switch (must) {
    case ABORTS: return attack_is_abort(a, va);
    case ABORTS_LSE: return attack_is_abort(a, va) || (a->faulted && a->class == CLASS_UNKNOWN);
    case ENDS:
    default: return !a->faulted || a->class == CLASS_DATA_ABORT || a->class == CLASS_UNKNOWN;
    }
}

static enum window_kind any_kind(void)
{
    return (enum window_kind)attack_below(WINDOW_KINDS);
}

/* An aligned address that is not the zone's, below `end`. */
static uint64_t foreign(uint64_t end)
{
    uint64_t at;

    do {
        at = attack_below(end / 8) * 8;
    } while (attack_is_mine(at));
    return at;
}

static void test_unmapped(void)
{
    uint64_t held = 0, tried = 0, mine = 0;

    for (uint64_t gib = 0; gib < GIBS; gib++) {
        uint64_t base = put(WINDOW_GIB, gib);
        uint64_t window = window_to(base, any_kind());

        for (uint64_t slot = 0; slot < SLOTS; slot++) {
            uint64_t offset = slot * SLOT_SIZE + attack_below(SLOT_OFFSETS) * 8;
            struct attempt a;

            if (attack_is_mine(base + offset)) {
                mine++;
                continue;
            }
            a = attack_try(insn_ldr, window + offset, 0);
            held += attack_is_abort(&a, window + offset);
            a = attack_try(insn_str, window + offset, attack_random());
            held += attack_is_abort(&a, window + offset);
            tried += 2;
        }
    }
    check_equal("every unmapped 2 MiB faults", held, tried);
    check("almost all of 40 bits was tried", mine < 16 && tried == 2 * (GIBS * SLOTS - mine));
}

/* The machine's devices, the hypervisor's and all other zones' memory, by their real addresses. */
static void test_physical(void)
{
    uint64_t held = 0, tried = 0, step = 0;

    for (uint64_t base = 0; base < MACHINE_END; base += MACHINE_STEP, step++) {
        uint64_t at = base + attack_below(MACHINE_STEP / 8) * 8;
        uint64_t va;
        struct attempt a;

        if (attack_is_mine(at)) {
            continue;
        }
        va = window_to(at, any_kind());
        a = attack_try(insn_ldr, va, 0);
        held += attack_is_abort(&a, va);
        a = attack_try(insn_str, va, attack_random());
        held += attack_is_abort(&a, va);
        tried += 2;
        if (step % FETCH_EVERY == 0) {
            a = attack_try(insn_exec, va, 0);
            held += a.faulted && a.class == CLASS_FETCH_ABORT && a.address == va;
            tried++;
        }
    }
    check_equal("every physical address faults", held, tried);
    check("all of the machine was tried", tried > 2 * MACHINE_END / MACHINE_STEP - 1000);
}

static void test_forms(void)
{
    uint64_t held = 0, tried = 0;

    for (uint32_t round = 0; round < FORM_ROUNDS; round++) {
        /* Half of them where other zones are. */
        uint64_t at = foreign(round % 2 == 0 ? MACHINE_END : GIBS * UINT64_C(0x40000000));
        uint64_t va;

        at -= at % 64; /* all forms inside one line: no crossing into what is the zone's */
        if (attack_is_mine(at)) {
            continue;
        }
        va = window_to(at, any_kind());
        for (uint32_t i = 0; i < ARRAY_COUNT(forms); i++) {
            struct attempt a = attack_try(forms[i].fn, va, attack_random());

            held += holds(&a, forms[i].must, va);
            tried++;
        }
    }
    check_equal("every form of access faults or ends", held, tried);
}

/* What is emulated: any form at any alignment ends, and nothing but aborts comes of it. */
static void test_devices(void)
{
    const struct boot_info *boot = vg_boot();
    uint64_t base[] = { boot->uart_gpa, boot->gicd_gpa, boot->gicr_gpa };
    uint64_t size[] = { PAGE_SIZE, 0x10000, (uint64_t)boot->vcpu_count * GICR_FRAMES };
    uint64_t held = 0, tried = 0;
    bool unmasked = vg_irq_mask();

    for (uint32_t round = 0; round < DEVICE_ROUNDS; round++) {
        uint32_t d = round % ARRAY_COUNT(base);
        uint64_t at = base[d] + attack_below(size[d]);
        uint64_t va = window_to(at, any_kind());

        /* Output at random would look like a broken line of ours. */
        for (uint32_t i = 0; i < ARRAY_COUNT(forms) && (d != 0 || at - base[d] >= 0x50); i++) {
            struct attempt a = attack_try(forms[i].fn, va, attack_random());

            held += must_not(forms[i].fn, va) ? a.faulted : holds(&a, ENDS, va);
            tried++;
        }
    }
    vg_irq_restore(unmasked);
    check_equal("every form on emulated devices ends", held, tried);
    check("emulated devices were tried", tried > 3000);
}

/* Accesses that begin inside and end outside of what the zone has. */
static void test_edges(void)
{
    const struct boot_info *boot = vg_boot();
    uint64_t end = boot->ram_gpa + boot->ram_size;
    uint64_t va = window_to(end - PAGE_SIZE, WINDOW_NORMAL) + PAGE_SIZE;
    uint64_t low = window_to(boot->ram_gpa, WINDOW_NORMAL);
    volatile uint32_t *last = (volatile uint32_t *)(va - sizeof(uint32_t));
    uint32_t saved = *last;
    struct attempt a;

    check("the last word is there", !attack_try(insn_ldrw, va - 4, 0).faulted);
    check("a load beyond the end", attack_try(insn_ldr, va - 4, 0).faulted);
    check("a store beyond the end", attack_try(insn_str, va - 1, 0).faulted);
    check("a pair beyond the end", attack_try(insn_ldp, va - 8, 0).faulted);
    check("a vector beyond the end", attack_try(insn_st1, va - 16, 0).faulted);
    check("the first word behind the end", attack_try(insn_ldrw, va, 0).faulted);
    *last = NOP;
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" : : "r"(last) : "memory");
    a = attack_try(insn_exec, va - 4, 0);
    check("running off the end", a.faulted && a.class == CLASS_FETCH_ABORT && a.address == va);
    *last = saved;
    (void)low;
    va = window_to(boot->ram_gpa - SLOT_SIZE, WINDOW_NORMAL) + SLOT_SIZE;
    check("the word before the start", attack_try(insn_ldrw, va - 4, 0).faulted);
    va = window_to(boot->uart_gpa, WINDOW_NORMAL);
    check("a pair beyond the UART", attack_try(insn_ldp, va + PAGE_SIZE - 8, 0).faulted);
    check("a word behind the UART", attack_try(insn_ldrw, va + PAGE_SIZE, 0).faulted);
    va = window_to(boot->gicr_gpa, WINDOW_NORMAL) + (uint64_t)boot->vcpu_count * GICR_FRAMES;
    check("a redistributor too many", attack_try(insn_ldrw, va, 0).faulted);
    check("its last register", attack_try(insn_ldrw, va + GICR_FRAMES - 4, 0).faulted);
}

/* Every form across the last byte of RAM, of a device, and of what follows: all or nothing. */
static void test_edge_forms(void)
{
    const struct boot_info *boot = vg_boot();
    uint64_t ends[] = { boot->ram_gpa + boot->ram_size, boot->uart_gpa + PAGE_SIZE,
                        boot->gicr_gpa + (uint64_t)boot->vcpu_count * GICR_FRAMES };
    uint64_t held = 0, tried = 0;

    for (uint32_t round = 0; round < EDGE_BYTES * ARRAY_COUNT(ends); round++) {
        uint64_t end = ends[round / EDGE_BYTES], before = round % EDGE_BYTES;
        uint64_t page = end - PAGE_SIZE;
        uint64_t va = window_to(page - page % SLOT_SIZE, WINDOW_NORMAL) + page % SLOT_SIZE;

        va += PAGE_SIZE - before;
        for (uint32_t i = 0; i < ARRAY_COUNT(forms); i++) {
            struct attempt a = attack_try(forms[i].fn, va, UINT64_MAX);

            held += before == 0
                        ? holds(&a, forms[i].must, va)
                        : !a.faulted || a.class == CLASS_DATA_ABORT || a.class == CLASS_UNKNOWN;
            tried++;
        }
    }
    window_set(0);
    check_equal("every form at the edges ends", held, tried);
}

static void test_fetch(void)
{
    const struct boot_info *boot = vg_boot();
    uint64_t device[] = { boot->uart_gpa, boot->gicd_gpa, boot->gicr_gpa };
    uint64_t held = 0;

    for (uint32_t i = 0; i < FETCHES; i++) {
        uint64_t at = i % 2 == 0 ? device[i / 2 % 3] + attack_below(0x400) * 4
                                 : foreign(GIBS * UINT64_C(0x40000000));
        uint64_t va = window_to(at, any_kind());
        struct attempt a = attack_try(insn_exec, va, 0);

        held += a.faulted && a.class == CLASS_FETCH_ABORT && a.address == va;
    }
    check_equal("every fetch from devices and nowhere faults", held, FETCHES);
}

/* Tables of the attacker's in memory that is not its own: read by the machine, not by it. */
static void test_walks(void)
{
    uint64_t held = 0;

    for (uint32_t i = 0; i < WALKS; i++) {
        uint64_t at = foreign(MACHINE_END);
        uint64_t va = WINDOW_VA + attack_below(SLOTS) * SLOT_SIZE;
        struct attempt a;

        window_set(put(PAGE_NUMBER, get(PAGE_NUMBER, at)) | DESCRIPTOR_TABLE);
        a = attack_try(i % 2 == 0 ? insn_ldr : insn_str, va, 0);
        held += attack_is_mine(at - at % PAGE_SIZE) ||
                (a.faulted && a.class == CLASS_DATA_ABORT && a.status >= STATUS_WALK_FIRST &&
                 a.status <= STATUS_WALK_LAST && a.address == va);
    }
    window_set(0);
    check_equal("every table elsewhere faults", held, WALKS);
}

/* More address bits than the zone was told of. */
static void test_beyond(void)
{
    uint64_t held = 0, saved, tcr;

    __asm__ volatile("mrs %0, tcr_el1" : "=r"(saved));
    tcr = with(TCR_IPS, saved, IPS_48_BITS);
    __asm__ volatile("msr tcr_el1, %0; isb" : : "r"(tcr) : "memory");
    for (uint32_t i = 0; i < BEYOND_ROUNDS; i++) {
        uint64_t at = put(BEYOND, 1 + attack_below(255)) | put(LOW40_ALIGNED, attack_random());
        struct attempt a = attack_try(insn_ldr, window_to(at, any_kind()), 0);

        held += a.faulted && a.class == CLASS_DATA_ABORT;
    }
    __asm__ volatile("msr tcr_el1, %0; isb" : : "r"(saved) : "memory");
    window_set(0);
    check_equal("every address beyond 40 bits faults", held, BEYOND_ROUNDS);
}

void guest_main(void)
{
    attack_begin("memory");
    __asm__ volatile("msr cpacr_el1, %0; isb" : : "r"(put(CPACR_FPEN, 3)));
    test_edges();
    test_edge_forms();
    test_fetch();
    test_walks();
    test_beyond();
    test_forms();
    test_devices();
    test_physical();
    test_unmapped();
    attack_end();
}
