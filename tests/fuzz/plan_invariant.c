/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sweeps over sorted ranges instead of pairs, walks by pages instead of containment, counts by
 * owner: shares no helper with lib/plan_rule_*.c, so that a mistake there does not repeat here.
 */
#include "tests/fuzz/plan_invariant.h"

#include <stdlib.h>
#include <string.h>

#include "lib/plan_check.h"
#include "tests/fuzz/fuzz.h"

#define OWNER_HYP     1000u
#define OWNER_CHANNEL 2000u
#define SPANS_LISTED  (PLAN_MAX_REGIONS + PLAN_MAX_RAM + PLAN_MAX_VIRTIO)
#define SPANS_MAX     (SPANS_LISTED + 3 * PLAN_MAX_CHANNELS + 8u)
#define PAGE_4K       UINT64_C(4096)
#define BLOCK_2M      UINT64_C(0x200000)
#define GICD_BYTES    UINT64_C(0x10000)
#define GICR_BYTES    UINT64_C(0x20000)
#define ITS_BYTES     UINT64_C(0x20000)
#define ECAM_BYTES    UINT64_C(0x100000)
#define REGS_BYTES    UINT64_C(0x20000)
#define GICC_BYTES    UINT64_C(0x2000)
#define GICV2_CPUS    8u

/* Bytes first..last of an address space. */
struct span {
    uint64_t first, last;
    uint32_t owner;
};

struct spans {
    struct span at[SPANS_MAX];
    size_t count;
};

static void add(struct spans *s, uint64_t base, uint64_t size, uint32_t owner)
{
    FUZZ_CHECK(s->count < SPANS_MAX);
    FUZZ_CHECK(size != 0);
    FUZZ_CHECK(base + (size - 1) >= base);
    s->at[s->count++] = (struct span){ base, base + (size - 1), owner };
}

static int by_first(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

static void check_disjoint(struct spans *s)
{
    qsort(s->at, s->count, sizeof(s->at[0]), by_first);
    for (size_t i = 1; i < s->count; i++) {
        FUZZ_CHECK(s->at[i].first > s->at[i - 1].last);
    }
}

/* No byte of the machine has two owners. */
static void check_machine(const struct plan *p)
{
    struct spans s = { .count = 0 };
    uint64_t top = UINT64_C(1) << 48;

    add(&s, p->hyp_hpa, p->hyp_size, OWNER_HYP);
    add(&s, p->board.gicd_hpa, p->board.gicd_size, OWNER_HYP);
    if (p->board.gic_version == 2) {
        FUZZ_CHECK(p->cpu_count <= GICV2_CPUS && p->board.gicv_size >= GICC_BYTES);
        add(&s, p->board.gicc_hpa, p->board.gicc_size, OWNER_HYP);
        add(&s, p->board.gich_hpa, p->board.gich_size, OWNER_HYP);
        add(&s, p->board.gicv_hpa, p->board.gicv_size, OWNER_HYP);
    } else {
        add(&s, p->board.gicr_hpa, p->board.gicr_size, OWNER_HYP);
    }
    if (p->board.uart_hpa != 0) {
        add(&s, p->board.uart_hpa, PAGE_4K, OWNER_HYP);
    }
    if (p->board.smmu_hpa != 0) {
        add(&s, p->board.smmu_hpa, p->board.smmu_size, OWNER_HYP);
    }
    if (p->board.pci_ecam_hpa != 0) {
        add(&s, p->board.pci_ecam_hpa, PLAN_PCI_ECAM_ALL, OWNER_HYP);
    }
    if (p->board.its_hpa != 0) {
        add(&s, p->board.its_hpa, p->board.its_size, OWNER_HYP);
    }
    for (uint32_t i = 0; i < p->region_count; i++) {
        FUZZ_CHECK(p->region[i].zone < p->zone_count);
        if (p->region[i].pool == 0) {
            add(&s, p->region[i].hpa, p->region[i].size, p->region[i].zone);
        }
    }
    for (uint32_t i = 0; i < p->channel_count; i++) {
        const struct plan_channel *c = &p->channel[i];

        FUZZ_CHECK(c->side[0].zone < p->zone_count && c->side[1].zone < p->zone_count);
        FUZZ_CHECK(c->side[0].zone != c->side[1].zone && c->size % PAGE_4K == 0);
        add(&s, c->hpa, c->size, OWNER_CHANNEL + i);
    }
    check_disjoint(&s);
    FUZZ_CHECK(s.at[s.count - 1].last < top);
}

/* What lies in pools is RAM, apart from each other, and leaves their first block alone. */
static void check_pools(const struct plan *p)
{
    struct spans s = { .count = 0 };
    uint32_t controls = 0, pools = 0;

    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i], *pool;

        controls += r->kind == PLAN_REGION_CONTROL;
        pools += r->kind == PLAN_REGION_POOL;
        if (r->kind == PLAN_REGION_CONTROL || r->kind == PLAN_REGION_POOL) {
            FUZZ_CHECK(p->zone[r->zone].role == PLAN_ROLE_ZONE0 && p->control.region != 0);
        }
        if (r->pool == 0) {
            continue;
        }
        FUZZ_CHECK(r->kind == PLAN_REGION_RAM && r->pool <= p->region_count);
        pool = &p->region[r->pool - 1];
        FUZZ_CHECK(pool->kind == PLAN_REGION_POOL && pool->zone != r->zone);
        FUZZ_CHECK(r->hpa - pool->hpa >= BLOCK_2M && r->hpa - pool->hpa < pool->size);
        FUZZ_CHECK(r->size <= pool->size - (r->hpa - pool->hpa));
        add(&s, r->hpa, r->size, r->zone);
    }
    check_disjoint(&s);
    FUZZ_CHECK(controls == (p->control.region != 0) && pools <= PLAN_MAX_POOLS);
}

