/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs plan_check and turns each violation into a message: where, who, what is wrong, who else, and
 * the remedy. The table has a row for every rule of plan_check.
 */
#include "plan/verdict.h"

#include <string.h>

#include "lib/field.h"
#include "plan/compile.h"

/* clang-format off */
const struct verdict_text verdict_texts[] = {
    { "magic", "does not begin with the plan's magic number", "compile it again" },
    { "version", "has a version this program does not know", "compile it again" },
    { "size", "has a size this program does not know", "compile it again" },
    { "zone-count", "has no zone, or too many", "give 1 to 8 zones" },
    { "cpu-count", "has no CPU, or too many", "set machine.cpus to 1 to 16" },
    { "ram-count", "has no RAM, or too many ranges of it", "check the board's memory nodes" },
    { "region-count", "has too many memory and device regions", "give fewer devices" },
    { "irq-count", "has too many interrupts", "give fewer devices" },
    { "image-count", "has too many boot images", "use ELF files with fewer segments" },
    { "channel-count", "has too many channels", "give at most 16" },
    { "function-count", "has too many PCI functions", "give at most 16" },
    { "virtio-count", "has too many virtio devices, or too much time to let go of them",
      "give at most 32; let_go: 100 (ms, at most 10000)" },
    { "log-level", "has an unknown log level", "compile it again" },
    { "gic-version", "has a GIC that is neither GICv2 nor GICv3", "QEMU: -M virt,gic-version=3" },
    { "gic-cpus", "has more than the 8 CPUs of a GICv2", "set machine.cpus" },
    { "conduit", "calls its firmware by hvc, which a hypervisor cannot",
      "psci method smc (QEMU: dump the tree with virtualization=on)" },
    { "ppi", "has timer or maintenance interrupts that are no PPIs, or alike",
      "check the board's timer and interrupt controller nodes" },
    { "uart-intid", "has a console without a usable interrupt", "hypervisor.console: none" },
    { "fixed-range", "has an impossible address or size", "check the board's device tree" },
    { "fixed-overlap", "overlaps", "check the board's device tree" },
    { "fixed-ram", "overlaps", "check the board's device tree" },
    { "ram-range", "is empty, wraps, or is not 4 KiB aligned", "check the board's memory nodes" },
    { "ram-overlap", "overlaps", "check the board's memory nodes" },
    { "hyp-range", "is empty, wraps, is not 2 MiB aligned, or lies above 256 GiB",
      "check the board's memory nodes" },
    { "hyp-ram", "does not fit into the machine's first RAM",
      "smaller boot files, smaller hypervisor.memory, or larger machine.memory" },
    { "hyp-image", "does not hold the boot image", "compile it again" },
    { "hyp-pool", "has no room for its own tables behind the boot image",
      "larger hypervisor.memory" },
    { "cpu-hw-id", "has an MPIDR with more than affinity bits", "check the board's cpu nodes" },
    { "cpu-unique", "has the same MPIDR as", "check the board's cpu nodes" },
    { "cpu-owner", "belongs to no zone that knows it", "give each CPU to one zone" },
    { "cpu-vcpu-unique", "is the same virtual CPU as", "give each CPU to one zone" },
    { "zone-name", "has a name that is not of a-z 0-9 _ -, 1 to 23 characters", "rename it" },
    { "zone-name-unique", "has the same name as", "rename one of them" },
    { "zone-role", "has an unknown role", "zone0, user or realtime" },
    { "zone-zero-single", "has role zone0, like", "only one zone can have it" },
    { "zone-reserved", "has unknown flags", "compile it again" },
    { "zone-console", "has an impossible console", "emulated or none" },
    { "zone-cpus", "has no CPU, or its CPUs are not counted right", "cpus: [n, ...]" },
    { "zone-ram", "has no memory", "memory: [{ size: 64M }]" },
    { "zone-entry", "does not start at an aligned address in its memory", "check memory and boot" },
    { "zone-dtb", "has its device tree outside of its memory", "check memory and boot" },
    { "zone-boot-info", "has its boot_info outside of its memory", "check memory and boot" },
    { "window-range", "has an impossible address", "check the board's device tree" },
    { "window-overlap", "overlaps", "check the board's device tree" },
    { "window-region", "overlaps", "move the memory by `ipa`, or don't give the device" },
    { "region-kind", "is of an unknown kind", "compile it again" },
    { "region-size", "has size 0", "give it a size, or leave it out" },
    { "region-wrap", "wraps at 2^64", "lower base, ipa or size" },
    { "region-align", "is not aligned to 2 MiB (devices: 4 KiB)",
      "make base, ipa and size multiples of 2M" },
    { "region-limit", "ends above 2^40 in the zone, or 2^48 in the machine", "lower base or ipa" },
    { "region-board", "is not inside the machine's RAM",
      "leave out `base`, or choose it inside (`vitrine plan show`)" },
    { "device-ram", "overlaps", "don't give this device" },
    { "device-fixed", "overlaps", "don't give it; for the console: hypervisor.console: none" },
    { "region-hyp", "overlaps", "leave out `base`, or choose it higher" },
    { "region-overlap", "overlaps",
      "leave out `base` of one of them, or give the device to one zone" },
    { "region-gpa", "has guest addresses that overlap", "set another `ipa` or `base`" },
    { "dma-identity", "is not at the same address in the zone and the machine, as DMA needs",
      "leave out `ipa`, or make it equal to `base`" },
    { "irq-intid", "is no SPI (32 to 1019): private interrupts can't be given",
      "don't give this device" },
    { "irq-reserved", "has unknown flags", "compile it again" },
    { "irq-unique", "is the same as", "give both devices to one zone, or one to none" },
    { "irq-uart", "is the interrupt of the hypervisor's console", "hypervisor.console: none" },
    { "irq-vuart", "is the interrupt of the emulated console of", "console: none" },
    { "image-reserved", "belongs to no zone", "compile it again" },
    { "image-source", "is not inside the boot image", "compile it again" },
    { "image-ram", "is not inside one memory region of its zone",
      "more memory, or another `ipa`" },
    { "image-overlap", "overlaps", "link the program differently" },
    { "zone-pci", "has an impossible virtual PCI bus", "compile it again" },
    { "channel-name", "has a name that is not of a-z 0-9 _ -, 1 to 23 characters", "rename it" },
    { "channel-name-unique", "has the same name as", "rename one of them" },
    { "channel-reserved", "has unknown flags", "compile it again" },
    { "channel-peers", "does not lie between two different zones", "peers: [one, another]" },
    { "channel-size", "has a size that is no power of two from 4K to 256M", "size: 64K" },
    { "channel-align", "is not aligned to its size or 2 MiB", "compile it again" },
    { "channel-board", "is not inside the machine's RAM", "compile it again" },
    { "channel-hyp", "overlaps", "compile it again" },
    { "channel-region", "overlaps", "leave out `base` of the zone's memory" },
    { "channel-overlap", "overlaps", "compile it again" },
    { "side-slot", "has no place on the zone's virtual PCI bus", "compile it again" },
    { "side-memory", "is not aligned in the memory window of the zone's virtual PCI bus",
      "compile it again" },
    { "side-intid", "has no interrupt of its own", "fewer devices in this zone" },
    { "side-unique", "has slot, interrupt or addresses of", "compile it again" },
    { "side-irq", "has the interrupt of", "fewer devices in this zone" },
    { "smmu", "has an SMMU without a usable event interrupt", "check the board's SMMU node" },
    { "irq-smmu", "is the interrupt of the hypervisor's SMMU", "don't give this device" },
    { "function-place", "is neither on bus 0 nor on a bus right behind one of 3 bridges there",
      "like pci: [\"00:02.0\", \"00:01.0/00.0\"]" },
    { "function-unique", "is the same as", "give it to one zone" },
    { "function-device", "is part of one device or bus with", "give both to one zone" },
    { "function-first", "is not found by guests without function 0 of its device",
      "give function 0 to the zone, too" },
    { "function-dma", "can write to all memory of the machine (DMA), and no SMMU contains it",
      "a board with an SMMU, or `dma: trusted` if this zone may do everything" },
    { "function-window", "has no window of its own for its registers", "compile it again" },
    { "zone-functions", "has a PCI window without functions", "compile it again" },
    { "its", "has an ITS without a GICv3, or at an odd address", "check the board's ITS node" },
    { "function-msi", "has messages (MSI) that can't reach its zone", "compile it again" },
    { "device-unique", "writes messages under the number of", "check the board's msi-map" },
    { "zone-its", "has an ITS without functions that use it", "compile it again" },
    { "zone-manual", "does not start by itself, nor does any other", "leave out start: manual" },
    { "region-pool", "lies in a pool in a wrong way, or is a wrong pool",
      "pools: beside control:, of 4M or more; base: behind the pool's first 2M" },
    { "pool-count", "has too many pools", "give at most 8" },
    { "region-control", "is no control region, or larger than 16M", "control: { memory: 2M }" },
    { "control-zone", "does not belong to zone0, or has no place on its PCI bus",
      "role: zone0 in the zone that has control:" },
    { "control-slot", "has slot or interrupt of", "compile it again" },
    { "control-intid", "has no interrupt of its own", "fewer devices in this zone" },
    { "control-irq", "has the interrupt of", "fewer devices in this zone" },
    { "virtio-name", "has a name that is not of a-z 0-9 _ -, 1 to 23 characters", "rename it" },
    { "virtio-name-unique", "has the same name as", "rename one of them" },
    { "virtio-type", "is of an unknown type", "type: blk, net, console or rng" },
    { "virtio-queues", "has no queues, or more than 16",
      "queues: 1 (net: pairs of them, at most 7)" },
    { "virtio-zone", "is in zone0, or nobody is in control, or the zone starts before its server",
      "control: in zone0, and start: manual in a zone with virtio devices" },
    { "virtio-pool", "is served by zone0, which does not see", "pool: of its memory" },
    { "virtio-place", "has no registers of its own", "compile it again" },
    { "virtio-intid", "has no interrupt of its own", "fewer devices in this zone" },
    { "virtio-unique", "has the interrupt of", "compile it again" },
    { "virtio-irq", "has the interrupt of", "fewer devices in this zone" },
    { "virtio-side", "has the interrupt of", "compile it again" },
};
/* clang-format on */

