/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's device tree: made anew for what the hypervisor provides (CPUs, memory, timer, interrupt
 * controller, firmware, console), copied from the board's tree for the devices that the zone owns.
 * Phandles keep the board's numbers, so that copied references stay true. Nothing else gets in.
 */
#include <libfdt.h>
#include <string.h>

#include "lib/field.h"
#include "plan/access.h"
#include "plan/dtb.h"

#define NODE_DEPTH_MAX 16
#define TIMER_CELLS    9 /* secure, physical, virtual: three cells each; not the hypervisor's own */
#define NAME_ROOM      64

/* First cell of a PCI address (IEEE 1275 PCI binding, 2.2.1.1). */
FIELD(PCI_DEVICE, 11, 5);
FIELD(PCI_SPACE, 24, 2);
enum { PCI_SPACE_IO = 1, PCI_SPACE_MEM32, PCI_SPACE_MEM64 };
FIELD(BDF_DEVICE, 3, 5);

/* --- writing values -------------------------------------------------------------------------- */

/* libfdt's first error stays in `status`; later calls do nothing. */
static void tree_status(struct tree *t, int status)
{
    if (t->status == 0 && status != 0) {
        t->status = status;
    }
}

static void tree_begin(struct tree *t, const char *name)
{
    tree_status(t, fdt_begin_node(t->out, name));
}

static void tree_end(struct tree *t)
{
    tree_status(t, fdt_end_node(t->out));
}

static void tree_bytes(struct tree *t, const char *name, const void *data, int size)
{
    tree_status(t, fdt_property(t->out, name, data, size));
}

static void tree_u32(struct tree *t, const char *name, uint32_t value)
{
    tree_status(t, fdt_property_u32(t->out, name, value));
}

static void tree_text(struct tree *t, const char *name, const char *text)
{
    tree_bytes(t, name, text, (int)strlen(text) + 1);
}

static void tree_cells(struct tree *t, const char *name, const uint32_t *cells, int count)
{
    fdt32_t *out;

    tree_status(t, fdt_property_placeholder(t->out, name, count * 4, (void **)&out));
    for (int i = 0; t->status == 0 && i < count; i++) {
        fdt32_st(out + i, cells[i]);
    }
}

/* Appends an address or a size as the root's number of cells. */
static int cells_put(uint32_t *cells, int at, int count, uint64_t value)
{
    if (count == 2) {
        cells[at++] = (uint32_t)(value >> 32);
    }
    cells[at++] = (uint32_t)value;
    return at;
}

static void tree_reg(struct tree *t, const struct range *ranges, int count)
{
    uint32_t cells[8];
    int at = 0;

    for (int i = 0; i < count; i++) {
        at = cells_put(cells, at, t->board->root_address_cells, ranges[i].base);
        at = cells_put(cells, at, t->board->root_size_cells, ranges[i].size);
    }
    tree_cells(t, "reg", cells, at);
}

/* Copies a property of a board's node, when it has it. */
static void tree_copy(struct tree *t, int node, const char *name)
{
    int size;
    const void *data = fdt_getprop(t->board->fdt, node, name, &size);

    if (data != NULL) {
        tree_bytes(t, name, data, size);
    }
}

/* --- what the hypervisor provides ------------------------------------------------------------ */

static void put_chosen(struct tree *t)
{
    const struct boot_files *boot = &t->c->zone[t->zone].boot;
    uint32_t cells[2];

    tree_begin(t, "chosen");
    if (boot->cmdline != NULL) {
        tree_text(t, "bootargs", boot->cmdline);
    }
    if (t->uart_path != NULL) {
        tree_text(t, "stdout-path", t->uart_path);
    }
    if (boot->initrd.data != NULL) {
        (void)cells_put(cells, 0, 2, boot->initrd_gpa);
        tree_cells(t, "linux,initrd-start", cells, 2);
        (void)cells_put(cells, 0, 2, boot->initrd_gpa + boot->initrd.size);
        tree_cells(t, "linux,initrd-end", cells, 2);
    }
    tree_end(t);
}

