/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two zones do anything to the configuration space of the machine's bus. Its functions are what the
 * input says: BARs of all kinds and sizes, any chain of capabilities. What must hold: no write
 * reaches a function of nobody or of the other zone, none turns on more than four bits of the
 * command register, and nothing is decoded outside of its zone's windows.
 */
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "tests/fuzz/fuzz.h"

#define ECAM      UINT64_C(0x4010000000)
#define BUS_SIZE  0x100000u
#define ALL_SIZE  (PLAN_PCI_BUSES * BUS_SIZE)
#define PORT      (7u << 15)
#define FUNCTION  0x1000u
#define ZONES     2u
#define NOBODY    2u /* the third function */
#define FUNCTIONS 3u
#define WINDOW    UINT64_C(0x10000000)
#define SIZE      UINT64_C(0x400000)
#define STEPS     64u
#define COMMANDS  UINT32_C(0x407)
#define AT_BOOT   ZONES

static struct plan plan;
static struct zone zone_store[ZONES];
static struct vcpu vcpu;
static uint8_t bus[ALL_SIZE];
static uint8_t pool_memory[0x10000] __attribute__((aligned(4096)));
static uint32_t masks[FUNCTIONS][PCI_BARS], flags[FUNCTIONS][PCI_BARS];
static uint32_t acting; /* zone, or AT_BOOT */
static bool is_behind;  /* whether zone 1's function is behind a bridge */

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;

_Noreturn void arch_crash(const char *why)
{
    (void)why;
    __builtin_trap();
}

void mmio_add(struct zone *zone, const struct mmio_dev *dev)
{
    FUZZ_CHECK(zone->dev_count == 0);
    zone->dev[zone->dev_count++] = *dev;
}

/* Function n is device n + 2, or that of bus 1. */
static uint64_t place_of(uint32_t n)
{
    return is_behind && n == 1 ? BUS_SIZE : (n + 2u) << 15;
}

static uint32_t get32(uint64_t at)
{
    uint32_t value;

    memcpy(&value, bus + at, sizeof(value));
    return value;
}

static void put32(uint64_t at, uint32_t value)
{
    memcpy(bus + at, &value, sizeof(value));
}

/* What the hypervisor writes to the machine; BARs keep the bits that they have. */
static void on_access(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    uint64_t reg = offset % FUNCTION;
    uint32_t n = 0;

    if (!write) {
        return;
    }
    if (is_behind && offset - reg == PORT) {
        FUZZ_CHECK(acting == AT_BOOT);
        return;
    }
    while (n < FUNCTIONS && offset - reg != place_of(n)) {
        n++;
    }
    FUZZ_CHECK(n < FUNCTIONS && (acting == AT_BOOT || n == acting));
    if (reg >= PCI_BAR && reg <= PCI_BAR_LAST) {
        uint32_t i = (uint32_t)(reg - PCI_BAR) / 4;

        FUZZ_CHECK(size == 4 && reg % 4 == 0);
        put32(offset, ((uint32_t)value & masks[n][i]) | flags[n][i]);
    } else if (reg == PCI_COMMAND) {
        FUZZ_CHECK(size == 2 && (value & ~(uint64_t)COMMANDS) == 0);
    } else {
        FUZZ_CHECK(reg >= PCI_OWN && reg < PCI_END);
    }
}

/* Memory BARs of 16 bytes to 16 MiB, 64-bit ones up to 512 GiB, ports, none. */
static void make_bars(uint32_t n, struct fuzz_in *in)
{
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        uint8_t kind = fuzz_u8(in);
        uint32_t mask = UINT32_MAX << (4 + (kind & 0xf) % 21);

        masks[n][i] = flags[n][i] = 0;
        if (kind >> 4 >= 12) {
            continue;
        }
        if (kind >> 4 >= 10) {
            masks[n][i] = (kind & 1) != 0 ? 0xffe0 : ~(uint32_t)0 << (2 + (kind & 0xf));
            flags[n][i] = 1;
        } else if (kind >> 4 >= 5 && i + 1 < PCI_BARS) {
            bool big = kind >> 4 == 9;

            masks[n][i] = big ? 0 : mask;
            flags[n][i] = 4u | (kind & 8);
            masks[n][++i] = UINT32_MAX << (big ? kind & 7 : 0);
            flags[n][i] = 0;
        } else {
            masks[n][i] = mask;
            flags[n][i] = kind & 8;
        }
    }
}

static void make_function(uint32_t n, struct fuzz_in *in)
{
    uint64_t f = place_of(n);

    memset(bus + f, 0, PCI_END);
    put32(f + PCI_ID, 0x10421af4);
    put32(f + PCI_COMMAND, fuzz_u32(in));
    put32(f + PCI_HEADER, fuzz_u32(in));
    bus[f + PCI_CAPS] = fuzz_u8(in);
    make_bars(n, in);
    for (uint32_t i = 0; i < 8; i++) {
        uint64_t at = PCI_OWN + fuzz_u8(in) % (PCI_END - PCI_OWN);

        put32(f + (at & ~UINT64_C(3)), fuzz_u32(in));
    }
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        put32(f + PCI_BAR + i * 4, flags[n][i]);
    }
}

