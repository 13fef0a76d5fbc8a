/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test guest with several vCPUs: start and stop in cycles, software-generated interrupts between
 * all pairs, private timers, a lock, and memory that is pristine at each start. Keys afterwards:
 * q power off, r SYSTEM_RESET2, b SYSTEM_RESET while all other vCPUs spin without any trap.
 */
#include "guest/aarch64/psci.h"
#include "tests/guest/check.h"
#include "vitrine-guest.h"

#define CYCLES       20u
#define SGI_ROUNDS   50u
#define LOCK_ROUNDS  2000u
#define WAIT_US      5000000u /* generous: an emulated vCPU may not run for long */
#define STEP_US      100u
#define SGI_PING     3u
#define SGI_EXIT     4u
#define TIMER_PERIOD 500u /* per second */
#define TIMER_COUNT  10u
#define DATA_WORD    0x600dda7au
#define DIRTY_WORD   UINT64_C(0xd127d127d127d127)
#define DIRTY_STEP   0x10000u /* bytes between the words that are made dirty */

static struct {
    uint32_t starts[VG_MAX_VCPUS];
    uint32_t pings[VG_MAX_VCPUS];
    uint32_t timers[VG_MAX_VCPUS];
    uint32_t leave[VG_MAX_VCPUS];
    uint32_t locked; /* under lock */
    uint32_t lock_done;
    struct vg_lock lock;
} shared;

static volatile uint32_t in_data = DATA_WORD;

