/* SPDX-License-Identifier: Apache-2.0 */
/* The program that micro-VMs run in the benchmark: does as little as its floor does (floor.c). */
#include "bench/uvm/guest.h"

#include "vitrine-call.h"
#include "vitrine-irq.h"
#include "vitrine-vcpu.h"

enum { PAGE = 4096 };

VG_IMPORT(host_add, uint64_t, uint64_t);

static uint64_t add(uint64_t value)
{
    return value + 1;
}
VG_EXPORT(add, uint64_t, uint64_t);

static uint64_t add_host(uint64_t value)
{
    return host_add(value) + 1;
}
VG_EXPORT(add_host, uint64_t, uint64_t);

VG_IMPORT(seen, uint64_t, uint64_t);

static void on_line(uint32_t intid, void *arg)
{
    (void)arg;
    seen(intid);
}

static uint64_t listen(uint64_t line)
{
    vg_irq_handler((uint32_t)line, on_line, NULL);
    vg_irq_enable((uint32_t)line);
    return line;
}
VG_EXPORT(listen, uint64_t, uint64_t);

/* Writes one byte to each of so many pages; the number of pages that there are. */
static uint64_t touch(uint64_t pages)
{
    struct vg_memory heap = vg_heap();

    for (uint64_t i = 0; i < pages && i < heap.size / PAGE; i++) {
        heap.base[i * PAGE] = 1;
    }
    return heap.size / PAGE;
}
VG_EXPORT(touch, uint64_t, uint64_t);

static uint64_t clock(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high * (UINT64_C(1) + UINT32_MAX) + low;
}

static volatile uint64_t started;

static void begin(void *arg)
{
    (void)arg;
    started = 1;
}

/* Cycles that the last of so many starts of vCPU 1 took, each after the end of the one before. */
static uint64_t start(uint64_t times)
{
    uint64_t cycles = 0;

    for (uint64_t i = 0; i < times; i++) {
        for (uint32_t turn = 0; vg_vcpu_is_on(1); turn++) {
            vg_relax(turn);
        }
        started = 0;
        cycles = clock();
        if (vg_vcpu_start(1, begin, NULL) != 0) {
            return 0;
        }
        while (started == 0) {
            __asm__ volatile("pause");
        }
        cycles = clock() - cycles;
    }
    return cycles;
}
VG_EXPORT(start, uint64_t, uint64_t);

/* Cycles of so many faults that a handler fixes. */
static uint64_t exception(uint64_t count)
{
    static const struct vg_handler handler = { bench_skip, NULL, VG_ON_VECTOR(6), 0 };
    int number = vg_handler_register(&handler);
    uint64_t begin = clock();

    for (uint64_t i = 0; i < count; i++) {
        __asm__ volatile("ud2");
    }
    begin = clock() - begin;
    return vg_handler_unregister(number) == 0 ? begin : 0;
}
VG_EXPORT(exception, uint64_t, uint64_t);

/* Fast handlers for both exceptions from now on, or none (0). */
static uint64_t fast(uint64_t on)
{
    const struct vg_handler handler = { bench_fast, (void *)on, VG_ON_VECTOR(13), 0 };
    int number = vg_handler_register(&handler);

    __asm__ volatile("in $0, %%al\n" : : : "rax"); /* #GP, two bytes */
    return vg_handler_unregister(number) == 0;
}
VG_EXPORT(fast, uint64_t, uint64_t);

/* The same by an exception that no host intercepts. */
static uint64_t breakpoint(uint64_t count)
{
    static const struct vg_handler handler = { bench_go_on, NULL, VG_ON_VECTOR(3), 0 };
    int number = vg_handler_register(&handler);
    uint64_t begin = clock();

    for (uint64_t i = 0; i < count; i++) {
        __asm__ volatile("int3");
    }
    begin = clock() - begin;
    return vg_handler_unregister(number) == 0 ? begin : 0;
}
VG_EXPORT(breakpoint, uint64_t, uint64_t);
