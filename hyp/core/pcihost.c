/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters the configuration space of the machine's PCI buses by owner. Writes reach the machine
 * only through the few registers named here; addresses only inside the owner's windows. Where its
 * messages go is the function's owner's choice: a message is a write to memory like any other.
 */
#include "hyp/core/pcihost.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/lock.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "lib/field.h"
#include "lib/plan_check.h"

FIELD(CFG_REG, 0, 12);
FIELD(CFG_BDF, 12, 16);
FIELD(BDF_BUS, 8, 8);
FIELD(ADDR_MIB, 20, 12);
FIELD(CFG_BYTE, 0, 2);
FIELD(CAP_PLACE, 2, 6);   /* of a capability, in words */
FIELD(DEVCAP_FLR, 28, 1); /* PCI Express capability, at 4 */
FIELD(DEVCTL_FLR, 15, 1); /* at 8 */
FIELD(BAR_HIGH, 32, 32);

#define CAP_WORDS     64u
#define CAP_PCIE_SIZE 12u /* up to its control register; nearer to the end it is broken */
#define HEADER_BRIDGE 1u
#define PORTS_CLOSED  UINT16_C(0x00f0)
#define CLOSED        UINT32_C(0x0000fff0) /* a window whose limit is below its base */
#define COMMAND_OFF   ((uint16_t)put(COMMAND_INTX_OFF, 1))

enum cap { CAP_NOT, CAP_SHOWN, CAP_HIDDEN };

struct bar {
    uint32_t mask;  /* bits of the address that can be written; 0: there is none */
    uint32_t flags; /* its type */
    uint32_t value; /* what the zone wrote last */
};

/* A function that a zone owns. `bar[].value` and `command` are written under `lock`. */
struct function {
    const struct plan_function *plan; /* NULL: the end */
    uintptr_t cfg;
    struct plan_span window; /* of its memory BARs */
    struct bar bar[PCI_BARS];
    uint16_t command;  /* as the zone set it */
    uint8_t first;     /* first capability that is shown */
    uint8_t flr;       /* place of the PCI Express capability that can reset it, or 0 */
    uint8_t msi, msix; /* places of these capabilities, or 0: there is none, or it is hidden */
    uint8_t cap[CAP_WORDS], next[CAP_WORDS];
};

static uintptr_t host;
static struct function *functions; /* the plan's, in its order */
static struct lock lock;           /* taken inside none, takes none */

/* --- what the machine has -------------------------------------------------------------------- */

/* Bridges lead nowhere, wherever the firmware had them lead to. */
static void bus_quiet(uint64_t bus)
{
    for (uint64_t i = 0; i < PCI_FUNCTIONS; i++) {
        uintptr_t cfg = host + put(CFG_BDF, put(BDF_BUS, bus) | i);

        if (mmio_rd32(cfg, PCI_ID) == PCI_ALL_ONES) {
            continue;
        }
        mmio_wr16(cfg, PCI_COMMAND, COMMAND_OFF);
        if (get(HEADER_TYPE, mmio_rd32(cfg, PCI_HEADER)) == HEADER_BRIDGE) {
            mmio_wr32(cfg, PCI_BUSES, 0);
        }
    }
}

/*
 * The bridge passes on what is decoded in its bus's part of the window, and what the bus sends: the
 * SMMU knows who sent it. Nobody else is told of the bridge; it stays like this.
 */
static void port_open(const struct plan *plan, uint32_t function)
{
    uintptr_t cfg = host + put(CFG_BDF, plan->function[function].port);
    uint64_t bus = get(BDF_BUS, plan->function[function].bdf);
    struct plan_span window = plan_function_window(plan, function);

    if (get(HEADER_TYPE, mmio_rd32(cfg, PCI_HEADER)) != HEADER_BRIDGE) {
        return; /* then the bus is not there */
    }
    mmio_wr16(cfg, PCI_COMMAND, COMMAND_OFF);
    mmio_wr32(cfg, PCI_BUSES, (uint32_t)(put(BUSES_SECOND, bus) | put(BUSES_LAST, bus)));
    mmio_wr16(cfg, PCI_PORTS, PORTS_CLOSED);
    mmio_wr32(cfg, PCI_WINDOW,
              (uint32_t)(put(WINDOW_BASE, get(ADDR_MIB, window.base)) |
                         put(WINDOW_LIMIT, get(ADDR_MIB, window.base + window.size - 1))));
    mmio_wr32(cfg, PCI_PREFETCH, CLOSED);
    mmio_wr16(
        cfg, PCI_COMMAND,
        (uint16_t)(put(COMMAND_MEMORY, 1) | put(COMMAND_MASTER, 1) | put(COMMAND_INTX_OFF, 1)));
}

