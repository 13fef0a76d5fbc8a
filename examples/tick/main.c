/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare guest that counts a 1 kHz timer and says how late each tick came. No tick may be lost and
 * none may come that is not due: "missed" is how far the count is from what the clock says, with
 * late ticks given GRACE_MS to come. A tick more than a period late is an "overrun" (an emulator's
 * host causes such, too). The physical timer makes lines come if ticks stop.
 */
#include "lib/field.h"
#include "vitrine-guest.h"

#define TICKS_PER_SECOND 1000u
#define BUCKETS          40u
#define GRACE_MS         1000u
#define US_PER_MS        1000u
#define KEYS             "s histogram, p lines on or off, q power off, r reset"

/* Written by the interrupt handler, read with interrupts masked. Times in ns. */
struct stats {
    uint64_t count, overruns;
    uint64_t min, max, sum;
};

struct tick {
    struct stats second, total;
    uint64_t bucket[BUCKETS]; /* n: lateness of n significant bits, 2^(n-1) .. 2^n - 1 ns */
    uint64_t start, period;
    uint64_t missed;   /* the worst seen */
    uint64_t watchdog; /* expiries of the physical timer, 1 Hz */
    bool quiet;        /* no line per second */
};

static struct tick tick;

static void stats_reset(struct stats *s)
{
    *s = (struct stats){ .min = UINT64_MAX };
}

static void stats_add(struct stats *s, uint64_t late, bool overrun)
{
    s->count++;
    s->sum += late;
    s->overruns += overrun ? 1 : 0;
    s->min = late < s->min ? late : s->min;
    s->max = late > s->max ? late : s->max;
}

static uint64_t read_count(void)
{
    return __atomic_load_n(&tick.total.count, __ATOMIC_RELAXED);
}

static unsigned significant_bits(uint64_t value)
{
    unsigned bits = 0;

    for (; value != 0; value /= 2) {
        bits++;
    }
    return bits;
}

static void on_tick(const struct vg_expiry *expiry)
{
    uint64_t late_ticks = expiry->now - expiry->deadline;
    uint64_t late = vg_ticks_to_ns(late_ticks);
    unsigned n = significant_bits(late);
    bool overrun = late_ticks > tick.period;

    if (tick.total.count == 0) {
        tick.start = expiry->deadline - tick.period;
    }
    stats_add(&tick.second, late, overrun);
    stats_add(&tick.total, late, overrun);
    tick.bucket[n < BUCKETS ? n : BUCKETS - 1]++;
}

static void put_late(const struct stats *s)
{
    vg_put_named(" late min/avg/max ", s->count == 0 ? 0 : s->min);
    vg_put_named("/", s->count == 0 ? 0 : s->sum / s->count);
    vg_put_named("/", s->max);
    vg_puts(" ns\n");
}

static void on_watchdog(const struct vg_expiry *expiry)
{
    (void)expiry;
    tick.watchdog++;
}

/* How far count and clock are apart, once late ticks have had time to come. Interrupts unmasked. */
static uint64_t difference(void)
{
    uint64_t now = vg_now();
    uint64_t due = (now - tick.start) / tick.period;
    uint64_t count;

    for (uint32_t i = 0; i < GRACE_MS && read_count() < due; i++) {
        vg_delay_us(US_PER_MS);
    }
    count = read_count();
    if (count < due) {
        return due - count;
    }
    count = read_count(); /* before the clock: a tick that comes in between is no surplus */
    due = (vg_now() - tick.start) / tick.period;
    return count > due ? count - due : 0;
}

static void print_second(uint64_t second)
{
    uint64_t apart = difference();
    bool unmasked = vg_irq_mask();
    struct stats s = tick.second;
    uint64_t count = tick.total.count;
    uint64_t overruns = tick.total.overruns;

    stats_reset(&tick.second);
    vg_irq_restore(unmasked);
    tick.missed = apart > tick.missed ? apart : tick.missed;
    if (tick.quiet) {
        return;
    }
    vg_put_named("tick ", second);
    vg_put_named(": n=", count);
    vg_put_named(" missed=", tick.missed);
    vg_put_named(" overrun=", overruns);
    put_late(&s);
}

static void print_histogram(void)
{
    bool unmasked = vg_irq_mask();
    struct tick copy = tick;

    vg_irq_restore(unmasked);
    vg_put_named("histogram: n=", copy.total.count);
    vg_put_named(" overrun=", copy.total.overruns);
    put_late(&copy.total);
    for (unsigned n = 0; n < BUCKETS; n++) {
        if (copy.bucket[n] != 0) {
            vg_put_named("histogram: below ", BIT64(n));
            vg_put_named(" ns: ", copy.bucket[n]);
            vg_puts("\n");
        }
    }
}

static void toggle_lines(void)
{
    tick.quiet = !tick.quiet;
    vg_puts(tick.quiet ? "tick: quiet\n" : "tick: a line per second\n");
}

static void obey(int key)
{
    switch (key) {
    case 's': print_histogram(); break;
    case 'p': toggle_lines(); break;
    case 'q': vg_puts("tick: power off\n"); vg_power_off();
    case 'r': vg_puts("tick: reset\n"); vg_reset();
    case -1: break;
    default: vg_puts("tick: keys: " KEYS "\n"); break;
    }
}

/* Sleeps until a key, a full second of ticks, or two seconds of the watchdog. */
static int wait_for_work(uint64_t printed, uint64_t watched)
{
    bool unmasked = vg_irq_mask();
    int key = vg_getc();

    if (key < 0 && tick.total.count / TICKS_PER_SECOND == printed && tick.watchdog < watched + 2) {
        vg_wait();
    }
    vg_irq_restore(unmasked);
    return key;
}

void guest_main(void)
{
    uint64_t printed = 0;
    uint64_t watched = 0;

    tick.period = vg_tick_rate() / TICKS_PER_SECOND;
    stats_reset(&tick.second);
    stats_reset(&tick.total);
    vg_puts("tick: 1 kHz; keys: " KEYS "\n");
    tick.start = vg_now();
    vg_timer_periodic(VG_TIMER_VIRT, tick.period, on_tick, NULL);
    vg_timer_periodic(VG_TIMER_PHYS, vg_tick_rate(), on_watchdog, NULL);
    for (;;) {
        obey(wait_for_work(printed, watched));
        if (read_count() / TICKS_PER_SECOND != printed || tick.watchdog >= watched + 2) {
            printed = read_count() / TICKS_PER_SECOND;
            watched = tick.watchdog;
            print_second(printed);
        }
    }
}