static void begin(struct fuzz_in *in)
{
    fake_reset();
    memset(&plan, 0, sizeof(plan));
    memset(zone_store, 0, sizeof(zone_store));
    pool_init(pool_memory, sizeof(pool_memory), hpa(0x40000000));
    fake_mmio_add(&(struct fake_mmio){ ECAM, ALL_SIZE, bus, on_access });
    plan.board.pci_ecam_hpa = ECAM;
    plan.function_count = ZONES;
    plan.zone_count = ZONES;
    acting = AT_BOOT;
    is_behind = in->left % 2 != 0; /* any bit of the input will do */
    memset(bus + BUS_SIZE, 0xff, FUNCTION);
    memset(bus + (3u << 15), 0xff, FUNCTION);
    put32(PORT + PCI_ID, is_behind ? 0xc1b36 : UINT32_MAX);
    put32(PORT + PCI_HEADER, 0x10000);
    for (uint32_t n = 0; n < FUNCTIONS; n++) {
        make_function(n, in);
    }
    plan.board.pci_io_hpa = get32(place_of(NOBODY) + PCI_HEADER) % 4 == 3 ? 0 : 0x3eff0000;
    for (uint32_t i = 0; i < ZONES; i++) {
        plan.function[i].zone = i;
        plan.function[i].bdf = (uint32_t)(place_of(i) >> 12);
        plan.zone[i].host_hpa = WINDOW + i * SIZE;
        plan.zone[i].host_size = SIZE;
    }
    plan.function[1].port = is_behind ? PORT >> 12 : 0;
    pcihost_init(&plan, ECAM);
    FUZZ_CHECK(!is_behind ||
               (get32(PORT + PCI_BUSES) == 0x10100 && get32(PORT + PCI_WINDOW) == 0x10701040));
    for (uint32_t i = 0; i < ZONES; i++) {
        zones[i].id = i;
        zones[i].plan = &plan.zone[i];
        pcihost_add(&zones[i]);
    }
}

/* As the machine decodes: ports have 16 bits. */
static void check_ports(uint32_t n)
{
    uint64_t f = place_of(n);

    if ((get32(f + PCI_COMMAND) & 1) == 0) {
        return;
    }
    FUZZ_CHECK(n < ZONES && plan.board.pci_io_hpa != 0 && place_of(n) < BUS_SIZE);
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        uint32_t at = get32(f + PCI_BAR + i * 4) & masks[n][i], size = -(masks[n][i] | 0xffff0000);

        FUZZ_CHECK((flags[n][i] & 1) == 0 || masks[n][i] == 0 ||
                   (at >= n * PLAN_PCI_PORTS && at + size <= (n + 1) * PLAN_PCI_PORTS));
    }
}

/* As the machine decodes: each BAR by its own bits. */
static void check_decoded(uint32_t n)
{
    uint64_t f = place_of(n);

    if ((get32(f + PCI_COMMAND) & 2) == 0) {
        return;
    }
    FUZZ_CHECK(n < ZONES);
    for (uint32_t i = 0; i < PCI_BARS; i++) {
        uint64_t at = get32(f + PCI_BAR + i * 4) & masks[n][i];
        uint64_t mask = (uint64_t)UINT32_MAX << 32 | masks[n][i], size;

        if ((masks[n][i] == 0 && (flags[n][i] & 4) == 0) || (flags[n][i] & 1) != 0) {
            continue;
        }
        if ((flags[n][i] & 4) != 0) {
            i++;
            at |= (uint64_t)get32(f + PCI_BAR + i * 4) << 32;
            mask = (uint64_t)masks[n][i] << 32 | masks[n][i - 1];
        }
        size = -mask;
        FUZZ_CHECK(at >= plan.zone[n].host_hpa && size <= SIZE &&
                   at - plan.zone[n].host_hpa <= SIZE - size);
    }
}

static void step(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    struct mmio_access access = { .size = (uint8_t)(1u << (how & 3)), .write = (how & 4) != 0 };
    uint64_t offset = (how & 8) != 0 ? fuzz_u32(in) % ALL_SIZE
                                     : place_of(how >> 4 & 1) + fuzz_u8(in) % 0x40u;

    acting = how >> 5 & 1;
    vcpu.zone = &zones[acting];
    if ((how & 0x9f) == 0x9f) {
        pcihost_quiet(&zones[acting]);
        FUZZ_CHECK((get32(place_of(acting) + PCI_COMMAND) & 0x407) == 0x400);
        return;
    }
    access.offset = offset - offset % access.size;
    access.value = access.write ? fuzz_word(in) : 0;
    if (access.write && (how & 0x40) != 0) {
        access.value += (how & 0x80) != 0 ? acting * PLAN_PCI_PORTS : WINDOW + acting * SIZE;
    }
    access.value &= UINT64_MAX >> (64 - access.size * 8);
    if (zones[acting].dev[0].fn(&vcpu, &access)) {
        FUZZ_CHECK(access.size <= 4);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    memset(bus, 0xff, sizeof(bus));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    begin(&in);
    for (uint32_t i = 0; i < STEPS && in.left != 0; i++) {
        step(&in);
        for (uint32_t n = 0; n < FUNCTIONS; n++) {
            check_decoded(n);
            check_ports(n);
        }
    }
    return 0;
}
