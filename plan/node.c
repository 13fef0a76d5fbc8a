/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of device-tree nodes: cells, registers, interrupts. The tree is only read. */
#include <libfdt.h>

#include "lib/field.h"
#include "plan/board.h"

FIELD(NUMBER_HIGH, 32, 32); /* the first of two cells */
FIELD(IRQ_TRIGGER, 0, 4);   /* of an interrupt's flags: 1 and 2 are edges */

#define BUS_DEPTH_MAX 8
#define GIC_SPI       0u
#define GIC_PPI       1u
#define GIC_CELLS     3
#define TREE_VERSION  16u /* of before, names are whole paths */

/* Two checks that fdt_check_full() of libfdt 1.6.1 lacks: of old names, and of long properties. */
bool tree_is_sound(const void *fdt, size_t size)
{
    int node, property, length;

    if (size < sizeof(struct fdt_header) || fdt_version(fdt) < TREE_VERSION ||
        fdt_check_full(fdt, size) != 0) {
        return false;
    }
    for (node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL)) {
        fdt_for_each_property_offset(property, fdt, node)
        {
            if (fdt_getprop_by_offset(fdt, property, NULL, &length) == NULL || length < 0 ||
                (size_t)length > size) {
                return false;
            }
        }
    }
    return true;
}

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

/* The cells of a property; count 0 when the node has none. */
struct cells {
    const fdt32_t *at;
    int count;
};

static struct cells cells_of(const void *fdt, int node, const char *property)
{
    int length;
    const fdt32_t *at = fdt_getprop(fdt, node, property, &length);

    return (struct cells){ at, at != NULL ? length / 4 : 0 };
}

static uint32_t cell(const struct cells *cells, int index)
{
    return index >= 0 && index < cells->count ? fdt32_ld(cells->at + index) : 0;
}

/* A number of 1 or 2 cells; of more or none: false. */
static bool number(const struct cells *cells, int index, int width, uint64_t *value)
{
    *value = cell(cells, index);
    if (width == 2) {
        *value = put(NUMBER_HIGH, *value) | cell(cells, index + 1);
    }
    return width == 1 || width == 2;
}

