/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer's virtual and physical channel: the hardware compares deadlines, no drift. */
#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "guest/internal.h"

enum { CTL_OFF = 0, CTL_ON = 1 };

#define NS_PER_SECOND UINT64_C(1000000000)
#define US_PER_SECOND UINT64_C(1000000)

/* A channel counts its own time: the physical one is ahead of the virtual by the zone's offset. */
struct channel {
    void (*set_ctl)(uint64_t value);
    void (*set_deadline)(uint64_t value);
    uint64_t (*now)(void);
};

static const struct channel channels[VG_TIMER_COUNT] = {
    [VG_TIMER_VIRT] = { wr_cntv_ctl_el0, wr_cntv_cval_el0, rd_cntvct_el0 },
    [VG_TIMER_PHYS] = { wr_cntp_ctl_el0, wr_cntp_cval_el0, rd_cntpct_el0 },
};

static uint64_t channel_now(enum vg_timer timer)
{
    hw_isb(); /* else the counter may be read early */
    return channels[timer].now();
}

uint64_t vg_now(void)
{
    return channel_now(VG_TIMER_VIRT);
}

uint64_t vg_tick_rate(void)
{
    return rd_cntfrq_el0();
}

uint64_t vg_ticks_to_ns(uint64_t ticks)
{
    uint64_t rate = vg_tick_rate();

    return ticks / rate * NS_PER_SECOND + ticks % rate * NS_PER_SECOND / rate;
}

void vg_delay_us(uint64_t microseconds)
{
    uint64_t start = vg_now();
    uint64_t ticks = microseconds * vg_tick_rate() / US_PER_SECOND;

    while (vg_now() - start < ticks) {
        hw_yield();
    }
}

static uint32_t intid_of(enum vg_timer timer)
{
    return timer == VG_TIMER_VIRT ? vg_boot()->virt_timer_intid : vg_boot()->phys_timer_intid;
}

static void expire(uint32_t intid, void *arg)
{
    enum vg_timer timer = intid == intid_of(VG_TIMER_VIRT) ? VG_TIMER_VIRT : VG_TIMER_PHYS;
    struct vcpu_timer *t = &vcpu_this()->timer[timer];
    struct vg_expiry expiry = { .deadline = t->deadline, .arg = t->arg };
    void (*fn)(const struct vg_expiry *) = t->fn;

    (void)arg;
    expiry.now = channel_now(timer);
    if (expiry.now < t->deadline) {
        return; /* raised once too often, or before it was armed anew: not this deadline's */
    }
    if (t->period != 0) {
        t->deadline += t->period;
        channels[timer].set_deadline(t->deadline);
    } else {
        channels[timer].set_ctl(CTL_OFF);
    }
    hw_isb(); /* the line must have followed before the end of interrupt */
    if (fn != NULL) {
        fn(&expiry);
    }
}

void timer_init_cpu(void)
{
    for (unsigned i = 0; i < VG_TIMER_COUNT; i++) {
        enum vg_timer timer = (enum vg_timer)i;

        channels[timer].set_ctl(CTL_OFF);
        vg_irq_handler(intid_of(timer), expire, NULL);
        vg_irq_enable(intid_of(timer));
    }
}

static void arm(enum vg_timer timer, const struct vcpu_timer *value)
{
    bool unmasked = vg_irq_mask();

    vcpu_this()->timer[timer] = *value;
    channels[timer].set_deadline(value->deadline);
    channels[timer].set_ctl(CTL_ON);
    hw_isb();
    vg_irq_restore(unmasked);
}

void vg_timer_once(enum vg_timer timer, uint64_t deadline, void (*fn)(const struct vg_expiry *),
                   void *arg)
{
    arm(timer, &(struct vcpu_timer){ .deadline = deadline, .fn = fn, .arg = arg });
}

void vg_timer_periodic(enum vg_timer timer, uint64_t period, void (*fn)(const struct vg_expiry *),
                       void *arg)
{
    arm(timer,
        &(struct vcpu_timer){
            .deadline = channel_now(timer) + period, .period = period, .fn = fn, .arg = arg });
}

void vg_timer_cancel(enum vg_timer timer)
{
    channels[timer].set_ctl(CTL_OFF);
    hw_isb();
}
