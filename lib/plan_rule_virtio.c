/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on virtio devices of zones, which a program in zone0 serves: what they are, where their
 * registers lie, and that zone0 may see the memory that it is to work in. Never writes.
 */
#include "lib/field.h"
#include "lib/plan_rule.h"

FIELD(ZONE_MANUAL, 3, 1);

_Static_assert(PLAN_ZONE_MANUAL == 8, "ZONE_MANUAL is the flag");

bool plan_virtio_range(const struct plan *p, uint32_t zone, struct plan_span *span)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_VIRTIO); i++) {
        if (p->virtio[i].zone == zone) {
            span->base = count == 0 ? p->virtio[i].gpa : span->base;
            count++;
        }
    }
    span->size = count * PLAN_VIRTIO_SIZE;
    return count != 0;
}

bool plan_rule_virtio_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->virtio_count <= PLAN_MAX_VIRTIO && p->let_go_ms <= PLAN_LET_GO_MAX;
}

bool plan_rule_virtio_name(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return plan_name_is_valid(p->virtio[a].name);
}

bool plan_rule_virtio_name_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->virtio[a].zone != p->virtio[b].zone ||
           !plan_name_is_same(p->virtio[a].name, p->virtio[b].name);
}

/* Queues that VIRTIO gives a device of the type at least: 5.1.2, 5.2.2, 5.3.2, 5.4.2. */
static uint32_t queues_least(uint32_t type)
{
    switch (type) {
    case PLAN_VIRTIO_NET:
    case PLAN_VIRTIO_CONSOLE: return 2;
    case PLAN_VIRTIO_BLK:
    case PLAN_VIRTIO_RNG: return 1;
    default: return PLAN_VIRTIO_QUEUES + 1; /* no such type */
    }
}

bool plan_rule_virtio_type(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return queues_least(p->virtio[a].type) <= PLAN_VIRTIO_QUEUES && p->virtio[a].reserved == 0;
}

bool plan_rule_virtio_queues(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_virtio *v = &p->virtio[a];

    (void)b;
    return is_between(v->queue_count, queues_least(v->type), PLAN_VIRTIO_QUEUES) &&
           is_between(v->queue_max, 1, PLAN_VIRTIO_MAX) && is_aligned(v->queue_max, v->queue_max);
}

/* Another zone must serve it, before this one starts. */
bool plan_rule_virtio_zone(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_virtio *v = &p->virtio[a];

    (void)b;
    return plan_has_zone(p, v->zone) && p->control.region != 0 && p->control.zone != v->zone &&
           get(ZONE_MANUAL, p->zone[v->zone].flags) == 1;
}

/* The server works in all of the zone's memory. Of zone0 itself, virtio-zone has spoken. */
bool plan_rule_virtio_pool(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->region[b].zone != p->virtio[a].zone || p->region[b].kind != PLAN_REGION_RAM ||
           p->region[b].pool != 0 || p->virtio[a].zone == p->control.zone;
}

/* The first of its zone, or right behind the one before: the hypervisor finds them by division. */
bool plan_rule_virtio_place(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_virtio *v = &p->virtio[a];

    (void)b;
    if (a > 0 && v[-1].zone == v->zone) {
        return v->gpa == v[-1].gpa + PLAN_VIRTIO_SIZE;
    }
    for (uint32_t i = 0; i < a; i++) {
        if (p->virtio[i].zone == v->zone) {
            return false;
        }
    }
    return is_aligned(v->gpa, PLAN_VIRTIO_SIZE);
}

bool plan_rule_virtio_intid(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_virtio *v = &p->virtio[a];

    (void)b;
    return is_between(v->intid, INTID_SPI_FIRST, INTID_SPI_LAST) &&
           (!plan_has_zone(p, v->zone) || p->zone[v->zone].console != PLAN_CONSOLE_EMULATED ||
            p->zone[v->zone].vuart_intid != v->intid);
}

bool plan_rule_virtio_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->virtio[a].zone != p->virtio[b].zone || p->virtio[a].intid != p->virtio[b].intid;
}

bool plan_rule_virtio_irq(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->virtio[a].zone != p->irq[b].zone || p->virtio[a].intid != p->irq[b].intid;
}

bool plan_rule_virtio_side(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_channel_side *side = &p->channel[b / 2].side[b % 2];

    return p->virtio[a].zone != side->zone || p->virtio[a].intid != side->intid;
}
