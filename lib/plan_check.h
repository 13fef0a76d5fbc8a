/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that make a struct plan acceptable, as one table: the same source decides in the plan
 * compiler and in the hypervisor. Pure: reads the plan only, is safe on any bytes, and bounded.
 */
#ifndef LIB_PLAN_CHECK_H
#define LIB_PLAN_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"

/* What a rule speaks of. The index of an object is its position in the plan's array of its kind. */
enum plan_object {
    PLAN_OBJECT_NONE,     /* index 0: the rule has no second object */
    PLAN_OBJECT_PLAN,     /* index 0: the table as a whole */
    PLAN_OBJECT_HYP,      /* index 0: the hypervisor's memory range */
    PLAN_OBJECT_BOARD,    /* index 0 */
    PLAN_OBJECT_FIXED,    /* a machine device kept by the hypervisor: enum plan_fixed */
    PLAN_OBJECT_RAM,      /* board.ram[] */
    PLAN_OBJECT_CPU,      /* cpu[] */
    PLAN_OBJECT_ZONE,     /* zone[] */
    PLAN_OBJECT_WINDOW,   /* an emulated device: zone index * PLAN_WINDOWS + enum plan_window */
    PLAN_OBJECT_REGION,   /* region[] */
    PLAN_OBJECT_IRQ,      /* irq[] */
    PLAN_OBJECT_IMAGE,    /* image[] */
    PLAN_OBJECT_CHANNEL,  /* channel[] */
    PLAN_OBJECT_SIDE,     /* one zone's end of it: channel index * 2 + index in side[] */
    PLAN_OBJECT_FUNCTION, /* function[] */
    PLAN_OBJECT_CONTROL,  /* index 0, when there is one */
    PLAN_OBJECT_VIRTIO,   /* virtio[] */
    PLAN_OBJECT_COUNT,
};

enum plan_fixed {
    PLAN_FIXED_GICD,
    PLAN_FIXED_GICR, /* GICv3 */
    PLAN_FIXED_GICC, /* GICv2, and the next two */
    PLAN_FIXED_GICH,
    PLAN_FIXED_GICV, /* each zone finds it at its gicc_gpa */
    PLAN_FIXED_UART,
    PLAN_FIXED_SMMU,
    PLAN_FIXED_ECAM, /* of all buses, when functions are given one by one */
    PLAN_FIXED_ITS,
    PLAN_FIXED_COUNT,
};
enum plan_window {
    PLAN_WINDOW_GICD,
    PLAN_WINDOW_GICR, /* GICv3 */
    PLAN_WINDOW_GICC, /* GICv2: not emulated, but mapped */
    PLAN_WINDOW_VUART,
    PLAN_WINDOW_ECAM,   /* configuration space of the virtual PCI bus */
    PLAN_WINDOW_PCI,    /* its memory window */
    PLAN_WINDOW_HOST,   /* configuration space of the machine's PCI bus, filtered */
    PLAN_WINDOW_ITS,    /* both frames: the second is where its devices write messages */
    PLAN_WINDOW_VIRTIO, /* registers of all its virtio devices */
    PLAN_WINDOWS,
};

#define PLAN_GICD_SIZE  UINT64_C(0x10000) /* emulated distributor */
#define PLAN_GICR_SIZE  UINT64_C(0x20000) /* per vCPU */
#define PLAN_GICD2_SIZE UINT64_C(0x1000)  /* GICv2's distributor */
#define PLAN_GICC_SIZE  UINT64_C(0x2000)  /* CPU interface, the virtual one too */
#define PLAN_GICH_SIZE  UINT64_C(0x1000)
#define PLAN_GICV2_CPUS 8u
#define PLAN_UART_SIZE  UINT64_C(0x1000)
#define PLAN_SMMU_SIZE  UINT64_C(0x20000)
#define PLAN_ITS_SIZE   UINT64_C(0x20000)
#define PLAN_ITS_FRAME  UINT64_C(0x10000)         /* registers, then where messages are written */
#define PLAN_IPA_LIMIT  UINT64_C(0x10000000000)   /* 2^40: what stage 2 translates */
#define PLAN_HPA_LIMIT  UINT64_C(0x1000000000000) /* 2^48 */
#define PLAN_HYP_LIMIT  UINT64_C(0x4000000000)    /* 2^38: below its own virtual addresses */
#define PLAN_POOL_LEAST UINT64_C(0x10000)         /* room after the boot image, at least */

