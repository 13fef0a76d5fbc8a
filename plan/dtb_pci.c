/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI hosts in a zone's device tree, each of one bus: the virtual one with its channels, and those
 * of the machine's host on which the zone owns functions.
 */
#include <libfdt.h>
#include <string.h>

#include "lib/field.h"
#include "plan/dtb.h"

/* First cell of a PCI address (IEEE 1275 PCI binding, 2.2.1.1). */
FIELD(PCI_DEVICE, 11, 5);
FIELD(PCI_SPACE, 24, 2);
enum { PCI_SPACE_IO = 1, PCI_SPACE_MEM32, PCI_SPACE_MEM64 };
FIELD(BDF_FUNCTION, 0, 3);
FIELD(BDF_DEVICE, 3, 5);
FIELD(BDF_BUS, 8, 24);

#define LINE_CELLS 10 /* of a row of an interrupt-map, at most */
/* A plan not checked yet may have both sides of a channel here; and the control device. */
#define LINES_MAX  (PLAN_MAX_CHANNELS * 2 + 1)

_Static_assert(LINES_MAX >= PLAN_MAX_FUNCTIONS, "a row for each function");

/* Rows of an interrupt-map while it is made. */
struct line_map {
    uint32_t cells[LINES_MAX * LINE_CELLS];
    int count;
};

/* INTA of this device is that interrupt of the GIC, which is level-triggered, active high. */
static void line_add(const struct tree *t, struct line_map *map, uint32_t device, uint32_t intid)
{
    int gic_cells = node_cells(t->board->fdt, t->board->intc, "#address-cells", 0);
    uint32_t *row = map->cells + map->count;
    int at = 0;

    row[at++] = (uint32_t)put(PCI_DEVICE, device);
    row[at++] = 0;
    row[at++] = 0;
    row[at++] = 1; /* INTA */
    row[at++] = t->gic_phandle;
    for (int i = 0; i < gic_cells && i < 2; i++) {
        row[at++] = 0;
    }
    row[at++] = 0; /* an SPI */
    row[at++] = intid - 32;
    row[at++] = 4; /* level, active high */
    map->count += at;
}

static void put_lines(struct tree *t, const struct line_map *map)
{
    const uint32_t mask[] = { (uint32_t)field_mask(PCI_DEVICE), 0, 0, 7 };

    tree_u32(t, "#interrupt-cells", 1);
    tree_cells(t, "interrupt-map-mask", mask, 4);
    tree_cells(t, "interrupt-map", map->cells, map->count);
}

static bool is_pci_host(const void *fdt, int node)
{
    return fdt_stringlist_search(fdt, node, "device_type", "pci") == 0;
}

/* Whether a device of the zone, which is copied with all below it, is or has a PCI host. */
static bool has_copied_host(const struct tree *t)
{
    const struct devices *devices = &t->c->zone[t->zone].devices;
    const void *fdt = t->board->fdt;

    for (uint32_t i = 0; i < devices->count; i++) {
        int node = devices->node[i], depth = 0;

        do {
            if (is_pci_host(fdt, node)) {
                return true;
            }
            node = fdt_next_node(fdt, node, &depth);
        } while (node >= 0 && depth > 0);
    }
    return false;
}

/* A domain number above those of the board's PCI hosts. */
static uint32_t domain_free(const struct board *board)
{
    uint32_t domain = 0;

    for (int node = fdt_next_node(board->fdt, 0, NULL); node > 0;
         node = fdt_next_node(board->fdt, node, NULL)) {
        if (is_pci_host(board->fdt, node) &&
            node_cell(board->fdt, node, "linux,pci-domain", 0) >= domain) {
            domain = node_cell(board->fdt, node, "linux,pci-domain", 0) + 1;
        }
    }
    return domain & UINT16_MAX;
}

/* A function of the zone on this bus of the machine's PCI host, or function_count. */
static uint32_t function_on(const struct tree *t, uint32_t bus)
{
    const struct plan *p = &t->c->plan;
    uint32_t i = 0;

    while (i < p->function_count &&
           (p->function[i].zone != t->zone || get(BDF_BUS, p->function[i].bdf) != bus)) {
        i++;
    }
    return i;
}

static uint32_t host_count(const struct tree *t)
{
    uint32_t count = 0;

    for (uint32_t bus = 0; bus < PLAN_PCI_BUSES; bus++) {
        count += function_on(t, bus) < t->c->plan.function_count ? 1 : 0;
    }
    return count;
}

/* Hosts are told apart by domain; a zone that has one only needs none: its domain is 0. */
static void put_domain(struct tree *t, uint32_t domain)
{
    const struct plan_zone *z = &t->c->plan.zone[t->zone];

    if ((z->ecam_gpa != 0 && z->host_size != 0) || host_count(t) > 1 || has_copied_host(t)) {
        tree_u32(t, "linux,pci-domain", domain);
    }
}

enum window { WINDOW_SPACE, WINDOW_BUS, WINDOW_BASE, WINDOW_SIZE, WINDOW_FIELDS };

struct host {
    uint64_t ecam; /* of its only bus */
    uint32_t bus, domain;
};

