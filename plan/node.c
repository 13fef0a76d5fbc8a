/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of device-tree nodes: cells, registers, interrupts. The tree is only read. */
#include <libfdt.h>

#include "plan/board.h"

#define BUS_DEPTH_MAX 8
#define GIC_SPI       0u
#define GIC_PPI       1u
#define GIC_CELLS     3

uint32_t node_cell(const void *fdt, int node, const char *property, int index)
{
    int length;
    const fdt32_t *cell = fdt_getprop(fdt, node, property, &length);

    return cell != NULL && index >= 0 && index < length / 4 ? fdt32_ld(cell + index) : 0;
}

int node_cell_count(const void *fdt, int node, const char *property)
{
    int length;

    return fdt_getprop(fdt, node, property, &length) != NULL ? length / 4 : 0;
}

int node_cells(const void *fdt, int node, const char *property, int otherwise)
{
    uint32_t cells;

    if (node_cell_count(fdt, node, property) != 1) {
        return otherwise;
    }
    cells = node_cell(fdt, node, property, 0);
    return cells <= 4 ? (int)cells : otherwise;
}

bool node_is(const void *fdt, int node, const char *compatible)
{
    return fdt_node_check_compatible(fdt, node, compatible) == 0;
}

/* A number of 1 or 2 cells; more cells or none: false. */
static bool read_cells(const void *fdt, int node, const char *property, int index, int cells,
                       uint64_t *value)
{
    if (cells == 1) {
        *value = node_cell(fdt, node, property, index);
        return true;
    }
    *value = (uint64_t)node_cell(fdt, node, property, index) << 32 |
             node_cell(fdt, node, property, index + 1);
    return cells == 2;
}

/* One step up: an address on bus `bus` as an address on the bus's parent. */
static bool range_translate(const void *fdt, int bus, int parent, struct range *range)
{
    int child_cells = node_cells(fdt, bus, "#address-cells", 2);
    int parent_cells = node_cells(fdt, parent, "#address-cells", 2);
    int size_cells = node_cells(fdt, bus, "#size-cells", 1);
    int row = child_cells + parent_cells + size_cells;
    int count = node_cell_count(fdt, bus, "ranges");

    if (fdt_getprop(fdt, bus, "ranges", NULL) == NULL) {
        return false;
    }
    if (count == 0) {
        return true; /* identity */
    }
    for (int at = 0; at + row <= count; at += row) {
        uint64_t from, to, size;

        if (read_cells(fdt, bus, "ranges", at, child_cells, &from) &&
            read_cells(fdt, bus, "ranges", at + child_cells, parent_cells, &to) &&
            read_cells(fdt, bus, "ranges", at + child_cells + parent_cells, size_cells, &size) &&
            range->base >= from && range->base - from < size &&
            range->size <= size - (range->base - from)) {
            range->base = range->base - from + to;
            return true;
        }
    }
    return false;
}

/* From a node's bus up to the root. */
static bool range_to_machine(const void *fdt, int bus, struct range *range)
{
    for (int depth = 0; bus > 0; depth++) {
        int parent = fdt_parent_offset(fdt, bus);

        if (depth == BUS_DEPTH_MAX || parent < 0 || !range_translate(fdt, bus, parent, range)) {
            return false;
        }
        bus = parent;
    }
    return bus == 0;
}

/* The windows of a PCI host: rows of 3 cells on its side, the parent's cells, and a size. */
static int pci_windows(const void *fdt, int node, int parent, struct range *out, int max)
{
    int parent_cells = node_cells(fdt, parent, "#address-cells", 2);
    int size_cells = node_cells(fdt, node, "#size-cells", 1);
    int count = node_cell_count(fdt, node, "ranges");
    int row = 3 + parent_cells + size_cells;
    int found = 0;

    for (int at = 0; at + row <= count && found < max; at += row) {
        struct range *range = &out[found];

        if (!read_cells(fdt, node, "ranges", at + 3, parent_cells, &range->base) ||
            !read_cells(fdt, node, "ranges", at + 3 + parent_cells, size_cells, &range->size) ||
            !range_to_machine(fdt, parent, range)) {
            return -1;
        }
        found++;
    }
    return found;
}

static bool is_pci_host(const void *fdt, int node)
{
    const char *type = fdt_getprop(fdt, node, "device_type", NULL);

    return type != NULL && fdt_getprop(fdt, node, "ranges", NULL) != NULL &&
           fdt_stringlist_search(fdt, node, "device_type", "pci") == 0;
}

int node_regs(const void *fdt, int node, struct range *out, int max)
{
    int parent = fdt_parent_offset(fdt, node);
    int address_cells = node_cells(fdt, parent, "#address-cells", 2);
    int size_cells = node_cells(fdt, parent, "#size-cells", 1);
    int row = address_cells + size_cells;
    int count = node_cell_count(fdt, node, "reg");
    int found = 0;

    for (int at = 0; row > 0 && at + row <= count && found < max; at += row) {
        struct range *range = &out[found];

        if (!read_cells(fdt, node, "reg", at, address_cells, &range->base) ||
            !read_cells(fdt, node, "reg", at + address_cells, size_cells, &range->size) ||
            !range_to_machine(fdt, parent, range)) {
            return -1;
        }
        found++;
    }
    if (is_pci_host(fdt, node)) {
        int windows = pci_windows(fdt, node, parent, out + found, max - found);

        return windows < 0 ? windows : found + windows;
    }
    return found;
}