static uint32_t look(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void add(uint32_t *word)
{
    __atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

/* Whether the word reaches the value in time. */
static bool wait_for(const uint32_t *word, uint32_t value)
{
    for (uint32_t us = 0; us < WAIT_US; us += STEP_US) {
        if (look(word) >= value) {
            return true;
        }
        vg_delay_us(STEP_US);
    }
    return false;
}

static bool wait_off(uint32_t vcpu)
{
    for (uint32_t us = 0; us < WAIT_US; us += STEP_US) {
        if (!vg_vcpu_is_on(vcpu)) {
            return true;
        }
        vg_delay_us(STEP_US);
    }
    return false;
}

static void on_ping(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    add(&shared.pings[vg_vcpu_id()]);
}

static void on_exit(uint32_t intid, void *arg)
{
    (void)intid;
    (void)arg;
    add(&shared.leave[vg_vcpu_id()]);
}

static void on_timer(const struct vg_expiry *expiry)
{
    (void)expiry;
    add(&shared.timers[vg_vcpu_id()]);
}

static void secondary(void *arg)
{
    uint32_t id = vg_vcpu_id();

    vg_irq_enable(SGI_PING);
    vg_irq_enable(SGI_EXIT);
    if ((uint64_t)arg == id) {
        add(&shared.starts[id]);
    }
    for (;;) {
        bool unmasked = vg_irq_mask();

        if (look(&shared.leave[id]) == 0) {
            vg_wait();
        }
        vg_irq_restore(unmasked);
        if (look(&shared.leave[id]) != 0) {
            __atomic_store_n(&shared.leave[id], 0, __ATOMIC_RELEASE);
            return;
        }
    }
}

static void worker(void *arg)
{
    (void)arg;
    vg_timer_periodic(VG_TIMER_VIRT, vg_tick_rate() / TIMER_PERIOD, on_timer, NULL);
    for (uint32_t i = 0; i < LOCK_ROUNDS; i++) {
        vg_lock(&shared.lock);
        shared.locked++;
        vg_unlock(&shared.lock);
    }
    wait_for(&shared.timers[vg_vcpu_id()], TIMER_COUNT);
    vg_timer_cancel(VG_TIMER_VIRT);
    add(&shared.lock_done);
}

static void test_cycles(uint32_t id)
{
    bool started = true;
    bool stopped = true;

    for (uint32_t i = 1; i <= CYCLES && started && stopped; i++) {
        started = vg_vcpu_start(id, secondary, (void *)(uint64_t)id) == 0 &&
                  wait_for(&shared.starts[id], i) && vg_vcpu_is_on(id);
        vg_irq_send(id, SGI_EXIT);
        stopped = wait_off(id);
    }
    check_equal("cycles of CPU_ON and CPU_OFF", look(&shared.starts[id]), CYCLES);
    check("each start reached its vCPU", started);
    check("each stop was seen by AFFINITY_INFO", stopped);
}

static void test_pings(uint32_t id)
{
    struct vg_call call = { .x = { PSCI_CPU_ON_64, id, (uint64_t)guest_main } };
    bool answered = true;

    check_equal("start for pings", (uint64_t)vg_vcpu_start(id, secondary, (void *)(uint64_t)id), 0);
    check("it runs", wait_for(&shared.starts[id], CYCLES + 1));
    vg_call(&call);
    check_equal("CPU_ON of one that is on", call.x[0], (uint64_t)PSCI_ALREADY_ON);
    for (uint32_t i = 1; i <= SGI_ROUNDS && answered; i++) {
        vg_irq_send(id, SGI_PING);
        answered = wait_for(&shared.pings[id], i);
    }
    check_equal("software-generated interrupts taken", look(&shared.pings[id]), SGI_ROUNDS);
    vg_irq_send(id, SGI_EXIT);
    check("it went off", wait_off(id));
}

static void test_all_at_once(uint32_t count)
{
    for (uint32_t id = 1; id < count; id++) {
        check_equal("start of a worker", (uint64_t)vg_vcpu_start(id, worker, NULL), 0);
    }
    worker(NULL);
    check("all workers are done", wait_for(&shared.lock_done, count));
    check_equal("increments under the lock", look(&shared.locked), count * LOCK_ROUNDS);
    for (uint32_t id = 0; id < count; id++) {
        check("its private timer came", look(&shared.timers[id]) >= TIMER_COUNT);
        check("off again", id == 0 || wait_off(id));
    }
}

/* RAM that neither the image nor the plan's blobs lie in is zero, .data is as it was linked. */
static void test_pristine(void)
{
    uint64_t start = vg_boot()->ram_gpa + vg_boot()->ram_size / 2;
    uint64_t end = vg_boot()->ram_gpa + vg_boot()->ram_size;
    uint32_t dirty = 0;

    for (uint64_t at = start; at < end && !check_is_native(); at += DIRTY_STEP) {
        volatile uint64_t *word = (volatile uint64_t *)at;

        dirty += *word == DIRTY_WORD ? 1 : 0;
        *word = DIRTY_WORD;
    }
    check_equal("words left over from an earlier life", dirty, 0);
    check_equal("data as linked", in_data, DATA_WORD);
    in_data = 0;
}

static void spin_forever(void *arg)
{
    (void)arg;
    vg_irq_mask();
    add(&shared.lock_done);
    for (;;) {
    }
}

/* Others don't trap and take no interrupt of the guest: the hypervisor alone can stop them. */
static void reset_while_busy(void)
{
    uint32_t count = vg_vcpu_count();

    __atomic_store_n(&shared.lock_done, 0, __ATOMIC_RELEASE);
    for (uint32_t id = 1; id < count; id++) {
        vg_vcpu_start(id, spin_forever, NULL);
    }
    if (wait_for(&shared.lock_done, count - 1)) {
        vg_puts("smp: all spin\n");
        vg_reset();
    }
    vg_puts("smp: they do not spin\n");
}

static void wait_for_key(void)
{
    struct vg_call call = { .x = { PSCI_SYSTEM_RESET2_64, 0, 0 } };
    int key;

    for (;;) {
        key = vg_getc_wait();
        if (key == 'q') {
            vg_power_off();
        }
        if (key == 'b') {
            reset_while_busy();
        }
        if (key == 'r') {
            vg_call(&call);
            vg_put_named_hex("smp: SYSTEM_RESET2 came back: ", call.x[0]);
            vg_puts("\n");
        }
    }
}

void guest_main(void)
{
    uint32_t count = vg_vcpu_count();

    vg_put_named("smp: vCPUs ", count);
    vg_puts("\n");
    test_pristine();
    vg_irq_handler(SGI_PING, on_ping, NULL);
    vg_irq_handler(SGI_EXIT, on_exit, NULL);
    vg_irq_enable(SGI_PING);
    vg_irq_send(0, SGI_PING);
    check("an SGI to oneself", wait_for(&shared.pings[0], 1));
    for (uint32_t id = 1; id < count; id++) {
        test_cycles(id);
        test_pings(id);
    }
    test_all_at_once(count);
    check_sum("smp");
    wait_for_key();
}