/* One step up: an address on bus `bus` as an address on the bus's parent. */
static bool range_translate(const void *fdt, int bus, int parent, struct range *range)
{
    int child_cells = node_cells(fdt, bus, "#address-cells", 2);
    int parent_cells = node_cells(fdt, parent, "#address-cells", 2);
    int size_cells = node_cells(fdt, bus, "#size-cells", 1);
    int row = child_cells + parent_cells + size_cells;
    struct cells ranges = cells_of(fdt, bus, "ranges");

    if (ranges.at == NULL) {
        return false;
    }
    if (ranges.count == 0) {
        return true; /* identity */
    }
    for (int at = 0; at + row <= ranges.count; at += row) {
        uint64_t from, to, size;

        if (number(&ranges, at, child_cells, &from) &&
            number(&ranges, at + child_cells, parent_cells, &to) &&
            number(&ranges, at + child_cells + parent_cells, size_cells, &size) &&
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

static bool is_pci_host(const void *fdt, int node)
{
    return fdt_getprop(fdt, node, "ranges", NULL) != NULL &&
           fdt_stringlist_search(fdt, node, "device_type", "pci") == 0;
}

/* Appends the windows of a PCI host: rows of 3 cells on its side, the parent's cells, a size. */
static bool pci_windows(const void *fdt, int node, struct node_regs *out)
{
    int parent = fdt_parent_offset(fdt, node);
    int parent_cells = node_cells(fdt, parent, "#address-cells", 2);
    int size_cells = node_cells(fdt, node, "#size-cells", 1);
    struct cells ranges = cells_of(fdt, node, "ranges");
    int row = 3 + parent_cells + size_cells;

    for (int at = 0; at + row <= ranges.count && out->count < NODE_REGS_MAX; at += row) {
        struct range *range = &out->range[out->count];

        if (!number(&ranges, at + 3, parent_cells, &range->base) ||
            !number(&ranges, at + 3 + parent_cells, size_cells, &range->size) ||
            !range_to_machine(fdt, parent, range)) {
            return false;
        }
        out->count++;
    }
    return true;
}

bool node_regs(const void *fdt, int node, struct node_regs *out)
{
    int parent = fdt_parent_offset(fdt, node);
    int address_cells = node_cells(fdt, parent, "#address-cells", 2);
    int size_cells = node_cells(fdt, parent, "#size-cells", 1);
    struct cells reg = cells_of(fdt, node, "reg");
    int row = address_cells + size_cells;

    out->count = 0;
    for (int at = 0; row > 0 && at + row <= reg.count && out->count < NODE_REGS_MAX; at += row) {
        struct range *range = &out->range[out->count];

        if (!number(&reg, at, address_cells, &range->base) ||
            !number(&reg, at + address_cells, size_cells, &range->size) ||
            !range_to_machine(fdt, parent, range)) {
            return false;
        }
        out->count++;
    }
    return !is_pci_host(fdt, node) || pci_windows(fdt, node, out);
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

/* Three cells of the interrupt controller: type, number, flags. Each interrupt is kept once: the
 * rows of an interrupt-map repeat them. */
static bool gic_add(const struct cells *cells, int at, struct node_irqs *out)
{
    uint32_t type = cell(cells, at);
    uint64_t trigger = get(IRQ_TRIGGER, cell(cells, at + 2));
    struct node_irq irq = { cell(cells, at + 1) + (type == GIC_SPI ? 32u : 16u),
                            trigger == 1 || trigger == 2 };

    if (at + GIC_CELLS > cells->count || (type != GIC_SPI && type != GIC_PPI)) {
        return false;
    }
    for (int i = 0; i < out->count; i++) {
        if (out->irq[i].intid == irq.intid) {
            return true;
        }
    }
    if (out->count == NODE_IRQS_MAX) {
        return false;
    }
    out->irq[out->count++] = irq;
    return true;
}

/* interrupt-map rows: child address, child interrupt, phandle, parent's address, parent's cells. */
static bool irqs_of_map(const struct board *board, int node, struct node_irqs *out)
{
    const void *fdt = board->fdt;
    int child = node_cells(fdt, node, "#address-cells", 2) +
                node_cells(fdt, node, "#interrupt-cells", 1);
    struct cells map = cells_of(fdt, node, "interrupt-map");
    int at = 0;

    while (at + child + 1 <= map.count) {
        int parent = fdt_node_offset_by_phandle(fdt, cell(&map, at + child));

        if (parent < 0) {
            return false;
        }
        if (parent != board->intc) {
            out->foreign = parent;
            return true;
        }
        at += child + 1 + node_cells(fdt, parent, "#address-cells", 0);
        if (!gic_add(&map, at, out)) {
            return false;
        }
        at += GIC_CELLS;
    }
    return true;
}

/* interrupts-extended rows: phandle, then the cells of that controller. */
static bool irqs_extended(const struct board *board, int node, struct node_irqs *out)
{
    const void *fdt = board->fdt;
    struct cells rows = cells_of(fdt, node, "interrupts-extended");
    int at = 0;

    while (at < rows.count) {
        int parent = fdt_node_offset_by_phandle(fdt, cell(&rows, at));

        if (parent < 0) {
            return false;
        }
        at++;
        if (parent != board->intc) {
            out->foreign = parent;
            at += node_cells(fdt, parent, "#interrupt-cells", 1);
            continue;
        }
        if (!gic_add(&rows, at, out)) {
            return false;
        }
        at += GIC_CELLS;
    }
    return true;
}

static bool irqs_plain(const struct board *board, int node, struct node_irqs *out)
{
    struct cells rows = cells_of(board->fdt, node, "interrupts");
    int parent = rows.count != 0 ? interrupt_parent(board->fdt, node) : board->intc;

    if (parent < 0) {
        return false;
    }
    if (parent != board->intc) {
        out->foreign = parent;
        return true;
    }
    for (int at = 0; at + GIC_CELLS <= rows.count; at += GIC_CELLS) {
        if (!gic_add(&rows, at, out)) {
            return false;
        }
    }
    return true;
}

bool node_irqs(const struct board *board, int node, struct node_irqs *out)
{
    bool is_extended = node_cell_count(board->fdt, node, "interrupts-extended") != 0;

    out->count = 0;
    out->foreign = -1;
    return (is_extended ? irqs_extended(board, node, out) : irqs_plain(board, node, out)) &&
           irqs_of_map(board, node, out);
}
