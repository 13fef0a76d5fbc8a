/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hyp/core/pcihost.c on a fake bus: what a zone sees and moves of its functions, that it reaches
 * nothing else, and that messages stay hidden.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"

#define ECAM   UINT64_C(0x4010000000)
#define WINDOW 0x10000000u
#define SIZE   0x400000u
#define OWN    (2u << 15)
#define OTHER  (3u << 15)
#define NOBODY (4u << 15)
#define PORT   (5u << 15)
#define BRIDGE (6u << 15) /* not in the plan */
#define BEHIND (1u << 20)
#define BUSES  0x200000u

static struct plan plan;
static struct zone zone_store[2];
static struct vcpu vcpu;
static uint8_t *bus, *pool_memory;
static uint32_t bar_masks[6] = { 0xfffff000, 0xffffffe1, 0, 0, 0xffffc00c, 0xffffffff };
static unsigned flrs;
static bool is_behind, is_bridge; /* whether zone 0 has a function behind a port, which is one */
static uint64_t ports;            /* where the board has them; 0: it has none */

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;

_Noreturn void arch_crash(const char *why)
{
    fail_msg("%s", why);
    abort();
}

void mmio_add(struct zone *zone, const struct mmio_dev *dev)
{
    zone->dev[zone->dev_count++] = *dev;
}

static uint32_t reg(uint64_t offset)
{
    uint32_t value;

    memcpy(&value, bus + offset, sizeof(value));
    return value;
}

static void reg_put(uint64_t offset, uint32_t value)
{
    memcpy(bus + offset, &value, sizeof(value));
}

/* BARs keep the bits that they have; the status register does not; FLR is seen. */
static void on_access(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    uint64_t at = offset & 0xfff, f = offset - at;

    (void)size;
    if (!write || (is_bridge && (f == PORT || f == BRIDGE))) {
        return;
    }
    if (at >= PCI_BAR && at <= PCI_BAR_LAST) {
        uint32_t mask = bar_masks[(at - PCI_BAR) / 4];
        uint32_t flags = at == PCI_BAR + 16 ? 0xc : at == PCI_BAR + 4 ? 1 : 0;

        mask &= at == PCI_BAR + 20 ? UINT32_MAX : ~0xfu;
        reg_put(offset, ((uint32_t)value & mask) | flags);
    } else if (at == 0x88) {
        flrs += (value & 0x8000) != 0;
        reg_put(f + 0x88, 0);
    }
}

