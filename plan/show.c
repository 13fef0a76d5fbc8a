/* SPDX-License-Identifier: Apache-2.0 */
/* The maps of a compiled plan as text: memory, CPUs, interrupts. Only prints. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/access.h"

#define ROWS_MAX 512u

struct row {
    uint64_t base, size;
    const char *owner, *what;
};

struct rows {
    struct row row[ROWS_MAX];
    size_t count;
};

static void row_add(struct rows *rows, struct row row)
{
    if (rows->count < ROWS_MAX && range_is_valid(row.base, row.size)) {
        rows->row[rows->count++] = row;
    }
}

static int row_compare(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    if (x->base != y->base) {
        return x->base < y->base ? -1 : 1;
    }
    return x->size > y->size ? -1 : x->size < y->size; /* what holds others comes first */
}

static void rows_print(struct rows *rows, FILE *out)
{
    char size[SIZE_TEXT];

    qsort(rows->row, rows->count, sizeof(rows->row[0]), row_compare);
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *r = &rows->row[i];

        fprintf(out, "  0x%010llx..0x%010llx %8s  %-*s%s\n", (unsigned long long)r->base,
                (unsigned long long)(r->base + (r->size - 1)), size_human(size, r->size),
                r->owner[0] != 0 ? (int)PLAN_NAME_SIZE - 8 : 0, r->owner, r->what);
    }
}

/* --- the machine ----------------------------------------------------------------------------- */

/* The lowest taken range that begins at or after `from`, or NULL. */
static const struct row *taken_next(const struct rows *taken, uint64_t from)
{
    const struct row *next = NULL;

    for (size_t i = 0; i < taken->count; i++) {
        const struct row *r = &taken->row[i];

        if (r->base + (r->size - 1) >= from && (next == NULL || r->base < next->base)) {
            next = r;
        }
    }
    return next;
}

/* The parts of RAM that nobody has. */
static void free_add(const struct rows *taken, struct rows *all, const struct plan_ram *ram)
{
    uint64_t at = ram->hpa, end = ram->hpa + ram->size;

    while (at < end) {
        const struct row *next = taken_next(taken, at);
        uint64_t stop = next == NULL || next->base >= end ? end : next->base;

        if (stop > at) {
            row_add(all, (struct row){ at, stop - at, "-", "free" });
        }
        if (next == NULL || next->base + next->size <= at) {
            return;
        }
        at = next->base + next->size;
    }
}

static const char *map_text(struct compile *c, uint32_t i)
{
    const struct plan_region *r = &c->plan.region[i];

    const char *what = c->region_origin[i].what;

    if (r->pool != 0) {
        what = arena_printf(&c->arena, "  %s in %s", what, c->region_origin[r->pool - 1].what);
    }
    if (r->gpa == r->hpa) {
        return what;
    }
    return arena_printf(&c->arena, "%s, in the zone at 0x%llx", what, (unsigned long long)r->gpa);
}

static void show_machine(struct compile *c, FILE *out)
{
    struct rows *rows = arena_alloc(&c->arena, sizeof(*rows));
    struct rows *taken = arena_alloc(&c->arena, sizeof(*taken));
    const struct plan *p = &c->plan;
    uint64_t base, size;

    row_add(rows, (struct row){ p->hyp_hpa, p->hyp_size, "hypervisor",
                                arena_printf(&c->arena, "boot image at 0x%llx, %llu KiB; pool",
                                             (unsigned long long)p->image_hpa,
                                             (unsigned long long)p->image_size / 1024) });
    for (uint32_t i = 0; i < p->region_count; i++) {
        row_add(rows, (struct row){ p->region[i].hpa, p->region[i].size,
                                    p->zone[p->region[i].zone].name, map_text(c, i) });
    }
    for (uint32_t i = 0; i < p->channel_count; i++) {
        const struct plan_channel *channel = &p->channel[i];

        row_add(rows, (struct row){ channel->hpa, channel->size, "shared",
                                    arena_printf(&c->arena, "channel %s: %s, %s", channel->name,
                                                 p->zone[channel->side[0].zone].name,
                                                 p->zone[channel->side[1].zone].name) });
    }
    *taken = *rows;
    for (uint32_t i = 0; i < p->board.ram_count; i++) {
        free_add(taken, rows, &p->board.ram[i]);
    }
    for (uint32_t i = 0; i < PLAN_FIXED_COUNT; i++) {
        if (plan_fixed_range(p, i, &base, &size)) {
            row_add(rows, (struct row){ base, size, "hypervisor", fixed_name(i) });
        }
    }
    fprintf(out, "memory of the machine\n");
    rows_print(rows, out);
}