/* `window` ends with one of no size. The caller adds what else it has. */
static void host_begin(struct tree *t, const struct host *host,
                       const uint64_t (*window)[WINDOW_FIELDS])
{
    const uint32_t buses[] = { host->bus, host->bus };
    uint32_t ranges[16];
    char name[NAME_ROOM];
    int at = 0;

    snprintf(name, sizeof(name), "pcie@%llx", (unsigned long long)host->ecam);
    tree_begin(t, name);
    tree_text(t, "compatible", "pci-host-ecam-generic");
    tree_text(t, "device_type", "pci");
    tree_u32(t, "#address-cells", 3);
    tree_u32(t, "#size-cells", 2);
    put_domain(t, host->domain);
    tree_cells(t, "bus-range", buses, 2);
    tree_reg(t, &(struct range){ host->ecam, PLAN_PCI_ECAM_SIZE }, 1);
    for (; (*window)[WINDOW_SIZE] != 0; window++) {
        ranges[at++] = (uint32_t)put(PCI_SPACE, (*window)[WINDOW_SPACE]);
        at = cells_put(ranges, at, 2, (*window)[WINDOW_BUS]);
        at = cells_put(ranges, at, t->board->root_address_cells, (*window)[WINDOW_BASE]);
        at = cells_put(ranges, at, 2, (*window)[WINDOW_SIZE]);
    }
    tree_cells(t, "ranges", ranges, at);
}

static void put_bus_lines(struct tree *t)
{
    const struct plan *p = &t->c->plan;
    struct line_map map = { .count = 0 };

    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        const struct plan_channel_side *side = &p->channel[i / 2].side[i % 2];

        if (side->zone == t->zone) {
            line_add(t, &map, side->slot, side->intid);
        }
    }
    if (p->control.region != 0 && p->control.zone == t->zone) {
        line_add(t, &map, p->control.slot, p->control.intid);
    }
    put_lines(t, &map);
}

/* The virtual PCI bus. One memory window, where bus addresses are guest addresses. */
static void put_bus(struct tree *t)
{
    const struct plan_zone *z = &t->c->plan.zone[t->zone];
    const uint64_t window[][WINDOW_FIELDS] = {
        { PCI_SPACE_MEM64, z->pci_gpa, z->pci_gpa, z->pci_size }, { 0 }
    };

    host_begin(t, &(struct host){ z->ecam_gpa, 0, domain_free(t->board) }, window);
    put_bus_lines(t);
    tree_end(t);
}

/* --- PCI functions of the machine ------------------------------------------------------------ */

/* INTA of a device is that of all its functions. */
static void put_host_lines(struct tree *t, uint32_t bus)
{
    const struct plan *p = &t->c->plan;
    struct line_map map = { .count = 0 };

    for (uint32_t i = 0; i < p->function_count; i++) {
        if (p->function[i].zone == t->zone && t->c->function_intid[i] != 0 &&
            get(BDF_BUS, p->function[i].bdf) == bus && get(BDF_FUNCTION, p->function[i].bdf) == 0) {
            line_add(t, &map, (uint32_t)get(BDF_DEVICE, p->function[i].bdf),
                     t->c->function_intid[i]);
        }
    }
    put_lines(t, &map);
}

/* The zone's functions write messages under the numbers that the machine's ITS knows. */
static void put_host_messages(struct tree *t, uint32_t bus)
{
    uint32_t rows[PLAN_MAX_FUNCTIONS][4];
    int count = 0;

    for (uint32_t i = 0; i < t->c->plan.function_count; i++) {
        const struct plan_function *f = &t->c->plan.function[i];
        const uint32_t row[] = { f->bdf, t->its_phandle, f->device, 1 };

        if (f->zone == t->zone && f->events != 0 && get(BDF_BUS, f->bdf) == bus) {
            memcpy(rows[count++], row, sizeof(row));
        }
    }
    if (count != 0) {
        tree_cells(t, "msi-map", rows[0], count * 4);
    }
}

/* A bus of the machine's PCI host, of which the zone sees its own functions. Ports: on bus 0. */
static void put_host(struct tree *t, uint32_t bus)
{
    const struct plan *p = &t->c->plan;
    const struct plan_span own = plan_function_window(p, function_on(t, bus));
    const uint64_t port = t->zone * PLAN_PCI_PORTS, io = p->board.pci_io_hpa;
    const uint64_t window[][WINDOW_FIELDS] = { { PCI_SPACE_MEM32, own.base, own.base, own.size },
                                               { PCI_SPACE_IO, port, io + port,
                                                 io != 0 && bus == 0 ? PLAN_PCI_PORTS : 0 },
                                               { 0 } };
    const struct host host = { p->board.pci_ecam_hpa + bus * PLAN_PCI_ECAM_SIZE, bus,
                               bus != 0 ? domain_free(t->board) + bus
                                        : node_cell(t->board->fdt, t->c->pci_host,
                                                    "linux,pci-domain", 0) };

    host_begin(t, &host, window);
    tree_copy(t, t->c->pci_host, "dma-coherent");
    put_host_lines(t, bus);
    put_host_messages(t, bus);
    tree_end(t);
}

void tree_put_pci(struct tree *t)
{
    if (t->c->plan.zone[t->zone].ecam_gpa != 0) {
        put_bus(t);
    }
    for (uint32_t bus = 0; bus < PLAN_PCI_BUSES; bus++) {
        if (function_on(t, bus) < t->c->plan.function_count) {
            put_host(t, bus);
        }
    }
}
