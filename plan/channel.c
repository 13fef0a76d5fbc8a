/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of the plan: who shares how much memory, and where each of the two zones sees it. A zone
 * with channels gets a virtual PCI bus above everything else in its address space.
 */
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

#define SLOT_FIRST 1u /* device 0 of a bus is the host bridge by custom: none here */
#define SPI_FIRST  32u
#define SPI_LAST   1019u

/* Index of the zone that peers[side] names, or PLAN_NONE after a message. */
static uint32_t peer_find(struct compile *c, uint32_t channel, uint32_t side)
{
    const char *name = c->spec->channels[channel].peers[side];

    for (uint32_t i = 0; i < c->plan.zone_count; i++) {
        if (strcmp(c->plan.zone[i].name, name) == 0) {
            return i;
        }
    }
    error_add(&c->errors, source_line(&c->source, "channels/%u/peers/%u", channel, side),
              "channel '%.60s': there is no zone '%.60s'; remedy: the name of a zone "
              "[channel-peers]",
              c->spec->channels[channel].name, name);
    return PLAN_NONE;
}

static void channel_read(struct compile *c, uint32_t i)
{
    const struct spec_channel *spec = &c->spec->channels[i];
    struct plan_channel *out = &c->plan.channel[i];
    size_t length = strlen(spec->name);

    if (length >= PLAN_NAME_SIZE) {
        error_add(&c->errors, source_line(&c->source, "channels/%u/name", i),
                  "channel '%.60s': the name is longer than %u characters; remedy: shorten it "
                  "[channel-name]",
                  spec->name, PLAN_NAME_SIZE - 1);
        length = PLAN_NAME_SIZE - 1;
    }
    memcpy(out->name, spec->name, length);
    out->flags = spec->notify == SPEC_NOTIFY_FALSE ? 0 : PLAN_CHANNEL_NOTIFY;
    if (!size_parse(spec->size, &out->size)) {
        error_add(&c->errors, source_line(&c->source, "channels/%u/size", i),
                  "'%.60s' is no size; remedy: like 64K", spec->size);
    }
    if (spec->peers_count != 2) {
        error_add(&c->errors, source_line(&c->source, "channels/%u/peers", i),
                  "channel '%.60s' has %u peers; remedy: name the two zones that share it "
                  "[channel-peers]",
                  spec->name, spec->peers_count);
        out->side[0].zone = out->side[1].zone = PLAN_NONE;
        return;
    }
    out->side[0].zone = peer_find(c, i, 0);
    out->side[1].zone = peer_find(c, i, 1);
}

void channels_read(struct compile *c)
{
    if (c->spec->channels_count > PLAN_MAX_CHANNELS) {
        error_add(&c->errors, source_line(&c->source, "channels"),
                  "%u channels; remedy: at most %u [channel-count]", c->spec->channels_count,
                  PLAN_MAX_CHANNELS);
        return;
    }
    c->plan.channel_count = c->spec->channels_count;
    for (uint32_t i = 0; i < c->plan.channel_count; i++) {
        channel_read(c, i);
    }
}

/* --- the bus of a zone ----------------------------------------------------------------------- */

static bool is_taken(const struct plan *p, uint32_t zone, uint32_t intid)
{
    if (p->zone[zone].console == PLAN_CONSOLE_EMULATED && p->zone[zone].vuart_intid == intid) {
        return true;
    }
    for (uint32_t i = 0; i < p->irq_count; i++) {
        if (p->irq[i].zone == zone && p->irq[i].intid == intid) {
            return true;
        }
    }
    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        if (p->channel[i / 2].side[i % 2].zone == zone &&
            p->channel[i / 2].side[i % 2].intid == intid) {
            return true;
        }
    }
    return false;
}

/* The end of something of the zone that overlaps the range, or 0. */
static uint64_t guest_taken_until(const struct plan *p, uint32_t zone, uint64_t base, uint64_t size)
{
    uint64_t at, length;

    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == zone && range_is_valid(r->gpa, r->size) &&
            ranges_overlap(r->gpa, r->size, base, size)) {
            return r->gpa + r->size;
        }
    }
    for (uint32_t i = 0; i < PLAN_WINDOWS; i++) {
        if (plan_window_range(p, zone * PLAN_WINDOWS + i, &at, &length) &&
            range_is_valid(at, length) && ranges_overlap(at, length, base, size)) {
            return at + length;
        }
    }
    return 0;
}

uint64_t guest_place(const struct plan *p, uint32_t zone, uint64_t size, uint64_t align)
{
    uint64_t at = 0, next;

    for (uint32_t i = 0; i < p->board.ram_count; i++) {
        uint64_t end = p->board.ram[i].hpa + p->board.ram[i].size;

        at = end > at ? end : at;
    }
    at = align_up(at, align);
    while (at < PLAN_IPA_LIMIT && (next = guest_taken_until(p, zone, at, size)) != 0) {
        at = align_up(next, align);
    }
    return at;
}

uint32_t guest_line(const struct plan *p, uint32_t zone, uint32_t *intid)
{
    while (*intid < SPI_LAST && is_taken(p, zone, *intid)) {
        ++*intid;
    }
    return (*intid)++;
}

/* Offsets of shared memory from the bus, then the bus, then addresses. */
static void bus_lay_out(struct compile *c, uint32_t zone)
{
    struct plan *p = &c->plan;
    uint64_t end = PLAN_PCI_ECAM_SIZE + PLAN_PCI_REGS_ALL, align = SIZE_2M, base;
    uint32_t slot = SLOT_FIRST, intid = SPI_FIRST;

    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        struct plan_channel_side *side = &p->channel[i / 2].side[i % 2];
        uint64_t size = p->channel[i / 2].size;

        if (side->zone != zone || size == 0 || size > PLAN_CHANNEL_LIMIT ||
            !is_aligned(size, size)) {
            continue;
        }
        side->slot = slot++;
        side->intid = guest_line(p, zone, &intid);
        side->mem_gpa = align_up(end, size);
        end = side->mem_gpa + size;
        align = size > align ? size : align;
    }
    if (p->control.region != 0 && p->control.zone == zone) {
        p->control.slot = slot++;
        p->control.intid = guest_line(p, zone, &intid);
    }
    if (slot == SLOT_FIRST) {
        return;
    }
    end = align_up(end, SIZE_2M);
    base = guest_place(p, zone, end, align);
    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        struct plan_channel_side *side = &p->channel[i / 2].side[i % 2];

        side->mem_gpa += side->zone == zone ? base : 0;
    }
    p->zone[zone].ecam_gpa = base;
    p->zone[zone].pci_gpa = base + PLAN_PCI_ECAM_SIZE;
    p->zone[zone].pci_size = end - PLAN_PCI_ECAM_SIZE;
}

void channels_place(struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        bus_lay_out(c, zone);
    }
}