/* The range of RAM that holds this byte, or -1. */
static int ram_at(const struct plan *p, uint64_t hpa)
{
    for (uint32_t i = 0; i < p->board.ram_count; i++) {
        if (hpa >= p->board.ram[i].hpa && hpa - p->board.ram[i].hpa < p->board.ram[i].size) {
            return (int)i;
        }
    }
    return -1;
}

static void check_kinds(const struct plan *p)
{
    bool is_v2 = p->board.gic_version == 2;

    FUZZ_CHECK(ram_at(p, p->hyp_hpa) >= 0);
    FUZZ_CHECK(ram_at(p, p->hyp_hpa) == ram_at(p, p->hyp_hpa + p->hyp_size - 1));
    FUZZ_CHECK(ram_at(p, p->board.gicd_hpa) < 0);
    FUZZ_CHECK(ram_at(p, is_v2 ? p->board.gicv_hpa : p->board.gicr_hpa) < 0);
    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];
        uint64_t last = r->hpa + r->size - 1;

        if (r->kind != PLAN_REGION_DEVICE) {
            FUZZ_CHECK((r->gpa | r->hpa | r->size) % BLOCK_2M == 0);
            FUZZ_CHECK(ram_at(p, r->hpa) >= 0 && ram_at(p, r->hpa) == ram_at(p, last));
        } else {
            FUZZ_CHECK((r->gpa | r->hpa | r->size) % PAGE_4K == 0);
            FUZZ_CHECK(ram_at(p, r->hpa) < 0 && ram_at(p, last) < 0);
        }
    }
    for (uint32_t i = 0; i < p->board.ram_count; i++) {
        for (uint32_t j = 0; j < p->region_count; j++) {
            FUZZ_CHECK(p->region[j].kind != PLAN_REGION_DEVICE ||
                       p->board.ram[i].hpa < p->region[j].hpa ||
                       p->board.ram[i].hpa - p->region[j].hpa >= p->region[j].size);
        }
    }
}

/* Shared memory as the zone sees it, and that no two of its functions have a thing in common. */
static void check_sides(const struct plan *p, uint32_t zone, struct spans *s)
{
    const struct plan_zone *z = &p->zone[zone];
    uint8_t slots[32] = { 0 }, lines[1024] = { 0 };

    for (uint32_t i = 0; i < p->irq_count; i++) {
        lines[p->irq[i].intid] += p->irq[i].zone == zone;
    }
    for (uint32_t i = 0; i < p->channel_count * 2; i++) {
        const struct plan_channel_side *side = &p->channel[i / 2].side[i % 2];

        if (side->zone == zone) {
            add(s, side->mem_gpa, p->channel[i / 2].size, zone);
            FUZZ_CHECK(z->ecam_gpa != 0 && side->slot < 32 && slots[side->slot]++ == 0);
            FUZZ_CHECK(side->intid >= 32 && side->intid < 1020 && lines[side->intid]++ == 0);
            FUZZ_CHECK(side->mem_gpa - z->pci_gpa <= z->pci_size - p->channel[i / 2].size);
        }
    }
    if (p->control.region != 0 && p->control.zone == zone) {
        FUZZ_CHECK(z->ecam_gpa != 0 && p->control.slot < 32 && slots[p->control.slot] == 0);
        FUZZ_CHECK(p->control.intid >= 32 && p->control.intid < 1020 &&
                   lines[p->control.intid] == 0);
    }
}