const uint32_t verdict_text_count = ARRAY_COUNT(verdict_texts);

static const struct verdict_text *text_find(const char *rule)
{
    for (uint32_t i = 0; i < verdict_text_count; i++) {
        if (strcmp(verdict_texts[i].rule, rule) == 0) {
            return &verdict_texts[i];
        }
    }
    return NULL;
}

void verdict_list(FILE *out)
{
    for (uint32_t i = 0; i < plan_rule_count; i++) {
        const struct verdict_text *text = text_find(plan_rules[i].name);

        fprintf(out, "%-18s %s %s%s%s; remedy: %s\n", plan_rules[i].name,
                plan_object_name((uint32_t)plan_rules[i].a_kind), text->wrong,
                plan_rules[i].b_kind != PLAN_OBJECT_NONE ? " " : "",
                plan_rules[i].b_kind != PLAN_OBJECT_NONE
                    ? plan_object_name((uint32_t)plan_rules[i].b_kind)
                    : "",
                text->remedy);
    }
}

/* --- one object of the plan ------------------------------------------------------------------ */

static const char *range_text(struct compile *c, uint64_t base, uint64_t size)
{
    return size == 0 ? arena_printf(&c->arena, "0x%llx (size 0)", (unsigned long long)base)
                     : arena_printf(&c->arena, "0x%llx..0x%llx", (unsigned long long)base,
                                    (unsigned long long)(base + size - 1));
}

