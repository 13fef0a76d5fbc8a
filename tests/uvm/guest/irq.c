/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts and timers in every way the tests of micro-VMs want; numbers come and go by calls. */
#include "abi/irq.h"
#include "abi/uvm.h"
#include "tests/uvm/guest/irq.h"
#include "vitrine-call.h"
#include "vitrine-fault.h"
#include "vitrine-irq.h"
#include "vitrine-vcpu.h"

#define ENTRY_END (UINT64_C(1) << 47) /* the host uses none beyond */

enum { DEEP_KIB = 256, ORDER_MAX = 8, NS_PER_US = 1000 };

VG_IMPORT(raise_line, uint64_t, uint64_t);
VG_IMPORT(lower_line, uint64_t, uint64_t);
VG_IMPORT(echo, const char *, const char *);

static volatile uint64_t count;    /* of timer handlers, or of what a test counts */
static volatile uint64_t early;    /* handlers that came before their deadline */
static volatile uint64_t worst_ns; /* the latest a deadline was handled */

static uint64_t ok(void)
{
    return 42;
}
VG_EXPORT(ok, uint64_t);

static uint64_t ns(uint64_t ticks)
{
    return vg_ticks_to_ns(ticks);
}

static uint64_t from_us(uint64_t us)
{
    return us * vg_tick_rate() / 1000000;
}

/* ---- Timers ---- */

static void tick(const struct vg_expiry *expiry)
{
    uint64_t late = expiry->now - expiry->deadline;

    count++;
    if (expiry->now < expiry->deadline) {
        early++;
    } else if (ns(late) > worst_ns) {
        worst_ns = ns(late);
    }
}

uint64_t start(uint64_t us)
{
    count = 0;
    early = 0;
    worst_ns = 0;
    vg_timer_periodic(VG_TIMER_VIRT, from_us(us), tick, NULL);
    return 0;
}
VG_EXPORT(start, uint64_t, uint64_t);

uint64_t stop(void)
{
    vg_timer_cancel(VG_TIMER_VIRT);
    vg_timer_cancel(VG_TIMER_PHYS);
    return count;
}
VG_EXPORT(stop, uint64_t);

uint64_t counted(void)
{
    return count;
}
VG_EXPORT(counted, uint64_t);

uint64_t too_early(void)
{
    return early;
}
VG_EXPORT(too_early, uint64_t);

/* Spins so long; says how many handlers ran meanwhile. */
uint64_t spin(uint64_t us)
{
    uint64_t before = count;

    vg_delay_us(us);
    return count - before;
}
VG_EXPORT(spin, uint64_t, uint64_t);

/* Asleep until so many handlers have run in all; masked while it looks, lest it misses one. */
uint64_t await(uint64_t n)
{
    bool unmasked = vg_irq_mask();

    while (count < n) {
        vg_wait();
        vg_irq_restore(unmasked);
        unmasked = vg_irq_mask();
    }
    vg_irq_restore(unmasked);
    return count;
}
VG_EXPORT(await, uint64_t, uint64_t);

uint64_t once(uint64_t us)
{
    uint64_t begin = vg_now();

    count = 0;
    vg_timer_once(VG_TIMER_PHYS, begin + from_us(us), tick, NULL);
    await(1);
    return ns(vg_now() - begin) / NS_PER_US;
}
VG_EXPORT(once, uint64_t, uint64_t);

/* A handler that arms its own timer for a time that is over, so many times; takes so many us. */
static void again(const struct vg_expiry *expiry)
{
    if (++count < *(uint64_t *)expiry->arg) {
        vg_timer_once(VG_TIMER_VIRT, expiry->deadline, again, expiry->arg);
    }
}

uint64_t storm(uint64_t times)
{
    uint64_t begin = vg_now();

    count = 0;
    vg_timer_once(VG_TIMER_VIRT, 0, again, &times);
    await(times);
    return ns(vg_now() - begin) / NS_PER_US;
}
VG_EXPORT(storm, uint64_t, uint64_t);

