/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: a zone with two channels does to their registers, configuration space and memory whatever
 * an instruction can do, on all its vCPUs, and rings where it may not. In the zone `witness` the
 * same program is the peer: it says afterwards whether anything came to it that should not.
 */
#include "tests/attack/attack.h"

#include "vitrine-channel.h"

#define SLOTS     32u
#define ECAM_SIZE UINT64_C(0x100000)
#define FUNCTION  0x1000u
#define FUNCTIONS 256u
#define BAR       0x10u
#define BARS      6u
#define PAGE_SIZE UINT64_C(0x1000)
#define GIB_PAGES 0x40000u
#define WIDTHS    4u
#define FOREIGNS  64u /* offsets tried of a slot that is not ours */
#define RINGS     20000u
#define RACES     20000u
#define FETCHES   200u
#define PATTERN   UINT64_C(0x7711ee5500aa0000)
#define SETTLE_US 20000u
#define CHANNELS  2u
#define WITNESSED 3u
#define ALL       UINT32_MAX

static insn_fn *const loads[WIDTHS] = { insn_ldrb, insn_ldrh, insn_ldrw, insn_ldr };
static insn_fn *const stores[WIDTHS] = { insn_strb, insn_strh, insn_strw, insn_str };

static const struct boot_channel *own[CHANNELS];
static uint64_t window, ecam; /* of the zone's bus: registers of all slots, configuration space */
static uint32_t stop;

static bool is_own_slot(uint64_t slot)
{
    for (uint32_t i = 0; i < CHANNELS; i++) {
        if (own[i]->regs_gpa == window + slot * CHANNEL_REGS_SIZE) {
            return true;
        }
    }
    return false;
}

static bool is_own_page(uint64_t at)
{
    for (uint32_t i = 0; i < CHANNELS; i++) {
        if (at - own[i]->mem_gpa < own[i]->mem_size) {
            return true;
        }
    }
    return attack_is_mine(at) || at - ecam < ECAM_SIZE ||
           (at - window < ECAM_SIZE && is_own_slot((at - window) / CHANNEL_REGS_SIZE));
}

/* Aligned words of our own functions are answered, and nothing else is. */
static bool register_holds(uint64_t offset, uint32_t width, bool write)
{
    uint64_t va = WINDOW_VA + get(WINDOW_OFFSET, window) + offset;
    struct attempt a = attack_try((write ? stores : loads)[width], va, attack_random());
    bool answered = is_own_slot(offset / CHANNEL_REGS_SIZE) && width == 2 && offset % 4 == 0;

    return answered ? !a.faulted : attack_is_abort(&a, va);
}

static void test_registers(void)
{
    uint64_t held = 0, tried = 0;

    (void)window_to(window, WINDOW_NORMAL);
    for (uint64_t slot = 0; slot < SLOTS; slot++) {
        uint32_t count = is_own_slot(slot) ? CHANNEL_REGS_SIZE : FOREIGNS;

        for (uint32_t i = 0; i < count * WIDTHS * 2; i++) {
            uint64_t at = is_own_slot(slot) ? i / (WIDTHS * 2) : attack_below(CHANNEL_REGS_SIZE);
            uint64_t end = (slot + 1) * CHANNEL_REGS_SIZE;

            at += slot * CHANNEL_REGS_SIZE;
            if (at + 8 <= end) { /* else it may end in a slot that is ours */
                held += register_holds(at, i / 2 % WIDTHS, i % 2 != 0);
                tried++;
            }
        }
    }
    check_equal("registers: words of our own, nothing else", held, tried);
}

static uint32_t bar_of(const struct boot_channel *channel, uint32_t n)
{
    uint64_t slot = (channel->regs_gpa - window) / CHANNEL_REGS_SIZE;

    return vg_mmio_rd32(ecam + slot * 8 * FUNCTION + BAR + n * UINT64_C(4));
}

