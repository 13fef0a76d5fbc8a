/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of plan_check: the list of rules and what their predicates share. A predicate sees any
 * bytes: it reads only array elements below plan_count(), terminates, and never writes. A predicate
 * on ranges leaves ranges that are empty or wrap to the rule that reports exactly that.
 */
#ifndef LIB_PLAN_RULE_H
#define LIB_PLAN_RULE_H

#include "lib/addr.h"
#include "lib/plan_check.h"

#define INTID_PPI_FIRST 16u
#define INTID_PPI_LAST  31u
#define INTID_SPI_FIRST 32u
#define INTID_SPI_LAST  1019u

/* clang-format off */
/* X(name, object a, object b, is_gate, predicate plan_rule_<x>) in the order of application. */
#define PLAN_RULES(X) \
    X("magic",            PLAN,   NONE,   true,  magic) \
    X("version",          PLAN,   NONE,   true,  version) \
    X("size",             PLAN,   NONE,   true,  size) \
    X("zone-count",       PLAN,   NONE,   true,  zone_count) \
    X("cpu-count",        PLAN,   NONE,   true,  cpu_count) \
    X("ram-count",        PLAN,   NONE,   true,  ram_count) \
    X("region-count",     PLAN,   NONE,   true,  region_count) \
    X("irq-count",        PLAN,   NONE,   true,  irq_count) \
    X("image-count",      PLAN,   NONE,   true,  image_count) \
    X("channel-count",    PLAN,   NONE,   true,  channel_count) \
    X("function-count",   PLAN,   NONE,   true,  function_count) \
    X("virtio-count",     PLAN,   NONE,   true,  virtio_count) \
    X("log-level",        PLAN,   NONE,   false, log_level) \
    X("gic-version",      BOARD,  NONE,   true,  gic_version) \
    X("gic-cpus",         PLAN,   NONE,   false, gic_cpus) \
    X("conduit",          BOARD,  NONE,   false, conduit) \
    X("ppi",              BOARD,  NONE,   false, ppi) \
    X("uart-intid",       BOARD,  NONE,   false, uart_intid) \
    X("fixed-range",      FIXED,  NONE,   false, fixed_range) \
    X("fixed-overlap",    FIXED,  FIXED,  false, fixed_overlap) \
    X("fixed-ram",        FIXED,  RAM,    false, fixed_ram) \
    X("ram-range",        RAM,    NONE,   false, ram_range) \
    X("ram-overlap",      RAM,    RAM,    false, ram_overlap) \
    X("hyp-range",        HYP,    NONE,   false, hyp_range) \
    X("hyp-ram",          HYP,    NONE,   false, hyp_ram) \
    X("hyp-image",        HYP,    NONE,   false, hyp_image) \
    X("hyp-pool",         HYP,    NONE,   false, hyp_pool) \
    X("cpu-hw-id",        CPU,    NONE,   false, cpu_hw_id) \
    X("cpu-unique",       CPU,    CPU,    false, cpu_unique) \
    X("cpu-owner",        CPU,    NONE,   false, cpu_owner) \
    X("cpu-vcpu-unique",  CPU,    CPU,    false, cpu_vcpu_unique) \
    X("zone-name",        ZONE,   NONE,   false, zone_name) \
    X("zone-name-unique", ZONE,   ZONE,   false, zone_name_unique) \
    X("zone-role",        ZONE,   NONE,   false, zone_role) \
    X("zone-zero-single", ZONE,   ZONE,   false, zone_zero_single) \
    X("zone-reserved",    ZONE,   NONE,   false, zone_reserved) \
    X("zone-console",     ZONE,   NONE,   false, zone_console) \
    X("zone-cpus",        ZONE,   NONE,   false, zone_cpus) \
    X("zone-ram",         ZONE,   NONE,   false, zone_ram) \
    X("zone-entry",       ZONE,   NONE,   false, zone_entry) \
    X("zone-dtb",         ZONE,   NONE,   false, zone_dtb) \
    X("zone-boot-info",   ZONE,   NONE,   false, zone_boot_info) \
    X("window-range",     WINDOW, NONE,   false, window_range) \
    X("window-overlap",   WINDOW, WINDOW, false, window_overlap) \
    X("window-region",    WINDOW, REGION, false, window_region) \
    X("region-kind",      REGION, NONE,   false, region_kind) \
    X("region-size",      REGION, NONE,   false, region_size) \
    X("region-wrap",      REGION, NONE,   false, region_wrap) \
    X("region-align",     REGION, NONE,   false, region_align) \
    X("region-limit",     REGION, NONE,   false, region_limit) \
    X("region-board",     REGION, NONE,   false, region_board) \
    X("device-ram",       REGION, RAM,    false, device_ram) \
    X("device-fixed",     REGION, FIXED,  false, device_fixed) \
    X("region-hyp",       REGION, HYP,    false, region_hyp) \
    X("region-overlap",   REGION, REGION, false, region_overlap) \
    X("region-gpa",       REGION, REGION, false, region_gpa) \
    X("dma-identity",     REGION, NONE,   false, dma_identity) \
    X("irq-intid",        IRQ,    NONE,   false, irq_intid) \
    X("irq-reserved",     IRQ,    NONE,   false, irq_reserved) \
    X("irq-unique",       IRQ,    IRQ,    false, irq_unique) \
    X("irq-uart",         IRQ,    NONE,   false, irq_uart) \
    X("irq-vuart",        IRQ,    ZONE,   false, irq_vuart) \
    X("image-reserved",   IMAGE,  NONE,   false, image_reserved) \
    X("image-source",     IMAGE,  NONE,   false, image_source) \
    X("image-ram",        IMAGE,  NONE,   false, image_ram) \
    X("image-overlap",    IMAGE,  IMAGE,  false, image_overlap) \
    X("zone-pci",         ZONE,   NONE,   false, zone_pci) \
    X("channel-name",     CHANNEL, NONE,  false, channel_name) \
    X("channel-name-unique", CHANNEL, CHANNEL, false, channel_name_unique) \
    X("channel-reserved", CHANNEL, NONE,  false, channel_reserved) \
    X("channel-peers",    CHANNEL, NONE,  false, channel_peers) \
    X("channel-size",     CHANNEL, NONE,  false, channel_size) \
    X("channel-align",    CHANNEL, NONE,  false, channel_align) \
    X("channel-board",    CHANNEL, NONE,  false, channel_board) \
    X("channel-hyp",      CHANNEL, HYP,   false, channel_hyp) \
    X("channel-region",   CHANNEL, REGION, false, channel_region) \
    X("channel-overlap",  CHANNEL, CHANNEL, false, channel_overlap) \
    X("side-slot",        SIDE,   NONE,   false, side_slot) \
    X("side-memory",      SIDE,   NONE,   false, side_memory) \
    X("side-intid",       SIDE,   NONE,   false, side_intid) \
    X("side-unique",      SIDE,   SIDE,   false, side_unique) \
    X("side-irq",         SIDE,   IRQ,    false, side_irq) \
    X("smmu",             BOARD,  NONE,   false, smmu) \
    X("irq-smmu",         IRQ,    NONE,   false, irq_smmu) \
    X("function-place",   FUNCTION, NONE, false, function_place) \
    X("function-unique",  FUNCTION, FUNCTION, false, function_unique) \
    X("function-device",  FUNCTION, FUNCTION, false, function_device) \
    X("function-first",   FUNCTION, NONE, false, function_first) \
    X("function-dma",     FUNCTION, NONE, false, function_dma) \
    X("function-window",  FUNCTION, NONE, false, function_window) \
    X("zone-functions",   ZONE,   NONE,   false, zone_functions) \
    X("its",              BOARD,  NONE,   false, its) \
    X("function-msi",     FUNCTION, NONE, false, function_msi) \
    X("device-unique",    FUNCTION, FUNCTION, false, device_unique) \
    X("zone-its",         ZONE,   NONE,   false, zone_its) \
    X("zone-manual",      ZONE,   NONE,   false, zone_manual) \
    X("region-pool",      REGION, NONE,   false, region_pool) \
    X("pool-count",       PLAN,   NONE,   false, pool_count) \
    X("region-control",   REGION, NONE,   false, region_control) \
    X("control-zone",     CONTROL, NONE,  false, control_zone) \
    X("control-slot",     CONTROL, SIDE,  false, control_slot) \
    X("control-intid",    CONTROL, NONE,  false, control_intid) \
    X("control-irq",      CONTROL, IRQ,   false, control_irq) \
    X("virtio-name",      VIRTIO, NONE,   false, virtio_name) \
    X("virtio-name-unique", VIRTIO, VIRTIO, false, virtio_name_unique) \
    X("virtio-type",      VIRTIO, NONE,   false, virtio_type) \
    X("virtio-queues",    VIRTIO, NONE,   false, virtio_queues) \
    X("virtio-zone",      VIRTIO, NONE,   false, virtio_zone) \
    X("virtio-pool",      VIRTIO, REGION, false, virtio_pool) \
    X("virtio-place",     VIRTIO, NONE,   false, virtio_place) \
    X("virtio-intid",     VIRTIO, NONE,   false, virtio_intid) \
    X("virtio-unique",    VIRTIO, VIRTIO, false, virtio_unique) \
    X("virtio-irq",       VIRTIO, IRQ,    false, virtio_irq) \
    X("virtio-side",      VIRTIO, SIDE,   false, virtio_side)
