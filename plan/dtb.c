/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's device tree: made anew for what the hypervisor provides (CPUs, memory, timer, interrupt
 * controller, firmware, console), copied from the board's tree for the devices that the zone owns.
 * Phandles keep the board's numbers, so that copied references stay true. Nothing else gets in.
 */
#include <libfdt.h>
#include <string.h>

#include "plan/access.h"
#include "plan/dtb.h"

#define NODE_DEPTH_MAX 16
#define TIMER_CELLS    9 /* secure, physical, virtual: three cells each; not the hypervisor's own */

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

/* Memory that Linux knows, but does not use by itself: device-DAX, by what stands in it. */
static void put_persistent(struct tree *t)
{
    const struct plan *p = &t->c->plan;
    char name[NAME_ROOM];

    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == t->zone && (r->kind == PLAN_REGION_POOL || r->kind == PLAN_REGION_CONTROL)) {
            snprintf(name, sizeof(name), "pmem@%llx", (unsigned long long)r->gpa);
            tree_begin(t, name);
            tree_text(t, "compatible", "pmem-region");
            tree_reg(t, &(struct range){ r->gpa, r->size }, 1);
            tree_bytes(t, "volatile", NULL, 0);
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
    put_persistent(t);
    put_firmware(t);
    put_timer(t);
    put_gic(t);
    if (t->c->plan.zone[t->zone].console == PLAN_CONSOLE_EMULATED) {
        put_vuart(t);
    }
    tree_put_pci(t);
    tree_put_virtio(t);
    put_devices(t);
    tree_end(t);
    tree_status(t, fdt_finish(t->out));
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
