/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest addresses of a zone's boot files: a Linux kernel at the start of its first memory region,
 * its device tree and initrd behind; the segments of an ELF where they want to be, its device tree
 * and boot_info at the top.
 */
#include <string.h>

#include "abi/boot.h"
#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

static const char *boot_path(const struct boot_files *boot)
{
    return boot->is_elf ? boot->elf_name : boot->kernel_name;
}

static unsigned boot_line(const struct compile *c, uint32_t zone)
{
    return source_line(&c->source, "zones/%u/boot/%s", zone,
                       c->zone[zone].boot.is_elf ? "elf" : "kernel");
}

static void image_add(struct compile *c, uint32_t zone, uint64_t at, struct file bytes)
{
    struct plan *p = &c->plan;

    if (p->image_count == PLAN_MAX_IMAGES) {
        if (c->is_image_full) {
            return;
        }
        c->is_image_full = true;
        error_add(
            &c->errors, boot_line(c, zone),
            "more than %u boot images; remedy: link the programs into fewer segments [image-count]",
            PLAN_MAX_IMAGES);
        return;
    }
    c->image_origin[p->image_count] = (struct origin){ boot_line(c, zone),
                                                       boot_path(&c->zone[zone].boot) };
    c->image_blob[p->image_count] = blob_add(c, bytes.data, bytes.size);
    p->image[p->image_count++] = (struct plan_image){ .size = bytes.size, .gpa = at, .zone = zone };
}

static bool tree_add(struct compile *c, uint32_t zone)
{
    uint8_t *tree = arena_alloc(&c->arena, DTB_MAX);
    uint64_t size = DTB_MAX;

    if (!dtb_build(c, zone, tree, &size)) {
        return false;
    }
    c->dtb[zone] = tree;
    c->dtb_size[zone] = size;
    image_add(c, zone, c->plan.zone[zone].dtb, (struct file){ tree, size });
    return true;
}

/* --- Linux ----------------------------------------------------------------------------------- */

/* Whether everything up to `end` lies in the region; else a message tells how much it takes. */
static bool room_check(struct compile *c, uint32_t zone, const struct plan_region *ram,
                       uint64_t end)
{
    char have[SIZE_TEXT], need[SIZE_TEXT];

    if (end - ram->gpa <= ram->size) {
        return true;
    }
    error_add(
        &c->errors, boot_line(c, zone),
        "zone '%s': '%s' with its device tree%s needs %s, but its first memory has %s; remedy: "
        "more memory (%s:%u) [image-ram]",
        c->plan.zone[zone].name, boot_path(&c->zone[zone].boot),
        c->zone[zone].boot.initrd.data != NULL ? " and initrd" : "",
        size_text(need, align_up(end - ram->gpa, SIZE_2M)), size_text(have, ram->size),
        c->errors.file, c->region_origin[c->zone[zone].memory[0].region].line);
    return false;
}

static void place_linux(struct compile *c, uint32_t zone, const struct plan_region *ram)
{
    struct boot_files *boot = &c->zone[zone].boot;
    struct plan_zone *out = &c->plan.zone[zone];
    uint64_t end;

    out->entry = ram->gpa + boot->text_offset;
    out->dtb = align_up(out->entry + boot->image_size, SIZE_2M);
    boot->initrd_gpa = align_up(out->dtb + DTB_MAX, SIZE_2M);
    end = boot->initrd.data != NULL ? boot->initrd_gpa + boot->initrd.size : out->dtb + DTB_MAX;
    if (!room_check(c, zone, ram, end)) {
        return;
    }
    image_add(c, zone, out->entry, boot->kernel);
    if (boot->initrd.data != NULL) {
        image_add(c, zone, boot->initrd_gpa, boot->initrd);
    }
    (void)tree_add(c, zone);
}

/* --- ELF ------------------------------------------------------------------------------------- */

/* The zone's memory that holds a guest range, or NULL. */
static const struct plan_region *ram_find(const struct compile *c, uint32_t zone, uint64_t at,
                                          uint64_t size)
{
    for (uint32_t i = 0; i < c->plan.region_count; i++) {
        const struct plan_region *r = &c->plan.region[i];

        if (r->zone == zone && r->kind == PLAN_REGION_RAM && range_is_valid(r->gpa, r->size) &&
            range_is_valid(at, size) && range_contains(r->gpa, r->size, at, size)) {
            return r;
        }
    }
    return NULL;
}

static bool segment_check(struct compile *c, uint32_t zone, const struct segment *segment,
                          uint64_t top)
{
    const struct plan_region *ram = ram_find(c, zone, segment->gpa, segment->memory_size);

    if (ram == NULL) {
        error_add(&c->errors, boot_line(c, zone),
                  "zone '%s': '%s' wants 0x%llx..0x%llx, which is not in its memory; remedy: set "
                  "`ipa` of its memory (%s:%u) to the address it is linked at [image-ram]",
                  c->plan.zone[zone].name, boot_path(&c->zone[zone].boot),
                  (unsigned long long)segment->gpa,
                  (unsigned long long)(segment->gpa + segment->memory_size - 1), c->errors.file,
                  source_line(&c->source, "zones/%u/memory", zone));
        return false;
    }
    if (ranges_overlap(segment->gpa, segment->memory_size, top, DTB_MAX + SIZE_4K)) {
        error_add(&c->errors, boot_line(c, zone),
                  "zone '%s': '%s' leaves no room for its device tree in the last %u KiB of its "
                  "memory; remedy: more memory [image-ram]",
                  c->plan.zone[zone].name, boot_path(&c->zone[zone].boot),
                  (unsigned)((DTB_MAX + SIZE_4K) / 1024));
        return false;
    }
    return true;
}

