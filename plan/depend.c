/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a zone's devices depend on: clocks, controllers, neighbours in a page. Finds dangling
 * references before the zone's tree is written, so that a tree never holds one.
 */
#include <libfdt.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/field.h"
#include "plan/access.h"

#define NODES_MAX 4096
#define NODE_PATH 256

/* Properties that hold lists of phandle + arguments, the count of which the provider tells. */
static const struct reference {
    const char *property, *cells;
    bool is_dropped; /* left out of the zone's tree: nobody provides it yet */
} references[] = {
    /* clang-format off */
    { "clocks",          "#clock-cells",        false },
    { "assigned-clocks", "#clock-cells",        true },
    { "assigned-clock-rates", NULL,             true },
    { "resets",          "#reset-cells",        false },
    { "gpios",           "#gpio-cells",         false },
    { "power-domains",   "#power-domain-cells", false },
    { "phys",            "#phy-cells",          false },
    { "dmas",            "#dma-cells",          false },
    { "msi-parent",      NULL,                  true },
    { "msi-map",         NULL,                  true },
    { "msi-map-mask",    NULL,                  true },
    { "iommus",          NULL,                  true },
    { "iommu-map",       NULL,                  true },
    { "iommu-map-mask",  NULL,                  true },
    { "interrupt-affinity", NULL,               true },
    { "pinctrl-0",       NULL,                  true },
    { "pinctrl-names",   NULL,                  true },
    /* clang-format on */
};

bool property_is_dropped(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(references); i++) {
        if (references[i].is_dropped && strcmp(references[i].property, name) == 0) {
            return true;
        }
    }
    return false;
}

/* One node of a zone's device while it is looked at. */
struct depend {
    struct compile *c;
    uint32_t zone;
    struct devices *devices;
    unsigned line;
    int node;
};

static void depend_error(const struct depend *d, int provider, const char *why)
{
    char own[NODE_PATH] = "?", other[NODE_PATH] = "?";

    (void)fdt_get_path(d->c->board.fdt, d->node, own, sizeof(own));
    if (provider >= 0) {
        (void)fdt_get_path(d->c->board.fdt, provider, other, sizeof(other));
    }
    error_add(&d->c->errors, d->line, "zone '%s': '%s' %s '%s'; remedy: give both to this zone",
              d->c->plan.zone[d->zone].name, own, why, other);
}

static void helper_add(const struct depend *d, int node)
{
    struct devices *devices = d->devices;

    for (uint32_t i = 0; i < devices->helper_count; i++) {
        if (devices->helper[i] == node) {
            return;
        }
    }
    if (devices->helper_count < DEVICES_MAX) {
        devices->helper[devices->helper_count++] = node;
    } else {
        depend_error(d, node, "needs one clock too many:");
    }
}

static void depend_reference(const struct depend *d, const struct reference *reference)
{
    const void *fdt = d->c->board.fdt;
    int count = node_cell_count(fdt, d->node, reference->property);

    for (int at = 0; at < count;) {
        uint32_t phandle = node_cell(fdt, d->node, reference->property, at);
        int provider = fdt_node_offset_by_phandle(fdt, phandle);

        if (provider < 0) {
            depend_error(d, -1, "refers to a node that does not exist:");
            return;
        }
        if (!devices_own(d->devices, fdt, provider)) {
            if (node_is(fdt, provider, "fixed-clock")) {
                helper_add(d, provider);
            } else {
                depend_error(d, provider, "needs");
            }
        }
        at += 1 + node_cells(fdt, provider, reference->cells, 0);
    }
}

static void depend_interrupt(const struct depend *d)
{
    struct node_irqs irqs;

    if (node_irqs(&d->c->board, d->node, &irqs) && irqs.foreign >= 0 &&
        !devices_own(d->devices, d->c->board.fdt, irqs.foreign)) {
        depend_error(d, irqs.foreign, "has its interrupt at");
    }
}

static void depend_node(const struct depend *d)
{
    for (size_t i = 0; i < ARRAY_COUNT(references); i++) {
        if (!references[i].is_dropped) {
            depend_reference(d, &references[i]);
        }
    }
    depend_interrupt(d);
}

/* --- neighbours in a page -------------------------------------------------------------------- */

/* Whether a foreign node has registers inside a region that the zone gets. */
static bool is_neighbour(const struct depend *d, const struct plan_region *region, int node)
{
    struct node_regs regs;

    (void)node_regs(d->c->board.fdt, node, &regs);
    for (int i = 0; i < regs.count; i++) {
        if (range_is_valid(regs.range[i].base, regs.range[i].size) &&
            ranges_overlap(region->hpa, region->size, regs.range[i].base, regs.range[i].size)) {
            return !devices_own(d->devices, d->c->board.fdt, node);
        }
    }
    return false;
}

/* A bus above the zone's device has windows that hold it: no neighbour. */
static bool is_bus(const void *fdt, int node)
{
    return fdt_getprop(fdt, node, "ranges", NULL) != NULL &&
           fdt_stringlist_search(fdt, node, "device_type", "pci") != 0;
}

static void depend_pages(struct depend *d, uint32_t region_index)
{
    const struct plan_region *region = &d->c->plan.region[region_index];
    const void *fdt = d->c->board.fdt;
    char path[NODE_PATH] = "?";
    unsigned found = 0;
    int first = -1, node = 0;

    while ((node = fdt_next_node(fdt, node, NULL)) > 0) {
        if (!is_bus(fdt, node) && node != d->c->board.intc &&
            node_cell_count(fdt, node, "reg") != 0 && is_neighbour(d, region, node)) {
            first = first < 0 ? node : first;
            found++;
        }
    }
    if (found == 0) {
        return;
    }
    (void)fdt_get_path(fdt, first, path, sizeof(path));
    error_add(
        &d->c->errors, d->c->region_origin[region_index].line,
        "zone '%s': '%s' shares its page 0x%llx..0x%llx with %u device%s of others, the first "
        "is '%s'; remedy: give all of them to this zone [device-page]",
        d->c->plan.zone[d->zone].name, d->c->region_origin[region_index].what,
        (unsigned long long)region->hpa, (unsigned long long)(region->hpa + region->size - 1),
        found, found == 1 ? "" : "s", path);
}

void depend_check(struct compile *c, uint32_t zone)
{
    struct depend d = { c, zone, &c->zone[zone].devices, 0, 0 };
    const void *fdt = c->board.fdt;

    for (uint32_t i = 0; i < d.devices->count; i++) {
        int depth = 0;

        d.line = d.devices->line[i];
        d.node = d.devices->node[i];
        depend_node(&d);
        d.node = fdt_next_node(fdt, d.node, &depth);
        for (int count = 0; d.node > 0 && depth > 0 && count < NODES_MAX; count++) {
            depend_node(&d);
            d.node = fdt_next_node(fdt, d.node, &depth);
        }
    }
    for (uint32_t i = 0; i < c->plan.region_count; i++) {
        if (c->plan.region[i].zone == zone) {
            depend_pages(&d, i);
        }
    }
}
