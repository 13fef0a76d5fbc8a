/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest for debuggers: functions with known places to stop at, values of all kinds to pass and to
 * change, a loop for breakpoints and steps, faults, and several vCPUs that count. What the compiler
 * must not fold away is volatile; functions that a debugger calls stand by themselves.
 */
#include <stddef.h>

#include "vitrine-call.h"
#include "vitrine-vcpu.h"

#include "debug.h"

/* By itself, as it is written: a debugger stops at it and calls it. */
#ifdef __clang__
#define ALONE __attribute__((noinline, used))
#else
#define ALONE __attribute__((noipa, used))
#endif

volatile uint64_t debug_counter;
volatile uint64_t debug_seen[4];
volatile int32_t debug_array[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
volatile struct pair debug_pair = { 7, 1.5 };
volatile bool debug_go_on;

/* ---- What a debugger calls ---- */

ALONE int32_t debug_add(int32_t a, int32_t b)
{
    return a + b;
}

ALONE double debug_scale(double x, float by)
{
    return x * (double)by;
}

ALONE struct pair debug_swap(struct pair p)
{
    struct pair q = { (int32_t)p.b, (double)p.a };

    return q;
}

static uint64_t values(void)
{
    struct pair p = { debug_pair.a, debug_pair.b };

    p = debug_swap(p);
    return (uint64_t)debug_add(p.a, 1) + (uint64_t)debug_scale(p.b, 2.0f) +
           (uint64_t)debug_array[3];
}
VG_EXPORT(values, uint64_t);

/* ---- Loops ---- */

ALONE void debug_tick(uint64_t n)
{
    debug_counter = n;
}

static uint64_t count(uint64_t turns)
{
    for (uint64_t n = 1; n <= turns; n++) {
        debug_tick(n);
    }
    return debug_counter;
}
VG_EXPORT(count, uint64_t, uint64_t);

/* Nested calls, for finish and backtraces. */
ALONE uint64_t debug_nest(uint64_t depth)
{
    debug_seen[0] = depth;
    return depth == 0 ? 1 : debug_nest(depth - 1) + 1;
}

static uint64_t nest(uint64_t depth)
{
    return debug_nest(depth);
}
VG_EXPORT(nest, uint64_t, uint64_t);

static void spin(void)
{
    debug_go_on = false;
    while (!debug_go_on) {
        debug_counter = debug_counter + 1;
    }
}
VG_EXPORT(spin, void);

/* A hash of the guest's own text and of an array: whoever changes either changes it. */
static uint64_t hash(uint64_t turns)
{
    const volatile uint8_t *text = (const volatile uint8_t *)(uintptr_t)&debug_add;
    uint64_t sum = 0;

    for (uint64_t n = 0; n < turns; n++) {
        debug_tick(n);
        for (size_t i = 0; i < 256; i++) {
            sum = sum * 31 + text[i];
        }
    }
    return sum;
}
VG_EXPORT(hash, uint64_t, uint64_t);

/* Until it is told to go on: whether the text then is what it was, and no turn was lost. */
static uint64_t steady(void)
{
    uint64_t before = hash(1);
    uint64_t n = 0;

    debug_go_on = false;
    while (!debug_go_on) {
        debug_tick(++n);
        if (debug_counter != n) {
            return 2;
        }
    }
    return hash(1) == before;
}
VG_EXPORT(steady, uint64_t);

/* The flags as pushf saves them, behind a place to stop at. */
ALONE uint64_t debug_flags(void)
{
    uint64_t flags;

    __asm__ volatile("pushf\n\tpop %0" : "=r"(flags));
    return flags;
}

static uint64_t flags(void)
{
    return debug_flags();
}
VG_EXPORT(flags, uint64_t);

/* ---- Faults ---- */

ALONE uint64_t debug_load(const volatile uint64_t *from)
{
    return *from;
}

static uint64_t crash(uint64_t at)
{
    return debug_load((const volatile uint64_t *)(uintptr_t)at);
}
VG_EXPORT(crash, uint64_t, uint64_t);

/* The program's own breakpoint. */
static uint64_t own(void)
{
    __asm__ volatile("int3");
    return 5;
}
VG_EXPORT(own, uint64_t);

/* Addresses, for a client that knows no symbols. */
static uint64_t place(uint64_t what)
{
    const uint64_t places[] = { (uint64_t)(uintptr_t)&debug_tick,
                                (uint64_t)(uintptr_t)&debug_counter,
                                (uint64_t)(uintptr_t)&debug_turn,
                                (uint64_t)(uintptr_t)&debug_go_on };

    return what < sizeof(places) / sizeof(places[0]) ? places[what] : 0;
}
VG_EXPORT(place, uint64_t, uint64_t);

/* ---- Several vCPUs ---- */

static volatile uint64_t ran[VG_MAX_VCPUS];

ALONE void debug_turn(uint64_t vcpu)
{
    ran[vcpu % VG_MAX_VCPUS]++;
}

static uint64_t turns_of_each;

static void worker(void *arg)
{
    uint64_t vcpu = (uint64_t)(uintptr_t)arg;

    for (uint64_t n = 0; n < turns_of_each; n++) {
        debug_turn(vcpu);
    }
}

/* Each of them, vCPU 0 too, turns so many times; how often all did together. */
static uint64_t together(uint64_t vcpus, uint64_t turns)
{
    uint64_t sum = 0;

    turns_of_each = turns;
    for (uint64_t i = 0; i < vcpus; i++) {
        ran[i] = 0;
    }
    for (uint64_t i = 1; i < vcpus; i++) {
        if (vg_vcpu_start((uint32_t)i, worker, (void *)(uintptr_t)i) != 0) {
            return 0;
        }
    }
    worker(NULL);
    for (uint64_t i = 1; i < vcpus; i++) {
        for (uint32_t turn = 0; vg_vcpu_is_on((uint32_t)i); turn++) {
            vg_relax(turn);
        }
    }
    for (uint64_t i = 0; i < vcpus; i++) {
        sum += ran[i];
    }
    return sum;
}
VG_EXPORT(together, uint64_t, uint64_t, uint64_t);