static void function_make(uint32_t f)
{
    reg_put(f + PCI_ID, 0x10421af4);
    reg_put(f + PCI_COMMAND, 0x00100007);
    reg_put(f + PCI_HEADER, 0x00800000);
    reg_put(f + PCI_ROM, 0xfffc0001);
    reg_put(f + PCI_CAPS, 0x98);
    reg_put(f + PCI_LINE, 0x00000100);
    reg_put(f + 0x98, 0x00030011 | 0x70 << 8); /* MSI-X */
    reg_put(f + 0x9c, 0x1);
    reg_put(f + 0x70, 0x00100009 | 0x50 << 8); /* vendor's */
    reg_put(f + 0x74, 0xabcd);
    reg_put(f + 0x50, 0x00000005 | 0x80 << 8); /* MSI */
    reg_put(f + 0x54, 0x1234);
    reg_put(f + 0x80, 0x00020010 | 0x98 << 8); /* PCI Express; the chain is a loop */
    reg_put(f + 0x84, 1u << 28);
    reg_put(f + 0x100, 0x1);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    bus = malloc(BUSES);
    memset(bus, 0xff, BUSES);
    pool_memory = aligned_alloc(0x1000, 0x10000);
    pool_init(pool_memory, 0x10000, hpa(0x40000000));
    fake_mmio_add(&(struct fake_mmio){ ECAM, BUSES, bus, on_access });
    memset(bus + OWN, 0, 0x1000);
    memset(bus + OTHER, 0, 0x1000);
    memset(bus + NOBODY, 0, 0x1000);
    function_make(OWN);
    function_make(OTHER);
    function_make(NOBODY);
    plan.board.pci_ecam_hpa = ECAM;
    plan.board.pci_io_hpa = ports;
    plan.function_count = 2;
    plan.function[0] = (struct plan_function){ .zone = 1, .bdf = OTHER >> 12 };
    plan.function[1] = (struct plan_function){ .zone = 0, .bdf = OWN >> 12 };
    if (is_behind) {
        memset(bus + PORT, 0, 0x1000);
        memset(bus + BEHIND, 0, 0x1000);
        function_make(BEHIND);
        reg_put(PORT + PCI_ID, 0xc1b36);
        reg_put(PORT + PCI_HEADER, is_bridge ? 0x00010000 : 0);
        reg_put(PORT + PCI_BUSES, 0x00040302); /* as the firmware left it */
        memcpy(bus + BRIDGE, bus + PORT, 0x1000);
        plan.function_count = 3;
        plan.function[2] =
            (struct plan_function){ .zone = 0, .bdf = BEHIND >> 12, .port = PORT >> 12 };
    }
    flrs = 0;
    for (unsigned i = 0; i < 2; i++) {
        plan.zone[i].host_hpa = WINDOW + i * SIZE;
        plan.zone[i].host_size = SIZE;
    }
    pcihost_init(&plan, ECAM);
    for (unsigned i = 0; i < 2; i++) {
        zone_store[i].id = i;
        zone_store[i].plan = &plan.zone[i];
        pcihost_add(&zone_store[i]);
    }
    vcpu.zone = &zone_store[0];
    return 0;
}

static int setup_behind(void **state)
{
    is_behind = is_bridge = true;
    ports = 0x3eff0000;
    return setup(state);
}

static int setup_no_bridge(void **state)
{
    is_behind = true;
    return setup(state);
}

static int setup_ports(void **state)
{
    ports = 0x3eff0000;
    return setup(state);
}

/* Its last BAR has 8 GiB. */
static int setup_big(void **state)
{
    bar_masks[4] = 0xc;
    bar_masks[5] = 0xfffffffe;
    return setup(state);
}

static int teardown(void **state)
{
    (void)state;
    ports = 0;
    is_behind = is_bridge = false;
    bar_masks[4] = 0xffffc00c;
    bar_masks[5] = UINT32_MAX;
    free(pool_memory);
    free(bus);
    return 0;
}

static uint32_t rd(uint64_t offset, uint8_t size)
{
    struct mmio_access access = { .offset = offset, .size = size };

    assert_true(zone_store[0].dev[0].fn(&vcpu, &access));
    return (uint32_t)(access.value & (UINT64_MAX >> (64 - size * 8)));
}

static void wr(uint64_t offset, uint8_t size, uint32_t value)
{
    struct mmio_access access = { .offset = offset, .size = size, .write = true, .value = value };

    assert_true(zone_store[0].dev[0].fn(&vcpu, &access));
}