void pcihost_init(const struct plan *plan, uintptr_t ecam)
{
    host = ecam;
    functions = pool_take((plan->function_count + 1) * sizeof(*functions), SIZE_4K);
    bus_quiet(0);
    for (uint32_t i = 0; i < plan->function_count; i++) {
        if (plan->function[i].port != 0) {
            port_open(plan, i);
            bus_quiet(get(BDF_BUS, plan->function[i].bdf));
        }
    }
}

/* Of 4 GiB and more, all bits of the address are in the high half. */
static bool is_wide(const struct bar *bar)
{
    return get(BAR_TYPE, bar->flags) == BAR_TYPE_64;
}

/* Only on bus 0 of a board that has them. */
static bool has_ports(const struct function *f)
{
    return the_plan->board.pci_io_hpa != 0 && f->plan->port == 0;
}

/* Sizes by writing ones: decoding is off. Without I/O ports their BARs count as none. */
static void bars_read(struct function *f)
{
    bool is_high = false;

    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct bar *bar = &f->bar[i];
        uint32_t ones;

        mmio_wr32(f->cfg, PCI_BAR + i * 4, PCI_ALL_ONES);
        ones = mmio_rd32(f->cfg, PCI_BAR + i * 4);
        mmio_wr32(f->cfg, PCI_BAR + i * 4, 0);
        if (is_high) {
            bar->mask = ones;
            is_high = false;
        } else if (get(BAR_IO, ones) == 0) {
            bar->mask = (uint32_t)with(BAR_FLAGS, ones, 0);
            bar->flags = (uint32_t)get(BAR_FLAGS, ones);
            is_high = is_wide(bar);
        } else if (has_ports(f)) {
            bar->mask = (uint32_t)(with(BAR_IO_FLAGS, ones, 0) | field_mask(BAR_IO_HIGH));
            bar->flags = (uint32_t)put(BAR_IO, 1);
        }
    }
}

/* Whether the zone does not see it. */
static bool cap_note(struct function *f, uint64_t place, uint32_t head)
{
    uint8_t at = (uint8_t)put(CAP_PLACE, place);
    bool is_msi = get(CAP_ID, head) == CAP_MSI, is_msix = get(CAP_ID, head) == CAP_MSIX;

    if (get(CAP_ID, head) == CAP_PCIE && at < PCI_END - CAP_PCIE_SIZE &&
        get(DEVCAP_FLR, mmio_rd32(f->cfg, at + UINT64_C(4))) != 0) {
        f->flr = at;
    }
    if (f->plan->events == 0) {
        return is_msi || is_msix;
    }
    f->msi = is_msi ? at : f->msi;
    f->msix = is_msix ? at : f->msix;
    return false;
}

/* The chain of capabilities; each place is visited once. */
static void caps_read(struct function *f)
{
    uint8_t *link = &f->first;
    uint64_t at = get(STATUS_CAPS, mmio_rd32(f->cfg, PCI_COMMAND)) != 0 ? mmio_rd8(f->cfg, PCI_CAPS)
                                                                        : 0;

    while (at >= PCI_OWN && f->cap[get(CAP_PLACE, at)] == CAP_NOT) {
        uint64_t place = get(CAP_PLACE, at);
        uint32_t head = mmio_rd32(f->cfg, put(CAP_PLACE, place));
        bool hidden = cap_note(f, place, head);

        f->cap[place] = hidden ? CAP_HIDDEN : CAP_SHOWN;
        if (!hidden) {
            *link = (uint8_t)put(CAP_PLACE, place);
            link = &f->next[place];
        }
        at = get(CAP_NEXT, head);
    }
    *link = 0;
}

/* --- what reaches the machine ---------------------------------------------------------------- */

/* Size and address of the BAR's whole; the high half counts with the low one. */
static bool bar_inside(const struct function *f, unsigned i)
{
    const struct bar *bar = &f->bar[i];
    bool wide = is_wide(bar) && i + 1 < PCI_BARS;
    uint64_t mask = bar->mask | (wide ? put(BAR_HIGH, bar[1].mask) : field_mask(BAR_HIGH));
    uint64_t at = (bar->value & bar->mask) | (wide ? put(BAR_HIGH, bar[1].value) : 0);
    bool io = get(BAR_IO, bar->flags) != 0;
    uint64_t base = io ? f->plan->zone * PLAN_PCI_PORTS : f->window.base;

    return range_is_valid(at, ~mask + 1) &&
           range_contains(base, io ? PLAN_PCI_PORTS : f->window.size, at, ~mask + 1);
}

