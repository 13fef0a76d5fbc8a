/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: a zone does to the registers of its virtio devices whatever an instruction can do, names
 * queues outside of its memory, storms with notifications and resets, on all its vCPUs. In zone0
 * the same program is the server (keeper.c), which writes into each queue that it was given: after
 * a reset not one word may change any more.
 */
#include "tests/attack/attack.h"
#include "tests/attack/virtio/keeper.h"

#define REGS_SIZE  0x1000u
#define WIDTHS     4u
#define DEVICES    2u
#define QUEUE_SIZE 64u
#define OUTSIDE    400u
#define BELLS      20000u
#define RESETS     400u
#define RACES      15000u
#define QUIET_US   20u

/* Registers. */
#define DEVICE_ID  0x08u
#define DRIVER     0x20u
#define DRIVER_SEL 0x24u
#define QUEUE_SEL  0x30u
#define SIZE       0x38u
#define READY      0x44u
#define NOTIFY     0x50u
#define STATUS     0x70u
#define DESC       0x80u
#define AVAIL      0x90u
#define USED       0xa0u
#define CONFIG     0x100u

static insn_fn *const loads[WIDTHS] = { insn_ldrb, insn_ldrh, insn_ldrw, insn_ldr };
static insn_fn *const stores[WIDTHS] = { insn_strb, insn_strh, insn_strw, insn_str };

/* What the server may write to while a queue is up. */
static volatile uint64_t rings[DEVICES][0x400] __attribute__((aligned(0x1000)));
static uint64_t regs[DEVICES];
static uint32_t stop;

static uint32_t rd(uint32_t device, uint32_t offset)
{
    return vg_mmio_rd32(regs[device] + offset);
}

static void wr(uint32_t device, uint32_t offset, uint32_t value)
{
    vg_mmio_wr32(regs[device] + offset, value);
}

static void wr_address(uint32_t device, uint32_t offset, uint64_t value)
{
    wr(device, offset, (uint32_t)value);
    wr(device, offset + 4, (uint32_t)(value / (UINT64_C(1) << 32)));
}

static void negotiate(uint32_t device)
{
    wr(device, STATUS, 0);
    wr(device, STATUS, 1);
    wr(device, STATUS, 3);
    wr(device, DRIVER_SEL, 0);
    wr(device, DRIVER, 0);
    wr(device, DRIVER_SEL, 1);
    wr(device, DRIVER, 1); /* VERSION_1 */
    wr(device, STATUS, 0xb);
}

/* Whether queue 0 is one, by these addresses. */
static bool queue_up(uint32_t device, const uint64_t at[3])
{
    wr(device, QUEUE_SEL, 0);
    wr(device, SIZE, QUEUE_SIZE);
    wr_address(device, DESC, at[0]);
    wr_address(device, AVAIL, at[1]);
    wr_address(device, USED, at[2]);
    wr(device, READY, 1);
    return rd(device, READY) != 0;
}

static bool bring_up(uint32_t device)
{
    uint64_t base = (uint64_t)rings[device];
    const uint64_t at[] = { base, base + 0x800, base + 0x1000 };

    negotiate(device);
    if (!queue_up(device, at)) {
        return false;
    }
    wr(device, STATUS, 0xf);
    return rd(device, STATUS) == 0xf;
}

/* ---- Registers ---- */

static bool register_holds(uint32_t device, uint64_t offset, uint32_t width, bool write)
{
    uint64_t va = window_to(regs[device], WINDOW_NORMAL) + offset;
    bool is_aligned = offset % (UINT64_C(1) << width) == 0;
    bool answered = is_aligned && (width == 2 || (width < 2 && offset >= CONFIG));
    struct attempt a = attack_try((write ? stores : loads)[width], va, attack_random());

    return answered ? !a.faulted : attack_is_abort(&a, va);
}

static void test_registers(void)
{
    uint64_t held = 0, tried = 0;

    for (uint32_t device = 0; device < DEVICES; device++) {
        for (uint32_t i = 0; i < (REGS_SIZE - 8) * WIDTHS * 2; i++) {
            if (attack_sampled()) {
                held += register_holds(device, i / (WIDTHS * 2), i / 2 % WIDTHS, i % 2 != 0);
                tried++;
            }
        }
    }
    window_set(0);
    check_equal("registers: what the standard has, nothing else", held, tried);
    check_equal("the disk is one", rd(0, DEVICE_ID), 2);
    check_equal("the other is what it was", rd(1, DEVICE_ID), 4);
}