/* The hypervisor's size is decided by these keys, most of all by the first that is there. */
static unsigned hyp_line(const struct compile *c)
{
    unsigned line = source_find(&c->source, "hypervisor");

    if (line == 0) {
        line = source_find(&c->source, "machine");
    }
    return line != 0 ? line : source_line(&c->source, "board");
}

static unsigned ref_line(const struct compile *c, struct plan_ref ref)
{
    uint32_t zone = plan_owner(&c->plan, ref);

    switch (ref.kind) {
    case PLAN_OBJECT_REGION: return c->region_origin[ref.index].line;
    case PLAN_OBJECT_IRQ: return c->irq_origin[ref.index].line;
    case PLAN_OBJECT_IMAGE: return c->image_origin[ref.index].line;
    case PLAN_OBJECT_CHANNEL: return source_line(&c->source, "channels/%u", ref.index);
    case PLAN_OBJECT_SIDE: return source_line(&c->source, "channels/%u", ref.index / 2);
    case PLAN_OBJECT_FUNCTION: return c->function_line[ref.index];
    case PLAN_OBJECT_VIRTIO: return c->virtio_line[ref.index];
    case PLAN_OBJECT_CONTROL: return source_line(&c->source, "zones/%u/control", zone);
    case PLAN_OBJECT_CPU:
        return zone != PLAN_NONE ? source_line(&c->source, "zones/%u/cpus", zone)
                                 : source_line(&c->source, "board");
    case PLAN_OBJECT_ZONE:
    case PLAN_OBJECT_WINDOW: return source_line(&c->source, "zones/%u/name", zone);
    case PLAN_OBJECT_HYP: return hyp_line(c);
    default: return source_line(&c->source, "board");
    }
}

