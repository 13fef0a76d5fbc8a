/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack through the interrupt translation service, with a device of its own that sends messages
 * (QEMU's edu at 00:04.0): commands for devices of others, queues and tables outside of its memory,
 * floods, and a reset with messages under way. Keys: see obey(). It takes interrupts itself.
 */
#include "guest/aarch64/hw.h"
#include "tests/attack/attack.h"

/* tests/zone/plans/dma.yaml and boards/qemu-virt-aarch64: what the plan compiler laid out. */
#define ECAM         UINT64_C(0x4010000000)
#define OWN          (UINT64_C(4) << 15)
#define WINDOW       UINT64_C(0x10800000)
#define ITS          UINT64_C(0x8080000)
#define TRANSLATER   (ITS + 0x10040)
#define OWN_DEVICE   0x20u
#define DEVICES      256u
#define COMMAND      0x4u
#define BAR          0x10u
#define MSI          0x40u
#define EDU_RAISE    0x60u
#define EDU_ACK      0x64u
#define GITS_CTLR    0x0u
#define GITS_CBASER  0x80u
#define GITS_CWRITER 0x88u
#define GITS_CREADR  0x90u
#define GICR_CTLR    0x0u
#define GICR_PROP    0x70u
#define GICR_PEND    0x78u
#define VALID        (UINT64_C(1) << 63)
#define COMMANDS     128u /* in the queue */
#define POLLS        2000u
#define FIRST        8192u
#define LPI          8200u
#define SPECIAL      1020u
#define FLOOD        40u /* queues full */
#define ATTEMPTS     6000u

enum {
    OP_INT = 3,
    OP_CLEAR = 4,
    OP_MAPD = 8,
    OP_MAPC = 9,
    OP_MAPTI = 10,
    OP_INV = 12,
    OP_DISCARD = 15
};

static uint64_t queue[COMMANDS][4] __attribute__((aligned(65536)));
static uint8_t properties[8192] __attribute__((aligned(4096)));
static uint8_t pending[65536] __attribute__((aligned(65536)));
static uint32_t next;

static void config_wr(uint64_t offset, uint32_t value)
{
    vg_mmio_wr32(window_to(ECAM + offset, WINDOW_NGNRE), value);
}

/* ---- the ITS ---- */

/* Bounded: a guest never hangs at the hypervisor's pace. */
static bool ring(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
    vg_mmio_wr64(ITS + GITS_CWRITER, next * 32u);
    for (unsigned i = 0; i < POLLS; i++) {
        if (vg_mmio_rd64(ITS + GITS_CREADR) == next * 32u) {
            return true;
        }
    }
    return false;
}

static void put_words(uint64_t word0, uint64_t word1, uint64_t word2)
{
    queue[next][0] = word0;
    queue[next][1] = word1;
    queue[next][2] = word2;
    queue[next][3] = 0;
    next = (next + 1) % COMMANDS;
    attack_count(1);
}

static void put_event(uint64_t op, uint64_t device, uint64_t event)
{
    put_words(op | device << 32, event, 0);
}

static bool map_event(uint64_t device, uint64_t event, uint64_t intid)
{
    put_words(OP_MAPD | device << 32, 4, VALID | (uintptr_t)pending);
    put_words(OP_MAPTI | device << 32, event | intid << 32, 0);
    return ring();
}

static void start(uint64_t base, uint64_t table)
{
    for (unsigned i = 0; i < sizeof(properties); i++) {
        properties[i] = 0xa1;
    }
    vg_mmio_wr64(vg_boot()->gicr_gpa + GICR_PROP, table | 13);
    vg_mmio_wr64(vg_boot()->gicr_gpa + GICR_PEND, (uintptr_t)pending);
    vg_mmio_wr32(vg_boot()->gicr_gpa + GICR_CTLR, 1);
    vg_mmio_wr32(ITS + GITS_CTLR, 0);
    vg_mmio_wr64(ITS + GITS_CBASER, VALID | base);
    vg_mmio_wr32(ITS + GITS_CTLR, 1);
    next = 0;
}

static void start_own(void)
{
    start((uintptr_t)queue, (uintptr_t)properties);
    put_words(OP_MAPC, 0, VALID);
}

/* The LPI that waits for this vCPU, taken and ended; 0: none. */
static uint32_t take_lpi(void)
{
    for (unsigned i = 0; i < 100; i++) {
        uint32_t intid = (uint32_t)rd_icc_iar1_el1();

        if (intid < SPECIAL || intid >= FIRST) {
            wr_icc_eoir1_el1(intid);
        }
        if (intid >= FIRST) {
            return intid;
        }
        vg_delay_us(10);
    }
    return 0;
}

/* ---- attacks ---- */

static void message_send(void)
{
    config_wr(OWN + BAR, (uint32_t)WINDOW);
    config_wr(OWN + COMMAND, 6);
    config_wr(OWN + MSI + 4, (uint32_t)TRANSLATER);
    config_wr(OWN + MSI + 8, 0);
    config_wr(OWN + MSI + 12, 0); /* event 0 */
    config_wr(OWN + MSI, 1u << 16);
    vg_mmio_wr32(WINDOW + EDU_RAISE, 1);
    vg_mmio_wr32(WINDOW + EDU_ACK, 1);
}

static void own_device(const char *name)
{
    check("own device is mapped", map_event(OWN_DEVICE, 0, LPI));
    put_event(OP_INT, OWN_DEVICE, 0);
    check("own command ends", ring());
    check_equal(name, take_lpi(), LPI);
    message_send();
    check_equal("own device's message arrives", take_lpi(), LPI);
}

static void foreign_devices(void)
{
    uint32_t found = 0;

    put_event(OP_DISCARD, OWN_DEVICE, 0);
    check("discarded", ring());
    for (uint64_t device = 0; device < DEVICES; device++) {
        if (device == OWN_DEVICE) {
            continue;
        }
        (void)map_event(device, 0, LPI);
        put_event(OP_INT, device, 0);
        put_event(OP_CLEAR, device, 1);
        put_event(OP_DISCARD, device, 0);
        (void)ring();
        found |= (uint32_t)rd_icc_iar1_el1() >= FIRST;
    }
    check("no device of another can be mapped", found == 0);
}

static const uint64_t foreign[] = { 0x42000000, 0x50000000,    0x8000000, 0x9000000,
                                    0x70000000, 0xffff0000000, 0x41000000 };

static void foreign_queues(void)
{
    bool all = true;

    for (unsigned i = 0; i < ARRAY_COUNT(foreign); i++) {
        start(foreign[i], (uintptr_t)properties);
        vg_mmio_wr64(ITS + GITS_CWRITER, 0x20);
        all = all && vg_mmio_rd64(ITS + GITS_CREADR) == 1; /* stalled at the first */
        vg_mmio_wr64(ITS + GITS_CWRITER, 0xfffe0 | 1);
        all = all && vg_mmio_rd64(ITS + GITS_CREADR) == 1;
        attack_count(2);
    }
    check("no queue of another is read", all);
    start_own();
    check("the own one is", ring());
}

static void flood(void)
{
    bool all = true;

    for (unsigned round = 0; round < FLOOD; round++) {
        for (unsigned i = 0; i + 1 < COMMANDS; i++) {
            if ((round & 1) != 0) {
                put_event((i & 1) != 0 ? OP_INT : OP_CLEAR, OWN_DEVICE, 0);
            } else {
                put_words(attack_below(17) | (uint64_t)OWN_DEVICE << 32 * (attack_random() & 1),
                          attack_random() >> attack_below(64), attack_random());
            }
        }
        all = all && ring();
    }
    check("each queue ends", all);
    vg_mmio_wr64(ITS + GITS_CWRITER, UINT64_MAX);
    check("a wild number is ignored", vg_mmio_rd64(ITS + GITS_CWRITER) < COMMANDS * 32u);
    start_own();
    for (uint64_t event = 0; event < 32; event++) {
        put_event(OP_DISCARD, OWN_DEVICE, event);
    }
    check("the queue goes on", ring());
    while (take_lpi() != 0) {
    }
}

/* Where devices write messages no CPU does. */
static void translater(void)
{
    struct attempt write = attack_try(insn_strw, TRANSLATER, 0);

    check("a CPU's message is refused", attack_is_abort(&write, TRANSLATER));
    check_equal("and raises nothing", take_lpi(), 0);
}

/* a: attack; t: table outside; r: reset with messages under way; f: is it fresh; q: off */
static void obey(int key)
{
    switch (key) {
    case 'a':
        start_own();
        own_device("own command arrives");
        foreign_devices();
        foreign_queues();
        flood();
        translater();
        own_device("own command still arrives");
        check("all of it was tried", attack_attempts() >= ATTEMPTS);
        attack_end();
        break;
    case 't':
        start((uintptr_t)queue, 0x42000000);
        put_words(OP_MAPC, 0, VALID);
        check("mapped", map_event(OWN_DEVICE, 0, LPI));
        put_event(OP_INT, OWN_DEVICE, 0);
        check("ends", ring());
        check_equal("nothing is enabled by memory of others", take_lpi(), 0);
        check_sum("table");
        break;
    case 'r':
        message_send();
        vg_puts("its: leaves messages\n");
        vg_reset();
    case 'f':
        start_own();
        check("mapped again", map_event(OWN_DEVICE, 0, LPI));
        check_equal("no message of the run before", take_lpi(), 0);
        own_device("own command arrives again");
        check_sum("fresh");
        break;
    case 'q': vg_power_off();
    default: vg_puts("its: keys a t r f q\n"); break;
    }
}

void guest_main(void)
{
    attack_begin("its");
    for (;;) {
        int key = vg_getc_wait();
        bool unmasked = vg_irq_mask();

        obey(key);
        vg_irq_restore(unmasked);
    }
}
