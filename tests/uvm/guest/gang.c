/* SPDX-License-Identifier: Apache-2.0 */
/* A guest of several vCPUs: what its functions do, they may do wrong on purpose. */
#include "vitrine-call.h"
#include "vitrine-fault.h"
#include "vitrine-vcpu.h"

#include "abi/uvm.h"
#include "tests/uvm/guest/crew.h"

#define OUT_OF_RANGE UINT64_C(0xdead0000)

VG_IMPORT(where, uint64_t, uint64_t);

static struct {
    struct vg_lock lock;
    struct vg_barrier barrier;
    volatile uint64_t counter, turns, seen, stop, sum, errors;
    volatile uint64_t mark[VG_MAX_VCPUS];
    uint32_t vcpus;
} shared;

static uint64_t ok(void)
{
    return 42;
}
VG_EXPORT(ok, uint64_t);

static uint64_t count(void)
{
    return vg_vcpu_count();
}
VG_EXPORT(count, uint64_t);

static uint64_t counter(void)
{
    return shared.counter;
}
VG_EXPORT(counter, uint64_t);

/* Until the counter is beyond that. */
static uint64_t await(uint64_t value)
{
    for (uint32_t turn = 0; shared.counter <= value; turn++) {
        vg_relax(turn);
    }
    return shared.counter;
}
VG_EXPORT(await, uint64_t, uint64_t);

static uint64_t errors(void)
{
    return shared.errors;
}
VG_EXPORT(errors, uint64_t);

/* ---- Starting ---- */

static void set_mark(void *arg)
{
    uint32_t me = vg_vcpu_id();

    shared.mark[me] = (uint64_t)arg;
    if (shared.stop != 0) {
        vg_vcpu_off();
    }
}

/* Starts vCPU n with argument n + 100, waits for its end; what it left, or the error. */
static int64_t start_one(uint64_t n)
{
    int err = vg_vcpu_start((uint32_t)n, set_mark, (void *)(n + 100));

    if (err != 0) {
        return err;
    }
    wait_off(n, n + 1);
    return (int64_t)shared.mark[n];
}
VG_EXPORT(start_one, int64_t, uint64_t);

/* vCPU 1, again and again. */
static uint64_t start_often(uint64_t times)
{
    uint64_t good = 0;

    shared.stop = times % 2;
    for (uint64_t i = 0; i < times; i++) {
        shared.mark[1] = 0;
        if (vg_vcpu_start(1, set_mark, (void *)(i + 1)) == 0) {
            wait_off(1, 2);
            good += shared.mark[1] == i + 1;
        }
    }
    return good;
}
VG_EXPORT(start_often, uint64_t, uint64_t);

static void spin(void *arg)
{
    (void)arg;
    for (;;) {
        shared.counter++;
    }
}

/* vCPU n spins without end; it is started a second time. */
static int64_t start_twice(uint64_t n)
{
    int err = vg_vcpu_start((uint32_t)n, spin, NULL);

    return err != 0 ? 1000 : vg_vcpu_start((uint32_t)n, spin, NULL);
}
VG_EXPORT(start_twice, int64_t, uint64_t);

/* vCPU 1 starts 2, 2 starts 3 ..., each adds its number. */
static void chain(void *arg)
{
    uint64_t me = vg_vcpu_id();

    (void)arg;
    __atomic_fetch_add(&shared.sum, me, __ATOMIC_RELAXED);
    if (me + 1 < vg_vcpu_count() && vg_vcpu_start((uint32_t)me + 1, chain, NULL) != 0) {
        shared.errors++;
    }
    if (vg_vcpu_start(0, chain, NULL) != CALL_VCPU_ALREADY_ON) {
        shared.errors++;
    }
}

static uint64_t start_chain(void)
{
    shared.sum = 0;
    chain(NULL);
    wait_off(1, vg_vcpu_count());
    return shared.sum;
}
VG_EXPORT(start_chain, uint64_t);

/* Whether vCPU n is on. */
static uint64_t is_on(uint64_t n)
{
    return vg_vcpu_is_on((uint32_t)n);
}
VG_EXPORT(is_on, uint64_t, uint64_t);

static void off(void)
{
    vg_vcpu_off();
}
VG_EXPORT(off, void);

/* ---- Lock and barrier ---- */