/* Registers and interrupts of the zone's virtio devices; zone0 sees where it is to serve them. */
static void check_virtio(const struct plan *p, uint32_t zone, struct spans *s)
{
    uint32_t before = 0;

    FUZZ_CHECK(p->virtio_count <= PLAN_MAX_VIRTIO && p->let_go_ms <= PLAN_LET_GO_MAX);
    for (uint32_t i = 0; i < p->virtio_count; i++) {
        const struct plan_virtio *v = &p->virtio[i];

        FUZZ_CHECK(v->zone < p->zone_count && v->queue_count >= 1 && v->queue_count <= 16);
        if (v->zone != zone) {
            continue;
        }
        add(s, v->gpa, PAGE_4K, zone);
        FUZZ_CHECK(v->gpa % PAGE_4K == 0 && v->intid >= 32 && v->intid < 1020);
        FUZZ_CHECK(before == 0 ||
                   (p->virtio[i - 1].zone == zone && v->gpa - p->virtio[i - 1].gpa == PAGE_4K));
        FUZZ_CHECK(p->control.region != 0 && p->control.zone != zone);
        for (uint32_t j = 0; j < p->region_count; j++) {
            FUZZ_CHECK(p->region[j].zone != zone || p->region[j].kind != PLAN_REGION_RAM ||
                       p->region[j].pool != 0);
        }
        before++;
    }
}

/* In a zone's address space nothing lies over something else, emulated devices included. */
static void check_guest(const struct plan *p, uint32_t zone)
{
    const struct plan_zone *z = &p->zone[zone];
    struct spans s = { .count = 0 };

    if (p->board.gic_version == 2) {
        add(&s, z->gicd_gpa, PAGE_4K, zone);
        add(&s, z->gicc_gpa, GICC_BYTES, zone);
        FUZZ_CHECK(z->gicc_gpa % PAGE_4K == 0 && p->board.gicv_hpa % PAGE_4K == 0);
    } else {
        add(&s, z->gicd_gpa, GICD_BYTES, zone);
        add(&s, z->gicr_gpa, z->vcpu_count * GICR_BYTES, zone);
    }
    if (z->console == PLAN_CONSOLE_EMULATED) {
        add(&s, z->vuart_gpa, PAGE_4K, zone);
    }
    if (z->ecam_gpa != 0) {
        add(&s, z->ecam_gpa, ECAM_BYTES, zone);
        add(&s, z->pci_gpa, REGS_BYTES, zone);
        FUZZ_CHECK(z->pci_size >= REGS_BYTES);
    }
    if (z->its_gpa != 0) {
        add(&s, z->its_gpa, ITS_BYTES, zone);
    }
    check_sides(p, zone, &s);
    check_virtio(p, zone, &s);
    for (uint32_t i = 0; i < p->region_count; i++) {
        if (p->region[i].zone == zone) {
            add(&s, p->region[i].gpa, p->region[i].size, zone);
            FUZZ_CHECK((z->flags & PLAN_ZONE_DMA_TRUSTED) == 0 ||
                       p->region[i].kind != PLAN_REGION_RAM ||
                       p->region[i].gpa == p->region[i].hpa);
        }
    }
    check_disjoint(&s);
    FUZZ_CHECK(s.at[s.count - 1].last < UINT64_C(1) << 40);
}

/* The machine byte that a byte of the zone's RAM is, or UINT64_MAX. */
static uint64_t translate(const struct plan *p, uint32_t zone, uint64_t gpa)
{
    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == zone && r->kind == PLAN_REGION_RAM && gpa - r->gpa < r->size &&
            gpa >= r->gpa) {
            return r->hpa + (gpa - r->gpa);
        }
    }
    return UINT64_MAX;
}