static void put_cpus(struct tree *t)
{
    const struct plan *p = &t->c->plan;
    char name[NAME_ROOM];

    tree_begin(t, "cpus");
    tree_u32(t, "#address-cells", 1);
    tree_u32(t, "#size-cells", 0);
    for (uint32_t vcpu = 0; vcpu < p->zone[t->zone].vcpu_count; vcpu++) {
        for (uint32_t i = 0; i < p->cpu_count; i++) {
            if (p->cpu[i].zone != t->zone || p->cpu[i].vcpu != vcpu) {
                continue;
            }
            snprintf(name, sizeof(name), "cpu@%x", vcpu);
            tree_begin(t, name);
            tree_text(t, "device_type", "cpu");
            tree_copy(t, t->board->cpu_node[i], "compatible");
            tree_u32(t, "reg", vcpu); /* the virtual MPIDR */
            tree_text(t, "enable-method", "psci");
            tree_end(t);
        }
    }
    tree_end(t);
}

static void put_memory(struct tree *t)
{
    const struct plan *p = &t->c->plan;
    char name[NAME_ROOM];

    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == t->zone && r->kind == PLAN_REGION_RAM) {
            snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)r->gpa);
            tree_begin(t, name);
            tree_text(t, "device_type", "memory");
            tree_reg(t, &(struct range){ r->gpa, r->size }, 1);
            tree_end(t);
        }
    }
}

static void put_firmware(struct tree *t)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

    tree_begin(t, "psci");
    tree_bytes(t, "compatible", compatible, sizeof(compatible));
    tree_text(t, "method", "hvc");
    tree_end(t);
}

static void put_timer(struct tree *t)
{
    int node = t->board->timer;
    uint32_t cells[TIMER_CELLS];

    for (int i = 0; i < TIMER_CELLS; i++) {
        cells[i] = node_cell(t->board->fdt, node, "interrupts", i);
    }
    tree_begin(t, "timer");
    tree_copy(t, node, "compatible");
    tree_cells(t, "interrupts", cells, TIMER_CELLS);
    tree_copy(t, node, "always-on");
    tree_end(t);
}

/* Below the interrupt controller, whose addresses are the root's. */
static void put_its(struct tree *t)
{
    uint64_t at = t->c->plan.zone[t->zone].its_gpa;
    char name[NAME_ROOM];

    if (at == 0) {
        return;
    }
    snprintf(name, sizeof(name), "its@%llx", (unsigned long long)at);
    tree_begin(t, name);
    tree_text(t, "compatible", "arm,gic-v3-its");
    tree_u32(t, "phandle", t->its_phandle);
    tree_bytes(t, "msi-controller", NULL, 0);
    tree_u32(t, "#msi-cells", 1);
    tree_reg(t, &(struct range){ at, PLAN_ITS_SIZE }, 1);
    tree_end(t);
}