/* All BARs of memory (`io` 0), or of I/O ports (1). */
static bool bars_inside(const struct function *f, uint64_t io)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        const struct bar *bar = &f->bar[i];

        if ((bar->mask != 0 || is_wide(bar)) && get(BAR_IO, bar->flags) == io &&
            !bar_inside(f, i)) {
            return false;
        }
        i += is_wide(bar) ? 1 : 0;
    }
    return true;
}

/* Memory, or ports, are decoded only while all BARs of them are inside. Lock held. */
static void function_update(const struct function *f)
{
    const bool inside[] = { bars_inside(f, 0), bars_inside(f, 1) };
    uint64_t on = f->command & ~(put(COMMAND_MEMORY, !inside[0]) | put(COMMAND_IO, !inside[1]));
    uint64_t off = on & ~(field_mask(COMMAND_MEMORY) | field_mask(COMMAND_IO));

    for (unsigned i = 0; i < PCI_BARS; i++) {
        uint32_t value = f->bar[i].value & f->bar[i].mask;

        if (inside[get(BAR_IO, f->bar[i].flags)] &&
            mmio_rd32(f->cfg, PCI_BAR + i * 4) != (value | f->bar[i].flags)) {
            mmio_wr16(f->cfg, PCI_COMMAND, (uint16_t)off);
            mmio_wr32(f->cfg, PCI_BAR + i * 4, value);
        }
    }
    mmio_wr16(f->cfg, PCI_COMMAND, (uint16_t)on);
}

/* The bits of a word of the two capabilities that can be written; the rest is the machine's. */
static uint32_t message_bits(const struct function *f, uint64_t reg)
{
    uint32_t head;

    if (f->msix != 0 && reg == f->msix) {
        return (uint32_t)field_mask(MSIX_CONTROL);
    }
    if (f->msi == 0 || reg < f->msi || reg > f->msi + UINT64_C(16)) {
        return 0;
    }
    if (reg == f->msi) {
        return (uint32_t)(field_mask(MSI_ENABLE) | field_mask(MSI_ENABLED));
    }
    head = mmio_rd32(f->cfg, f->msi);
    return reg <= f->msi + 8 + get(MSI_WIDE, head) * 4 + get(MSI_MASKS, head) * 4 ? PCI_ALL_ONES
                                                                                  : 0;
}

/* No more messages than the function has events: the zone sees a smaller capability. */
static uint32_t message_word(const struct function *f, uint64_t reg, uint32_t value)
{
    uint64_t events = f->plan->events, bits = (uint64_t)__builtin_ctzll(events | BIT64(63));

    if (f->msix != 0 && reg == f->msix && get(MSIX_SIZE, value) >= events) {
        return (uint32_t)with(MSIX_SIZE, value, events - 1);
    }
    if (f->msi != 0 && reg == f->msi && get(MSI_CAPABLE, value) > bits) {
        return (uint32_t)with(MSI_CAPABLE, value, bits);
    }
    return value;
}

/* Lock held. */
static void messages_off(const struct function *f)
{
    if (f->msix != 0) {
        mmio_wr32(f->cfg, f->msix, (uint32_t)with(MSIX_CONTROL, mmio_rd32(f->cfg, f->msix), 0));
    }
    if (f->msi != 0) {
        mmio_wr32(f->cfg, f->msi, (uint32_t)with(MSI_ENABLE, mmio_rd32(f->cfg, f->msi), 0));
    }
}

void pcihost_quiet(const struct zone *zone)
{
    if (zone->plan->host_size == 0) {
        return;
    }
    lock_take(&lock);
    for (struct function *f = functions; f->plan != NULL; f++) {
        if (f->plan->zone != zone->id) {
            continue;
        }
        mmio_wr16(f->cfg, PCI_COMMAND, COMMAND_OFF);
        messages_off(f);
        if (f->flr != 0) {
            uint16_t control = mmio_rd16(f->cfg, f->flr + UINT64_C(8));

            mmio_wr16(f->cfg, f->flr + UINT64_C(8), (uint16_t)with(DEVCTL_FLR, control, 1));
            mmio_wr16(f->cfg, PCI_COMMAND, COMMAND_OFF);
        }
        f->command = 0;
        for (unsigned i = 0; i < PCI_BARS; i++) {
            f->bar[i].value = 0;
        }
    }
    lock_give(&lock);
}