static void test_all_quiet_at_boot(void **state)
{
    (void)state;
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(reg(NOBODY + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(reg(5u << 15), UINT32_MAX); /* nothing is written to what is not there */
}

static void test_only_own(void **state)
{
    uint8_t *before = malloc(0x100000);
    struct mmio_access wide = { .offset = OWN, .size = 8 };

    (void)state;
    memcpy(before, bus, 0x100000);
    for (uint64_t at = 0; at < 0x100000; at += at % 0x1000 < 0x40 ? 4 : 0x3c) {
        if (at >= OWN && at < OWN + 0x1000) {
            continue;
        }
        assert_int_equal(rd(at, 4), UINT32_MAX);
        wr(at, 4, 0x12345678);
        wr(at + 1, 1, 0x7);
    }
    assert_memory_equal(before, bus, 0x100000);
    assert_false(zone_store[0].dev[0].fn(&vcpu, &wide));
    free(before);
}

static void test_header(void **state)
{
    (void)state;
    assert_int_equal(rd(OWN + PCI_ID, 4), 0x10421af4);
    assert_int_equal(rd(OWN + PCI_ID + 2, 2), 0x1042);
    assert_int_equal(rd(OWN + PCI_COMMAND, 4), 0x00100000);
    assert_int_equal(rd(OWN + PCI_HEADER + 2, 1), 0x80); /* of which it sees none */
    assert_int_equal(rd(OWN + PCI_ROM, 4), 0);
    assert_int_equal(rd(OWN + 0x100, 4), 0);
    assert_int_equal(rd(OWN + PCI_LINE + 1, 1), 1);
}

static void test_capabilities(void **state)
{
    (void)state;
    assert_int_equal(rd(OWN + PCI_CAPS, 1), 0x70);
    assert_int_equal(rd(OWN + 0x70, 2), 0x8009);
    assert_int_equal(rd(OWN + 0x74, 4), 0xabcd);
    assert_int_equal(rd(OWN + 0x80, 2), 0x0010); /* the end */
    assert_int_equal(rd(OWN + 0x50, 4), 0);
    assert_int_equal(rd(OWN + 0x54, 4), 0);
    assert_int_equal(rd(OWN + 0x98, 4), 0);
    assert_int_equal(rd(OWN + 0x9c, 4), 0);
    wr(OWN + 0x50, 4, 0x00010000); /* MSI enable */
    wr(OWN + 0x9a, 2, 0x8000);
    wr(OWN + 0x88, 2, 0x8000);
    assert_int_equal(reg(OWN + 0x50), 0x8005);
    assert_int_equal(reg(OWN + 0x98), 0x00037011);
}

static void test_bars(void **state)
{
    (void)state;
    wr(OWN + PCI_BAR, 4, UINT32_MAX);
    assert_int_equal(rd(OWN + PCI_BAR, 4), 0xfffff000);
    wr(OWN + PCI_BAR + 4, 4, UINT32_MAX);
    assert_int_equal(rd(OWN + PCI_BAR + 4, 4), 0); /* I/O ports */
    wr(OWN + PCI_BAR + 16, 4, UINT32_MAX);
    wr(OWN + PCI_BAR + 20, 4, UINT32_MAX);
    assert_int_equal(rd(OWN + PCI_BAR + 16, 4), 0xffffc00c);
    assert_int_equal(rd(OWN + PCI_BAR + 20, 4), UINT32_MAX);
    wr(OWN + PCI_COMMAND, 2, 0xffff);
    assert_int_equal(rd(OWN + PCI_COMMAND, 2), 0x406);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 0x404); /* not decoded: not inside */
    wr(OWN + PCI_BAR, 4, WINDOW + 0x3000);
    wr(OWN + PCI_BAR + 16, 4, WINDOW + 0x8000);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 0x404); /* the high half is still odd */
    assert_int_equal(reg(OWN + PCI_BAR), 0);
    wr(OWN + PCI_BAR + 20, 4, 0);
    assert_int_equal(reg(OWN + PCI_BAR), WINDOW + 0x3000);
    assert_int_equal(reg(OWN + PCI_BAR + 16), WINDOW + 0x800c);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 0x406);
}