static void show_cpus(const struct compile *c, FILE *out)
{
    const struct plan *p = &c->plan;

    fprintf(out, "\nCPUs\n  CPU  MPIDR         zone             vCPU\n");
    for (uint32_t i = 0; i < p->cpu_count; i++) {
        const struct plan_cpu *cpu = &p->cpu[i];

        if (cpu->zone < p->zone_count) {
            fprintf(out, "  %3u  0x%010llx  %-16s %4u\n", i, (unsigned long long)cpu->hw_id,
                    p->zone[cpu->zone].name, cpu->vcpu);
        } else {
            fprintf(out, "  %3u  0x%010llx  %-16s    -\n", i, (unsigned long long)cpu->hw_id,
                    "- (parked)");
        }
    }
}

static void show_irqs(const struct compile *c, FILE *out)
{
    const struct plan *p = &c->plan;

    fprintf(out, "\ninterrupts of devices\n  INTID  zone             trigger  device\n");
    if (p->board.uart_hpa != 0) {
        fprintf(out, "  %5u  %-16s level    console\n", p->board.uart_intid, "hypervisor");
    }
    for (uint32_t i = 0; i < p->irq_count; i++) {
        fprintf(out, "  %5u  %-16s %-7s  %s\n", p->irq[i].intid, p->zone[p->irq[i].zone].name,
                p->irq[i].flags == PLAN_IRQ_EDGE ? "edge" : "level", c->irq_origin[i].what);
    }
}

static void show_channels(const struct compile *c, FILE *out)
{
    const struct plan *p = &c->plan;
    char size[SIZE_TEXT];

    if (p->channel_count == 0) {
        return;
    }
    fprintf(out,
            "\nchannels\n  %-16s     size  notify  zone             PCI   INTID  memory in the "
            "zone\n",
            "name");
    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        const struct plan_channel *channel = &p->channel[i / 2];
        const struct plan_channel_side *side = &channel->side[i % 2];

        fprintf(out, "  %-16s %8s  %-6s  %-16s %02x.0  %5u  0x%llx\n", channel->name,
                size_human(size, channel->size),
                (channel->flags & PLAN_CHANNEL_NOTIFY) != 0 ? "yes" : "no",
                p->zone[side->zone].name, side->slot, side->intid,
                (unsigned long long)side->mem_gpa);
    }
}

/* Name of the zone that owns a node, or "-". */
static const char *device_owner(const struct compile *c, int node)
{
    for (uint32_t i = 0; i < c->plan.zone_count; i++) {
        if (devices_own(&c->zone[i].devices, c->board.fdt, node)) {
            return c->plan.zone[i].name;
        }
    }
    return node == c->board.uart && c->plan.board.uart_hpa != 0 ? "hypervisor" : "-";
}

/* Equal devices in a row, of one owner. */
struct device_run {
    char path[256];
    size_t stem; /* length of the path up to its unit address */
    const char *owner;
    unsigned count;
};

static void device_print(const struct device_run *run, FILE *out)
{
    if (run->count > 1) {
        fprintf(out, "  %-16s %s and %u more\n", run->owner, run->path, run->count - 1);
    } else if (run->count == 1) {
        fprintf(out, "  %-16s %s\n", run->owner, run->path);
    }
}

static void show_devices(const struct compile *c, FILE *out)
{
    const void *fdt = c->board.fdt;
    struct device_run run = { .count = 0 };
    struct device_run next;

    fprintf(out, "\ndevices of the board\n");
    for (int node = fdt_next_node(fdt, 0, NULL); node > 0; node = fdt_next_node(fdt, node, NULL)) {
        if (node_cell_count(fdt, node, "compatible") == 0 || device_is_reserved(c, node) ||
            node_is(fdt, node, "fixed-clock") ||
            fdt_get_path(fdt, node, next.path, sizeof(next.path)) != 0) {
            continue;
        }
        next.stem = strcspn(next.path, "@");
        next.owner = device_owner(c, node);
        next.count = 1;
        if (run.count != 0 && run.stem == next.stem && strcmp(run.owner, next.owner) == 0 &&
            strncmp(run.path, next.path, run.stem) == 0) {
            run.count++;
            continue;
        }
        device_print(&run, out);
        run = next;
    }
    device_print(&run, out);
}

/* --- a zone ---------------------------------------------------------------------------------- */

static void zone_windows(struct compile *c, uint32_t zone, struct rows *rows)
{
    uint64_t at, size;

    for (uint32_t i = 0; i < PLAN_WINDOWS; i++) {
        if (plan_window_range(&c->plan, zone * PLAN_WINDOWS + i, &at, &size)) {
            row_add(rows, (struct row){ at, size, "", window_name(i) });
        }
    }
}