/* Each 2 MiB block of an image, and its last byte, lies in RAM that continues where it left. */
static void check_images(const struct plan *p)
{
    for (uint32_t i = 0; i < p->image_count; i++) {
        const struct plan_image *im = &p->image[i];
        uint64_t start = translate(p, im->zone, im->gpa);

        FUZZ_CHECK(im->zone < p->zone_count && im->size != 0);
        FUZZ_CHECK(im->offset + im->size <= p->image_size && im->offset + im->size > im->offset);
        FUZZ_CHECK(start != UINT64_MAX);
        /* At most 64 steps: an image can be as large as a zone. */
        for (uint64_t at = 0, step = im->size / 64 + 1; at < im->size; at += step) {
            FUZZ_CHECK(translate(p, im->zone, im->gpa + at) == start + at);
        }
        FUZZ_CHECK(translate(p, im->zone, im->gpa + im->size - 1) == start + im->size - 1);
    }
}

/* No two images are loaded over each other. */
static void check_loads(const struct plan *p, uint32_t zone)
{
    struct spans s = { .count = 0 };

    for (uint32_t i = 0; i < p->image_count; i++) {
        if (p->image[i].zone == zone) {
            add(&s, p->image[i].gpa, p->image[i].size, zone);
        }
    }
    check_disjoint(&s);
}

static void check_cpus(const struct plan *p)
{
    uint32_t seen[PLAN_MAX_ZONES] = { 0 };

    for (uint32_t i = 0; i < p->cpu_count; i++) {
        const struct plan_cpu *cpu = &p->cpu[i];

        for (uint32_t j = 0; j < i; j++) {
            FUZZ_CHECK(p->cpu[j].hw_id != cpu->hw_id);
        }
        if (cpu->zone == PLAN_NONE) {
            continue;
        }
        FUZZ_CHECK(cpu->zone < p->zone_count && cpu->vcpu < 32);
        FUZZ_CHECK((seen[cpu->zone] >> cpu->vcpu & 1) == 0);
        seen[cpu->zone] |= UINT32_C(1) << cpu->vcpu;
    }
    for (uint32_t i = 0; i < p->zone_count; i++) {
        FUZZ_CHECK(p->zone[i].vcpu_count <= PLAN_MAX_CPUS);
        FUZZ_CHECK(seen[i] != 0 && seen[i] == (UINT32_C(1) << p->zone[i].vcpu_count) - 1);
    }
}

/* Each machine interrupt has one owner; the hypervisor's are nobody's. */
static void check_irqs(const struct plan *p)
{
    uint8_t owners[1024] = { 0 };

    if (p->board.uart_hpa != 0) {
        FUZZ_CHECK(p->board.uart_intid < 1020);
        owners[p->board.uart_intid] = 1;
    }
    if (p->board.smmu_hpa != 0) {
        FUZZ_CHECK(p->board.smmu_event_intid < 1020 && owners[p->board.smmu_event_intid] == 0);
        owners[p->board.smmu_event_intid] = 1;
    }
    for (uint32_t i = 0; i < p->irq_count; i++) {
        FUZZ_CHECK(p->irq[i].intid >= 32 && p->irq[i].intid < 1020);
        FUZZ_CHECK(p->irq[i].zone < p->zone_count);
        FUZZ_CHECK(owners[p->irq[i].intid]++ == 0);
        FUZZ_CHECK(p->zone[p->irq[i].zone].console != PLAN_CONSOLE_EMULATED ||
                   p->zone[p->irq[i].zone].vuart_intid != p->irq[i].intid);
    }
}

/* All ports of the zone are in one of its regions; that these have no page in common is above. */
static bool has_ports(const struct plan *p, uint32_t zone)
{
    uint64_t first = p->board.pci_io_hpa + zone * PLAN_PCI_PORTS;

    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *r = &p->region[i];

        if (r->zone == zone && r->kind == PLAN_REGION_DEVICE && r->gpa == r->hpa &&
            first >= r->hpa && first - r->hpa < r->size &&
            r->size - (first - r->hpa) >= PLAN_PCI_PORTS) {
            return true;
        }
    }
    return false;
}