static void add_locked(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < shared.turns; i++) {
        vg_lock(&shared.lock);
        shared.counter++;
        vg_unlock(&shared.lock);
    }
}

/* All vCPUs add `turns` to one counter. */
static uint64_t lock_all(uint64_t turns)
{
    shared.counter = 0;
    shared.turns = turns;
    if (start_all(add_locked) != 0) {
        return 0;
    }
    add_locked(NULL);
    wait_off(1, vg_vcpu_count());
    return shared.counter;
}
VG_EXPORT(lock_all, uint64_t, uint64_t);

/* Each writes its turn, meets the others, and finds theirs not behind. */
static void meet(void *arg)
{
    uint32_t me = vg_vcpu_id();

    (void)arg;
    for (uint64_t i = 1; i <= shared.turns; i++) {
        shared.mark[me] = i;
        vg_barrier(&shared.barrier, shared.vcpus);
        for (uint32_t n = 0; n < shared.vcpus; n++) {
            if (shared.mark[n] < i) {
                shared.errors++;
            }
        }
    }
}

static uint64_t barrier_all(uint64_t turns)
{
    shared.turns = turns;
    shared.vcpus = vg_vcpu_count();
    shared.errors = 0;
    if (start_all(meet) != 0) {
        return 0;
    }
    meet(NULL);
    wait_off(1, shared.vcpus);
    return shared.barrier.turn;
}
VG_EXPORT(barrier_all, uint64_t, uint64_t);

/* ---- Memory ---- */

/* Writes the caller's stack, which it has not touched itself. */
static void fill(void *arg)
{
    volatile uint8_t *bytes = arg;

    for (uint64_t i = 0; i < 100000; i++) {
        bytes[i] = (uint8_t)i;
    }
}

static uint64_t fill_stack(void)
{
    uint8_t bytes[100000];
    uint64_t sum = 0;

    if (vg_vcpu_start(1, fill, bytes) != 0) {
        return 0;
    }
    wait_off(1, 2);
    for (uint64_t i = 0; i < sizeof(bytes); i++) {
        sum += ((volatile uint8_t *)bytes)[i] == (uint8_t)i;
    }
    return sum;
}
VG_EXPORT(fill_stack, uint64_t);

__attribute__((noinline)) static uint64_t deep(uint64_t depth)
{
    volatile uint8_t frame[4000];

    frame[0] = (uint8_t)depth;
    return depth == 0 ? frame[0] : deep(depth - 1) + frame[0];
}

static void go_deep(void *arg)
{
    shared.seen = deep((uint64_t)arg);
    shared.mark[1] = vg_stack_left();
}

static uint64_t deep_stack(uint64_t depth)
{
    shared.mark[1] = 0;
    if (vg_vcpu_start(1, go_deep, (void *)depth) != 0) {
        return 0;
    }
    wait_off(1, 2);
    return shared.mark[1];
}
VG_EXPORT(deep_stack, uint64_t, uint64_t);

/* Vector registers are each vCPU's own. */
static void sum_floats(void *arg)
{
    double sum = 0;

    for (uint64_t i = 0; i < 20000; i++) {
        sum += (double)((uint64_t)arg * i);
    }
    shared.mark[(uint64_t)arg] = (uint64_t)sum;
}

static uint64_t floats(void)
{
    uint64_t good = 0;

    if (start_all(sum_floats) != 0) {
        return 0;
    }
    wait_off(1, vg_vcpu_count());
    for (uint64_t i = 1; i < vg_vcpu_count(); i++) {
        good += shared.mark[i] == i * (19999 * UINT64_C(10000));
    }
    return good;
}
VG_EXPORT(floats, uint64_t);

/* ---- The host ---- */

static void call_host(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < shared.turns; i++) {
        uint64_t value = vg_vcpu_id() * 1000 + i;

        if (where(value) != value + 1 || vg_host_status() != CALL_OK) {
            __atomic_fetch_add(&shared.errors, 1, __ATOMIC_RELAXED);
        }
        if (i % 16 == 0) {
            vg_log(VG_LOG_INFO, "from a vCPU");
        }
    }
}

static uint64_t host_all(uint64_t turns)
{
    shared.turns = turns;
    shared.errors = 0;
    if (start_all(call_host) != 0) {
        return 1;
    }
    call_host(NULL);
    wait_off(1, vg_vcpu_count());
    return shared.errors;
}
VG_EXPORT(host_all, uint64_t, uint64_t);

