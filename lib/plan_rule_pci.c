/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on PCI functions of the machine that belong to zones, and on the SMMU that contains their
 * memory accesses. Never writes.
 */
#include "lib/field.h"
#include "lib/plan_rule.h"

FIELD(BDF_FUNCTION, 0, 3);
FIELD(BDF_DEVICE, 3, 5);
FIELD(BDF_PLACE, 3, 13); /* bus and device */
FIELD(BDF_BUS, 8, 24);

#define BRIDGE_UNIT  UINT64_C(0x100000) /* of the window of a bridge (PCI bridges 1.2, 3.2.5.8) */
#define BRIDGE_LIMIT UINT64_C(0x100000000)

bool plan_rule_smmu(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_board *board = &p->board;

    (void)a, (void)b;
    if (board->smmu_hpa == 0) {
        return board->smmu_size == 0 && board->smmu_event_intid == 0 && board->reserved == 0;
    }
    return board->reserved == 0 &&
           is_between(board->smmu_event_intid, INTID_SPI_FIRST, INTID_SPI_LAST) &&
           (board->uart_hpa == 0 || board->smmu_event_intid != board->uart_intid);
}

bool plan_rule_irq_smmu(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return p->board.smmu_hpa == 0 || p->irq[a].intid != p->board.smmu_event_intid;
}

/* Bus 0 without its host bridge; behind a bridge there is one device (PCI Express 4.0, 7.3.1). */
bool plan_rule_function_place(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_function *f = &p->function[a];
    bool is_behind = f->port != 0;

    (void)b;
    return plan_has_zone(p, f->zone) && p->board.pci_ecam_hpa != 0 &&
           get(BDF_BUS, f->bdf) < PLAN_PCI_BUSES && is_behind == (get(BDF_BUS, f->bdf) != 0) &&
           is_behind == (get(BDF_DEVICE, f->bdf) == 0) && get(BDF_BUS, f->port) == 0 &&
           is_behind == (get(BDF_DEVICE, f->port) != 0);
}

/* Functions of a device are not apart: they may reach each other, and share state. */
bool plan_rule_function_device(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_function *x = &p->function[a], *y = &p->function[b];
    bool same = get(BDF_PLACE, x->bdf) == get(BDF_PLACE, y->bdf);

    return (!same || x->zone == y->zone) && x->bdf != y->port && y->bdf != x->port &&
           (x->port == 0 || y->port == 0 || same == (x->port == y->port));
}

/* Nobody looks for the others of a device without function 0. */
bool plan_rule_function_first(const struct plan *p, uint32_t a, uint32_t b)
{
    const uint32_t first = (uint32_t)with(BDF_FUNCTION, p->function[a].bdf, 0);

    (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_FUNCTION); i++) {
        if (p->function[i].bdf == first) {
            return true;
        }
    }
    return false;
}

bool plan_rule_function_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_function *x = &p->function[a], *y = &p->function[b];

    return x->bdf != y->bdf && (p->board.smmu_hpa == 0 || x->stream != y->stream);
}

/* Contained by the SMMU, or the zone may write to all memory: the plan says so. */
bool plan_rule_function_dma(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_function *f = &p->function[a];

    (void)b;
    if (p->board.smmu_hpa != 0) {
        return f->stream < PLAN_MAX_STREAMS;
    }
    return f->stream == 0 &&
           (!plan_has_zone(p, f->zone) || (p->zone[f->zone].flags & PLAN_ZONE_DMA_TRUSTED) != 0);
}

/* Whether it is device memory of the zone, at the machine's addresses. */
static bool zone_has(const struct plan *p, uint32_t zone, uint64_t base, uint64_t size)
{
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_REGION); i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == zone && r->kind == PLAN_REGION_DEVICE && r->gpa == r->hpa &&
            range_inside(r->hpa, r->size, base, size)) {
            return true;
        }
    }
    return false;
}

struct plan_span plan_function_window(const struct plan *p, uint32_t function)
{
    const struct plan_function *f = &p->function[function];
    const struct plan_zone *zone = &p->zone[f->zone];
    uint64_t all = 0, before = 0, same = 0, unit;

    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_FUNCTION); i++) {
        const struct plan_function *other = &p->function[i];

        if (other->zone == f->zone) {
            all++;
            before += get(BDF_BUS, other->bdf) < get(BDF_BUS, f->bdf) ? 1 : 0;
            same += get(BDF_BUS, other->bdf) == get(BDF_BUS, f->bdf) ? 1 : 0;
        }
    }
    unit = zone->host_size / all;
    return (struct plan_span){ zone->host_hpa + before * unit, same * unit };
}

/* A bridge decodes whole units of its window, below 4 GiB. */
static bool bridge_can(struct plan_span window)
{
    return is_aligned(window.base, BRIDGE_UNIT) && is_aligned(window.size, BRIDGE_UNIT) &&
           range_inside(0, BRIDGE_LIMIT, window.base, window.size);
}

/* All that its registers can be moved to is the zone's own: memory, and I/O ports if there are. */
bool plan_rule_function_window(const struct plan *p, uint32_t a, uint32_t b)
{
    uint32_t zone = p->function[a].zone;
    uint64_t io = p->board.pci_io_hpa;

    (void)b;
    return !plan_has_zone(p, zone) ||
           ((p->function[a].port == 0 || bridge_can(plan_function_window(p, a))) &&
            zone_has(p, zone, p->zone[zone].host_hpa, p->zone[zone].host_size) &&
            (io == 0 || zone_has(p, zone, io + zone * PLAN_PCI_PORTS, PLAN_PCI_PORTS)));
}

/* A window without functions would be memory of nobody's devices. */
bool plan_rule_zone_functions(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_FUNCTION); i++) {
        if (p->function[i].zone == a) {
            return true;
        }
    }
    return p->zone[a].host_hpa == 0 && p->zone[a].host_size == 0;
}

bool plan_rule_its(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_board *board = &p->board;

    (void)a, (void)b;
    if (board->its_hpa == 0) {
        return board->its_size == 0;
    }
    return board->gic_version == 3 && is_aligned(board->its_hpa, PLAN_ITS_FRAME);
}

/* What it writes to the emulated ITS's address must reach the machine's: by the SMMU, or as is. */
bool plan_rule_function_msi(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_function *f = &p->function[a];
    uint64_t its;

    (void)b;
    if (f->events == 0 || !plan_has_zone(p, f->zone)) {
        return f->events != 0 || f->device == 0;
    }
    its = p->zone[f->zone].its_gpa;
    return f->events <= PLAN_MAX_EVENTS && (f->events & (f->events - 1)) == 0 &&
           f->device < PLAN_MAX_STREAMS && p->board.its_hpa != 0 && its != 0 &&
           (p->board.smmu_hpa != 0 || its == p->board.its_hpa);
}

/* The ITS knows who wrote a message by this number alone. */
bool plan_rule_device_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_function *x = &p->function[a], *y = &p->function[b];

    return x->events == 0 || y->events == 0 || x->device != y->device;
}

bool plan_rule_zone_its(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_FUNCTION); i++) {
        if (p->function[i].zone == a && p->function[i].events != 0) {
            return true;
        }
    }
    return p->zone[a].its_gpa == 0;
}
