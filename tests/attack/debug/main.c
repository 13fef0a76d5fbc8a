/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: the debug registers of the attacker's own CPU, set so that they would fire in EL2 if they
 * could: break- and watchpoints on the hypervisor's code, stacks and data, for every exception
 * level, single-step over all that it emulates. They must fire for the attacker itself, exactly,
 * and nowhere else. And performance monitors and trace, which must not be there.
 */
#include "tests/attack/attack.h"

#include "guest/aarch64/psci.h"

/* The hypervisor's own addresses, hyp/arch/aarch64/layout.h. */
#define HYP_VA      UINT64_C(0x4000000000)
#define HYP_TEXT    0x20000u
#define POINTS      16u
#define ROUNDS      5000u
#define OWN_ROUNDS  100u
#define HIDDEN_SIZE 16u /* bytes of a pair in debug.S */
#define HIDDEN      25u
#define STEPPED     13u /* instructions in debug_stepped(), at least */
#define STEPS_MAX   100u
#define NOWHERE     UINT64_C(0x3f00000000)
#define UART_FR     0x018u

FIELD(ESR_EC, 26, 6);
FIELD(DFR0_BRPS, 12, 4);
FIELD(DFR0_WRPS, 20, 4);
FIELD(SPSR_SS, 21, 1);
FIELD(MDSCR_SS, 0, 1);
FIELD(MDSCR_KDE, 13, 1);
FIELD(MDSCR_MDE, 15, 1);
FIELD(POINT_ENABLE, 0, 1);
FIELD(POINT_LEVELS, 1, 2);  /* EL1, EL0 */
FIELD(POINT_HIGHER, 13, 1); /* EL2, with LEVELS 3 */
FIELD(BREAK_BYTES, 5, 4);
FIELD(WATCH_BYTES, 5, 8);
FIELD(WATCH_ACCESS, 3, 2);
FIELD(WATCH_MASK, 24, 5);

extern void debug_set_breakpoint(uint64_t number, uint64_t value, uint64_t control);
extern void debug_set_watchpoint(uint64_t number, uint64_t value, uint64_t control);
extern void debug_target(void), debug_unmask(void), debug_mask(void);
extern uint64_t debug_touch(uint64_t at);
extern void debug_stepped(uint64_t device), debug_stepped_nops(uint64_t device);
extern const char debug_hidden[], debug_hidden_end[];

static uint32_t breaks, watches, steps, others;
static uint64_t watched[8] __attribute__((aligned(64)));

/* Goes on behind the point that fired, and with a step that is done. */
static bool on_debug(struct vg_frame *frame, void *arg)
{
    (void)arg;
    switch (get(ESR_EC, frame->syndrome)) {
    case CLASS_BREAKPOINT:
        breaks++;
        frame->pc += sizeof(uint32_t);
        return true;
    case CLASS_WATCHPOINT:
        watches++;
        frame->pc += sizeof(uint32_t);
        return true;
    case CLASS_STEP:
        steps++;
        /* Should a step be lost, the attack ends all the same. */
        frame->pstate = with(SPSR_SS, frame->pstate, 1);
        return steps < STEPS_MAX;
    default:
        others++;
        frame->pc += sizeof(uint32_t);
        return others < STEPS_MAX;
    }
}

static uint64_t dfr0(void)
{
    uint64_t value;

    __asm__ volatile("mrs %0, id_aa64dfr0_el1" : "=r"(value));
    return value;
}

static void set_mdscr(uint64_t value)
{
    __asm__ volatile("msr mdscr_el1, %0; isb" : : "r"(value) : "memory");
}

static uint64_t break_control(void)
{
    return put(POINT_ENABLE, 1) | put(POINT_LEVELS, 3) | put(POINT_HIGHER, 1) |
           put(BREAK_BYTES, 0xf);
}

static uint64_t watch_control(uint64_t mask)
{
    return put(POINT_ENABLE, 1) | put(POINT_LEVELS, 3) | put(POINT_HIGHER, 1) |
           put(WATCH_BYTES, 0xff) | put(WATCH_ACCESS, 3) | put(WATCH_MASK, mask);
}

