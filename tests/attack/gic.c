/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps over registers of an interrupt controller, and SGIs that are counted where they come. */
#include "tests/attack/gic.h"

#include "guest/aarch64/gic.h"
#include "tests/attack/attack.h"

#define WIDTHS    4u
#define WAIT_US   2000000u
#define SETTLE_US 2000u

static insn_fn *const loads[WIDTHS] = { insn_ldrb, insn_ldrh, insn_ldrw, insn_ldr };
static insn_fn *const stores[WIDTHS] = { insn_strb, insn_strh, insn_strw, insn_str };

static uint32_t received[VG_MAX_VCPUS][GIC_SGIS], expected[VG_MAX_VCPUS][GIC_SGIS];

/* ---- Sweeps ---- */

static void sweep_one(struct sweep *s, uint64_t va, uint32_t width)
{
    uint64_t value = attack_below(4) == 0 ? UINT64_MAX : attack_random();
    struct attempt a = attack_try(s->write ? stores[width] : loads[width], va, value);

    s->strange += a.faulted && !attack_is_abort(&a, va);
    if (va % BIT64(width) != 0) {
        s->unaligned++;
        s->unaligned_held += a.faulted;
    } else if (width == 2) {
        s->words++;
        s->words_held += !a.faulted;
    }
}

static void sweep_run(void *arg)
{
    struct sweep *s = arg;
    uint64_t va = WINDOW_VA + get(WINDOW_OFFSET, s->base);
    bool unmasked = vg_irq_mask();

    for (uint64_t offset = 0; offset < s->size; offset++) {
        for (uint32_t width = 0; width < WIDTHS; width++) {
            if (attack_sampled()) {
                sweep_one(s, va + offset, width);
            }
        }
    }
    vg_irq_restore(unmasked);
    __atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
}

void sweep_all(struct sweep *sweeps, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        check("a vCPU to help", vg_vcpu_start(i, sweep_run, &sweeps[i]) == 0);
    }
    sweep_run(&sweeps[0]);
    for (uint32_t i = 0; i < count; i++) {
        const struct sweep *s = &sweeps[i];

        while (__atomic_load_n(&s->done, __ATOMIC_ACQUIRE) == 0 || (i != 0 && vg_vcpu_is_on(i))) {
            vg_delay_us(SETTLE_US);
        }
        check_equal("unaligned accesses fault", s->unaligned_held, s->unaligned);
        check_equal("words are answered", s->words_held, s->words);
        check_equal("strange endings", s->strange, 0);
    }
}

uint32_t gic_owned(uint32_t n)
{
    const struct boot_info *boot = vg_boot();
    uint32_t uart = boot->uart_intid / 32 == n ? BIT32(boot->uart_intid % 32) : 0;

    return n == 0 ? 0xffffu | BIT32(boot->virt_timer_intid) | BIT32(boot->phys_timer_intid) : uart;
}

/* ---- SGIs ---- */

static void on_sgi(uint32_t intid, void *arg)
{
    (void)arg;
    __atomic_fetch_add(&received[vg_vcpu_id()][intid], 1, __ATOMIC_RELAXED);
}

static void interrupts_begin(const struct sgi_attack *attack)
{
    attack->begin();
    for (uint32_t i = 0; i < GIC_SGIS; i++) {
        vg_irq_enable(i);
    }
}

static uint32_t ready; /* vCPUs that can receive */

static void receiver(void *arg)
{
    interrupts_begin(arg);
    __atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
    for (;;) {
        vg_wait();
    }
}

static void receivers_start(const struct sgi_attack *attack)
{
    for (uint32_t i = 0; i < GIC_SGIS; i++) {
        vg_irq_handler(i, on_sgi, NULL);
    }
    interrupts_begin(attack);
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        check("a vCPU to receive", vg_vcpu_start(v, receiver, (void *)(uintptr_t)attack) == 0);
    }
    while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) != vg_vcpu_count() - 1) {
        vg_delay_us(10);
    }
}

static bool all_came(uint32_t intid)
{
    for (uint32_t us = 0; us < WAIT_US; us += 10) {
        bool all = true;

        for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
            all = all &&
                  __atomic_load_n(&received[v][intid], __ATOMIC_RELAXED) == expected[v][intid];
        }
        if (all) {
            return true;
        }
        vg_delay_us(10);
    }
    return false;
}

void sgi_attack_run(const struct sgi_attack *attack)
{
    uint32_t came = 0, wrong = 0, sent = 0;

    gic_init(vg_boot());
    receivers_start(attack);
    for (uint32_t round = 0; round < attack->sends; round++) {
        struct sgi_sent sgi = attack->send(round);

        for (uint32_t v = 0; v < vg_vcpu_count(); v++) {
            expected[v][sgi.intid] += (sgi.targets & BIT32(v)) != 0;
            sent += (sgi.targets & BIT32(v)) != 0;
        }
        attack_count(1);
        came += all_came(sgi.intid);
    }
    vg_delay_us(SETTLE_US);
    for (uint32_t v = 0; v < VG_MAX_VCPUS; v++) {
        for (uint32_t i = 0; i < GIC_SGIS; i++) {
            wrong += received[v][i] != expected[v][i];
        }
    }
    check_equal("every SGI came to whom it was sent", came, attack->sends);
    check_equal("and to nobody else", wrong, 0);
    check("many were sent", sent > attack->sends / 4);
}
