/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: as much as possible of what costs the hypervisor time, on all vCPUs at once: waits that
 * end at once, a timer that never stops, SGIs, output without a look at the UART, and what makes
 * lines of the log. It all must go on to be answered; that it costs the neighbours nothing, they
 * say.
 */
#include "tests/attack/attack.h"

#include "guest/aarch64/hw.h"
#include "guest/aarch64/psci.h"

#define STORM_US    1500000u
#define STORM_LEAST 5u /* of each vCPU in one storm, on a host that is busy */
#define UART_DR     0u
#define SGIS        16u
#define NOWHERE     UINT64_C(0x3f00000000)

/* What one vCPU did in one storm; made by it, read when it is off. */
static struct {
    uint64_t made;
    uint64_t taken;
} counts[VG_MAX_VCPUS];

struct storm {
    const char *name;
    void (*begin)(void);
    void (*step)(void);
    void (*end)(void);
};

static const struct storm *current;
static uint64_t until;

static void nothing(void) {}

static void on_interrupt(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    counts[vg_vcpu_id()].taken++;
}

/* A wait with an interrupt pending and masked: over at once, each time. */
static void pend_masked(void)
{
    vg_irq_mask();
    vg_irq_enable(0);
    vg_irq_send(vg_vcpu_id(), 0);
}

static void wait_step(void)
{
    struct vg_call call = { .x = { PSCI_CPU_SUSPEND_64, 0, 0, 0 } };

    hw_wfi();
    __asm__ volatile("wfe");
    vg_call(&call);
}

static void unmask(void)
{
    vg_irq_restore(true);
}

static void timer_off(void)
{
    wr_cntv_ctl_el0(0);
    wr_cntp_ctl_el0(0);
    hw_isb();
}

/* The program itself may never go on: it is the handler that ends it. */
static void on_timer(uint32_t intid, void *arg)
{
    on_interrupt(intid, arg);
    if (vg_now() >= until) {
        timer_off();
    }
}

/* The timers' line is high as long as they are not told another time, and they never are. */
static void timer_on(void)
{
    vg_irq_handler(vg_boot()->virt_timer_intid, on_timer, NULL);
    vg_irq_handler(vg_boot()->phys_timer_intid, on_timer, NULL);
    wr_cntv_cval_el0(0);
    wr_cntp_cval_el0(0);
    wr_cntp_ctl_el0(1);
    wr_cntv_ctl_el0(1);
    hw_isb();
}

static void timer_step(void)
{
    hw_isb();
}

static void sgi_on(void)
{
    for (uint32_t i = 0; i < SGIS; i++) {
        vg_irq_handler(i, on_interrupt, NULL);
        vg_irq_enable(i);
    }
}

static void sgi_step(void)
{
    for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
        vg_irq_send(v, (uint32_t)attack_below(SGIS));
    }
}

/* A byte each: where there are more vCPUs than host CPUs, each waits long for the UART's lock. */
static void flood_step(void)
{
    static const char line[] = "storm \x1b[2J\x1b]0;mine\a \x90\xff[hyp] zone stopped\r\n";
    uint64_t at = counts[vg_vcpu_id()].made % (sizeof(line) - 1);

    vg_mmio_wr32(vg_boot()->uart_gpa + UART_DR, (uint8_t)line[at]);
}

static void log_step(void)
{
    struct vg_call call = { .x = { 0x8400ffff, 0 } };

    (void)attack_try(insn_ldr, NOWHERE, 0);
    (void)attack_try(insn_stp, NOWHERE, 0);
    (void)attack_try(insn_exec, NOWHERE, 0);
    vg_call(&call);
}

static const struct storm storms[] = {
    { "waits", pend_masked, wait_step, unmask }, { "timers", timer_on, timer_step, timer_off },
    { "SGIs", sgi_on, sgi_step, nothing },       { "output", nothing, flood_step, nothing },
    { "log", nothing, log_step, nothing },
};

static void take_part(void *arg)
{
    uint64_t *made = &counts[vg_vcpu_id()].made;

    (void)arg;
    current->begin();
    while (vg_now() < until) {
        current->step();
        (*made)++;
    }
    current->end();
}

static void rage(const struct storm *storm)
{
    bool enough = true;

    current = storm;
    until = vg_now() + STORM_US * (vg_tick_rate() / 1000000u);
    for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
        counts[v].made = counts[v].taken = 0;
    }
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        check("a vCPU takes part", vg_vcpu_start(v, take_part, NULL) == 0);
    }
    take_part(NULL);
    for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
        while (v != 0 && vg_vcpu_is_on(v)) {
            vg_delay_us(100);
        }
        attack_count(counts[v].made + counts[v].taken);
        enough = enough && counts[v].made + counts[v].taken > STORM_LEAST;
    }
    vg_puts("\nstorm of ");
    vg_puts(storm->name);
    vg_put_named(": steps ", counts[0].made);
    vg_put_named(" interrupts ", counts[0].taken);
    vg_puts("\n");
    check(storm->name, enough);
}

void guest_main(void)
{
    attack_begin("storm");
    for (uint32_t i = 0; i < ARRAY_COUNT(storms); i++) {
        rage(&storms[i]);
    }
    attack_end();
}
