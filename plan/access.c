/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `access:` of the zones: each path of the board's tree becomes device regions (whole pages) and
 * interrupts. A device that needs another one, shares a page with a foreign one, or can write to
 * memory by itself is refused here.
 */
#include "plan/access.h"

#include <libfdt.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/field.h"
#include "lib/plan_check.h"

#define NEAR       8u
#define NODE_PATH  256
#define NODES_MAX  4096 /* of a board: bounds every walk */
#define DEPTH_SKIP 64

/* One `access:` entry while it is worked on. */
struct grant {
    uint32_t zone;
    unsigned line;
    const char *path;
    struct devices *devices;
    bool has_dma_error; /* one message for each entry */
};

static const char *node_path(struct compile *c, int node)
{
    char path[NODE_PATH];

    if (fdt_get_path(c->board.fdt, node, path, sizeof(path)) != 0) {
        return "?";
    }
    return arena_printf(&c->arena, "%s", path);
}

bool devices_own(const struct devices *devices, const void *fdt, int node)
{
    for (int depth = 0; node > 0 && depth < DEPTH_SKIP; depth++) {
        for (uint32_t i = 0; i < devices->count; i++) {
            if (devices->node[i] == node) {
                return true;
            }
        }
        node = fdt_parent_offset(fdt, node);
    }
    return false;
}

/* --- which nodes can be given ---------------------------------------------------------------- */

bool device_is_reserved(const struct compile *c, int node)
{
    static const char *const paths[] = { "/cpus", "/chosen", "/aliases", "/reserved-memory" };
    const void *fdt = c->board.fdt;
    bool is_root = node == 0;

    for (int depth = 0; node > 0 && depth < DEPTH_SKIP; depth++) {
        if (node == c->board.intc || node == c->board.timer || node == c->board.psci ||
            fdt_stringlist_search(fdt, node, "device_type", "memory") == 0) {
            return true;
        }
        for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
            if (node == fdt_path_offset(fdt, paths[i])) {
                return true;
            }
        }
        node = fdt_parent_offset(fdt, node);
    }
    return is_root;
}

/* The path of the board's tree that looks most like the given one, or NULL. */
static const char *path_nearest(struct compile *c, const char *wanted)
{
    char path[NODE_PATH];
    const char *nearest = NULL;
    unsigned best = NEAR;
    int node = 0, count = 0;

    while ((node = fdt_next_node(c->board.fdt, node, NULL)) > 0 && count++ < NODES_MAX) {
        unsigned distance;

        if (fdt_get_path(c->board.fdt, node, path, sizeof(path)) != 0) {
            continue;
        }
        distance = word_distance(path, wanted);
        if (distance < best && !device_is_reserved(c, node)) {
            best = distance;
            nearest = arena_printf(&c->arena, "%s", path);
        }
    }
    return nearest;
}

static int grant_find(struct compile *c, const struct grant *grant, const char *wanted)
{
    const char *zone = c->plan.zone[grant->zone].name;
    int node = wanted[0] == '/' ? fdt_path_offset(c->board.fdt, wanted) : -1;
    const char *nearest;

    if (node < 0) {
        nearest = path_nearest(c, wanted);
        error_add(&c->errors, grant->line,
                  "zone '%s': the board has no device '%.80s'; remedy: %s%s", zone, wanted,
                  nearest != NULL ? "did you mean " : "`vitrine plan show` lists all",
                  nearest != NULL ? nearest : "");
    } else if (device_is_reserved(c, node)) {
        error_add(
            &c->errors, grant->line,
            "zone '%s': '%.80s' can't be given away; remedy: leave it out, each zone gets its "
            "CPUs, memory, timer and interrupt controller by itself",
            zone, wanted);
        node = -1;
    } else if (devices_own(grant->devices, c->board.fdt, node)) {
        error_add(&c->errors, grant->line,
                  "zone '%s': '%.80s' is given twice; remedy: once is enough", zone, wanted);
        node = -1;
    } else if (grant->devices->count == DEVICES_MAX) {
        error_add(&c->errors, grant->line,
                  "zone '%s': more than %u devices; remedy: give a bus that holds them", zone,
                  DEVICES_MAX);
        node = -1;
    }
    return node;
}

/* --- registers ------------------------------------------------------------------------------- */

/* Devices of one zone that lie in one page become one region. */
static void pages_add(struct compile *c, const struct grant *grant, uint64_t first, uint64_t end)
{
    struct plan_region *r = c->plan.region;
    uint32_t i = 0;

    while (i < c->plan.region_count) {
        if (r[i].zone == grant->zone && ranges_overlap(r[i].hpa, r[i].size, first, end - first)) {
            first = r[i].hpa < first ? r[i].hpa : first;
            end = r[i].hpa + r[i].size > end ? r[i].hpa + r[i].size : end;
            c->plan.region_count--;
            r[i] = r[c->plan.region_count];
            c->region_origin[i] = c->region_origin[c->plan.region_count];
            i = 0;
        } else {
            i++;
        }
    }
    (void)region_add(
        c,
        &(struct plan_region){ first, first, end - first, grant->zone, PLAN_REGION_DEVICE, 0, 0 },
        (struct origin){ grant->line, grant->path });
}