static void test_bars_stay_inside(void **state)
{
    static const uint32_t outside[] = {
        0, 0x1000, WINDOW - 0x1000, WINDOW + SIZE, WINDOW + SIZE - 0x2000, 0xfffff000, 0x8000000
    };

    (void)state;
    wr(OWN + PCI_BAR, 4, WINDOW);
    wr(OWN + PCI_BAR + 16, 4, WINDOW + 0x4000);
    wr(OWN + PCI_COMMAND, 4, 6);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 6);
    for (unsigned i = 0; i < ARRAY_COUNT(outside); i++) {
        wr(OWN + PCI_BAR + 16, 4, outside[i]);
        assert_true((reg(OWN + PCI_COMMAND) & 2) == 0 ||
                    (reg(OWN + PCI_BAR + 16) & ~0x3fffu) - WINDOW <= SIZE - 0x4000);
        wr(OWN + PCI_BAR + 17, 1, 0xee); /* in parts, too */
        assert_true((reg(OWN + PCI_COMMAND) & 2) == 0 ||
                    (reg(OWN + PCI_BAR + 16) & ~0x3fffu) - WINDOW <= SIZE - 0x4000);
    }
}

/* Its low half has no bit to write: the high one alone would move it over everything. */
static void test_big_bar_is_never_decoded(void **state)
{
    (void)state;
    wr(OWN + PCI_BAR, 4, WINDOW);
    wr(OWN + PCI_BAR + 16, 4, UINT32_MAX);
    wr(OWN + PCI_BAR + 20, 4, UINT32_MAX);
    assert_int_equal(rd(OWN + PCI_BAR + 16, 4), 0xc);
    assert_int_equal(rd(OWN + PCI_BAR + 20, 4), 0xfffffffe);
    wr(OWN + PCI_COMMAND, 2, 6);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 4);
    wr(OWN + PCI_BAR + 20, 4, 0);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 4);
    wr(OWN + PCI_BAR + 20, 4, 2);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 4);
    assert_int_equal(reg(OWN + PCI_BAR + 20), 0); /* as it was left when it was sized */
}

static bool are_ports_inside(uint64_t function, uint32_t zone)
{
    uint32_t at = reg(function + PCI_BAR + 4) & ~0x1fu;

    return at >= zone * PLAN_PCI_PORTS && at + 0x20 <= (zone + 1) * PLAN_PCI_PORTS;
}

/* The second zone: ports 2000 to 3fff. Those of the first are below, of nobody behind. */
static void test_ports_stay_inside(void **state)
{
    static const uint32_t outside[] = { 0, 0x20, 0x1fe0, 0x4000, 0x12000, 0x80002000, 0xffffffe0 };

    (void)state;
    vcpu.zone = &zone_store[1];
    wr(OTHER + PCI_BAR + 4, 4, UINT32_MAX);
    assert_int_equal(rd(OTHER + PCI_BAR + 4, 4), 0xffffffe1);
    wr(OTHER + PCI_COMMAND, 2, 0xffff);
    assert_int_equal(rd(OTHER + PCI_COMMAND, 2), 0x407);
    assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x404);
    for (unsigned i = 0; i < ARRAY_COUNT(outside); i++) {
        wr(OTHER + PCI_BAR + 4, 4, 0x3fe0);
        assert_int_equal(reg(OTHER + PCI_BAR + 4), 0x3fe1);
        assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x405); /* without the memory BARs */
        wr(OTHER + PCI_BAR + 4, 4, outside[i]);
        assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x404);
        wr(OTHER + PCI_BAR + 5, 1, 0x20); /* in parts, too */
        assert_true((reg(OTHER + PCI_COMMAND) & 1) == 0 || are_ports_inside(OTHER, 1));
    }
    wr(OTHER + PCI_BAR, 4, WINDOW + SIZE);
    wr(OTHER + PCI_BAR + 16, 4, WINDOW + SIZE + 0x4000);
    wr(OTHER + PCI_BAR + 20, 4, 0);
    assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x406); /* without the ports */
    wr(OTHER + PCI_BAR + 4, 4, 0x2000);
    assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x407);
    pcihost_quiet(&zone_store[1]);
    assert_int_equal(reg(OTHER + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(rd(OTHER + PCI_BAR + 4, 4), 1);
}

static void test_quiet(void **state)
{
    (void)state;
    wr(OWN + PCI_BAR, 4, WINDOW);
    wr(OWN + PCI_BAR + 16, 4, WINDOW + 0x4000);
    wr(OWN + PCI_COMMAND, 4, 6);
    pcihost_quiet(&zone_store[1]);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 6);
    flrs = 0;
    pcihost_quiet(&zone_store[0]);
    assert_int_equal(flrs, 1);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(rd(OWN + PCI_COMMAND, 2), 0);
    assert_int_equal(rd(OWN + PCI_BAR, 4), 0);
}

