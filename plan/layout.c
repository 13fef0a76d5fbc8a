/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machine addresses: the hypervisor at the start of RAM, then the zones' memory that has no `base`,
 * each at the lowest place that fits. Ranges with a `base` stay where the plan puts them, right or
 * wrong: plan_check judges them.
 */
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

/* Below the boot image: firmware's and the loader's own data, the device tree QEMU makes. */
#define FIRMWARE_ROOM SIZE_2M

/* Regions of RAM are added later: layout_zones(). */
static uint64_t pool_need(const struct compile *c)
{
    uint32_t regions = c->plan.region_count;

    for (uint32_t i = 0; i < c->plan.zone_count; i++) {
        regions += c->zone[i].memory_count;
    }
    return align_up(plan_pool_need(&c->hyp_header, &c->plan, regions), SIZE_4K);
}

static uint64_t pool_choose(struct compile *c)
{
    const char *text = c->spec->hypervisor.memory;
    unsigned line = source_line(&c->source, "hypervisor/memory");
    uint64_t need = pool_need(c);
    uint64_t given;
    char need_text[SIZE_TEXT];

    if (text == NULL) {
        return need > HYP_MEMORY_LEAST ? need : HYP_MEMORY_LEAST;
    }
    if (!size_parse(text, &given) || given > PLAN_IPA_LIMIT) {
        error_add(&c->errors, line, "'%.60s' is no size; remedy: like 4M", text);
        return need;
    }
    if (given < need || given < PLAN_POOL_LEAST) {
        error_add(
            &c->errors, line,
            "hypervisor.memory is %s, but %u CPUs and %u zones need %s; remedy: leave it out, "
            "or give more [hyp-pool]",
            text, c->plan.cpu_count, c->plan.zone_count,
            size_text(need_text, need > PLAN_POOL_LEAST ? need : PLAN_POOL_LEAST));
    }
    return given;
}

void layout_hyp(struct compile *c)
{
    struct plan *p = &c->plan;
    uint64_t per_zone = DTB_MAX + SIZE_4K; /* trees and boot_info blocks are not written yet */

    p->hyp_hpa = align_up(p->board.ram[0].hpa, SIZE_2M);
    p->image_hpa = p->hyp_hpa + FIRMWARE_ROOM;
    c->pool_size = pool_choose(c);
    p->hyp_size = align_up(FIRMWARE_ROOM + image_bytes(c) + per_zone * p->zone_count + c->pool_size,
                           SIZE_2M);
}

/* --- zones ----------------------------------------------------------------------------------- */

/* Where a place is looked for: in RAM, or in a pool. */
struct room {
    uint64_t start, end, align;
    uint32_t pool; /* index of a region that is no obstacle, or PLAN_NONE */
};

/* The end of something taken that overlaps the range, or 0. */
static uint64_t taken_until(const struct plan *p, const struct room *room, uint64_t base,
                            uint64_t size)
{
    if (ranges_overlap(p->hyp_hpa, p->hyp_size, base, size)) {
        return p->hyp_hpa + p->hyp_size;
    }
    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->kind != PLAN_REGION_DEVICE && i != room->pool && range_is_valid(r->hpa, r->size) &&
            ranges_overlap(r->hpa, r->size, base, size)) {
            return r->hpa + r->size;
        }
    }
    for (uint32_t i = 0; i < p->channel_count; i++) {
        const struct plan_channel *channel = &p->channel[i];

        /* Those that have no place yet are at 0, where no RAM is that could be free. */
        if (channel->hpa != 0 && ranges_overlap(channel->hpa, channel->size, base, size)) {
            return channel->hpa + channel->size;
        }
    }
    return 0;
}

/* The lowest free place in the room; false when it has none. */
static bool room_find(const struct plan *p, const struct room *room, uint64_t size, uint64_t *base)
{
    uint64_t at = align_up(room->start, room->align), next;

    while (at >= room->start && range_is_valid(at, size) && at + size <= room->end) {
        next = taken_until(p, room, at, size);
        if (next == 0) {
            *base = at;
            return true;
        }
        at = align_up(next, room->align);
    }
    return false;
}

/* The same in whole 2 MiB blocks of all RAM. */
static bool place_find(const struct plan *p, uint64_t size, uint64_t align, uint64_t *base)
{
    for (uint32_t i = 0; i < p->board.ram_count; i++) {
        const struct plan_ram *ram = &p->board.ram[i];
        const struct room room = { align_up(ram->hpa, SIZE_2M),
                                   align_down(ram->hpa + ram->size, SIZE_2M), align, PLAN_NONE };

        if (room_find(p, &room, size, base)) {
            return true;
        }
    }
    return false;
}

/* Behind what is device-DAX's. Blocks of 1 GiB are not worth gaps there. */
static bool pool_find(const struct plan *p, const struct zone_memory *pool, uint64_t size,
                      uint64_t *base)
{
    const struct room room = { pool->base + PLAN_POOL_HEADER, pool->base + pool->size, SIZE_2M,
                               pool->region };

    return range_is_valid(pool->base, pool->size) && pool->size > PLAN_POOL_HEADER &&
           room_find(p, &room, size, base);
}

