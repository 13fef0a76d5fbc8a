/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack with a DMA engine (QEMU's edu device, at 00:04.0 or behind a bridge there): reaches for
 * memory that is not the zone's, moves its registers over others', and leaves transfers running
 * over a reset. Keys: see obey(). What must be blocked shows in the hypervisor's log, too.
 */
#include "tests/attack/attack.h"

/* tests/zone/plans/dma.yaml and boards/qemu-virt-aarch64: what the plan compiler laid out. */
#define ECAM          UINT64_C(0x4010000000)
#define WINDOW        UINT64_C(0x10800000)
#define FOREIGN       UINT64_C(0x10000000) /* window of linux0 */
#define EDU_ID        UINT32_C(0x11e81234)
#define DEVICES       128u /* of four buses */
#define DEVICE_SIZE   0x8000u
#define COMMAND       0x4u
#define BAR           0x10u
#define MEMORY_MASTER 6u

/* The device: a buffer of 4 KiB, and transfers between it and memory. */
#define EDU_SOURCE 0x80u
#define EDU_TARGET 0x88u
#define EDU_COUNT  0x90u
#define EDU_DMA    0x98u
#define EDU_BUFFER 0x40000u
#define EDU_FETCH  1u /* memory to buffer */
#define EDU_STORE  3u /* buffer to memory */
#define EDU_SIZE   64u
#define EDU_WAIT   400000u /* us: a transfer takes 100 ms */
#define EDU_STEP   1000u

#define ATTEMPTS 120u
#define FLOOD    70u

static uint64_t source[EDU_SIZE / 8] __attribute__((aligned(4096)));
static uint64_t target[EDU_SIZE / 8] __attribute__((aligned(4096)));

/* Where it is: on bus 0, or the second bus behind a bridge. */
static const uint64_t places[] = { UINT64_C(4) << 15, UINT64_C(2) << 20 };
static uint64_t own;

static uint32_t config_rd(uint64_t offset)
{
    return vg_mmio_rd32(window_to(ECAM + offset, WINDOW_NGNRE));
}

static void config_wr(uint64_t offset, uint32_t value)
{
    vg_mmio_wr32(window_to(ECAM + offset, WINDOW_NGNRE), value);
}

/* Device registers lie in the first GiB, which the runtime maps as Device memory. */
static bool transfer(uint64_t memory, uint64_t how)
{
    vg_mmio_wr64(WINDOW + EDU_SOURCE, how == EDU_FETCH ? memory : EDU_BUFFER);
    vg_mmio_wr64(WINDOW + EDU_TARGET, how == EDU_FETCH ? EDU_BUFFER : memory);
    vg_mmio_wr64(WINDOW + EDU_COUNT, EDU_SIZE);
    vg_mmio_wr64(WINDOW + EDU_DMA, how);
    attack_count(1);
    for (uint32_t waited = 0; waited < EDU_WAIT; waited += EDU_STEP) {
        if ((vg_mmio_rd64(WINDOW + EDU_DMA) & 1) == 0) {
            return true;
        }
        vg_delay_us(EDU_STEP);
    }
    return false;
}

static void fill(uint64_t *words, uint64_t seed)
{
    for (unsigned i = 0; i < EDU_SIZE / 8; i++) {
        words[i] = seed == 0 ? 0 : seed + i;
    }
}

static bool is_filled(const uint64_t *words, uint64_t seed)
{
    for (unsigned i = 0; i < EDU_SIZE / 8; i++) {
        if (*(volatile const uint64_t *)&words[i] != (seed == 0 ? 0 : seed + i)) {
            return false;
        }
    }
    return true;
}

static void set_up(void)
{
    config_wr(own + BAR, (uint32_t)WINDOW);
    config_wr(own + COMMAND, MEMORY_MASTER);
}

static void look(void)
{
    own = config_rd(places[0]) == EDU_ID ? places[0] : places[1];
}

static void attack_config(void)
{
    bool hidden = true;

    check_equal("own function", config_rd(own), EDU_ID);
    for (uint64_t i = 0; i < DEVICES; i++) {
        if (i * DEVICE_SIZE != own) {
            hidden = hidden && config_rd(i * DEVICE_SIZE) == UINT32_MAX;
            config_wr(i * DEVICE_SIZE + COMMAND, 0);
            config_wr(i * DEVICE_SIZE + BAR, (uint32_t)WINDOW);
            attack_count(3);
        }
    }
    check("others are not there", hidden);
    config_wr(own + BAR, UINT32_MAX);
    check_equal("size of the registers", config_rd(own + BAR), 0xfff00000);
    config_wr(own + BAR, (uint32_t)FOREIGN);
    config_wr(own + COMMAND, MEMORY_MASTER);
    check("not decoded in a foreign window", vg_mmio_rd32(WINDOW) == UINT32_MAX);
    set_up();
    check_equal("decoded in its own", vg_mmio_rd32(WINDOW) & 0xff, 0xed);
    check_equal("MSI is there", config_rd(own + (config_rd(own + 0x34) & 0xfc)) & 0xff, 5);
}

static void own_memory(const char *name, bool works)
{
    fill(source, 0x1234567800000000);
    fill(target, 0);
    check("transfer from its own memory ends", transfer((uintptr_t)source, EDU_FETCH));
    check("transfer to its own memory ends", transfer((uintptr_t)target, EDU_STORE));
    check(name, is_filled(target, works ? 0x1234567800000000 : 0));
}

/* Hypervisor, linux0's memory, its own by machine address, devices, nothing, beyond 40 bits. */
static const uint64_t foreign[] = { 0x42000000, 0x50000000, 0x43000000,  0x8000000,
                                    0x9000000,  0x70000000, 0xff00000000 };

static void attack_memory(void)
{
    for (unsigned i = 0; i < ARRAY_COUNT(foreign); i++) {
        (void)transfer(foreign[i], EDU_STORE);
        fill(source, 0x7700);
        (void)transfer((uintptr_t)source, EDU_FETCH);
        (void)transfer(foreign[i], EDU_FETCH);
        fill(target, 0x55);
        (void)transfer((uintptr_t)target, EDU_STORE);
        check("nothing was read", is_filled(target, 0x7700) || is_filled(target, 0));
    }
}

static void leave_running(void)
{
    set_up();
    fill(source, 0xbad0000);
    (void)transfer((uintptr_t)source, EDU_FETCH);
    vg_mmio_wr64(WINDOW + EDU_SOURCE, EDU_BUFFER);
    vg_mmio_wr64(WINDOW + EDU_TARGET, (uintptr_t)target);
    vg_mmio_wr64(WINDOW + EDU_COUNT, EDU_SIZE);
    vg_mmio_wr64(WINDOW + EDU_DMA, EDU_STORE);
    vg_puts("dma: leaves a transfer running\n");
    vg_reset();
}

static void attack_flood(void)
{
    for (unsigned i = 0; i < FLOOD; i++) {
        (void)transfer(foreign[0] + i * 0x1000u, EDU_STORE);
    }
}

/* Its registers over those of linux0's functions, where they must not be decoded; and stays so. */
static void move_registers(void)
{
    config_wr(own + BAR, (uint32_t)FOREIGN);
    config_wr(own + COMMAND, MEMORY_MASTER);
    vg_puts("dma: has moved\n");
}

/* a: attack; m: move; r: reset with a transfer under way; f: is memory fresh; l: flood; q: off */
static void obey(int key)
{
    switch (key) {
    case 'a':
        attack_config();
        own_memory("its own memory is reached", true);
        attack_memory();
        own_memory("its own memory is still reached", true);
        check("all of it was tried", attack_attempts() >= ATTEMPTS);
        check_sum("dma");
        break;
    case 'm': move_registers(); break;
    case 'r': leave_running(); break;
    case 'f':
        vg_delay_us(EDU_WAIT);
        check("memory is fresh after a reset", is_filled(target, 0));
        check_equal("registers are as after reset", config_rd(own + COMMAND) & 0xffff, 0);
        set_up();
        own_memory("its own memory is reached again", true);
        check_sum("fresh");
        break;
    case 'l':
        attack_flood();
        own_memory("cut off", false);
        check("it was a flood", attack_attempts() >= FLOOD);
        check_sum("flood");
        break;
    case 'q': vg_power_off();
    default: vg_puts("dma: keys a m r f l q\n"); break;
    }
}

void guest_main(void)
{
    look();
    vg_puts("dma: ready\n");
    for (;;) {
        obey(vg_getc_wait());
    }
}