static void clear_points(void)
{
    for (uint64_t i = 0; i <= get(DFR0_BRPS, dfr0()); i++) {
        debug_set_breakpoint(i, 0, 0);
    }
    for (uint64_t i = 0; i <= get(DFR0_WRPS, dfr0()); i++) {
        debug_set_watchpoint(i, 0, 0);
    }
}

/* Anywhere in the hypervisor's code, and everywhere in its data and stacks. */
static void points_on_hypervisor(void)
{
    for (uint64_t i = 0; i <= get(DFR0_BRPS, dfr0()); i++) {
        uint64_t at = i == 0 ? 0x400 : attack_below(HYP_TEXT / 4) * 4;

        debug_set_breakpoint(i, HYP_VA + at, break_control());
    }
    for (uint64_t i = 0; i <= get(DFR0_WRPS, dfr0()); i++) {
        debug_set_watchpoint(i, HYP_VA, watch_control(31 - i));
    }
}

static void test_hypervisor(void)
{
    uint64_t right = 0;

    set_mdscr(put(MDSCR_KDE, 1) | put(MDSCR_MDE, 1));
    debug_unmask();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct vg_call call = { .x = { PSCI_VERSION } };

        if (i % 16 == 0) {
            points_on_hypervisor();
        }
        others = 0;
        vg_call(&call);
        (void)vg_mmio_rd32(vg_boot()->uart_gpa + UART_FR);
        (void)insn_ldr_post(vg_boot()->uart_gpa + UART_FR, 0);
        (void)insn_str(NOWHERE, 0);
        right += call.x[0] == 0x10001 && others == 1;
    }
    debug_mask();
    clear_points();
    attack_count(4 * (uint64_t)ROUNDS);
    check_equal("the hypervisor serves with points set on it", right, ROUNDS);
    check_equal("no breakpoint fired", breaks, 0);
    check_equal("no watchpoint fired", watches, 0);
}

static void test_own(void)
{
    breaks = watches = others = 0;
    set_mdscr(put(MDSCR_KDE, 1) | put(MDSCR_MDE, 1));
    debug_set_breakpoint(0, (uint64_t)debug_target, break_control());
    debug_set_watchpoint(0, (uint64_t)watched, watch_control(0));
    debug_unmask();
    for (uint32_t i = 0; i < OWN_ROUNDS; i++) {
        debug_target();
        (void)debug_touch((uint64_t)watched);
    }
    debug_mask();
    clear_points();
    attack_count(2 * (uint64_t)OWN_ROUNDS);
    check_equal("own breakpoints fire", breaks, OWN_ROUNDS);
    check_equal("own watchpoints fire", watches, OWN_ROUNDS);
    check_equal("nothing else does", others, 0);
}

static uint32_t count_steps(void (*code)(uint64_t device))
{
    steps = 0;
    set_mdscr(put(MDSCR_KDE, 1) | put(MDSCR_SS, 1));
    code(vg_boot()->uart_gpa + UART_FR);
    set_mdscr(0);
    return steps;
}

/* Every instruction is stepped once, whoever carries it out: as many as with NOPs instead. */
static void test_steps(void)
{
    uint32_t right = 0, expected = count_steps(debug_stepped_nops);

    others = 0;
    for (uint32_t i = 0; i < OWN_ROUNDS; i++) {
        right += count_steps(debug_stepped) == expected;
    }
    attack_count(OWN_ROUNDS * (uint64_t)expected);
    check("instructions are stepped", expected >= STEPPED && expected < STEPS_MAX);
    check_equal("each emulated instruction is one step", right, OWN_ROUNDS);
    check_equal("and nothing but a step", others, 0);
}

static void test_hidden(void)
{
    uint64_t undefined = 0, tried = 0;

    for (const char *at = debug_hidden; at < debug_hidden_end; at += HIDDEN_SIZE) {
        for (uint64_t write = 0; write < 2; write++) {
            others = 0;
            (void)((insn_fn *)(uintptr_t)(at + write * HIDDEN_SIZE / 2))(0, UINT64_MAX);
            undefined += others == 1;
            tried++;
        }
    }
    attack_count(tried);
    check_equal("registers of monitors and trace", tried, 2 * HIDDEN);
    check_equal("are undefined", undefined, tried);
}

void guest_main(void)
{
    attack_begin("debug");
    vg_fault_handler(on_debug, NULL);
    test_hypervisor();
    test_own();
    test_steps();
    test_hidden();
    attack_end();
}