/* Blocks of 1 GiB need both addresses alike below 1 GiB: as large an alignment as makes sense. */
static uint64_t align_wish(const struct zone_memory *memory)
{
    uint64_t align = SIZE_2M;

    while (align < SIZE_1G && align * 2 <= memory->size &&
           (!memory->has_ipa || is_aligned(memory->ipa, align * 2))) {
        align *= 2;
    }
    return align;
}

static void memory_add(struct compile *c, uint32_t zone, uint32_t i)
{
    struct zone_memory *memory = &c->zone[zone].memory[i];
    struct plan_region region = {
        .gpa = memory->has_ipa ? memory->ipa : memory->base,
        .hpa = memory->base,
        .size = memory->size,
        .zone = zone,
        .kind = memory->kind,
        .pool = memory->inside != NULL ? memory->inside->region + 1 : 0,
    };

    memory->region = c->plan.region_count;
    memory->is_ok = region_add(c, &region, memory->origin);
    if (memory->is_ok && memory->kind == PLAN_REGION_CONTROL) {
        c->plan.control.region = memory->region + 1;
    }
}

static bool memory_find(const struct plan *p, struct zone_memory *memory)
{
    uint64_t size = memory->size == 0 ? SIZE_2M : memory->size; /* 0 is judged by plan_check */

    if (memory->inside != NULL) {
        return pool_find(p, memory->inside, size, &memory->base);
    }
    for (uint64_t align = align_wish(memory); align >= SIZE_2M; align /= 2) {
        if (place_find(p, size, align, &memory->base)) {
            return true;
        }
    }
    return false;
}

static void memory_place(struct compile *c, uint32_t zone, uint32_t i)
{
    struct zone_memory *memory = &c->zone[zone].memory[i];
    char text[SIZE_TEXT];

    if (memory_find(&c->plan, memory)) {
        memory_add(c, zone, i);
        return;
    }
    memory->is_ok = false;
    if (memory->inside != NULL) {
        error_add(&c->errors, memory->origin.line,
                  "zone '%s': no room for %s of memory in %s; remedy: smaller zones, or a larger "
                  "pool (%s:%u) [memory-room]",
                  c->plan.zone[zone].name, size_text(text, memory->size),
                  memory->inside->origin.what, c->errors.file, memory->inside->origin.line);
        return;
    }
    error_add(&c->errors, memory->origin.line,
              "zone '%s': no room for %s of %s beside the hypervisor and the other zones; "
              "remedy: smaller zones, or a larger machine.memory [memory-room]",
              c->plan.zone[zone].name, size_text(text, memory->size), memory->origin.what);
}

/* The largest range that waits for a place: large ones first, so that small ones fill the gaps. */
static struct zone_memory *memory_next(struct compile *c, bool pooled, uint32_t *zone,
                                       uint32_t *index)
{
    struct zone_memory *next = NULL;

    for (uint32_t z = 0; z < c->plan.zone_count; z++) {
        for (uint32_t i = 0; i < c->zone[z].memory_count; i++) {
            struct zone_memory *memory = &c->zone[z].memory[i];

            if (memory->is_ok && !memory->is_placed && (memory->inside != NULL) == pooled &&
                (next == NULL || memory->size > next->size)) {
                next = memory;
                *zone = z;
                *index = i;
            }
        }
    }
    return next;
}

static void layout_pass(struct compile *c, bool pooled)
{
    struct zone_memory *memory;
    uint32_t zone, i;

    for (zone = 0; zone < c->plan.zone_count; zone++) {
        for (i = 0; i < c->zone[zone].memory_count; i++) {
            memory = &c->zone[zone].memory[i];
            if (pooled && memory->inside != NULL && !memory->inside->is_ok) {
                memory->is_ok = false; /* there is a message about the pool */
            }
            if (memory->is_ok && memory->has_base && (memory->inside != NULL) == pooled) {
                memory->is_placed = true;
                memory_add(c, zone, i);
            }
        }
    }
    while ((memory = memory_next(c, pooled, &zone, &i)) != NULL) {
        memory->is_placed = true;
        memory_place(c, zone, i);
    }
}

void layout_zones(struct compile *c)
{
    layout_pass(c, false);
    layout_pass(c, true);
}

/* --- channels -------------------------------------------------------------------------------- */

/* After the zones, in what they left: channels are small and fill gaps. */
void layout_channels(struct compile *c)
{
    for (uint32_t i = 0; i < c->plan.channel_count; i++) {
        struct plan_channel *channel = &c->plan.channel[i];
        uint64_t size = channel->size, base;
        char text[SIZE_TEXT];

        if (size == 0 || size > PLAN_CHANNEL_LIMIT || !is_aligned(size, size)) {
            continue; /* plan_check tells */
        }
        if (place_find(&c->plan, size, size < SIZE_2M ? size : SIZE_2M, &base)) {
            channel->hpa = base;
            continue;
        }
        error_add(&c->errors, source_line(&c->source, "channels/%u/size", i),
                  "channel '%s': no room for %s of memory beside the hypervisor and the zones; "
                  "remedy: smaller zones, or a larger machine.memory [memory-room]",
                  channel->name, size_text(text, size));
    }
}