uint64_t now_us(void)
{
    return ns(vg_now()) / NS_PER_US;
}
VG_EXPORT(now_us, uint64_t);

static uint64_t wall_s(void)
{
    return vg_wall_ns() / 1000000000;
}
VG_EXPORT(wall_s, uint64_t);

/* ---- Masking ---- */

/* Deadlines pass while masked; restored, they are delivered. Result: 0, or what went wrong. */
uint64_t masked(uint64_t us)
{
    bool unmasked = vg_irq_mask();
    uint64_t before = count;
    uint64_t bad = unmasked ? 0 : 1;

    vg_delay_us(us);
    bad |= count == before ? 0 : 2;
    bad |= vg_irq_mask() ? 4 : 0;
    vg_irq_restore(false);
    bad |= count == before ? 0 : 8;
    vg_irq_restore(unmasked);
    for (int i = 0; i < 1000 && count == before; i++) { /* the host's timer may be late */
        vg_delay_us(1000);
    }
    bad |= count != before ? 0 : 16;
    return bad;
}
VG_EXPORT(masked, uint64_t, uint64_t);

/* Asleep though masked, until a deadline has passed. The line of one that a handler had before the
 * host's timer came wakes it, too, and brings nothing. */
uint64_t masked_wait(void)
{
    enum { TRIES = 20 };
    uint64_t bad = 0;

    for (int i = 0; i < TRIES && bad == 0; i++) {
        bool unmasked = vg_irq_mask();
        uint64_t before = count;

        vg_wait();
        bad |= count == before ? 0 : 1;
        bad |= vg_irq_is_pending(IRQ_TIMER_VIRT) ? 0 : 2;
        vg_irq_restore(unmasked);
        if (count != before) {
            return bad;
        }
    }
    return bad | 4;
}
VG_EXPORT(masked_wait, uint64_t);

/* ---- Lines ---- */

static volatile uint64_t order; /* lines as they came, six bits each */

static void note(uint32_t line, void *arg)
{
    order = order << 8 | line;
    count++;
    (void)arg;
}

static uint64_t listen(uint64_t line)
{
    bool good = vg_irq_handler((uint32_t)line, note, NULL) == 0;

    vg_irq_enable((uint32_t)line);
    return good && vg_irq_is_enabled((uint32_t)line) ? 0 : 1;
}
VG_EXPORT(listen, uint64_t, uint64_t);

static uint64_t deaf(uint64_t line)
{
    vg_irq_disable((uint32_t)line);
    return vg_irq_is_enabled((uint32_t)line) ? 1 : 0;
}
VG_EXPORT(deaf, uint64_t, uint64_t);

static void quench(uint32_t line, void *arg)
{
    (void)arg;
    count++;
    lower_line(line);
}

/* A line that its handler has the host lower. */
static uint64_t listen_level(uint64_t line)
{
    vg_irq_handler((uint32_t)line, quench, NULL);
    vg_irq_enable((uint32_t)line);
    return 0;
}
VG_EXPORT(listen_level, uint64_t, uint64_t);

static uint64_t heard(void)
{
    uint64_t lines = order;

    order = 0;
    return lines;
}
VG_EXPORT(heard, uint64_t);

static void reset_priorities(void)
{
    for (uint32_t line = 0; line < 16; line++) {
        vg_irq_handler(line, note, NULL);
        vg_irq_priority(line, 8);
        vg_irq_enable(line);
    }
    order = 0;
}

/* Several at once: by priority, then by number. */
uint64_t priorities(void)
{
    bool unmasked;

    reset_priorities();
    vg_irq_priority(3, 0);
    vg_irq_priority(4, 15);
    unmasked = vg_irq_mask();
    for (uint32_t line = 6; line >= 2; line--) {
        vg_irq_pend(line);
    }
    vg_irq_restore(unmasked);
    return order;
}
VG_EXPORT(priorities, uint64_t);