static void grant_regs(struct compile *c, const struct grant *grant, int node, bool is_top)
{
    struct node_regs regs;

    if (!node_regs(c->board.fdt, node, &regs) && is_top) {
        error_add(&c->errors, grant->line,
                  "zone '%s': the registers of '%s' have no machine address; remedy: give its bus",
                  c->plan.zone[grant->zone].name, grant->path);
    }
    for (int i = 0; i < regs.count; i++) {
        const struct range *reg = &regs.range[i];

        if (!range_is_valid(reg->base, reg->size) ||
            reg->base + (reg->size - 1) >= PLAN_HPA_LIMIT) {
            error_add(&c->errors, grant->line,
                      "zone '%s': '%s' has impossible registers; remedy: don't give it",
                      c->plan.zone[grant->zone].name, grant->path);
            continue;
        }
        pages_add(c, grant, align_down(reg->base, SIZE_4K),
                  align_up(reg->base + reg->size, SIZE_4K));
    }
}

/* --- interrupts ------------------------------------------------------------------------------ */

static void grant_irqs(struct compile *c, const struct grant *grant, int node)
{
    struct node_irqs irqs;
    const char *zone = c->plan.zone[grant->zone].name;

    if (!node_irqs(&c->board, node, &irqs)) {
        error_add(&c->errors, grant->line,
                  "zone '%s': the interrupts of '%s' can't be understood, or are too many; "
                  "remedy: don't give it",
                  zone, grant->path);
    }
    for (int i = 0; i < irqs.count; i++) {
        struct plan_irq irq = { grant->zone, irqs.irq[i].intid,
                                irqs.irq[i].is_edge ? PLAN_IRQ_EDGE : 0, 0 };

        (void)irq_add(c, &irq, (struct origin){ grant->line, grant->path });
    }
}

/* --- direct memory access -------------------------------------------------------------------- */

static bool is_dma_master(const void *fdt, int node)
{
    static const char *const compatibles[] = {
        "virtio,mmio",
        "pci-host-ecam-generic",
        "pci-host-cam-generic",
        "qemu,fw-cfg-mmio",
        "arm,pl330",
        "arm,pl080",
        "arm,pl111",
        "snps,dwmac",
        "snps,dwc3",
        "generic-ahci",
        "generic-ehci",
        "generic-ohci",
        "cdns,gem",
        "cdns,macb",
        "generic-xhci",
        "arm,smmu-v3",
    };
    static const char *const properties[] = { "dma-coherent", "iommus", "iommu-map", "dmas",
                                              "dma-ranges" };

    for (size_t i = 0; i < ARRAY_COUNT(properties); i++) {
        if (fdt_getprop(fdt, node, properties[i], NULL) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_COUNT(compatibles); i++) {
        if (node_is(fdt, node, compatibles[i])) {
            return true;
        }
    }
    return fdt_stringlist_search(fdt, node, "device_type", "pci") == 0;
}

static void grant_dma(struct compile *c, struct grant *grant, int node)
{
    if (!is_dma_master(c->board.fdt, node) || grant->has_dma_error) {
        return;
    }
    grant->devices->has_dma = true;
    if (c->spec->zones[grant->zone].dma == SPEC_DMA_TRUSTED) {
        c->plan.zone[grant->zone].flags |= PLAN_ZONE_DMA_TRUSTED;
        return;
    }
    grant->has_dma_error = true;
    error_add(&c->errors, grant->line,
              "zone '%s': '%s' can write to all memory of the machine (DMA), and no IOMMU contains "
              "it; remedy: don't give it, or `dma: trusted` if this zone may do everything [dma]",
              c->plan.zone[grant->zone].name, node_path(c, node));
}

/* --- one entry ------------------------------------------------------------------------------- */

static void grant_node(struct compile *c, struct grant *grant, int node, bool is_top)
{
    if (node == c->board.uart) {
        grant->devices->has_uart = true;
    }
    grant_regs(c, grant, node, is_top);
    grant_irqs(c, grant, node);
    grant_dma(c, grant, node);
}

static void grant_read(struct compile *c, uint32_t zone, uint32_t i)
{
    const char *wanted = c->spec->zones[zone].access[i];
    struct devices *devices = &c->zone[zone].devices;
    struct grant grant = { zone, source_line(&c->source, "zones/%u/access/%u", zone, i), wanted,
                           devices, false };
    int node = grant_find(c, &grant, wanted);
    int depth = 0;

    if (node < 0) {
        return;
    }
    grant.path = node_path(c, node);
    devices->line[devices->count] = grant.line;
    devices->node[devices->count++] = node;
    grant_node(c, &grant, node, true);
    node = fdt_next_node(c->board.fdt, node, &depth);
    for (int count = 0; node > 0 && depth > 0 && count < NODES_MAX; count++) {
        grant_node(c, &grant, node, false);
        node = fdt_next_node(c->board.fdt, node, &depth);
    }
}

/* The board's UART is either the hypervisor's, or passed through, or nobody's. */
static void zone_console(struct compile *c, uint32_t zone)
{
    struct plan_zone *out = &c->plan.zone[zone];

    if (c->zone[zone].devices.has_uart) {
        out->console = PLAN_CONSOLE_PASSTHROUGH;
    }
    if (out->console != PLAN_CONSOLE_EMULATED) {
        out->vuart_gpa = 0;
        out->vuart_intid = 0;
    }
}

void access_read(struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        for (uint32_t i = 0; i < c->spec->zones[zone].access_count; i++) {
            grant_read(c, zone, i);
        }
        zone_console(c, zone);
        depend_check(c, zone);
    }
}