/* clang-format on */

#define PLAN_RULE_DECLARE(name, a_kind, b_kind, is_gate, predicate)                                \
    bool plan_rule_##predicate(const struct plan *p, uint32_t a, uint32_t b);
PLAN_RULES(PLAN_RULE_DECLARE)
#undef PLAN_RULE_DECLARE

/* The registers of a zone's virtio devices; false: it has none. In plan_rule_virtio.c. */
bool plan_virtio_range(const struct plan *p, uint32_t zone, struct plan_span *span);

/* How many objects of the kind the plan has, never more than its arrays hold. */
uint32_t plan_count(const struct plan *p, enum plan_object kind);

/* 1 to 23 characters of the alphabet, then only zeros; and whether two are equal. */
bool plan_name_is_valid(const char name[PLAN_NAME_SIZE]);
bool plan_name_is_same(const char a[PLAN_NAME_SIZE], const char b[PLAN_NAME_SIZE]);

/* Whether a guest range lies inside one RAM region of the zone. */
bool plan_in_zone_ram(const struct plan *p, uint32_t zone, uint64_t at, uint64_t size);

/* Whether a machine range lies inside one RAM range of the board. */
bool plan_in_board_ram(const struct plan *p, uint64_t base, uint64_t size);

static inline uint32_t plan_clamp(uint32_t count, uint32_t max)
{
    return count < max ? count : max;
}