/* Unmasks; what is more urgent comes at once, what is not later. */
static void patient(uint32_t line, void *arg)
{
    (void)arg;
    order = order << 8 | line;
    vg_irq_pend(2);
    vg_irq_pend(9);
    vg_irq_restore(true);
    order = order << 8 | 0xee;
}

uint64_t nested(void)
{
    reset_priorities();
    vg_irq_handler(5, patient, NULL);
    vg_irq_priority(2, 1);
    vg_irq_pend(5);
    return order;
}
VG_EXPORT(nested, uint64_t);

uint64_t send_self(uint64_t sgi)
{
    reset_priorities();
    vg_irq_send(0, (uint32_t)sgi);
    return order;
}
VG_EXPORT(send_self, uint64_t, uint64_t);

/* What has no meaning is refused and does nothing. */
uint64_t refused(void)
{
    uint64_t bad = vg_irq_handler(64, note, NULL) < 0 ? 0 : 1;

    bad |= vg_irq_priority(64, 1) < 0 ? 0 : 2;
    bad |= vg_irq_priority(1, 16) < 0 ? 0 : 4;
    vg_irq_enable(64);
    vg_irq_enable(UINT32_MAX);
    vg_irq_disable(1000);
    vg_irq_pend(64);
    vg_irq_send(16, 0);
    vg_irq_send(UINT32_MAX, 0);
    vg_irq_send(0, 16);
    bad |= vg_irq_is_pending(64) || vg_irq_is_enabled(64) ? 8 : 0;
    return bad;
}
VG_EXPORT(refused, uint64_t);

/* ---- Several vCPUs ---- */

enum { PING = 3, PONG = 4 };

static volatile uint64_t ready;

static void on_ping(uint32_t line, void *arg)
{
    (void)line;
    (void)arg;
    vg_irq_send(0, PONG);
}

static void second(void *arg)
{
    (void)arg;
    vg_irq_enable(PING);
    vg_timer_periodic(VG_TIMER_VIRT, from_us(2000), tick, NULL); /* its own */
    for (ready = 1; ready != 0;) {
        vg_wait();
    }
}

/* So many times there and back; both sleep between. The other vCPU goes on from call to call. */
uint64_t ping_pong(uint64_t rounds)
{
    uint64_t done = 0;

    vg_irq_handler(PING, on_ping, NULL);
    vg_irq_handler(PONG, note, NULL);
    vg_irq_enable(PONG);
    if (!vg_vcpu_is_on(1) && vg_vcpu_start(1, second, NULL) != 0) {
        return 0;
    }
    for (uint32_t turn = 0; ready == 0; turn++) {
        vg_relax(turn);
    }
    while (done < rounds) {
        bool unmasked = vg_irq_mask();

        heard();
        vg_irq_send(1, PING);
        while (order == 0) {
            vg_wait();
            vg_irq_restore(unmasked);
            unmasked = vg_irq_mask();
        }
        vg_irq_restore(unmasked);
        done++;
    }
    return done;
}
VG_EXPORT(ping_pong, uint64_t, uint64_t);

/* ---- Handlers that do much ---- */

static void deep(uint32_t line, void *arg)
{
    volatile uint8_t bytes[DEEP_KIB << 10];

    (void)arg;
    for (size_t i = 0; i < sizeof(bytes); i += 4096) {
        bytes[i] = (uint8_t)line;
    }
    count += bytes[4096] == line ? 1 : 1000;
}

uint64_t handler_stack(void)
{
    count = 0;
    vg_irq_handler(1, deep, NULL);
    vg_irq_enable(1);
    vg_irq_pend(1);
    return count;
}
VG_EXPORT(handler_stack, uint64_t);

static void recurse(uint32_t line, void *arg)
{
    deep(line, arg);
    if (count != 0) {
        recurse(line, arg);
    }
    count++;
}

static void touch(uint32_t line, void *arg)
{
    (void)line;
    count++;
    *(volatile uint64_t *)arg = 1;
    count++;
}

