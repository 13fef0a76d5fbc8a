/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pci:` of the zones: functions of the machine's PCI host one by one, the SMMU that contains their
 * memory accesses, and the part of the host's windows that each zone gets for them.
 */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/field.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

FIELD(BDF_BUS, 8, 24);
FIELD(BDF_DEVICE, 3, 5);
FIELD(BDF_FUNCTION, 0, 3);
FIELD(CELL_DEVICE, 11, 5); /* first cell of a PCI address (IEEE 1275 PCI binding, 2.2.1.1) */
FIELD(CELL_SPACE, 24, 2);
FIELD(CELL_HIGH, 32, 32);

#define SPACE_IO        1
#define SPACE_MEM32     2
#define ROW_CELLS       7 /* of `ranges`: 3 of the bus, 2 of the machine, 2 of the size */
#define MAP_CHILD       4 /* of `interrupt-map`: 3 of the address, the pin */
#define GIC_CELLS       3
#define INTA            1u
#define FUNCTION_WINDOW UINT64_C(0x400000) /* memory window for each function */
#define ITS_MAP_CELLS   4                  /* of a row of `msi-map` */

static uint64_t cell_pair(const void *fdt, int node, const char *property, int at)
{
    return put(CELL_HIGH, node_cell(fdt, node, property, at)) |
           node_cell(fdt, node, property, at + 1);
}

/* --- the PCI host and its SMMU --------------------------------------------------------------- */

static bool is_wanted(const struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        if (c->spec->zones[zone].pci_count != 0) {
            return true;
        }
    }
    return false;
}

/*
 * A window of the host: for 32-bit addresses, where those of bus and machine are equal, or for I/O
 * ports from 0. False: there is none.
 */
static bool host_window(const struct compile *c, uint32_t space, struct range *window)
{
    const void *fdt = c->board.fdt;
    int count = node_cell_count(fdt, c->pci_host, "ranges");

    for (int at = 0; at + ROW_CELLS <= count; at += ROW_CELLS) {
        window->base = cell_pair(fdt, c->pci_host, "ranges", at + 3);
        window->size = cell_pair(fdt, c->pci_host, "ranges", at + 5);
        if (get(CELL_SPACE, node_cell(fdt, c->pci_host, "ranges", at)) == space &&
            cell_pair(fdt, c->pci_host, "ranges", at + 1) ==
                (space == SPACE_IO ? 0 : window->base)) {
            return true;
        }
    }
    return false;
}

/* I/O ports, where there are enough for all zones; else functions have none. */
static void ports_read(struct compile *c)
{
    struct range ports;

    if (host_window(c, SPACE_IO, &ports) && is_aligned(ports.base, SIZE_4K) &&
        ports.size >= PLAN_MAX_ZONES * PLAN_PCI_PORTS) {
        c->plan.board.pci_io_hpa = ports.base;
    }
}

/* The SMMU of the host's iommu-map, whose first row must cover our buses. False: there is none. */
static bool smmu_read(struct compile *c)
{
    const void *fdt = c->board.fdt;
    int smmu = fdt_node_offset_by_phandle(fdt, node_cell(fdt, c->pci_host, "iommu-map", 1));
    struct node_regs regs;
    struct node_irqs irqs;
    int eventq;

    if (node_cell_count(fdt, c->pci_host, "iommu-map") < 4 ||
        node_cell(fdt, c->pci_host, "iommu-map", 0) != 0 ||
        node_cell(fdt, c->pci_host, "iommu-map", 3) < PLAN_MAX_STREAMS || smmu < 0 ||
        !node_is(fdt, smmu, "arm,smmu-v3") || !node_regs(fdt, smmu, &regs) || regs.count != 1 ||
        !node_irqs(&c->board, smmu, &irqs)) {
        return false;
    }
    eventq = fdt_stringlist_search(fdt, smmu, "interrupt-names", "eventq");
    if (eventq < 0 || eventq >= irqs.count) {
        return false;
    }
    c->plan.board.smmu_hpa = regs.range[0].base;
    c->plan.board.smmu_size = regs.range[0].size;
    c->plan.board.smmu_event_intid = irqs.irq[eventq].intid;
    return true;
}

/*
 * The ITS of the host's msi-map, whose first row must cover our buses; none: no messages. Below the
 * interrupt controller, where addresses are the root's: there the zone's tree has one, too.
 */
static void its_read(struct compile *c)
{
    const void *fdt = c->board.fdt;
    int its = fdt_node_offset_by_phandle(fdt, node_cell(fdt, c->pci_host, "msi-map", 1));
    struct node_regs regs;

    if (node_cell_count(fdt, c->pci_host, "msi-map") >= ITS_MAP_CELLS &&
        node_cell(fdt, c->pci_host, "msi-map", 0) == 0 &&
        node_cell(fdt, c->pci_host, "msi-map", 3) >= PLAN_MAX_STREAMS && its >= 0 &&
        node_is(fdt, its, "arm,gic-v3-its") && fdt_parent_offset(fdt, its) == c->board.intc &&
        node_cells(fdt, c->board.intc, "#address-cells", 0) == c->board.root_address_cells &&
        node_cells(fdt, c->board.intc, "#size-cells", 0) == c->board.root_size_cells &&
        fdt_getprop(fdt, c->board.intc, "ranges", NULL) != NULL &&
        node_cell_count(fdt, c->board.intc, "ranges") == 0 && node_regs(fdt, its, &regs) &&
        regs.count == 1) {
        c->plan.board.its_hpa = regs.range[0].base;
        c->plan.board.its_size = regs.range[0].size;
    }
}

static bool host_read(struct compile *c, struct range *window)
{
    const void *fdt = c->board.fdt;
    struct node_regs regs;

    c->pci_host = fdt_node_offset_by_compatible(fdt, -1, "pci-host-ecam-generic");
    if (c->pci_host < 0 || fdt_parent_offset(fdt, c->pci_host) != 0 ||
        c->board.root_address_cells != 2 || c->board.root_size_cells != 2 ||
        !node_regs(fdt, c->pci_host, &regs) || regs.count == 0 ||
        regs.range[0].size < PLAN_PCI_ECAM_ALL || !host_window(c, SPACE_MEM32, window)) {
        return false;
    }
    c->plan.board.pci_ecam_hpa = regs.range[0].base;
    ports_read(c);
    (void)smmu_read(c);
    its_read(c);
    return true;
}

/* --- one function ---------------------------------------------------------------------------- */

/*
 * INTID of its INTA by the host's interrupt-map, or 0. Behind a bridge, device 0's INTA is the
 * bridge's (PCI bridges 1.2, 9.1).
 */
static uint32_t function_line(const struct compile *c, const struct plan_function *f)
{
    const void *fdt = c->board.fdt;
    uint32_t mask = node_cell(fdt, c->pci_host, "interrupt-map-mask", 0);
    uint32_t place = f->port != 0 ? f->port : f->bdf;
    uint32_t wanted = (uint32_t)put(CELL_DEVICE, get(BDF_DEVICE, place)) & mask;
    int row = MAP_CHILD + 1 + node_cells(fdt, c->board.intc, "#address-cells", 0) + GIC_CELLS;
    int count = node_cell_count(fdt, c->pci_host, "interrupt-map");

    for (int at = 0; at + row <= count; at += row) {
        if (node_cell(fdt, c->pci_host, "interrupt-map", at) == wanted &&
            node_cell(fdt, c->pci_host, "interrupt-map", at + 3) == INTA &&
            node_cell(fdt, c->pci_host, "interrupt-map", at + row - GIC_CELLS) == 0) {
            return 32 + node_cell(fdt, c->pci_host, "interrupt-map", at + row - 2);
        }
    }
    return 0;
}

/* Functions of one zone may share a line. */
static void function_irq(struct compile *c, const struct plan_function *f, struct origin from)
{
    uint32_t intid = function_line(c, f);

    c->function_intid[c->plan.function_count] = intid;
    for (uint32_t i = 0; i < c->plan.irq_count; i++) {
        if (c->plan.irq[i].zone == f->zone && c->plan.irq[i].intid == intid) {
            return;
        }
    }
    if (intid != 0) {
        (void)irq_add(c, &(struct plan_irq){ f->zone, intid, 0, 0 }, from);
    }
}

/* The bus that the hypervisor makes behind a bridge: they are numbered as they are named. */
static uint32_t bus_behind(const struct plan *p, uint32_t port)
{
    uint64_t bus = 1;

    for (uint32_t i = 0; i < p->function_count; i++) {
        const struct plan_function *f = &p->function[i];

        if (f->port == port) {
            return (uint32_t)get(BDF_BUS, f->bdf);
        }
        bus = get(BDF_BUS, f->bdf) >= bus ? get(BDF_BUS, f->bdf) + 1 : bus;
    }
    return (uint32_t)bus;
}

/* "BB:DD.F", or the same of a bridge with "/DD.F" of what is behind it. */
static bool place_parse(const struct plan *p, const char *text, struct plan_function *f)
{
    unsigned bus, device, function;
    int end = 0;

    if (sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &function, &end) != 3 || device > 31 ||
        function > 7) {
        return false;
    }
    f->bdf = (uint32_t)(put(BDF_BUS, bus) | put(BDF_DEVICE, device) | put(BDF_FUNCTION, function));
    if (text[end] == '\0') {
        return true;
    }
    text += end;
    end = 0;
    if (sscanf(text, "/%2x.%1x%n", &device, &function, &end) != 2 || text[end] != '\0' ||
        device > 31 || function > 7) {
        return false;
    }
    f->port = f->bdf;
    f->bdf = (uint32_t)(put(BDF_BUS, bus_behind(p, f->port)) | put(BDF_DEVICE, device) |
                        put(BDF_FUNCTION, function));
    return true;
}

static void function_read(struct compile *c, uint32_t zone, uint32_t i)
{
    const char *text = c->spec->zones[zone].pci[i];
    unsigned line = source_line(&c->source, "zones/%u/pci/%u", zone, i);
    struct plan_function f = { .zone = zone };

    if (!place_parse(&c->plan, text, &f)) {
        error_add(&c->errors, line,
                  "zone '%s': '%.60s' is no PCI function; remedy: like pci: [\"00:02.0\"]",
                  c->plan.zone[zone].name, text);
        return;
    }
    if (c->plan.function_count == PLAN_MAX_FUNCTIONS) {
        error_add(&c->errors, line,
                  "more than %u PCI functions; remedy: give fewer "
                  "[function-count]",
                  PLAN_MAX_FUNCTIONS);
        return;
    }
    if (c->plan.board.smmu_hpa != 0) {
        f.stream = node_cell(c->board.fdt, c->pci_host, "iommu-map", 2) + f.bdf;
    } else if (c->spec->zones[zone].dma == SPEC_DMA_TRUSTED) {
        c->plan.zone[zone].flags |= PLAN_ZONE_DMA_TRUSTED;
    }
    if (c->plan.board.its_hpa != 0) {
        f.device = node_cell(c->board.fdt, c->pci_host, "msi-map", 2) + f.bdf;
        f.events = PLAN_MAX_EVENTS;
        c->plan.zone[zone].its_gpa = c->plan.board.its_hpa;
    }
    function_irq(c, &f, (struct origin){ line, text });
    c->function_line[c->plan.function_count] = line;
    c->function_name[c->plan.function_count] = text;
    c->plan.function[c->plan.function_count++] = f;
}

/* --- zones ----------------------------------------------------------------------------------- */

/* Windows are cut off the host's from its beginning. */
static void zone_window(struct compile *c, uint32_t zone, struct range *left)
{
    uint64_t size = FUNCTION_WINDOW * c->spec->zones[zone].pci_count;
    uint64_t base = align_up(left->base, FUNCTION_WINDOW);
    unsigned line = source_line(&c->source, "zones/%u/pci", zone);
    struct plan_zone *out = &c->plan.zone[zone];

    if (size > left->size || base - left->base > left->size - size) {
        error_add(&c->errors, line,
                  "zone '%s': the PCI host has no memory window left; remedy: fewer functions",
                  out->name);
        return;
    }
    left->size -= base + size - left->base;
    left->base = base + size;
    out->host_hpa = base;
    out->host_size = size;
    (void)region_add(c, &(struct plan_region){ base, base, size, zone, PLAN_REGION_DEVICE, 0, 0 },
                     (struct origin){ line, "PCI memory window" });
    if (c->plan.board.pci_io_hpa != 0) {
        uint64_t ports = c->plan.board.pci_io_hpa + zone * PLAN_PCI_PORTS;

        (void)region_add(
            c,
            &(struct plan_region){ ports, ports, PLAN_PCI_PORTS, zone, PLAN_REGION_DEVICE, 0, 0 },
            (struct origin){ line, "PCI I/O ports" });
    }
}

void functions_read(struct compile *c)
{
    struct range window = { 0, 0 };

    if (!is_wanted(c)) {
        return;
    }
    if (!host_read(c, &window)) {
        error_add(&c->errors, source_line(&c->source, "board"),
                  "the board has no pci-host-ecam-generic with a 32-bit memory window; remedy: "
                  "leave out `pci`");
        return;
    }
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        uint32_t before = c->plan.function_count;

        for (uint32_t i = 0; i < c->spec->zones[zone].pci_count; i++) {
            function_read(c, zone, i);
        }
        if (c->plan.function_count != before) {
            zone_window(c, zone, &window);
        }
    }
}