/* --- what the zone sees ---------------------------------------------------------------------- */

/* A word of a capability; of a hidden one: 0. */
static uint32_t cap_word(const struct function *f, uint64_t reg)
{
    uint64_t place = get(CAP_PLACE, reg), at = place;
    uint32_t value = mmio_rd32(f->cfg, reg);

    while (at > get(CAP_PLACE, PCI_OWN) && f->cap[at] == CAP_NOT) {
        at--;
    }
    if (f->cap[at] == CAP_HIDDEN) {
        return 0;
    }
    value = message_word(f, reg, value);
    return f->cap[place] == CAP_SHOWN ? (uint32_t)with(CAP_NEXT, value, f->next[place]) : value;
}

static uint32_t word_read(const struct function *f, uint64_t reg)
{
    const struct bar *bar = &f->bar[get(CAP_PLACE, reg - PCI_BAR) % PCI_BARS];
    uint32_t value = mmio_rd32(f->cfg, reg);

    if (reg == PCI_COMMAND) {
        return (value & ~(uint32_t)UINT16_MAX) | f->command;
    }
    if (reg >= PCI_BAR && reg <= PCI_BAR_LAST) {
        return (bar->value & bar->mask) | bar->flags;
    }
    if (reg == PCI_ROM || reg >= PCI_END) {
        return 0;
    }
    if (reg == PCI_CAPS) {
        return f->first;
    }
    return reg >= PCI_OWN ? cap_word(f, reg) : value;
}

static void message_write(const struct function *f, uint64_t reg, uint32_t value, uint32_t bits)
{
    if (bits != 0) {
        mmio_wr32(f->cfg, reg, (mmio_rd32(f->cfg, reg) & ~bits) | (value & bits));
    }
}

/* `bits` of the word are written. Everything that is not named here is ignored. */
static void word_write(struct function *f, uint64_t reg, uint32_t value, uint32_t bits)
{
    if (reg == PCI_COMMAND) {
        uint32_t allowed = (uint32_t)(put(COMMAND_MEMORY, 1) | put(COMMAND_MASTER, 1) |
                                      put(COMMAND_INTX_OFF, 1) | put(COMMAND_IO, has_ports(f)));

        f->command = (uint16_t)(((f->command & ~bits) | (value & bits)) & allowed);
        function_update(f);
    } else if (reg >= PCI_BAR && reg <= PCI_BAR_LAST) {
        struct bar *bar = &f->bar[get(CAP_PLACE, reg - PCI_BAR)];

        bar->value = (bar->value & ~bits) | (value & bits);
        function_update(f);
    } else if (reg >= PCI_OWN && reg < PCI_END) {
        message_write(f, reg, value, bits & message_bits(f, reg));
    }
}

static struct function *function_find(const struct zone *zone, uint64_t bdf)
{
    for (struct function *f = functions; f->plan != NULL; f++) {
        if (f->plan->bdf == bdf) {
            return f->plan->zone == zone->id ? f : NULL;
        }
    }
    return NULL;
}

static bool config_access(struct vcpu *vcpu, struct mmio_access *access)
{
    uint64_t reg = get(CFG_REG, access->offset), byte = get(CFG_BYTE, reg);
    struct function *f = function_find(vcpu->zone, get(CFG_BDF, access->offset));
    unsigned shift = (unsigned)byte * 8;

    if (access->size > sizeof(uint32_t)) {
        return false;
    }
    if (!f) {
        access->value = UINT64_MAX;
        return true;
    }
    lock_take(&lock);
    if (access->write) {
        word_write(f, reg - byte, (uint32_t)access->value << shift,
                   (PCI_ALL_ONES >> (32 - access->size * 8)) << shift);
    } else {
        access->value = word_read(f, reg - byte) >> shift;
    }
    lock_give(&lock);
    return true;
}

void pcihost_add(struct zone *zone)
{
    if (zone->plan->host_size == 0) {
        return;
    }
    for (uint32_t i = 0; i < the_plan->function_count; i++) {
        struct function *f = &functions[i];

        if (the_plan->function[i].zone == zone->id) {
            f->plan = &the_plan->function[i];
            f->window = plan_function_window(the_plan, i);
            f->cfg = host + put(CFG_BDF, f->plan->bdf);
            bars_read(f);
            caps_read(f);
        }
    }
    mmio_add(zone,
             &(struct mmio_dev){ the_plan->board.pci_ecam_hpa, PLAN_PCI_ECAM_ALL, config_access });
}