struct plan_ref {
    uint32_t kind; /* enum plan_object */
    uint32_t index;
};

struct plan_verdict {
    const char *rule; /* name of the violated rule; static storage */
    struct plan_ref a, b;
};

/*
 * Holds for every object `a` of kind a_kind and every `b` of kind b_kind; for equal kinds, for
 * every pair a < b.
 */
struct plan_rule {
    const char *name;
    uint8_t a_kind, b_kind; /* enum plan_object */
    bool is_gate; /* when it is violated, later rules would only add noise: they are left out */
    bool (*holds)(const struct plan *plan, uint32_t a, uint32_t b);
};

extern const struct plan_rule plan_rules[];
extern const uint32_t plan_rule_count;

/* Takes the violations as they are found. Embed it to carry a context. */
struct plan_sink {
    void (*found)(struct plan_sink *sink, const struct plan_verdict *verdict);
};

/* Applies all rules; returns how often one was violated, 0: a good plan. `sink` may be NULL. */
uint32_t plan_check(const struct plan *plan, struct plan_sink *sink);

/* "zone", "region", ... of an enum plan_object; never NULL. */
const char *plan_object_name(uint32_t kind);

/*
 * plan_driver.c: the drivers that a plan needs, bits by enum plan_driver. Reads no more than counts
 * and flags, so that any bytes will do, before plan_check().
 */
uint64_t plan_drivers_needed(const struct plan *plan);

/* As in HYP_DRIVERS of the build; static storage, never NULL. */
const char *plan_driver_name(uint32_t driver);

/* The zone that an object belongs to, or PLAN_NONE. Safe for any reference. */
uint32_t plan_owner(const struct plan *plan, struct plan_ref ref);

static inline bool plan_is_gicv2(const struct plan *plan)
{
    return plan->board.gic_version == 2;
}

/* Bytes of pool that a hypervisor needs for a plan with so many regions. */
static inline uint64_t plan_pool_need(const struct plan_hyp_header *hyp, const struct plan *plan,
                                      uint32_t regions)
{
    return hyp->pool_fixed + hyp->pool_per_cpu * plan->cpu_count +
           hyp->pool_per_zone * plan->zone_count + hyp->pool_per_channel * plan->channel_count +
           hyp->pool_per_region * regions + (plan->function_count != 0 ? hyp->pool_dma : 0) +
           (plan->board.its_hpa != 0 ? hyp->pool_its + hyp->pool_its_per_cpu * plan->cpu_count
                                     : 0) +
           (plan->control.region != 0 ? hyp->pool_control : 0) +
           hyp->pool_per_virtio * plan->virtio_count;
}

/* The range of an emulated device; false when the zone has none. Index of PLAN_OBJECT_WINDOW. */
bool plan_window_range(const struct plan *plan, uint32_t window, uint64_t *gpa, uint64_t *size);

struct plan_span {
    uint64_t base, size;
};

/*
 * Where the registers of plan.function[function] are decoded, and of no other bus's: the zone's
 * window has as much for each of its functions, in the order of buses. The function has a zone.
 */
struct plan_span plan_function_window(const struct plan *plan, uint32_t function);

/* The range of a machine device that the hypervisor keeps; false when there is none. */
bool plan_fixed_range(const struct plan *plan, uint32_t fixed, uint64_t *hpa, uint64_t *size);

#endif
