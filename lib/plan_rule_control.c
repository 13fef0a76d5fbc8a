/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on zone0's control device, on the pools of memory that it gives to other zones, and on
 * zones that it starts. Never writes.
 */
#include "lib/field.h"
#include "lib/plan_rule.h"

FIELD(ZONE_MANUAL, 3, 1);

_Static_assert(PLAN_ZONE_MANUAL == 8, "ZONE_MANUAL is the flag");

/* Somebody must be there to start it. */
bool plan_rule_zone_manual(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_ZONE); i++) {
        if (get(ZONE_MANUAL, p->zone[i].flags) == 0) {
            return true;
        }
    }
    return a != 0; /* told once */
}

/* --- pools ------------------------------------------------------------------------------------ */

static bool is_control(const struct plan *p, uint32_t region)
{
    return p->control.region == region + 1;
}

static bool is_in_control(const struct plan *p, uint32_t zone)
{
    return p->control.region != 0 && p->control.zone == zone;
}

/* A pool belongs to who is in control; RAM that says so lies in a pool of another zone. */
bool plan_rule_region_pool(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a], *pool;

    (void)b;
    if (r->kind == PLAN_REGION_POOL) {
        return r->pool == 0 && is_in_control(p, r->zone) && r->size > PLAN_POOL_HEADER;
    }
    if (r->pool == 0) {
        return true;
    }
    if (r->kind != PLAN_REGION_RAM || r->pool > plan_count(p, PLAN_OBJECT_REGION)) {
        return false;
    }
    pool = &p->region[r->pool - 1];
    return pool->kind == PLAN_REGION_POOL && pool->zone != r->zone &&
           pool->size > PLAN_POOL_HEADER && range_is_valid(pool->hpa, pool->size) &&
           range_inside(pool->hpa + PLAN_POOL_HEADER, pool->size - PLAN_POOL_HEADER, r->hpa,
                        r->size);
}

bool plan_rule_pool_count(const struct plan *p, uint32_t a, uint32_t b)
{
    uint32_t pools = 0;

    (void)a, (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_REGION); i++) {
        pools += p->region[i].kind == PLAN_REGION_POOL ? 1 : 0;
    }
    return pools <= PLAN_MAX_POOLS;
}

/* --- the control device ----------------------------------------------------------------------- */

bool plan_rule_region_control(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];

    (void)b;
    if (r->kind != PLAN_REGION_CONTROL) {
        return !is_control(p, a);
    }
    return is_control(p, a) && r->zone == p->control.zone && r->size <= PLAN_CONTROL_LIMIT;
}

bool plan_rule_control_zone(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_control *c = &p->control;

    (void)a, (void)b;
    return c->region <= plan_count(p, PLAN_OBJECT_REGION) && plan_has_zone(p, c->zone) &&
           p->zone[c->zone].role == PLAN_ROLE_ZONE0 && p->zone[c->zone].ecam_gpa != 0 &&
           c->slot < PLAN_PCI_SLOTS;
}

bool plan_rule_control_slot(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel_side *side = &p->channel[b / 2].side[b % 2];

    (void)a;
    return side->zone != p->control.zone ||
           (side->slot != p->control.slot && side->intid != p->control.intid);
}

bool plan_rule_control_intid(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_control *c = &p->control;

    (void)a, (void)b;
    return is_between(c->intid, INTID_SPI_FIRST, INTID_SPI_LAST) &&
           (!plan_has_zone(p, c->zone) || p->zone[c->zone].console != PLAN_CONSOLE_EMULATED ||
            p->zone[c->zone].vuart_intid != c->intid);
}

bool plan_rule_control_irq(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a;
    return p->irq[b].zone != p->control.zone || p->irq[b].intid != p->control.intid;
}