const char *fixed_name(uint32_t fixed)
{
    static const char *const names[PLAN_FIXED_COUNT] = {
        [PLAN_FIXED_GICD] = "interrupt distributor",
        [PLAN_FIXED_GICR] = "interrupt redistributors",
        [PLAN_FIXED_GICC] = "interrupt CPU interface",
        [PLAN_FIXED_GICH] = "GIC's hypervisor interface",
        [PLAN_FIXED_GICV] = "GIC's virtual CPU interface",
        [PLAN_FIXED_UART] = "hypervisor's console",
        [PLAN_FIXED_SMMU] = "SMMU",
        [PLAN_FIXED_ECAM] = "PCI configuration",
        [PLAN_FIXED_ITS] = "ITS",
    };

    return names[fixed];
}

const char *window_name(uint32_t window)
{
    static const char *const names[PLAN_WINDOWS] = {
        [PLAN_WINDOW_GICD] = "emulated interrupt distributor",
        [PLAN_WINDOW_GICR] = "emulated interrupt redistributors",
        [PLAN_WINDOW_GICC] = "virtual interrupt CPU interface",
        [PLAN_WINDOW_VUART] = "emulated console",
        [PLAN_WINDOW_ECAM] = "emulated PCI configuration",
        [PLAN_WINDOW_PCI] = "emulated PCI window",
        [PLAN_WINDOW_HOST] = "filtered PCI configuration",
        [PLAN_WINDOW_ITS] = "emulated ITS",
        [PLAN_WINDOW_VIRTIO] = "virtio devices",
    };

    return names[window % PLAN_WINDOWS];
}

static const char *fixed_text(struct compile *c, uint32_t index)
{
    uint64_t base = 0, size = 0;

    (void)plan_fixed_range(&c->plan, index, &base, &size);
    return arena_printf(&c->arena, "the %s %s", fixed_name(index), range_text(c, base, size));
}

static const char *window_text(struct compile *c, uint32_t index)
{
    uint64_t at = 0, size = 0;

    (void)plan_window_range(&c->plan, index, &at, &size);
    return arena_printf(&c->arena, "%s %s", window_name(index), range_text(c, at, size));
}

