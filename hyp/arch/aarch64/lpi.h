/* SPDX-License-Identifier: Apache-2.0 */
/* LPIs of zones, between lpi.c and vits.c: which message of whose function is which LPI. */
#ifndef HYP_ARCH_AARCH64_LPI_H
#define HYP_ARCH_AARCH64_LPI_H

#include "its.h"
#include "msi.h"
#include "vgic.h"

#define VITS_GROUPS 16u   /* collections of a zone */
#define VITS_NONE   0xffu /* a collection that goes to no vCPU */

_Static_assert(VITS_GROUPS >= PLAN_MAX_CPUS, "a collection for each vCPU");

/* The messages of one function. Its zone's vgic.lock. */
struct lpi_device {
    uint16_t intid[PLAN_MAX_EVENTS]; /* the guest's LPI; 0: not mapped */
    uint8_t group[PLAN_MAX_EVENTS];
    uint8_t cpu[PLAN_MAX_EVENTS]; /* where the machine's goes: index in pcpus[] */
    uint32_t mapped;
    uint32_t wanted;  /* enabled in the guest's table */
    uint32_t dropped; /* pending no more, but perhaps in a list register of a vCPU in `recall` */
    uint64_t limit;   /* events below it can be mapped; 0: the guest has not mapped the device */
    bool is_open;     /* in the machine's ITS */
};

/* The ITS of one zone and what its redistributors have for LPIs. Its vgic.lock. */
struct vits {
    uint64_t cbaser;
    uint32_t ctlr, writer, reader; /* GITS_CTLR; numbers of commands */
    bool stalled;                  /* the queue is not in the zone's memory */
    uint32_t recall;               /* vCPUs with LPIs that are not theirs; commands wait for them */
    uint8_t target[VITS_GROUPS];   /* vCPU of a collection, or VITS_NONE */
    uint32_t on;                   /* vCPUs with GICR_CTLR.EnableLPIs */
    uint64_t prop[PLAN_MAX_CPUS], pend[PLAN_MAX_CPUS];
    gpa_t table;         /* properties of LPIs: GICR_PROPBASER of the vCPU that was first */
    uint32_t table_size; /* in LPIs; 0: there is no such table in the zone's memory */
};

/* One message of a function of the vCPU's zone. */
struct lpi_event {
    struct vcpu *vcpu; /* who asks */
    uint32_t function; /* in plan.function[] */
    uint32_t event;    /* below PLAN_MAX_EVENTS */
};

extern struct lpi_device *lpi_devices; /* by index in plan.function[] */

/* vits.c: the emulated ITS's registers. */
bool vits_access(struct vcpu *vcpu, struct mmio_access *access);
extern const struct vgic_reg vits_rows[];
extern const uint32_t vits_row_count;

/* A part of the zone's memory that lies in one page, copied; false: it is not the zone's RAM. */
bool lpi_copy(const struct zone *zone, gpa_t from, void *to, uint64_t size);

/* Maps an event, or again; it is not pending then. False: another event has this INTID. */
bool lpi_map(const struct lpi_event *at, uint32_t intid, uint32_t group);
void lpi_unmap(const struct lpi_event *at);
bool lpi_is_mapped(const struct lpi_event *at);

/* MAPD: events below `limit` can be mapped, none is; 0: the device is not mapped. */
void lpi_device_map(struct vcpu *vcpu, uint32_t function, uint64_t limit);

/* To another collection. */
void lpi_move(const struct lpi_event *at, uint32_t group);

/* INT and CLEAR. */
void lpi_raise(const struct lpi_event *at);
void lpi_clear(const struct lpi_event *at);

/* Reads the guest's table again. */
void lpi_load(const struct lpi_event *at);

/* The targets of collections, or of what is enabled, have changed. */
void lpi_update_all(struct vcpu *vcpu);

/* The next function of the zone from index `function` on that has messages, or function_count. */
uint32_t lpi_next(const struct zone *zone, uint32_t function);

#endif