/* The pages around: nothing of anybody. */
static void test_around(void)
{
    uint64_t held = 0, tried = 0;

    for (uint64_t page = 0; page < 64; page++) {
        uint64_t at = regs[0] + (page < 32 ? (DEVICES + page) * REGS_SIZE
                                           : UINT64_C(0) - (page - 31) * REGS_SIZE);
        uint64_t va = window_to(at, WINDOW_NORMAL) + attack_below(REGS_SIZE / 8) * 8;
        struct attempt a = attack_try(page % 2 == 0 ? insn_ldrw : insn_strw, va, 0);

        held += attack_is_abort(&a, va);
        tried++;
    }
    window_set(0);
    check_equal("pages beside them fault", held, tried);
}

/* ---- Queues ---- */

/* An address that is not the zone's, or one so near to its end that the queue is not. */
static uint64_t bad_address(void)
{
    const struct boot_info *boot = vg_boot();
    uint64_t end = boot->ram_gpa + boot->ram_size;

    switch (attack_below(6)) {
    case 0: return end - attack_below(8) * 16;
    case 1: return boot->ram_gpa - 16;
    case 2: return boot->gicd_gpa;
    case 3: return UINT64_MAX - 15 - attack_below(64) * 16;
    case 4: return end + (attack_random() & 0xffffffff0);
    default: return regs[0];
    }
}

static void test_outside(void)
{
    uint64_t base = (uint64_t)rings[0], taken = 0;

    for (uint32_t i = 0; i < OUTSIDE; i++) {
        uint64_t at[] = { base, base + 0x800, base + 0x1000 };

        at[attack_below(3)] = bad_address();
        if (i % 16 == 0) {
            negotiate(0);
        }
        taken += queue_up(0, at);
        wr(0, STATUS, 0xf);
        wr(0, NOTIFY, 0);
        negotiate(0);
    }
    attack_count(OUTSIDE);
    check_equal("queues outside of its memory", taken, 0);
}

/* ---- Storms ---- */

static void confuse(void)
{
    uint32_t device = (uint32_t)attack_below(DEVICES);

    wr(device, (uint32_t)attack_below(0x50) * 4, (uint32_t)attack_random());
    wr(device, STATUS, (uint32_t)attack_below(16));
    wr(device, NOTIFY, (uint32_t)attack_below(4));
    (void)rd(device, (uint32_t)attack_below(0x50) * 4);
}

static void ring_all(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        wr(i % DEVICES, NOTIFY, attack_below(8) == 0 ? (uint32_t)attack_random() : 0);
    }
    attack_count(count);
}

static void other_bells(void *arg)
{
    (void)arg;
    while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
        ring_all(100);
    }
}

static void other_confuses(void *arg)
{
    (void)arg;
    while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0) {
        confuse();
        attack_count(4);
    }
}

static void others_begin(void (*fn)(void *))
{
    __atomic_store_n(&stop, 0, __ATOMIC_RELEASE);
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        check("a vCPU to help", vg_vcpu_start(v, fn, NULL) == 0);
    }
}

static void others_end(void)
{
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (uint32_t v = 1; v < vg_vcpu_count(); v++) {
        while (vg_vcpu_is_on(v)) {
            vg_delay_us(100);
        }
    }
}

static void test_bells(void)
{
    check("both devices are up", bring_up(0) && bring_up(1));
    others_begin(other_bells);
    ring_all(BELLS);
    others_end();
    check_equal("the status is what it was", rd(0, STATUS), 0xf);
}

static void test_resets(void)
{
    uint64_t done = 0, up = 0, changed = 0;

    for (uint32_t i = 0; i < RESETS; i++) {
        uint32_t device = i % DEVICES;
        uint64_t before;

        up += bring_up(device);
        wr(device, NOTIFY, 0);
        wr(device, STATUS, 0);
        before = rings[device][0];
        done += rd(device, STATUS) == 0;
        vg_delay_us(QUIET_US);
        changed += rings[device][0] != before;
    }
    attack_count(RESETS);
    check_equal("devices that came up", up, RESETS);
    check_equal("resets that were done when they returned", done, RESETS);
    check_equal("words that a server changed after that", changed, 0);
    check("it had written before", rings[0][0] + rings[1][0] > 0);
}

static void test_races(void)
{
    others_begin(other_confuses);
    for (uint32_t i = 0; i < RACES; i++) {
        confuse();
    }
    attack_count(4 * (uint64_t)RACES);
    others_end();
    check("the devices come up after that", bring_up(0) && bring_up(1));
    check_equal("the disk is still one", rd(0, DEVICE_ID), 2);
}

void guest_main(void)
{
    if (vg_boot()->control_gpa != 0) {
        keeper();
    }
    attack_begin("virtio");
    check_equal("devices", vg_boot()->virtio_count, DEVICES);
    for (uint32_t i = 0; i < DEVICES; i++) {
        regs[i] = vg_boot()->virtio[i].regs_gpa;
    }
    test_registers();
    test_around();
    test_outside();
    test_bells();
    test_resets();
    test_races();
    attack_end(); /* with its devices up: the zone's stop waits for the server */
}