/* One owner for each device and for each bus behind a bridge, whose window is nobody else's. */
static void check_places(const struct plan *p)
{
    uint8_t owners[PLAN_PCI_BUSES][32] = { 0 }, bridges[32] = { 0 };

    for (uint32_t i = 0; i < p->function_count; i++) {
        const struct plan_function *f = &p->function[i];
        uint32_t bus = f->bdf / 256, device = f->bdf / 8 % 32, port = f->port / 8;
        struct plan_span at = plan_function_window(p, i);

        FUZZ_CHECK(f->bdf != 0 && bus < PLAN_PCI_BUSES && (bus == 0) == (device != 0));
        FUZZ_CHECK(owners[bus][device] == 0 || owners[bus][device] == f->zone + 1);
        owners[bus][device] = (uint8_t)(f->zone + 1);
        FUZZ_CHECK(port < 32 && (port != 0) == (bus != 0));
        FUZZ_CHECK(port == 0 || bridges[port] == 0 || bridges[port] == bus);
        bridges[port] = (uint8_t)bus;
        FUZZ_CHECK(at.base >= p->zone[f->zone].host_hpa && at.size <= p->zone[f->zone].host_size);
        FUZZ_CHECK(at.base - p->zone[f->zone].host_hpa <= p->zone[f->zone].host_size - at.size);
        FUZZ_CHECK(bus == 0 || (at.base % 0x100000 == 0 && at.size % 0x100000 == 0 &&
                                at.base + at.size <= UINT64_C(1) << 32));
        for (uint32_t j = 0; j < i; j++) {
            struct plan_span other = plan_function_window(p, j);

            FUZZ_CHECK(p->function[j].zone != f->zone || p->function[j].bdf / 256 == bus ||
                       at.base + at.size <= other.base || other.base + other.size <= at.base);
        }
    }
}

/* One owner for each function; its accesses to memory are contained, or the zone is trusted. */
static void check_functions(const struct plan *p)
{
    uint8_t owners[PLAN_MAX_STREAMS] = { 0 }, senders[PLAN_MAX_STREAMS] = { 0 };

    for (uint32_t i = 0; i < p->function_count; i++) {
        const struct plan_function *f = &p->function[i];

        FUZZ_CHECK(f->zone < p->zone_count && f->bdf < PLAN_MAX_STREAMS);
        FUZZ_CHECK(owners[f->bdf]++ == 0);
        FUZZ_CHECK(p->board.pci_ecam_hpa != 0 && p->zone[f->zone].host_size != 0);
        FUZZ_CHECK(p->board.pci_io_hpa == 0 || has_ports(p, f->zone));
        FUZZ_CHECK(p->board.smmu_hpa != 0 ? f->stream < PLAN_MAX_STREAMS
                                          : (p->zone[f->zone].flags & PLAN_ZONE_DMA_TRUSTED) != 0);
        if (f->events != 0) {
            FUZZ_CHECK(f->events <= 32 && f->device < PLAN_MAX_STREAMS &&
                       senders[f->device]++ == 0);
            FUZZ_CHECK(p->board.its_hpa != 0 && p->zone[f->zone].its_gpa != 0);
        }
    }
}

static void check_entry(const struct plan *p, uint32_t zone)
{
    const struct plan_zone *z = &p->zone[zone];

    FUZZ_CHECK(memchr(z->name, 0, sizeof(z->name)) != NULL && z->name[0] != 0);
    FUZZ_CHECK(translate(p, zone, z->entry) != UINT64_MAX);
    FUZZ_CHECK(translate(p, zone, z->dtb) != UINT64_MAX);
    FUZZ_CHECK(z->boot_info == 0 || translate(p, zone, z->boot_info) != UINT64_MAX);
}

void plan_invariant(const struct plan *plan)
{
    FUZZ_CHECK(plan->zone_count >= 1 && plan->zone_count <= PLAN_MAX_ZONES);
    FUZZ_CHECK(plan->cpu_count <= PLAN_MAX_CPUS && plan->board.ram_count <= PLAN_MAX_RAM);
    FUZZ_CHECK(plan->region_count <= PLAN_MAX_REGIONS && plan->irq_count <= PLAN_MAX_IRQS);
    FUZZ_CHECK(plan->image_count <= PLAN_MAX_IMAGES);
    FUZZ_CHECK(plan->channel_count <= PLAN_MAX_CHANNELS);
    FUZZ_CHECK(plan->function_count <= PLAN_MAX_FUNCTIONS);
    FUZZ_CHECK(plan->image_hpa >= plan->hyp_hpa);
    FUZZ_CHECK(plan->image_hpa - plan->hyp_hpa + plan->image_size < plan->hyp_size);
    check_machine(plan);
    check_pools(plan);
    check_kinds(plan);
    check_images(plan);
    check_cpus(plan);
    check_irqs(plan);
    check_functions(plan);
    check_places(plan);
    for (uint32_t i = 0; i < plan->zone_count; i++) {
        check_guest(plan, i);
        check_entry(plan, i);
        check_loads(plan, i);
    }
}
