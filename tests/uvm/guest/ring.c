/* SPDX-License-Identifier: Apache-2.0 */
/* A guest of several vCPUs that interrupt each other, or mask everything and never end. */
#include "tests/uvm/guest/crew.h"

#include "vitrine-call.h"
#include "vitrine-irq.h"
#include "vitrine-vcpu.h"

static struct {
    struct vg_barrier barrier;
    volatile uint64_t counter, turns, stop, errors;
    volatile uint64_t mark[VG_MAX_VCPUS];
} shared;

static uint64_t ok(void)
{
    return 42;
}
VG_EXPORT(ok, uint64_t);

static uint64_t errors(void)
{
    return shared.errors;
}
VG_EXPORT(errors, uint64_t);

enum { RING = 3 };

/* Passes it on to the next vCPU; the last one tells all. */
static void on_ring(uint32_t intid, void *arg)
{
    (void)arg;
    if (shared.stop != 0) {
        return;
    }
    if (intid != RING) {
        shared.errors++;
    }
    shared.mark[vg_vcpu_id()]++;
    if (++shared.counter < shared.turns) {
        vg_irq_send((vg_vcpu_id() + 1) % vg_vcpu_count(), RING);
        return;
    }
    shared.stop = 1;
    for (uint32_t i = 0; i < vg_vcpu_count(); i++) {
        vg_irq_send(i, RING);
    }
}

static void listen(void *arg)
{
    bool unmasked;

    (void)arg;
    vg_irq_enable(RING);
    vg_barrier(&shared.barrier, vg_vcpu_count());
    if (vg_vcpu_id() == 0) {
        vg_irq_send(1, RING);
    }
    unmasked = vg_irq_mask();
    while (shared.stop == 0) {
        vg_wait();
        vg_irq_restore(unmasked);
        unmasked = vg_irq_mask();
    }
    vg_irq_restore(unmasked);
}

/* An interrupt goes round all vCPUs, which sleep meanwhile; how often it came. */
static uint64_t ring(uint64_t turns)
{
    shared.counter = 0;
    shared.stop = 0;
    shared.errors = 0;
    shared.turns = turns;
    for (uint32_t i = 0; i < VG_MAX_VCPUS; i++) {
        shared.mark[i] = 0;
    }
    vg_irq_handler(RING, on_ring, NULL);
    if (start_all(listen) != 0) {
        return 0;
    }
    listen(NULL);
    wait_off(1, vg_vcpu_count());
    return shared.counter;
}
VG_EXPORT(ring, uint64_t, uint64_t);

/* How often it came to vCPU n. */
static uint64_t mark(uint64_t n)
{
    return shared.mark[n % VG_MAX_VCPUS];
}
VG_EXPORT(mark, uint64_t, uint64_t);

static void spin_masked(void *arg)
{
    (void)arg;
    vg_irq_mask();
    for (;;) {
        shared.counter++;
    }
}

static uint64_t spin_masked_all(void)
{
    if (start_all(spin_masked) == 0) {
        spin_masked(NULL);
    }
    return 0;
}
VG_EXPORT(spin_masked_all, uint64_t);

static void sleep_for_ever(void *arg)
{
    (void)arg;
    for (;;) {
        vg_wait();
    }
}

/* All sleep, and nothing wakes them. */
static uint64_t sleep_all(void)
{
    if (start_all(sleep_for_ever) == 0) {
        sleep_for_ever(NULL);
    }
    return 0;
}
VG_EXPORT(sleep_all, uint64_t);

/* As a program of its own. */
static int32_t main(void)
{
    bool is_ok = ring(400) == 400 && errors() == 0;

    for (uint32_t i = 0; i < vg_vcpu_count(); i++) {
        is_ok = is_ok && mark(i) == 400 / vg_vcpu_count();
    }
    vg_log(VG_LOG_INFO, "ring: done");
    return is_ok ? 0 : 1;
}
VG_EXPORT(main, int32_t);