/* The bridge leads to the plan's bus, with the second half of the zone's window, and no ports. */
static void test_behind_a_bridge(void **state)
{
    (void)state;
    assert_int_equal(reg(PORT + PCI_BUSES), 0x00010100);
    assert_int_equal(reg(BRIDGE + PCI_BUSES), 0);
    assert_int_equal(reg(BRIDGE + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(reg(PORT + PCI_WINDOW), 0x10301020);
    assert_int_equal(reg(PORT + PCI_PREFETCH), 0xfff0);
    assert_int_equal(reg(PORT + PCI_PORTS) & 0xffff, 0x00f0);
    assert_int_equal(reg(PORT + PCI_COMMAND) & 0xffff, 0x406);
    assert_int_equal(reg(BEHIND + PCI_COMMAND) & 0xffff, 0x400);
    assert_int_equal(rd(PORT + PCI_ID, 4), UINT32_MAX); /* is nobody's */
    wr(PORT + PCI_BUSES, 4, 0x00020200);
    assert_int_equal(reg(PORT + PCI_BUSES), 0x00010100);
    assert_int_equal(rd(BEHIND + PCI_ID, 4), 0x10421af4);
    assert_int_equal(rd(BEHIND + (1u << 12), 4), UINT32_MAX);
    wr(BEHIND + PCI_BAR + 4, 4, UINT32_MAX);
    assert_int_equal(rd(BEHIND + PCI_BAR + 4, 4), 0); /* ports are on bus 0 */
    wr(BEHIND + PCI_BAR, 4, WINDOW + SIZE / 2);
    wr(BEHIND + PCI_BAR + 16, 4, WINDOW + SIZE / 2 + 0x4000);
    wr(BEHIND + PCI_COMMAND, 2, 7);
    assert_int_equal(reg(BEHIND + PCI_COMMAND) & 0xffff, 6);
    wr(BEHIND + PCI_BAR, 4, WINDOW); /* bus 0's half */
    assert_int_equal(reg(BEHIND + PCI_COMMAND) & 0xffff, 4);
    wr(OWN + PCI_BAR, 4, WINDOW + SIZE / 2 - 0x1000);
    wr(OWN + PCI_BAR + 16, 4, WINDOW);
    wr(OWN + PCI_COMMAND, 2, 6);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 6);
    wr(OWN + PCI_BAR, 4, WINDOW + SIZE / 2);
    assert_int_equal(reg(OWN + PCI_COMMAND) & 0xffff, 4);
    pcihost_quiet(&zone_store[0]);
    assert_int_equal(reg(BEHIND + PCI_COMMAND) & 0xffff, 0x400);
}

/* What the plan takes for a bridge is none: its BARs stay as they are, and it is off. */
static void test_no_bridge(void **state)
{
    (void)state;
    assert_int_equal(reg(PORT + PCI_BUSES), 0x00040302);
    assert_int_equal(reg(PORT + PCI_COMMAND) & 0xffff, 0x400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_quiet_at_boot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_capabilities, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bars, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bars_stay_inside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_big_bar_is_never_decoded, setup_big, teardown),
        cmocka_unit_test_setup_teardown(test_ports_stay_inside, setup_ports, teardown),
        cmocka_unit_test_setup_teardown(test_quiet, setup, teardown),
        cmocka_unit_test_setup_teardown(test_behind_a_bridge, setup_behind, teardown),
        cmocka_unit_test_setup_teardown(test_no_bridge, setup_no_bridge, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