static void boot_info_channels(const struct compile *c, uint32_t zone, struct boot_info *info)
{
    const struct plan *p = &c->plan;

    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        const struct plan_channel *channel = &p->channel[i / 2];
        const struct plan_channel_side *side = &channel->side[i % 2];
        struct boot_channel *out = &info->channel[info->channel_count];

        if (side->zone == zone && info->channel_count < BOOT_MAX_CHANNELS) {
            memcpy(out->name, channel->name, sizeof(out->name));
            out->regs_gpa = p->zone[zone].pci_gpa + side->slot * PLAN_PCI_REGS_SIZE;
            out->mem_gpa = side->mem_gpa;
            out->mem_size = channel->size;
            out->intid = side->intid;
            info->channel_count++;
        }
    }
}

static void boot_info_virtio(const struct compile *c, uint32_t zone, struct boot_info *info)
{
    const struct plan *p = &c->plan;

    for (uint32_t i = 0; i < p->virtio_count; i++) {
        const struct plan_virtio *device = &p->virtio[i];
        struct boot_virtio *out = &info->virtio[info->virtio_count];

        if (device->zone == zone && info->virtio_count < BOOT_MAX_VIRTIO) {
            memcpy(out->name, device->name, sizeof(out->name));
            out->regs_gpa = device->gpa;
            out->type = device->type;
            out->intid = device->intid;
            info->virtio_count++;
        }
    }
    if (p->control.region != 0 && p->control.zone == zone) {
        info->control_gpa = p->zone[zone].pci_gpa + p->control.slot * PLAN_PCI_REGS_SIZE;
        info->control_intid = p->control.intid;
    }
}

static void boot_info_add(struct compile *c, uint32_t zone, const struct plan_region *ram)
{
    const struct plan_zone *z = &c->plan.zone[zone];
    struct boot_info *info = arena_alloc(&c->arena, sizeof(*info));

    info->magic = BOOT_INFO_MAGIC;
    info->version = BOOT_INFO_VERSION;
    info->size = sizeof(*info);
    memcpy(info->zone_name, z->name, sizeof(info->zone_name));
    info->vcpu_count = z->vcpu_count;
    info->conduit = PLAN_CONDUIT_HVC;
    info->ram_gpa = ram->gpa;
    info->ram_size = ram->size;
    info->gicd_gpa = z->gicd_gpa;
    info->gicr_gpa = z->gicr_gpa;
    info->gicc_gpa = z->gicc_gpa;
    if (z->console != PLAN_CONSOLE_NONE) {
        info->uart_gpa = c->board.uart_hpa;
        info->uart_intid = c->board.uart_intid;
    }
    info->virt_timer_intid = c->plan.board.virt_timer_intid;
    info->phys_timer_intid = c->plan.board.phys_timer_intid;
    boot_info_channels(c, zone, info);
    boot_info_virtio(c, zone, info);
    image_add(c, zone, z->boot_info, (struct file){ (uint8_t *)info, sizeof(*info) });
}

static void place_elf(struct compile *c, uint32_t zone)
{
    struct boot_files *boot = &c->zone[zone].boot;
    struct plan_zone *out = &c->plan.zone[zone];
    const struct plan_region *ram = ram_find(c, zone, boot->entry, 4);
    uint64_t top;

    if (ram == NULL || ram->size < SIZE_2M) {
        error_add(&c->errors, boot_line(c, zone),
                  "zone '%s': the entry 0x%llx of '%s' is not in its memory; remedy: set `ipa` of "
                  "its memory (%s:%u) to the address it is linked at [zone-entry]",
                  out->name, (unsigned long long)boot->entry, boot->elf_name, c->errors.file,
                  source_line(&c->source, "zones/%u/memory", zone));
        return;
    }
    top = ram->gpa + ram->size - DTB_MAX - SIZE_4K;
    for (uint32_t i = 0; i < boot->segment_count; i++) {
        if (!segment_check(c, zone, &boot->segment[i], top)) {
            return;
        }
    }
    out->entry = boot->entry;
    out->boot_info = top;
    out->dtb = top + SIZE_4K;
    for (uint32_t i = 0; i < boot->segment_count; i++) {
        if (boot->segment[i].size != 0) {
            image_add(c, zone, boot->segment[i].gpa,
                      (struct file){ (uint8_t *)(uintptr_t)boot->segment[i].data,
                                     boot->segment[i].size });
        }
    }
    boot_info_add(c, zone, ram);
    (void)tree_add(c, zone);
}

void place_zones(struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        struct zone_state *state = &c->zone[zone];
        const struct plan_region *ram;

        if (!state->boot.is_ok || state->memory_count == 0 || !state->memory[0].is_ok ||
            state->memory[0].kind != PLAN_REGION_RAM) {
            continue; /* there is a message about it already, or plan_check has one */
        }
        ram = &c->plan.region[state->memory[0].region];
        if (!range_is_valid(ram->gpa, ram->size) || ram->gpa >= PLAN_IPA_LIMIT) {
            continue;
        }
        if (state->boot.is_elf) {
            place_elf(c, zone);
        } else {
            place_linux(c, zone, ram);
        }
    }
}