/* ---- Calls that end while others run ---- */

static uint64_t spin_all(void)
{
    return start_all(spin) == 0;
}
VG_EXPORT(spin_all, uint64_t);

static uint64_t spin_all_and_here(void)
{
    if (start_all(spin) == 0) {
        spin(NULL);
    }
    return 0;
}
VG_EXPORT(spin_all_and_here, uint64_t);

static void ask_for_ever(void *arg)
{
    (void)arg;
    for (;;) {
        shared.counter++;
        if (where(7) != 8) {
            shared.errors++;
        }
    }
}

static uint64_t ask_all(void)
{
    return start_all(ask_for_ever) == 0;
}
VG_EXPORT(ask_all, uint64_t);

/* ---- Faults ---- */

static void crash(void *arg)
{
    *(volatile uint64_t *)(OUT_OF_RANGE + (uint64_t)arg * 8) = 1;
}

/* vCPU n faults while this one waits. */
static uint64_t crash_one(uint64_t n)
{
    if (vg_vcpu_start((uint32_t)n, crash, (void *)n) != 0) {
        return 0;
    }
    wait_off(n, n + 1);
    return 1;
}
VG_EXPORT(crash_one, uint64_t, uint64_t);

static void meet_and_crash(void *arg)
{
    vg_barrier(&shared.barrier, vg_vcpu_count());
    crash(arg);
}

static uint64_t crash_all(void)
{
    if (start_all(meet_and_crash) == 0) {
        meet_and_crash(NULL);
    }
    return 0;
}
VG_EXPORT(crash_all, uint64_t);

static uint64_t overflow(void)
{
    return deep_stack(1000000);
}
VG_EXPORT(overflow, uint64_t);

static void say_done(void *arg)
{
    (void)arg;
    ((struct call_area *)UVM_CALL_GVA)->request = CALL_REQUEST_DONE;
    ((void (*)(void))UVM_GATE_GVA)();
}

static uint64_t false_end(void)
{
    if (vg_vcpu_start(1, say_done, NULL) == 0) {
        wait_off(1, 2);
    }
    return 0;
}
VG_EXPORT(false_end, uint64_t);

/* A vCPU begins at an address of the host's or of nobody's. */
static uint64_t start_nowhere(uint64_t address)
{
    struct call_area *area = (struct call_area *)UVM_CALL_GVA;

    area->out.arg[0].bits = 1;
    area->out.arg[1].bits = address;
    area->request = CALL_REQUEST_VCPU_START;
    ((void (*)(void))UVM_GATE_GVA)();
    wait_off(1, 2);
    return 1;
}
VG_EXPORT(start_nowhere, uint64_t, uint64_t);

/* ---- As a program of its own, micro-VM or zone: a line each, then a fault of vCPU 1 ---- */

static bool check(const char *what, bool is_ok)
{
    static char line[80];
    const char *parts[] = { "gang: ", what, is_ok ? ": ok" : ": BAD" };
    size_t len = 0;

    for (size_t i = 0; i < 3; i++) {
        for (const char *at = parts[i]; *at != '\0' && len < sizeof(line) - 1; at++) {
            line[len++] = *at;
        }
    }
    line[len] = '\0';
    vg_log(VG_LOG_INFO, line);
    return is_ok;
}

static int32_t main(void)
{
    uint64_t n = vg_vcpu_count();

    check("count", n >= 3);
    check("none of these", start_one(n) == CALL_VCPU_INVALID);
    check("the first is on", start_one(0) == CALL_VCPU_ALREADY_ON);
    check("start", start_one(1) == 101 && start_one(n - 1) == (int64_t)n + 99);
    check("start often", start_often(200) == 200);
    check("start each other", start_chain() == n * (n - 1) / 2);
    check("floating point", floats() == n - 1);
    check("lock", lock_all(20000) == n * 20000);
    check("barrier", barrier_all(500) == 500 && errors() == 0);
    check("each other's stacks", fill_stack() == 100000);
    check("a deep stack", deep_stack(200) > 100000 && shared.seen != 0);
    check("start twice", start_twice(n - 1) == CALL_VCPU_ALREADY_ON && is_on(n - 1) == 1);
    crash_one(1);
    return 0;
}
VG_EXPORT(main, int32_t);