/* Address cells are the board's: the rows of a copied interrupt-map count on them. */
static void put_gic(struct tree *t)
{
    const struct plan_zone *z = &t->c->plan.zone[t->zone];
    int node = t->board->intc;
    char name[NAME_ROOM];
    bool is_v2 = t->board->facts.gic_version == 2;
    const struct range regs[2][2] = {
        { { z->gicd_gpa, PLAN_GICD_SIZE }, { z->gicr_gpa, z->vcpu_count * PLAN_GICR_SIZE } },
        { { z->gicd_gpa, PLAN_GICD2_SIZE }, { z->gicc_gpa, PLAN_GICC_SIZE } },
    };

    snprintf(name, sizeof(name), "intc@%llx", (unsigned long long)z->gicd_gpa);
    tree_begin(t, name);
    tree_text(t, "compatible", is_v2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
    tree_u32(t, "phandle", t->gic_phandle);
    tree_bytes(t, "interrupt-controller", NULL, 0);
    tree_u32(t, "#interrupt-cells", 3);
    tree_copy(t, node, "#address-cells");
    tree_copy(t, node, "#size-cells");
    tree_copy(t, node, "ranges");
    if (!is_v2) {
        tree_u32(t, "#redistributor-regions", 1);
    }
    tree_reg(t, regs[is_v2], 2);
    put_its(t);
    tree_end(t);
}

static void put_vuart(struct tree *t)
{
    static const char compatible[] = "arm,pl011\0arm,primecell";
    static const char clock_names[] = "uartclk\0apb_pclk";
    const struct plan_zone *z = &t->c->plan.zone[t->zone];
    const uint32_t interrupts[] = { 0, z->vuart_intid - 32, 4 };
    const uint32_t clocks[] = { t->clock_phandle, t->clock_phandle };

    tree_begin(t, "vitrine-clock");
    tree_text(t, "compatible", "fixed-clock");
    tree_u32(t, "phandle", t->clock_phandle);
    tree_u32(t, "#clock-cells", 0);
    tree_u32(t, "clock-frequency", 24000000);
    tree_end(t);
    tree_begin(t, t->uart_path + 1);
    tree_bytes(t, "compatible", compatible, sizeof(compatible));
    tree_reg(t, &(struct range){ z->vuart_gpa, PLAN_UART_SIZE }, 1);
    tree_cells(t, "interrupts", interrupts, 3);
    tree_cells(t, "clocks", clocks, 2);
    tree_bytes(t, "clock-names", clock_names, sizeof(clock_names));
    tree_end(t);
}

/* A row of an interrupt-map: INTA of the device in this slot is that line of the GIC. */
static int interrupt_row(const struct tree *t, uint32_t *cells, const struct plan_channel_side *s)
{
    int gic_cells = node_cells(t->board->fdt, t->board->intc, "#address-cells", 0);
    int at = 0;

    cells[at++] = (uint32_t)put(PCI_DEVICE, s->slot);
    cells[at++] = 0;
    cells[at++] = 0;
    cells[at++] = 1; /* INTA */
    cells[at++] = t->gic_phandle;
    for (int i = 0; i < gic_cells && i < 2; i++) {
        cells[at++] = 0;
    }
    cells[at++] = 0; /* an SPI */
    cells[at++] = s->intid - 32;
    cells[at++] = 4; /* level, active high */
    return at;
}

static void put_interrupt_map(struct tree *t)
{
    const struct plan *p = &t->c->plan;
    const uint32_t mask[] = { (uint32_t)field_mask(PCI_DEVICE), 0, 0, 7 };
    uint32_t
        cells[PLAN_MAX_CHANNELS * 2 * 10]; /* a plan not checked yet may have both sides here */
    int at = 0;

    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        const struct plan_channel_side *side = &p->channel[i / 2].side[i % 2];

        if (side->zone == t->zone && i / 2 < PLAN_MAX_CHANNELS) {
            at += interrupt_row(t, cells + at, side);
        }
    }
    tree_u32(t, "#interrupt-cells", 1);
    tree_cells(t, "interrupt-map-mask", mask, 4);
    tree_cells(t, "interrupt-map", cells, at);
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

/* Hosts are told apart by domain; a zone that has one only needs none: its domain is 0. */
static void put_domain(struct tree *t, uint32_t domain)
{
    const struct plan_zone *z = &t->c->plan.zone[t->zone];

    if ((z->ecam_gpa != 0 && z->host_size != 0) || has_copied_host(t)) {
        tree_u32(t, "linux,pci-domain", domain);
    }
}

enum window { WINDOW_SPACE, WINDOW_BUS, WINDOW_BASE, WINDOW_SIZE, WINDOW_FIELDS };

/* A host of one bus; `window` ends with one of no size. The caller adds what else it has. */
static void host_begin(struct tree *t, uint64_t ecam, uint32_t domain,
                       const uint64_t (*window)[WINDOW_FIELDS])
{
    const uint32_t buses[] = { 0, 0 };
    uint32_t ranges[16];
    char name[NAME_ROOM];
    int at = 0;

    snprintf(name, sizeof(name), "pcie@%llx", (unsigned long long)ecam);
    tree_begin(t, name);
    tree_text(t, "compatible", "pci-host-ecam-generic");
    tree_text(t, "device_type", "pci");
    tree_u32(t, "#address-cells", 3);
    tree_u32(t, "#size-cells", 2);
    put_domain(t, domain);
    tree_cells(t, "bus-range", buses, 2);
    tree_reg(t, &(struct range){ ecam, PLAN_PCI_ECAM_SIZE }, 1);
    for (; (*window)[WINDOW_SIZE] != 0; window++) {
        ranges[at++] = (uint32_t)put(PCI_SPACE, (*window)[WINDOW_SPACE]);
        at = cells_put(ranges, at, 2, (*window)[WINDOW_BUS]);
        at = cells_put(ranges, at, t->board->root_address_cells, (*window)[WINDOW_BASE]);
        at = cells_put(ranges, at, 2, (*window)[WINDOW_SIZE]);
    }
    tree_cells(t, "ranges", ranges, at);
}

/* The virtual PCI bus. One memory window, where bus addresses are guest addresses. */
static void put_pci(struct tree *t)
{
    const struct plan_zone *z = &t->c->plan.zone[t->zone];
    const uint64_t window[][WINDOW_FIELDS] = {
        { PCI_SPACE_MEM64, z->pci_gpa, z->pci_gpa, z->pci_size }, { 0 }
    };

    host_begin(t, z->ecam_gpa, t->pci_domain, window);
    put_interrupt_map(t);
    tree_end(t);
}

/* --- PCI functions of the machine ------------------------------------------------------------ */

static void put_host_irqs(struct tree *t)
{
    const struct plan *p = &t->c->plan;
    const uint32_t mask[] = { (uint32_t)field_mask(PCI_DEVICE), 0, 0, 7 };
    uint32_t cells[PLAN_MAX_FUNCTIONS * 10];
    int at = 0;

    for (uint32_t i = 0; i < p->function_count; i++) {
        struct plan_channel_side line = { .slot = (uint32_t)get(BDF_DEVICE, p->function[i].bdf),
                                          .intid = t->c->function_intid[i] };

        if (p->function[i].zone == t->zone && line.intid != 0) {
            at += interrupt_row(t, cells + at, &line);
        }
    }
    tree_u32(t, "#interrupt-cells", 1);
    tree_cells(t, "interrupt-map-mask", mask, 4);
    tree_cells(t, "interrupt-map", cells, at);
}

/* The zone's functions write messages under the numbers that the machine's ITS knows. */
static void put_host_messages(struct tree *t)
{
    uint32_t rows[PLAN_MAX_FUNCTIONS][4];
    int count = 0;

    for (uint32_t i = 0; i < t->c->plan.function_count; i++) {
        const struct plan_function *f = &t->c->plan.function[i];
        const uint32_t row[] = { f->bdf, t->its_phandle, f->device, 1 };

        if (f->zone == t->zone && f->events != 0) {
            memcpy(rows[count++], row, sizeof(row));
        }
    }
    if (count != 0) {
        tree_cells(t, "msi-map", rows[0], count * 4);
    }
}

/* Bus 0 of the machine's PCI host, of which the zone sees its own functions. */
static void put_host(struct tree *t)
{
    const struct plan_zone *z = &t->c->plan.zone[t->zone];
    uint64_t port = t->zone * PLAN_PCI_PORTS, io = t->c->plan.board.pci_io_hpa;
    const uint64_t window[][WINDOW_FIELDS] = {
        { PCI_SPACE_MEM32, z->host_hpa, z->host_hpa, z->host_size },
        { PCI_SPACE_IO, port, io + port, io != 0 ? PLAN_PCI_PORTS : 0 },
        { 0 }
    };

    host_begin(t, t->c->plan.board.pci_ecam_hpa,
               node_cell(t->board->fdt, t->c->pci_host, "linux,pci-domain", 0), window);
    tree_copy(t, t->c->pci_host, "dma-coherent");
    put_host_irqs(t);
    put_host_messages(t);
    tree_end(t);
}

/* --- what the zone owns ---------------------------------------------------------------------- */

enum keep { KEEP_NOT, KEEP_PATH, KEEP_ALL };

/* How much of a node the zone sees: a bus above a device is copied without its other nodes. */
static enum keep node_keep(const struct tree *t, int node)
{
    const struct devices *devices = &t->c->zone[t->zone].devices;
    const void *fdt = t->board->fdt;

    if (devices_own(devices, fdt, node)) {
        return KEEP_ALL;
    }
    for (uint32_t i = 0; i < devices->count + devices->helper_count; i++) {
        int below = i < devices->count ? devices->node[i] : devices->helper[i - devices->count];

        if (i >= devices->count && below == node) {
            return KEEP_PATH;
        }
        for (int depth = 0; below > 0 && depth < NODE_DEPTH_MAX; depth++) {
            below = fdt_parent_offset(fdt, below);
            if (below == node) {
                return KEEP_PATH;
            }
        }
    }
    return KEEP_NOT;
}

static void copy_properties(struct tree *t, int node)
{
    int property;

    fdt_for_each_property_offset(property, t->board->fdt, node)
    {
        const char *name;
        int size;
        const void *data = fdt_getprop_by_offset(t->board->fdt, property, &name, &size);

        if (data != NULL && !property_is_dropped(name)) {
            tree_bytes(t, name, data, size);
        }
    }
}

/* In the order of the board's tree, which decides the order in which Linux names devices. */
static void put_devices(struct tree *t)
{
    const void *fdt = t->board->fdt;
    int depth = 0, open = 0;
    int node = fdt_next_node(fdt, 0, &depth);

    while (node > 0 && depth > 0) {
        if (node_keep(t, node) == KEEP_NOT) {
            node = fdt_next_node(fdt, node, &depth);
            continue;
        }
        for (; open >= depth; open--) {
            tree_end(t);
        }
        tree_begin(t, fdt_get_name(fdt, node, NULL));
        copy_properties(t, node);
        open++;
        node = fdt_next_node(fdt, node, &depth);
    }
    for (; open > 0; open--) {
        tree_end(t);
    }
}

/* --- the tree -------------------------------------------------------------------------------- */

static void put_root(struct tree *t)
{
    char model[NAME_ROOM];

    snprintf(model, sizeof(model), "Vitrine zone %s", t->c->plan.zone[t->zone].name);
    tree_copy(t, 0, "compatible");
    tree_text(t, "model", model);
    tree_u32(t, "#address-cells", (uint32_t)t->board->root_address_cells);
    tree_u32(t, "#size-cells", (uint32_t)t->board->root_size_cells);
    tree_u32(t, "interrupt-parent", t->gic_phandle);
}

/* Path of the console in the zone's tree; NULL: it has none. */
static const char *uart_path(struct compile *c, uint32_t zone)
{
    const struct plan_zone *z = &c->plan.zone[zone];
    char path[256];

    if (z->console == PLAN_CONSOLE_EMULATED) {
        return arena_printf(&c->arena, "/pl011@%llx", (unsigned long long)z->vuart_gpa);
    }
    if (z->console == PLAN_CONSOLE_PASSTHROUGH &&
        fdt_get_path(c->board.fdt, c->board.uart, path, sizeof(path)) == 0) {
        return arena_printf(&c->arena, "%s", path);
    }
    return NULL;
}

static void tree_write(struct tree *t, uint64_t room)
{
    tree_status(t, fdt_create(t->out, (int)room));
    tree_status(t, fdt_finish_reservemap(t->out));
    tree_begin(t, "");
    put_root(t);
    put_chosen(t);
    put_cpus(t);
    put_memory(t);
    put_firmware(t);
    put_timer(t);
    put_gic(t);
    if (t->c->plan.zone[t->zone].console == PLAN_CONSOLE_EMULATED) {
        put_vuart(t);
    }
    if (t->c->plan.zone[t->zone].ecam_gpa != 0) {
        put_pci(t);
    }
    if (t->c->plan.zone[t->zone].host_size != 0) {
        put_host(t);
    }
    put_devices(t);
    tree_end(t);
    tree_status(t, fdt_finish(t->out));
}

/* The lowest domain number that no PCI host of the board has. */
static uint32_t pci_domain_free(const struct board *board)
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

bool dtb_build(struct compile *c, uint32_t zone, uint8_t *out, uint64_t *size)
{
    uint32_t top = 0;
    struct tree tree = { .c = c, .board = &c->board, .zone = zone, .out = out };

    if (fdt_find_max_phandle(c->board.fdt, &top) != 0 || top >= UINT32_MAX - 4) {
        error_add(&c->errors, 0, "the board's phandles are broken");
        return false;
    }
    tree.gic_phandle = fdt_get_phandle(c->board.fdt, c->board.intc);
    if (tree.gic_phandle == 0) {
        tree.gic_phandle = top + 1;
    }
    tree.clock_phandle = top + 2;
    tree.its_phandle = top + 3;
    tree.pci_domain = pci_domain_free(&c->board);
    tree.uart_path = uart_path(c, zone);
    tree_write(&tree, *size);
    if (tree.status != 0) {
        error_add(&c->errors, source_line(&c->source, "zones/%u", zone),
                  "zone '%s': its device tree can't be written: %s", c->plan.zone[zone].name,
                  fdt_strerror(tree.status));
        return false;
    }
    *size = fdt_totalsize(out);
    return true;
}