static inline bool plan_has_zone(const struct plan *p, uint32_t zone)
{
    return zone < plan_count(p, PLAN_OBJECT_ZONE);
}

static inline bool is_between(uint32_t v, uint32_t first, uint32_t last)
{
    return v >= first && v <= last;
}

static inline bool plan_ram_of(const struct plan *p, uint32_t region, uint32_t zone)
{
    return p->region[region].kind == PLAN_REGION_RAM && p->region[region].zone == zone;
}

/* Whether the region of RAM lies in the pool, as it says: then both may have the same bytes. */
static inline bool plan_is_pooled(const struct plan *p, uint32_t region, uint32_t pool)
{
    return p->region[region].kind == PLAN_REGION_RAM && p->region[region].pool == pool + 1 &&
           p->region[pool].kind == PLAN_REGION_POOL;
}

/* Whether both are ranges and have a byte in common. */
static inline bool ranges_clash(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return range_is_valid(a, a_size) && range_is_valid(b, b_size) &&
           ranges_overlap(a, a_size, b, b_size);
}

/* Whether both are ranges and the second lies in the first. */
static inline bool range_inside(uint64_t out, uint64_t out_size, uint64_t in, uint64_t in_size)
{
    return range_is_valid(out, out_size) && range_is_valid(in, in_size) &&
           range_contains(out, out_size, in, in_size);
}

#endif
