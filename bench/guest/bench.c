/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest measures and prints. The counter steps every 16 instructions, so that a single
 * interrupt is measured 16 times, with 0 to 15 nops before the stamp: the sum of those 16 tick
 * counts is the number of instructions exactly, since floor(c/16) + ... + floor((c+15)/16) = c.
 */
#include "bench/guest/bench.h"

#include "bench/guest/hw.h"

/* Instructions that measuring adds: vector's look at the sled; compare and branch before an SGI. */
enum { SLED_COST = 3, SEND_COST = 2 };

enum { TIMER_WAIT = 1000, SETTLE = 64 };

struct cpu_area cpu_areas[MAX_CPUS];
uint64_t first_tick;

static void put_char(char c)
{
    write32(UART_BASE + UART_DR, (uint8_t)c);
}

void put_str(const char *s)
{
    for (; *s != 0; s++) {
        put_char(*s);
    }
}

static void put_dec(uint64_t v)
{
    char digits[21];
    unsigned n = sizeof(digits) - 1;

    digits[n] = 0;
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    put_str(&digits[n]);
}

void put_hundredths(uint64_t v)
{
    put_dec(v / 100);
    put_char('.');
    put_char((char)('0' + v / 10 % 10));
    put_char((char)('0' + v % 10));
}

static void put_line(const char *name, uint64_t hundredths)
{
    put_str("BENCH ");
    put_str(name);
    put_str(" ");
    put_hundredths(hundredths);
    put_str("\r\n");
}

static uint64_t now(void)
{
    INSN("isb");
    return READ_REG("cntvct_el0");
}

void bench_op(const char *name, uint64_t (*ticks)(uint64_t n))
{
    (void)ticks(1);
    put_line(name, ticks(BATCH) * TICK * 100 / BATCH);
}

/* Where to jump for that many nops before the stamp. */
static uint64_t sled(unsigned nops)
{
    return (uint64_t)(uintptr_t)sled_end - nops * 4;
}

static void timer_once(struct cpu_area *me, uint64_t deadline)
{
    me->entry = 0;
    WRITE_REG("cntv_cval_el0", deadline);
    WRITE_REG("cntv_ctl_el0", 1);
    INSN("msr daifclr, #2");
    while (me->entry == 0) {
        INSN("nop");
    }
    INSN("msr daifset, #2");
}

/* From the programmed deadline to the stamp in the vector. */
static void bench_timer(struct cpu_area *me)
{
    uint64_t sum = 0;

    for (unsigned nops = 0; nops < TICK; nops++) {
        uint64_t deadline = now() + TIMER_WAIT;

        me->sled = sled(nops);
        timer_once(me, deadline);
        sum += me->entry - deadline;
    }
    put_line("timer", (sum - SLED_COST) * 100);
}

static void wait_for(const volatile uint64_t *flag)
{
    while (*flag == 0) {
        INSN("yield");
    }
}

/*
 * From the write of ICC_SGI1R_EL1 to the stamp in the other vCPU's vector. One CPU runs after the
 * other here, so that this is the sum of both ways.
 */
static void bench_ipi(struct cpu_area *peer)
{
    uint64_t sum = 0;

    for (unsigned nops = 0; nops < TICK; nops++) {
        uint64_t start;

        for (unsigned i = 0; i < SETTLE; i++) { /* the peer goes to sleep */
            INSN("yield");
        }
        peer->sled = sled(nops);
        peer->entry = 0;
        start = send_on_tick((uint64_t)BENCH_SGI << 24 | UINT64_C(1) << 1);
        wait_for(&peer->entry);
        sum += peer->entry - start;
    }
    put_line("sgi-arrival", (sum - SLED_COST - SEND_COST) * 100);
}

void irq_handler(struct cpu_area *me, uint64_t stamp)
{
    uint64_t intid = READ_REG(ICC_IAR1_EL1);

    if (intid >= 1020) {
        return;
    }
    if (intid == TIMER_PPI) {
        WRITE_REG("cntv_ctl_el0", 0);
    }
    WRITE_REG(ICC_EOIR1_EL1, intid);
    me->entry = stamp;
}

_Noreturn void bench_die(uint64_t vector)
{
    put_str("BENCH-PANIC vector ");
    put_dec(vector);
    put_str(" esr ");
    put_dec(READ_REG("esr_el1"));
    put_str(" elr ");
    put_dec(READ_REG("elr_el1"));
    put_str("\r\n");
    (void)hvc(PSCI_OFF, 0, 0, 0);
    for (;;) {
        INSN("wfi");
    }
}

static void gic_init(uint64_t cpu)
{
    uint64_t rd = GICR_BASE + cpu * GICR_SIZE;
    uint64_t sgi = rd + GICR_SGI;

    if (cpu == 0) {
        write32(GICD_BASE + GICD_CTLR, 0x12); /* ARE_NS, EnableGrp1 */
    }
    write32(rd + GICR_WAKER, read32(rd + GICR_WAKER) & ~2u);
    while ((read32(rd + GICR_WAKER) & 4) != 0) {
        INSN("yield");
    }
    write32(sgi + GIC_IGROUPR, UINT32_MAX);
    for (uint64_t i = 0; i < 32; i += 4) {
        write32(sgi + GICD_IPRIORITYR + i, 0xa0a0a0a0);
    }
    write32(sgi + GIC_ISENABLER, 1u << TIMER_PPI | 1u << BENCH_SGI);
    WRITE_REG(ICC_SRE_EL1, 7);
    INSN("isb");
    WRITE_REG(ICC_PMR_EL1, 0xff);
    WRITE_REG(ICC_CTLR_EL1, 0);
    WRITE_REG(ICC_IGRPEN1_EL1, 1);
    INSN("isb");
}

_Noreturn void bench_secondary(struct cpu_area *me)
{
    gic_init(1);
    INSN("msr daifclr, #2");
    me->online = 1;
    for (;;) {
        INSN("wfi");
    }
}

static bool start_peer(struct cpu_area *peer)
{
    peer->stack_top = (uint64_t)(uintptr_t)stack1_top;
    peer->sled = sled(0);
    if (hvc(PSCI_CPU_ON, 1, (uint64_t)(uintptr_t)secondary_entry, (uint64_t)(uintptr_t)peer) != 0) {
        return false;
    }
    wait_for(&peer->online);
    return true;
}

_Noreturn void bench_main(void)
{
    gic_init(0);
    put_line("first-instruction", first_tick * TICK * 100);
    ops_run();
    bench_timer(&cpu_areas[0]);
    if (start_peer(&cpu_areas[1])) {
        bench_ipi(&cpu_areas[1]);
        ops_run_pair();
    }
    put_str("BENCH-DONE\r\n");
    (void)hvc(PSCI_OFF, 0, 0, 0);
    bench_die(0);
}