/* A region in the addresses that the rule speaks of. */
static const char *region_text(struct compile *c, const char *rule, uint32_t index)
{
    const struct plan_region *r = &c->plan.region[index];
    bool is_guest = strcmp(rule, "region-gpa") == 0 || strcmp(rule, "window-region") == 0;
    const char *text = range_text(c, is_guest ? r->gpa : r->hpa, r->size);

    if (!is_guest && r->gpa != r->hpa) {
        return arena_printf(&c->arena, "%s %s (ipa 0x%llx)", c->region_origin[index].what, text,
                            (unsigned long long)r->gpa);
    }
    return arena_printf(&c->arena, "%s %s", c->region_origin[index].what, text);
}

static const char *thing_text(struct compile *c, const char *rule, struct plan_ref ref)
{
    const struct plan *p = &c->plan;

    switch (ref.kind) {
    case PLAN_OBJECT_HYP:
        return arena_printf(&c->arena, "the hypervisor's memory %s",
                            range_text(c, p->hyp_hpa, p->hyp_size));
    case PLAN_OBJECT_FIXED: return fixed_text(c, ref.index);
    case PLAN_OBJECT_RAM:
        return arena_printf(
            &c->arena, "the machine's RAM %s",
            range_text(c, p->board.ram[ref.index].hpa, p->board.ram[ref.index].size));
    case PLAN_OBJECT_CPU: return arena_printf(&c->arena, "CPU %u", ref.index);
    case PLAN_OBJECT_WINDOW: return window_text(c, ref.index);
    case PLAN_OBJECT_REGION: return region_text(c, rule, ref.index);
    case PLAN_OBJECT_IRQ:
        return arena_printf(&c->arena, "interrupt %u of '%s'", p->irq[ref.index].intid,
                            c->irq_origin[ref.index].what);
    case PLAN_OBJECT_IMAGE:
        return arena_printf(&c->arena, "boot image '%s' %s", c->image_origin[ref.index].what,
                            range_text(c, p->image[ref.index].gpa, p->image[ref.index].size));
    case PLAN_OBJECT_CHANNEL:
        return arena_printf(&c->arena, "channel '%.23s' %s", p->channel[ref.index].name,
                            range_text(c, p->channel[ref.index].hpa, p->channel[ref.index].size));
    case PLAN_OBJECT_SIDE:
        return arena_printf(&c->arena, "its side of channel '%.23s'",
                            p->channel[ref.index / 2].name);
    case PLAN_OBJECT_FUNCTION:
        return arena_printf(&c->arena, "PCI function %s", c->function_name[ref.index]);
    case PLAN_OBJECT_VIRTIO:
        return arena_printf(&c->arena, "virtio device '%.23s'", p->virtio[ref.index].name);
    case PLAN_OBJECT_CONTROL: return "its control device";
    case PLAN_OBJECT_BOARD: return "the board";
    default: return "the plan";
    }
}

/* "zone 'motor': memory 0x60000000..0x63ffffff" */
static const char *subject_text(struct compile *c, const char *rule, struct plan_ref ref)
{
    uint32_t zone = plan_owner(&c->plan, ref);

    if (zone == PLAN_NONE) {
        return thing_text(c, rule, ref);
    }
    if (ref.kind == PLAN_OBJECT_ZONE) {
        return arena_printf(&c->arena, "zone '%.23s'", c->plan.zone[zone].name);
    }
    return arena_printf(&c->arena, "zone '%.23s': %s", c->plan.zone[zone].name,
                        thing_text(c, rule, ref));
}

/* "zone 'linux0' memory 0x60000000..0x63ffffff (plan.yaml:7)" */
static const char *other_text(struct compile *c, const char *rule, struct plan_ref ref)
{
    uint32_t zone = plan_owner(&c->plan, ref);

    if (zone == PLAN_NONE) {
        return thing_text(c, rule, ref);
    }
    return arena_printf(&c->arena, "zone '%.23s' %s%s(%s:%u)", c->plan.zone[zone].name,
                        ref.kind == PLAN_OBJECT_ZONE ? "" : thing_text(c, rule, ref),
                        ref.kind == PLAN_OBJECT_ZONE ? "" : " ", c->errors.file, ref_line(c, ref));
}

