/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time and timers of a micro-VM in user mode. Time is read without an exit; the host keeps the
 * timers and raises their lines, never before the deadline by the same clock.
 */
#include <stddef.h>

#include "guest/uvm/irq.h"
#include "guest/uvm/user.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define US_PER_SECOND UINT64_C(1000000)

static const uint32_t lines[VG_TIMER_COUNT] = {
    [VG_TIMER_VIRT] = IRQ_TIMER_VIRT,
    [VG_TIMER_PHYS] = IRQ_TIMER_PHYS,
};

/* ---- Time ---- */

/* What is in the page may change at each exit. */
static const volatile struct uvm_info *clock(void)
{
    const volatile struct uvm_info *info = vg_info();

    if (info->tick_rate == 0) {
        irq_ask(IRQ_REQUEST_CLOCK, 0, 0, 0);
    }
    return info;
}

uint64_t vg_now(void)
{
    uint64_t offset = clock()->tick_offset;

    return irq_counter() + offset;
}

uint64_t vg_tick_rate(void)
{
    return clock()->tick_rate;
}

uint64_t vg_ticks_to_ns(uint64_t ticks)
{
    uint64_t rate = vg_tick_rate();

    return ticks / rate * NS_PER_SECOND + ticks % rate * NS_PER_SECOND / rate;
}

uint64_t vg_wall_ns(void)
{
    uint64_t now = vg_now();
    uint64_t then = clock()->wall_ns;

    return then == 0 ? 0 : then + vg_ticks_to_ns(now - clock()->wall_tick);
}

void vg_delay_us(uint64_t microseconds)
{
    uint64_t start = vg_now();
    uint64_t ticks = microseconds * vg_tick_rate() / US_PER_SECOND;

    while (vg_now() - start < ticks) {
        vg_pause();
    }
}

/* ---- Timers ---- */

/* One deadline. fn may arm or cancel its own timer. */
static void deliver(struct user_timer *t, uint64_t now)
{
    struct vg_expiry expiry = { .deadline = t->deadline, .now = now, .arg = t->arg };
    void (*fn)(const struct vg_expiry *) = t->fn;

    if (t->period != 0) {
        t->deadline += t->period;
    } else {
        t->is_armed = false;
    }
    if (fn != NULL) {
        fn(&expiry);
    }
}

/* All deadlines that were over when it came; not those that pass meanwhile, nor what fn arms anew:
 * else this may never end. A line left over from what was armed before finds its deadline ahead. */
static void expire(uint32_t intid, void *arg)
{
    struct user_timer *t = irq_timer(intid == IRQ_TIMER_VIRT ? VG_TIMER_VIRT : VG_TIMER_PHYS);
    uint64_t now = vg_now();
    uint64_t arming = t->armings;

    (void)arg;
    while (t->is_armed != 0 && t->armings == arming && t->deadline <= now) {
        deliver(t, vg_now());
    }
}

static void arm(enum vg_timer timer, const struct user_timer *value)
{
    bool unmasked = vg_irq_mask();
    uint64_t armings;

    if (irq_timer(timer)->is_enabled == 0) {
        vg_irq_handler(lines[timer], expire, NULL);
        vg_irq_enable(lines[timer]);
    }
    armings = irq_timer(timer)->armings + 1;
    *irq_timer(timer) = *value;
    irq_timer(timer)->armings = armings;
    irq_timer(timer)->is_armed = true;
    irq_timer(timer)->is_enabled = true;
    irq_ask(IRQ_REQUEST_TIMER, timer, value->deadline, value->period);
    vg_irq_restore(unmasked);
}

void vg_timer_once(enum vg_timer timer, uint64_t deadline, void (*fn)(const struct vg_expiry *),
                   void *arg)
{
    arm(timer, &(struct user_timer){ .deadline = deadline, .fn = fn, .arg = arg });
}

void vg_timer_periodic(enum vg_timer timer, uint64_t period, void (*fn)(const struct vg_expiry *),
                       void *arg)
{
    arm(timer, &(struct user_timer){
                   .deadline = vg_now() + period, .period = period, .fn = fn, .arg = arg });
}

void vg_timer_cancel(enum vg_timer timer)
{
    bool unmasked = vg_irq_mask();

    irq_timer(timer)->is_armed = false;
    irq_ask(IRQ_REQUEST_STOP, timer, 0, 0);
    vg_irq_restore(unmasked);
}
