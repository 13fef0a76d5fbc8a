/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on channels: memory that two zones share, and the virtual PCI bus on which they see it.
 * Channel memory is no region of any zone, so that the rules on regions stay strict. Never writes.
 */
#include "lib/field.h"
#include "lib/plan_rule.h"

FIELD(PLAN_CHANNEL_KNOWN, 0, 1);

_Static_assert(PLAN_CHANNEL_NOTIFY == 1, "PLAN_CHANNEL_KNOWN covers the flags");

static const struct plan_channel_side *side_of(const struct plan *p, uint32_t side)
{
    return &p->channel[side / 2].side[side % 2];
}

static bool is_power_of_two(uint64_t v)
{
    return v != 0 && is_aligned(v, v);
}

static bool size_is_valid(uint64_t size)
{
    return is_power_of_two(size) && size >= SIZE_4K && size <= PLAN_CHANNEL_LIMIT;
}

/* --- the bus of a zone ----------------------------------------------------------------------- */

bool plan_rule_zone_pci(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_zone *z = &p->zone[a];

    (void)b;
    if (z->ecam_gpa == 0) {
        return z->pci_gpa == 0 && z->pci_size == 0;
    }
    return z->pci_size >= PLAN_PCI_REGS_ALL && is_aligned(z->pci_size, SIZE_4K);
}

/* --- channels -------------------------------------------------------------------------------- */

bool plan_rule_channel_name(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return plan_name_is_valid(p->channel[a].name);
}

bool plan_rule_channel_name_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return !plan_name_is_same(p->channel[a].name, p->channel[b].name);
}

bool plan_rule_channel_reserved(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel *c = &p->channel[a];

    (void)b;
    return put(PLAN_CHANNEL_KNOWN, c->flags) == c->flags && c->reserved == 0 &&
           c->side[0].reserved == 0 && c->side[1].reserved == 0;
}

/* Both sides are declared, and they are not the same zone. */
bool plan_rule_channel_peers(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel *c = &p->channel[a];

    (void)b;
    return plan_has_zone(p, c->side[0].zone) && plan_has_zone(p, c->side[1].zone) &&
           c->side[0].zone != c->side[1].zone;
}

bool plan_rule_channel_size(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return size_is_valid(p->channel[a].size);
}

/* As large blocks as possible: scrubbing and stage 2 work in 2 MiB. */
bool plan_rule_channel_align(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel *c = &p->channel[a];

    (void)b;
    return !size_is_valid(c->size) || is_aligned(c->hpa, c->size < SIZE_2M ? c->size : SIZE_2M);
}

/* With its whole 2 MiB blocks, since it is scrubbed through a window of that size. */
bool plan_rule_channel_board(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel *c = &p->channel[a];
    uint64_t base = align_down(c->hpa, SIZE_2M);

    (void)b;
    return range_inside(0, PLAN_HPA_LIMIT, c->hpa, c->size) &&
           plan_in_board_ram(p, base, align_up(c->hpa + c->size, SIZE_2M) - base);
}

bool plan_rule_channel_hyp(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return !ranges_clash(p->channel[a].hpa, p->channel[a].size, p->hyp_hpa, p->hyp_size);
}

bool plan_rule_channel_region(const struct plan *p, uint32_t a, uint32_t b)
{
    return !ranges_clash(p->channel[a].hpa, p->channel[a].size, p->region[b].hpa,
                         p->region[b].size);
}

bool plan_rule_channel_overlap(const struct plan *p, uint32_t a, uint32_t b)
{
    return !ranges_clash(p->channel[a].hpa, p->channel[a].size, p->channel[b].hpa,
                         p->channel[b].size);
}

/* --- the two sides of a channel --------------------------------------------------------------- */

bool plan_rule_side_slot(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel_side *s = side_of(p, a);

    (void)b;
    return s->slot < PLAN_PCI_SLOTS && plan_has_zone(p, s->zone) && p->zone[s->zone].ecam_gpa != 0;
}

/* Behind the registers of all slots, so that it lies over none of them. */
bool plan_rule_side_memory(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel_side *s = side_of(p, a);
    uint64_t size = p->channel[a / 2].size;
    const struct plan_zone *z;

    (void)b;
    if (!plan_has_zone(p, s->zone) || !size_is_valid(size)) {
        return true;
    }
    z = &p->zone[s->zone];
    return is_aligned(s->mem_gpa, size) &&
           range_inside(z->pci_gpa, z->pci_size, s->mem_gpa, size) &&
           s->mem_gpa - z->pci_gpa >= PLAN_PCI_REGS_ALL;
}

bool plan_rule_side_intid(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel_side *s = side_of(p, a);

    (void)b;
    return is_between(s->intid, INTID_SPI_FIRST, INTID_SPI_LAST) &&
           (!plan_has_zone(p, s->zone) || p->zone[s->zone].console != PLAN_CONSOLE_EMULATED ||
            p->zone[s->zone].vuart_intid != s->intid);
}

bool plan_rule_side_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel_side *x = side_of(p, a), *y = side_of(p, b);

    return x->zone != y->zone ||
           (x->slot != y->slot && x->intid != y->intid &&
            !ranges_clash(x->mem_gpa, p->channel[a / 2].size, y->mem_gpa, p->channel[b / 2].size));
}

bool plan_rule_side_irq(const struct plan *p, uint32_t a, uint32_t b)
{
    return side_of(p, a)->zone != p->irq[b].zone || side_of(p, a)->intid != p->irq[b].intid;
}