/* Writes everywhere; the same functions are there afterwards, at the same place. */
static void test_config(void)
{
    uint32_t before[CHANNELS][BARS], present = 0, moved = 0;
    uint64_t unaligned = 0, tried = 0;

    for (uint32_t i = 0; i < CHANNELS * BARS; i++) {
        before[i / BARS][i % BARS] = bar_of(own[i / BARS], i % BARS);
    }
    for (uint64_t f = 0; f < FUNCTIONS; f++) {
        uint64_t va = window_to(ecam, WINDOW_NORMAL) + f * FUNCTION;

        present += (uint32_t)attack_try(insn_ldrw, va, 0).value != ALL;
        for (uint32_t at = 0; at < 0x100; at++) {
            struct attempt a = attack_try(stores[attack_below(3)], va + at, attack_random());

            unaligned += a.faulted && !attack_is_abort(&a, va + at);
            a = attack_try(insn_ldr, va + at, 0);
            unaligned += !attack_is_abort(&a, va + at); /* never by 64 bits */
            tried++;
        }
    }
    window_set(0);
    for (uint32_t i = 0; i < CHANNELS * BARS; i++) {
        uint64_t slot = (own[i / BARS]->regs_gpa - window) / CHANNEL_REGS_SIZE;

        vg_mmio_wr32(ecam + slot * 8 * FUNCTION + BAR + i % BARS * UINT64_C(4), 0);
        moved += bar_of(own[i / BARS], i % BARS) != before[i / BARS][i % BARS];
    }
    check_equal("functions of ours", present, CHANNELS);
    check_equal("addresses that moved", moved, 0);
    check_equal("strange endings", unaligned, 0);
    check("all of it was tried", tried == FUNCTIONS * 0x100);
    check_equal("registers are where they were", vg_mmio_rd32(own[0]->regs_gpa + CHANNEL_ABI),
                CHANNEL_VERSION);
}

/* Every page of the GiB that holds shared memory: ours to the last byte, and no other. */
static void test_around(void)
{
    uint64_t gib = put(WINDOW_GIB, get(WINDOW_GIB, own[0]->mem_gpa));
    uint64_t va = window_to(gib, WINDOW_NORMAL), held = 0, mine = 0;

    for (uint64_t page = 0; page < GIB_PAGES; page++) {
        uint64_t at = page * PAGE_SIZE + attack_below(PAGE_SIZE / 8) * 8;
        struct attempt a;

        if (is_own_page(gib + at)) {
            mine++;
            continue;
        }
        a = attack_try(page % 2 == 0 ? insn_ldr : insn_str, va + at, 0);
        held += attack_is_abort(&a, va + at);
    }
    window_set(0);
    check_equal("every page beside them faults", held, GIB_PAGES - mine);
    check("pages were tried", mine < GIB_PAGES / 4);
}

static void test_fetch(void)
{
    uint64_t held = 0;

    for (uint32_t i = 0; i < FETCHES; i++) {
        const struct boot_channel *c = own[i % CHANNELS];
        uint64_t at = c->mem_gpa + attack_below(c->mem_size / 4) * 4;
        uint64_t va = window_to(at, WINDOW_NORMAL);
        struct attempt a;

        (void)attack_try(insn_strw, va, UINT32_C(0xd65f03c0)); /* ret */
        a = attack_try(insn_exec, va, 0);
        held += a.faulted && a.class == CLASS_FETCH_ABORT && a.address == va;
    }
    window_set(0);
    check_equal("no code in shared memory", held, FETCHES);
}

static void ring(uint32_t channel, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        vg_mmio_wr32(own[channel]->regs_gpa + CHANNEL_DOORBELL, (uint32_t)attack_random());
    }
    attack_count(count);
}

