/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test guest that uses the virtual PCI bus and its channels in every wrong way, claims what it
 * finds, and then storms: configuration space, registers and doorbells, until it is stopped.
 */
#include "tests/guest/check.h"
#include "vitrine-guest.h"

#include "vitrine-channel.h"

#define ECAM_SIZE   UINT64_C(0x100000)
#define CONFIG_SIZE 0x1000u
#define SLOTS       32u
#define COMMAND     0x04u
#define BAR         0x10u
#define LINE        0x3cu
#define ROUNDS      20000u

/* Where the faults of wild accesses are counted instead of ending the guest. */
static uint32_t faults;

static bool on_fault(struct vg_frame *frame, void *arg)
{
    (void)arg;
    faults++;
    frame->pc += 4;
    return true;
}

static uint32_t random_next(void)
{
    static uint32_t state = 0x2545f491;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* The bus begins 1 MiB below the window whose first page belongs to slot 0. */
static uint64_t ecam_of(const struct boot_channel *channel, uint32_t *slot)
{
    uint64_t window = channel->regs_gpa & ~(ECAM_SIZE - 1);

    *slot = (uint32_t)((channel->regs_gpa - window) / CHANNEL_REGS_SIZE);
    return window - ECAM_SIZE;
}

static uint64_t config_of(uint64_t ecam, uint32_t slot)
{
    return ecam + (uint64_t)slot * 8 * CONFIG_SIZE;
}

static void check_identity(const struct boot_channel *channel)
{
    uint32_t slot;
    uint64_t config = config_of(ecam_of(channel, &slot), slot);

    check_equal("vendor and device", vg_mmio_rd32(config),
                CHANNEL_PCI_DEVICE << 16 | CHANNEL_PCI_VENDOR);
    check_equal("vendor by 16 bits", vg_mmio_rd16(config), CHANNEL_PCI_VENDOR);
    check_equal("device by 16 bits", vg_mmio_rd16(config + 2), CHANNEL_PCI_DEVICE);
    check_equal("class by 8 bits", vg_mmio_rd8(config + 0x0b), CHANNEL_PCI_CLASS >> 16);
    check_equal("pin is INTA", vg_mmio_rd8(config + LINE + 1), 1);
    vg_mmio_wr32(config, 0);
    check_equal("the identity is read-only", vg_mmio_rd16(config), CHANNEL_PCI_VENDOR);
    vg_mmio_wr8(config + LINE, 0xa5);
    check_equal("the interrupt line is scratch", vg_mmio_rd8(config + LINE), 0xa5);
}

static void check_bars(const struct boot_channel *channel)
{
    uint32_t slot;
    uint64_t config = config_of(ecam_of(channel, &slot), slot);

    for (uint32_t pair = 0; pair < 2; pair++) {
        uint64_t at = config + BAR + pair * 8;
        uint64_t base = pair == 0 ? channel->regs_gpa : channel->mem_gpa;
        uint64_t size = pair == 0 ? CHANNEL_REGS_SIZE : channel->mem_size;

        check_equal("BAR address", vg_mmio_rd32(at), (uint32_t)base | 4);
        vg_mmio_wr32(at, UINT32_MAX);
        check_equal("BAR size", vg_mmio_rd32(at) & ~UINT32_C(15), (uint32_t)(0 - size));
        vg_mmio_wr32(at, 0x12345000);
        check_equal("BAR does not move", vg_mmio_rd32(at), (uint32_t)base | 4);
    }
}

static void check_absent(const struct boot_channel *channel)
{
    uint32_t slot, present = 0;
    uint64_t ecam = ecam_of(channel, &slot);

    for (uint64_t at = ecam; at < ecam + ECAM_SIZE; at += CONFIG_SIZE) {
        present += vg_mmio_rd32(at) != UINT32_MAX ? 1 : 0;
        vg_mmio_wr32(at + COMMAND, UINT32_MAX);
    }
    check_equal("only our functions are there", present, vg_boot()->channel_count);
}

/* Registers take aligned 32 bits only; anything else is a fault of our own. */
static void check_registers(const struct boot_channel *channel)
{
    uint64_t regs = channel->regs_gpa;
    uint32_t sum = 0;

    faults = 0;
    (void)vg_mmio_rd8(regs);
    (void)vg_mmio_rd16(regs + CHANNEL_CAUSE);
    vg_mmio_wr8(regs + CHANNEL_DOORBELL, 1);
    (void)vg_mmio_rd64(regs);
    vg_mmio_wr64(regs + CHANNEL_SIZE_LOW, 0);
    (void)vg_mmio_rd32(regs + 2);
    check_equal("other widths fault", faults, 6);
    for (uint32_t at = CHANNEL_NAME + CHANNEL_NAME_SIZE; at < CHANNEL_REGS_SIZE; at += 4) {
        vg_mmio_wr32(regs + at, UINT32_MAX);
        sum |= vg_mmio_rd32(regs + at);
    }
    check_equal("nothing behind the registers", sum, 0);
    vg_mmio_wr32(regs + CHANNEL_SIZE_LOW, 0);
    check_equal("the size is read-only", vg_mmio_rd32(regs + CHANNEL_SIZE_LOW), channel->mem_size);
    vg_mmio_wr32(regs + CHANNEL_MASK, UINT32_MAX);
    check_equal("only known causes", vg_mmio_rd32(regs + CHANNEL_MASK), CHANNEL_CAUSE_ALL);
    vg_mmio_wr32(regs + CHANNEL_MASK, 0);
}

/* What lies around our registers and memory is nobody's, or at least not the neighbour's. */
static void check_around(const struct boot_channel *channel)
{
    uint64_t window = channel->regs_gpa & ~(ECAM_SIZE - 1);
    uint32_t open = 0;

    faults = 0;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint32_t before = faults;

        (void)vg_mmio_rd32(window + slot * CHANNEL_REGS_SIZE);
        open += faults == before ? 1 : 0;
    }
    check_equal("registers of our functions only", open, vg_boot()->channel_count);
    faults = 0;
    (void)vg_mmio_rd32(channel->mem_gpa + channel->mem_size);
    vg_mmio_wr32(channel->mem_gpa + channel->mem_size, 1);
    check_equal("nothing behind them", faults, 2);
    (void)vg_mmio_rd32(channel->mem_gpa + channel->mem_size - 4);
    check_equal("shared memory to its last word", faults, 2);
}