/* A fault in a handler at an address; the stack's end at 0. */
static uint64_t handler_fault(uint64_t address)
{
    count = 0;
    vg_irq_handler(1, address == 0 ? recurse : touch, (void *)address);
    vg_irq_enable(1);
    vg_irq_pend(1);
    return count;
}
VG_EXPORT(handler_fault, uint64_t, uint64_t);

static void tick_fault(const struct vg_expiry *expiry)
{
    *(volatile uint64_t *)expiry->arg = 1;
}

/* The same, in an upcall. */
static uint64_t timer_fault(uint64_t address)
{
    vg_timer_once(VG_TIMER_VIRT, 0, tick_fault, (void *)address);
    vg_delay_us(1000000);
    return 0;
}
VG_EXPORT(timer_fault, uint64_t, uint64_t);

static void forever(uint32_t line, void *arg)
{
    (void)line;
    (void)arg;
    for (;;) {
        count++;
    }
}

static uint64_t hang_in_handler(void)
{
    vg_irq_handler(1, forever, NULL);
    vg_irq_enable(1);
    vg_irq_pend(1);
    return 0;
}
VG_EXPORT(hang_in_handler, uint64_t);

static uint64_t hang_masked(void)
{
    vg_irq_mask();
    while (count != UINT64_MAX) {
        count++;
    }
    return 0;
}
VG_EXPORT(hang_masked, uint64_t);

static uint64_t hang_waiting(uint64_t mask)
{
    if (mask != 0) {
        vg_irq_mask();
    }
    while (count != UINT64_MAX) {
        vg_wait();
    }
    return 0;
}
VG_EXPORT(hang_waiting, uint64_t, uint64_t);

/* ---- What an interrupted program has ---- */

/* Again after a while in which the program has its turn, however slow all is. */
static void soon(void (*fn)(const struct vg_expiry *))
{
    vg_timer_once(VG_TIMER_VIRT, vg_now() + from_us(100), fn, NULL);
}

/* Floating point of its own, another rounding. */
static void disturb(const struct vg_expiry *expiry)
{
    static volatile double sum = 1.5;

    irq_disturb();
    sum = sum * 1.25 / 1.125;
    count++;
    soon(disturb);
    (void)expiry;
}

/* Registers are filled, then nothing happens but interrupts; says which have changed. */
uint64_t preserved(uint64_t rounds)
{
    uint64_t bad = 0;

    soon(disturb);
    for (uint64_t i = 0; i < rounds; i++) {
        bad |= irq_wait_filled(&count, count + 1);
    }
    vg_timer_cancel(VG_TIMER_VIRT);
    return bad;
}
VG_EXPORT(preserved, uint64_t, uint64_t);

static bool same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static void talk(const struct vg_expiry *expiry)
{
    (void)expiry;
    count += same(echo("from the handler, at some length"), "from the handler, at some length")
                 ? 1
                 : 1000000;
    soon(talk);
}

/* The program and its handlers call the host all the time, with strings. */
static uint64_t chatter(uint64_t rounds)
{
    uint64_t bad = 0;

    count = 0;
    soon(talk);
    for (uint64_t i = 0; i < rounds; i++) {
        const char *text = echo("from the program");

        vg_delay_us(20);
        bad += same(text, "from the program") ? 0 : 1;
        bad += vg_host_status() == CALL_OK ? 0 : 1;
    }
    vg_timer_cancel(VG_TIMER_VIRT);
    return bad + (count >= 1000000 ? 1 : 0) + (count == 0 ? 1 : 0);
}
VG_EXPORT(chatter, uint64_t, uint64_t);

/* ---- Against the host ---- */

/* Upcalls at an address of the program's choice. */
static uint64_t bad_entry(uint64_t address)
{
    bool unmasked = vg_irq_mask();

    start(100);
    ((volatile struct irq_area *)IRQ_GVA)->entry = address;
    vg_irq_restore(unmasked);
    vg_delay_us(address % ENTRY_END != 0 ? 1000000 : 20000); /* one that is used ends it at once */
    ((volatile struct irq_area *)IRQ_GVA)->entry = 0;
    return count;
}
VG_EXPORT(bad_entry, uint64_t, uint64_t);