static void test_bells(void)
{
    ring(0, RINGS);
    ring(1, RINGS);
    check_equal("a doorbell reads 0", vg_mmio_rd32(own[1]->regs_gpa + CHANNEL_DOORBELL), 0);
    check_equal("it is not ours that rings", vg_mmio_rd32(own[0]->regs_gpa + CHANNEL_CAUSE) & 1, 0);
}

/* Any register of any of our functions, and their command registers. */
static void confuse(void)
{
    const struct boot_channel *c = own[attack_below(CHANNELS)];
    uint64_t slot = (c->regs_gpa - window) / CHANNEL_REGS_SIZE;

    vg_mmio_wr32(c->regs_gpa + attack_below(0x10) * 4, (uint32_t)attack_random());
    vg_mmio_wr32(ecam + slot * 8 * FUNCTION + 4, (uint32_t)attack_random());
    (void)vg_mmio_rd32(c->regs_gpa + attack_below(0x10) * 4);
    vg_mmio_wr32(c->mem_gpa + attack_below(c->mem_size / 4) * 4, (uint32_t)attack_random());
}

static void other_vcpu(void *arg)
{
    uint64_t made = 0;

    (void)arg;
    for (; __atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0; made++) {
        confuse();
    }
    attack_count(4 * made);
}

static void test_races(void)
{
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        check("a vCPU to race with", vg_vcpu_start(v, other_vcpu, NULL) == 0);
    }
    for (uint32_t i = 0; i < RACES; i++) {
        confuse();
    }
    attack_count(4 * (uint64_t)RACES);
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        while (vg_vcpu_is_on(v)) {
            vg_delay_us(100);
        }
    }
    check_equal("the size is what it was", vg_mmio_rd32(own[0]->regs_gpa + CHANNEL_SIZE_LOW),
                own[0]->mem_size);
}

/* ---- The peer ---- */

static struct vch ends[WITNESSED];
static const char *const names[WITNESSED] = { "open", "mute", "other" };
static uint32_t bells[WITNESSED];

static void on_interrupt(uint32_t intid, void *arg)
{
    uint32_t cause = vch_cause_take(arg);

    (void)intid;
    bells[(struct vch *)arg - ends] += (cause & CHANNEL_CAUSE_DOORBELL) != 0;
}

static void witness(void)
{
    const struct boot_channel *other = vch_find(names[2]);
    uint64_t changed = 0, masks = 0;

    for (uint32_t i = 0; i < WITNESSED; i++) {
        check("the channel is there", vch_start(&ends[i], names[i], on_interrupt));
    }
    for (uint64_t at = 0; at < other->mem_size; at += 8) {
        vg_mmio_wr64(other->mem_gpa + at, PATTERN + at);
    }
    vg_puts("witness: ready\n");
    while (vg_getc_wait() != 'c') {
    }
    vg_delay_us(SETTLE_US);
    for (uint64_t at = 0; at < other->mem_size; at += 8) {
        changed += vg_mmio_rd64(other->mem_gpa + at) != PATTERN + at;
    }
    for (uint32_t i = 0; i < WITNESSED; i++) {
        masks += vch_read(&ends[i], CHANNEL_MASK) != CHANNEL_CAUSE_ALL;
    }
    check("doorbells came by the channel that has them", bells[0] > 0);
    check_equal("and by the one that has none", bells[1], 0);
    check_equal("and by one that is not the attacker's", bells[2], 0);
    check_equal("words changed in the memory of that", changed, 0);
    check_equal("registers of this side that changed", masks, 0);
    check_sum("witness");
    vg_power_off();
}

void guest_main(void)
{
    if (vg_boot()->channel_count == WITNESSED) {
        witness();
    }
    own[0] = vch_find(names[0]);
    own[1] = vch_find(names[1]);
    window = own[0]->regs_gpa & ~(ECAM_SIZE - 1);
    ecam = window - ECAM_SIZE;
    attack_begin("channel");
    test_registers();
    test_config();
    test_fetch();
    test_around();
    test_bells();
    test_races();
    attack_end();
}