static void check_memory(const struct boot_channel *channel)
{
    uint64_t found = 0;

    for (uint64_t at = 0; at < channel->mem_size; at += 64) {
        found |= vg_mmio_rd64(channel->mem_gpa + at);
    }
    check_equal("shared memory begins with zeros", found, 0);
}

static void check_writable(const struct boot_channel *channel)
{
    uint32_t before = faults;

    vg_mmio_wr32(channel->mem_gpa, 0x600df00d);
    check_equal("shared memory is writable", faults, before);
    check_equal("and keeps what was written", vg_mmio_rd32(channel->mem_gpa), 0x600df00d);
}

/* Random accesses of every width: to configuration space, registers, and what lies between. */
static void wild(const struct boot_channel *channel)
{
    uint32_t slot;
    uint64_t ecam = ecam_of(channel, &slot);

    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t r = random_next();
        uint64_t at = (r & 1) != 0 ? ecam + random_next() % (ECAM_SIZE * 2)
                                   : config_of(ecam, slot) + random_next() % 0x80;

        switch (r >> 1 & 7) {
        case 0: (void)vg_mmio_rd8(at); break;
        case 1: (void)vg_mmio_rd16(at & ~UINT64_C(1)); break;
        case 2: (void)vg_mmio_rd32(at & ~UINT64_C(3)); break;
        case 3: (void)vg_mmio_rd64(at & ~UINT64_C(7)); break;
        case 4: vg_mmio_wr8(at, (uint8_t)random_next()); break;
        case 5: vg_mmio_wr16(at & ~UINT64_C(1), (uint16_t)random_next()); break;
        case 6: vg_mmio_wr32(at & ~UINT64_C(3), random_next()); break;
        default: vg_mmio_wr32(at, random_next()); break;
        }
    }
}

/* Without end, until the operator stops the zone. */
static void storm(void)
{
    vg_puts("pci: storm\n");
    for (;;) {
        for (uint32_t i = 0; i < vg_boot()->channel_count; i++) {
            uint64_t regs = vg_boot()->channel[i].regs_gpa;

            for (uint32_t n = 0; n < 1000; n++) {
                vg_mmio_wr32(regs + CHANNEL_DOORBELL, n);
                vg_mmio_wr32(regs + CHANNEL_MASK, n);
                vg_mmio_wr32(regs + CHANNEL_CAUSE, n);
            }
        }
    }
}

void guest_main(void)
{
    const struct boot_channel *channel = vch_find("storm");

    vg_fault_handler(on_fault, NULL);
    check("the channels are there", channel != NULL && vch_find("mute") != NULL);
    if (channel != NULL) {
        check_memory(channel);
        check_identity(channel);
        check_bars(channel);
        check_absent(channel);
        check_registers(channel);
        check_around(channel);
        check_writable(channel);
        wild(channel);
        check_identity(channel);
        check_bars(channel);
    }
    check_sum("pci");
    storm();
}