/* The controller that a node's `interrupts` go to, by the nearest interrupt-parent above it. */
static int interrupt_parent(const void *fdt, int node)
{
    for (int depth = 0; node >= 0 && depth <= BUS_DEPTH_MAX; depth++) {
        if (node_cell_count(fdt, node, "interrupt-parent") == 1) {
            return fdt_node_offset_by_phandle(fdt, node_cell(fdt, node, "interrupt-parent", 0));
        }
        node = node == 0 ? -1 : fdt_parent_offset(fdt, node);
    }
    return -1;
}

/* Three cells of the interrupt controller: type, number, flags. */
static bool gic_cells(const void *fdt, int node, const char *property, int at, struct node_irq *irq)
{
    uint32_t type = node_cell(fdt, node, property, at);
    uint32_t flags = node_cell(fdt, node, property, at + 2);

    irq->intid = node_cell(fdt, node, property, at + 1) + (type == GIC_SPI ? 32u : 16u);
    irq->is_edge = (flags & 0xfu) == 1 || (flags & 0xfu) == 2;
    return type == GIC_SPI || type == GIC_PPI;
}

struct irq_list {
    struct node_irq *out;
    int count, max;
};

/* Adds an interrupt once: the rows of an interrupt-map repeat them. */
static bool irq_put(struct irq_list *list, struct node_irq irq)
{
    for (int i = 0; i < list->count; i++) {
        if (list->out[i].intid == irq.intid) {
            return true;
        }
    }
    if (list->count == list->max) {
        return false;
    }
    list->out[list->count++] = irq;
    return true;
}

/* interrupt-map rows: child address, child interrupt, phandle, parent's address, parent's cells. */
static bool irqs_of_map(const struct board *board, int node, struct irq_list *list, int *foreign)
{
    const void *fdt = board->fdt;
    int child = node_cells(fdt, node, "#address-cells", 2) +
                node_cells(fdt, node, "#interrupt-cells", 1);
    int count = node_cell_count(fdt, node, "interrupt-map");
    int at = 0;

    while (at + child + 1 <= count) {
        struct node_irq irq;
        int parent = fdt_node_offset_by_phandle(fdt,
                                                node_cell(fdt, node, "interrupt-map", at + child));

        if (parent < 0) {
            return false;
        }
        if (parent != board->intc) {
            *foreign = parent;
            return true;
        }
        at += child + 1 + node_cells(fdt, parent, "#address-cells", 0);
        if (at + GIC_CELLS > count || !gic_cells(fdt, node, "interrupt-map", at, &irq) ||
            !irq_put(list, irq)) {
            return false;
        }
        at += GIC_CELLS;
    }
    return true;
}

/* interrupts-extended rows: phandle, then the cells of that controller. */
static bool irqs_extended(const struct board *board, int node, struct irq_list *list, int *foreign)
{
    const void *fdt = board->fdt;
    int count = node_cell_count(fdt, node, "interrupts-extended");
    int at = 0;

    while (at < count) {
        struct node_irq irq;
        int parent = fdt_node_offset_by_phandle(fdt,
                                                node_cell(fdt, node, "interrupts-extended", at));

        if (parent < 0) {
            return false;
        }
        at++;
        if (parent != board->intc) {
            *foreign = parent;
            at += node_cells(fdt, parent, "#interrupt-cells", 1);
            continue;
        }
        if (at + GIC_CELLS > count || !gic_cells(fdt, node, "interrupts-extended", at, &irq) ||
            !irq_put(list, irq)) {
            return false;
        }
        at += GIC_CELLS;
    }
    return true;
}

static bool irqs_plain(const struct board *board, int node, struct irq_list *list, int *foreign)
{
    const void *fdt = board->fdt;
    int count = node_cell_count(fdt, node, "interrupts");
    int parent = count != 0 ? interrupt_parent(fdt, node) : board->intc;

    if (parent < 0) {
        return false;
    }
    if (parent != board->intc) {
        *foreign = parent;
        return true;
    }
    for (int at = 0; at + GIC_CELLS <= count; at += GIC_CELLS) {
        struct node_irq irq;

        if (!gic_cells(fdt, node, "interrupts", at, &irq) || !irq_put(list, irq)) {
            return false;
        }
    }
    return true;
}

int node_irqs(const struct board *board, int node, struct node_irq *out, int max, int *foreign)
{
    struct irq_list list = { out, 0, max };
    bool is_ok;

    *foreign = -1;
    if (node_cell_count(board->fdt, node, "interrupts-extended") != 0) {
        is_ok = irqs_extended(board, node, &list, foreign);
    } else {
        is_ok = irqs_plain(board, node, &list, foreign);
    }
    return is_ok && irqs_of_map(board, node, &list, foreign) ? list.count : -1;
}