static const char *image_text(const struct compile *c, uint32_t i)
{
    uint32_t zone = c->plan.image[i].zone;

    if (c->plan.image[i].gpa == c->plan.zone[zone].dtb) {
        return "  device tree";
    }
    if (c->plan.image[i].gpa == c->plan.zone[zone].boot_info) {
        return "  boot_info";
    }
    if (c->plan.image[i].gpa == c->zone[zone].boot.initrd_gpa) {
        return "  initrd";
    }
    return c->zone[zone].boot.is_elf ? "  program" : "  kernel";
}

static void show_virtio(const struct plan *p, uint32_t zone, FILE *out)
{
    static const char *const types[] = { "?", "net", "blk", "console", "rng" };

    for (uint32_t i = 0; i < p->virtio_count; i++) {
        const struct plan_virtio *v = &p->virtio[i];

        if (v->zone == zone) {
            fprintf(out,
                    "  virtio device %u: %s '%s', %u queue%s, registers 0x%llx, interrupt %u\n", i,
                    types[v->type < 5 ? v->type : 0], v->name, v->queue_count,
                    v->queue_count == 1 ? "" : "s", (unsigned long long)v->gpa, v->intid);
        }
    }
}

static void show_zone(struct compile *c, uint32_t zone, FILE *out)
{
    static const char *const roles[] = { "zone0", "user", "realtime" };
    static const char *const consoles[] = { "none", "emulated", "passed through" };
    struct rows *rows = arena_alloc(&c->arena, sizeof(*rows));
    const struct plan *p = &c->plan;
    const struct plan_zone *z = &p->zone[zone];

    fprintf(out, "\nzone %s: %s, %u CPU%s, console %s, entry 0x%llx%s%s%s%s\n", z->name,
            roles[z->role % 3], z->vcpu_count, z->vcpu_count == 1 ? "" : "s",
            consoles[z->console % 3], (unsigned long long)z->entry,
            (z->flags & PLAN_ZONE_DMA_TRUSTED) != 0 ? ", DMA TRUSTED" : "",
            (z->flags & PLAN_ZONE_DEBUG_DENIED) != 0 ? ", debug denied" : "",
            (z->flags & PLAN_ZONE_IRQ_DIRECT) != 0 ? ", interrupts direct" : "",
            (z->flags & PLAN_ZONE_MANUAL) != 0 ? ", started by hand" : "");
    if (p->control.region != 0 && p->control.zone == zone) {
        fprintf(out, "  control device: PCI %02x.0, interrupt %u\n", p->control.slot,
                p->control.intid);
    }
    show_virtio(p, zone, out);
    zone_windows(c, zone, rows);
    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == zone) {
            row_add(rows, (struct row){ r->gpa, r->size, "",
                                        arena_printf(&c->arena, "%s at 0x%llx of the machine",
                                                     c->region_origin[i].what,
                                                     (unsigned long long)r->hpa) });
        }
    }
    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        const struct plan_channel_side *side = &p->channel[i / 2].side[i % 2];

        if (side->zone == zone) {
            row_add(rows, (struct row){ side->mem_gpa, p->channel[i / 2].size, "",
                                        arena_printf(&c->arena,
                                                     "  channel %s at 0x%llx of the "
                                                     "machine",
                                                     p->channel[i / 2].name,
                                                     (unsigned long long)p->channel[i / 2].hpa) });
        }
    }
    for (uint32_t i = 0; i < p->image_count; i++) {
        if (p->image[i].zone == zone) {
            row_add(rows, (struct row){ p->image[i].gpa, p->image[i].size, "", image_text(c, i) });
        }
    }
    rows_print(rows, out);
}

void show_plan(struct compile *c, FILE *out)
{
    const struct plan *p = &c->plan;
    char ram[SIZE_TEXT];
    uint64_t all = 0;

    for (uint32_t i = 0; i < p->board.ram_count; i++) {
        all += p->board.ram[i].size;
    }
    fprintf(out, "board %s: %u CPUs, %s of RAM, GICv%u, firmware called by %s\n\n", c->spec->board,
            p->cpu_count, size_human(ram, all), p->board.gic_version,
            p->board.conduit == PLAN_CONDUIT_SMC ? "smc" : "hvc");
    show_machine(c, out);
    show_cpus(c, out);
    show_irqs(c, out);
    show_channels(c, out);
    show_devices(c, out);
    for (uint32_t i = 0; i < p->zone_count; i++) {
        show_zone(c, i, out);
    }
}