/* --- violations ------------------------------------------------------------------------------ */

struct verdict_sink {
    struct plan_sink sink; /* first */
    struct compile *c;
};

/* Of a pair of equals the later one is the subject: the plan's reader meets it second. */
static void verdict_found(struct plan_sink *sink, const struct plan_verdict *verdict)
{
    struct compile *c = ((struct verdict_sink *)sink)->c;
    const struct verdict_text *text = text_find(verdict->rule);
    struct plan_ref subject = verdict->a, other = verdict->b;

    if (subject.kind == other.kind && ref_line(c, other) > ref_line(c, subject)) {
        subject = verdict->b;
        other = verdict->a;
    }
    if (other.kind == PLAN_OBJECT_NONE) {
        error_add(&c->errors, ref_line(c, subject), "%s %s; remedy: %s [%s]",
                  subject_text(c, verdict->rule, subject), text->wrong, text->remedy,
                  verdict->rule);
    } else {
        error_add(&c->errors, ref_line(c, subject), "%s %s %s; remedy: %s [%s]",
                  subject_text(c, verdict->rule, subject), text->wrong,
                  other_text(c, verdict->rule, other), text->remedy, verdict->rule);
    }
}

/* A channel that has no place, or no peer, has been told of: the rest would only repeat that. */
static bool is_channel_echo(const struct compile *c, const struct plan_verdict *verdict)
{
    uint32_t i = verdict->a.kind == PLAN_OBJECT_SIDE ? verdict->a.index / 2 : verdict->a.index;
    const struct plan_channel *channel;

    if (verdict->a.kind != PLAN_OBJECT_CHANNEL && verdict->a.kind != PLAN_OBJECT_SIDE) {
        return false;
    }
    channel = &c->plan.channel[i];
    if (channel->side[0].zone == PLAN_NONE || channel->side[1].zone == PLAN_NONE) {
        return verdict->a.kind == PLAN_OBJECT_SIDE || strcmp(verdict->rule, "channel-peers") == 0;
    }
    return channel->hpa == 0 && strncmp(verdict->rule, "channel-name", 12) != 0 &&
           strcmp(verdict->rule, "channel-size") != 0;
}

/* A control region that has no place has been told of. */
static bool is_control_echo(const struct compile *c, const struct plan_verdict *verdict)
{
    return c->plan.control.region > c->plan.region_count &&
           (verdict->a.kind == PLAN_OBJECT_CONTROL || strcmp(verdict->rule, "region-pool") == 0);
}

/*
 * When a step failed, its zones are incomplete: rules on what such a zone starts from would only
 * repeat that.
 */
static bool is_echo(const struct compile *c, const struct plan_verdict *verdict)
{
    static const char *const rules[] = { "zone-entry", "zone-dtb", "zone-boot-info" };
    uint32_t zone = plan_owner(&c->plan, verdict->a);

    if (is_channel_echo(c, verdict) || is_control_echo(c, verdict)) {
        return true;
    }
    if (zone == PLAN_NONE) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_COUNT(rules); i++) {
        if (c->dtb[zone] == NULL && strcmp(rules[i], verdict->rule) == 0) {
            return true;
        }
    }
    return (strcmp(verdict->rule, "zone-ram") == 0 && c->zone[zone].memory_count != 0) ||
           (strcmp(verdict->rule, "zone-cpus") == 0 && c->spec->zones[zone].cpus_count != 0);
}

static void verdict_filter(struct plan_sink *sink, const struct plan_verdict *verdict)
{
    if (!is_echo(((struct verdict_sink *)sink)->c, verdict)) {
        verdict_found(sink, verdict);
    }
}

void verdict_check(struct compile *c)
{
    struct verdict_sink filtered = { { verdict_filter }, c };
    struct verdict_sink all = { { verdict_found }, c };

    if (plan_check(&c->plan, &filtered.sink) != 0 && c->errors.count == 0) {
        (void)plan_check(&c->plan, &all.sink); /* no echo after all: a bad plan never passes */
    }
}
