/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of a bare zone that runs a micro-VM's image: EL1 is the controller of abi/irq.h, as a
 * host is of a micro-VM, above the zone's GIC and virtual timer. Lines 32..63 are the zone's
 * interrupts of these numbers. Believes no word that user code can write.
 */
#include "abi/irq.h"
#include "abi/uvm.h"
#include "guest/aarch64/gic.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/psci.h"
#include "guest/aarch64/uvm/super.h"
#include "guest/aarch64/uvm/zone.h"
#include "lib/irqctl.h"

enum { CTL_OFF = 0, CTL_ON = 1 };
enum { POKE = 0 }; /* the SGI by which a vCPU has another look */

#define FLOOR_NS      UINT64_C(50000)
#define NS_PER_SECOND UINT64_C(1000000000)
#define ENTRY_END     (UINT64_C(1) << 47)

_Static_assert(INTC_VCPUS == UVM_VCPUS_MAX, "abi/uvm.h");

static struct irqctl ctl;
static uint32_t ctl_lock;
static uint64_t frames[UVM_VCPUS_MAX];

static unsigned self(void)
{
    return vg_info()->vcpu_id;
}

uint64_t *gic_frame(void)
{
    return &frames[self()];
}

static volatile struct irq_area *area(void)
{
    return (volatile struct irq_area *)IRQ_GVA;
}

static bool is_shared(uint64_t line)
{
    return line >= IRQ_SHARED && line < IRQ_LINES;
}

/* ---- Timers ---- */

static uint64_t now(void)
{
    hw_isb(); /* else the counter may be read early */
    return rd_cntvct_el0();
}

/* With the lock. A deadline that is over interrupts at once. */
static void set_alarm(void)
{
    uint64_t at = irqctl_due(&ctl, self());

    wr_cntv_cval_el0(at);
    wr_cntv_ctl_el0(at == UINT64_MAX ? CTL_OFF : CTL_ON);
    hw_isb();
}

static void expire(void)
{
    hw_lock(&ctl_lock);
    if (irqctl_expire(&ctl, self(), now(), FLOOR_NS * vg_info()->tick_rate / NS_PER_SECOND)) {
        set_alarm();
    }
    hw_unlock(&ctl_lock);
}

/* ---- Lines ---- */

/* One that stays up must not come again before user code has taken it. */
static void come(uint32_t intid)
{
    if (is_shared(intid)) {
        gic_disable(intid);
        hw_lock(&ctl_lock);
        (void)intc_pend(&ctl.intc, self(), intid);
        hw_unlock(&ctl_lock);
    }
}

/* All that the GIC and the timer have; what they have becomes pending. */
static void collect(void)
{
    for (;;) {
        uint32_t taken = gic_kind()->acknowledge();
        uint32_t intid = (uint32_t)get(GIC_TAKEN_INTID, taken);

        if (intid >= GIC_SPECIAL) {
            break;
        }
        expire(); /* if it is the timer its line must go down before the end of interrupt */
        come(intid);
        gic_kind()->end(taken);
    }
    expire();
}

static uint32_t urgency(void)
{
    uint32_t found;

    hw_lock(&ctl_lock);
    found = irqctl_urgency(&ctl, self());
    hw_unlock(&ctl_lock);
    return found;
}

static void take(uint64_t blocked)
{
    uint32_t line;
    bool enabled;

    hw_lock(&ctl_lock);
    irqctl_take(&ctl, self(), blocked, area());
    line = area()->line;
    enabled = (intc_state(&ctl.intc, self(), line) & IRQ_STATE_ENABLED) != 0;
    hw_unlock(&ctl_lock);
    if (is_shared(line) && enabled) {
        gic_enable(line);
    }
}

static void show_waiting(void)
{
    uint32_t most = urgency();

    if (most <= area()->blocked && most > area()->waiting) {
        area()->waiting = most;
    }
}

void zone_irq(void)
{
    uint64_t entry = area()->entry;

    collect();
    if (urgency() > area()->blocked && entry != 0 && entry < ENTRY_END) {
        area()->blocked = IRQ_URGENCY_ALL;
        take(0);
    }
    show_waiting();
}

/* ---- Requests ---- */

/* Interrupts are masked, but wake it. */
static void wait(void)
{
    collect();
    while (urgency() == 0) {
        hw_wfi();
        collect();
    }
}

static void poke(uint64_t vcpu)
{
    if (vcpu != self()) {
        gic_kind()->send(psci_affinity((uint32_t)vcpu), POKE);
    }
}

/* What a request that was granted means for the zone's own controller. */
static void follow(const struct irqctl_ask *ask)
{
    switch (ask->request) {
    case IRQ_REQUEST_ENABLE:
        if (is_shared(ask->arg[0])) {
            gic_enable((uint32_t)ask->arg[0]);
        }
        break;
    case IRQ_REQUEST_DISABLE:
        if (is_shared(ask->arg[0])) {
            gic_disable((uint32_t)ask->arg[0]);
        }
        break;
    case IRQ_REQUEST_TIMER:
    case IRQ_REQUEST_STOP:
        hw_lock(&ctl_lock);
        set_alarm();
        hw_unlock(&ctl_lock);
        break;
    case IRQ_REQUEST_SEND: poke(ask->arg[0]); break;
    default: break;
    }
}

static uint64_t serve(const struct irqctl_ask *ask)
{
    uint64_t result = IRQ_BAD;

    hw_lock(&ctl_lock);
    (void)irqctl_serve(&ctl, ask, &result);
    hw_unlock(&ctl_lock);
    if (result != IRQ_BAD) {
        follow(ask);
    }
    return result;
}

void zone_irq_request(void)
{
    const struct irqctl_ask ask = { .vcpu = self(),
                                    .vcpu_count = vg_info()->vcpu_count,
                                    .request = area()->request,
                                    .arg = { area()->arg[0], area()->arg[1], area()->arg[2] } };
    uint64_t result = 0;

    switch (ask.request) {
    case IRQ_REQUEST_WAIT:
        wait();
        take(ask.arg[0]);
        break;
    case IRQ_REQUEST_NEXT: take(ask.arg[0]); break;
    default: result = serve(&ask); break;
    }
    area()->result = result;
    show_waiting();
}

/* ---- Life ---- */

void zone_irq_init_cpu(void)
{
    gic_init_cpu();
    wr_cntv_ctl_el0(CTL_OFF);
    hw_isb();
    hw_lock(&ctl_lock);
    irqctl_reset_vcpu(&ctl, self());
    hw_unlock(&ctl_lock);
    gic_enable(zone_boot()->virt_timer_intid);
    gic_enable(POKE);
}

void zone_irq_init(void)
{
    irqctl_reset(&ctl);
    gic_init(zone_boot());
    zone_irq_init_cpu();
}
