/* SPDX-License-Identifier: Apache-2.0 */
/* A good plan, which tests break in one place at a time. */
#include "plan_good.h"

#include <string.h>

#define RAM  PLAN_GOOD_RAM
#define MIB  UINT64_C(0x100000)
#define UART PLAN_GOOD_UART

static void good_board(struct plan *p)
{
    p->board = (struct plan_board){
        .gic_version = 3,
        .conduit = PLAN_CONDUIT_SMC,
        .gicd_hpa = 0x8000000,
        .gicd_size = 0x10000,
        .gicr_hpa = 0x80a0000,
        .gicr_size = 0xf60000,
        .uart_hpa = UART,
        .uart_intid = 33,
        .maintenance_intid = 25,
        .hyp_timer_intid = 26,
        .virt_timer_intid = 27,
        .phys_timer_intid = 30,
        .ram_count = 2,
        .ram = { { RAM, 1024 * MIB }, { 0x200000000, 1024 * MIB } },
        .smmu_hpa = 0x9050000,
        .smmu_size = 0x20000,
        .smmu_event_intid = 106,
        .pci_ecam_hpa = 0x4010000000,
        .its_hpa = 0x8080000,
        .its_size = 0x20000,
        .pci_io_hpa = 0x3eff0000,
    };
}

static void good_zone(struct plan *p, uint32_t zone, const char *name, uint64_t hpa)
{
    struct plan_zone *z = &p->zone[zone];

    memcpy(z->name, name, strlen(name));
    z->role = zone == 0 ? PLAN_ROLE_ZONE0 : PLAN_ROLE_REALTIME;
    z->vcpu_count = 2;
    z->console = PLAN_CONSOLE_EMULATED;
    z->entry = RAM;
    z->dtb = RAM + 16 * MIB;
    z->boot_info = RAM + 8 * MIB;
    z->gicd_gpa = 0x8000000;
    z->gicr_gpa = 0x80a0000;
    z->vuart_gpa = UART;
    z->vuart_intid = 33;
    p->cpu[zone * 2] = (struct plan_cpu){ zone * 2, zone, 0 };
    p->cpu[zone * 2 + 1] = (struct plan_cpu){ zone * 2 + 1, zone, 1 };
    p->region[zone * 2] = (struct plan_region){ RAM, hpa, 64 * MIB, zone, PLAN_REGION_RAM, 0, 0 };
    p->region[zone * 2 + 1] = (struct plan_region){
        0xa000000 + zone * 0x1000, 0xa000000 + zone * 0x1000, 0x1000, zone, PLAN_REGION_DEVICE, 0, 0
    };
    p->irq[zone] = (struct plan_irq){ zone, 48 + zone, PLAN_IRQ_EDGE, 0 };
    z->ecam_gpa = 0x80000000;
    z->pci_gpa = 0x80100000;
    z->pci_size = 3 * MIB;
    z->host_hpa = 0x10000000 + zone * 2 * MIB;
    z->host_size = 2 * MIB;
    p->region[4 + zone] = (struct plan_region){ z->host_hpa,        z->host_hpa, 2 * MIB, zone,
                                                PLAN_REGION_DEVICE, 0,           0 };
    p->region[6 + zone] = (struct plan_region){ p->board.pci_io_hpa + zone * PLAN_PCI_PORTS,
                                                p->board.pci_io_hpa + zone * PLAN_PCI_PORTS,
                                                PLAN_PCI_PORTS,
                                                zone,
                                                PLAN_REGION_DEVICE,
                                                0,
                                                0 };
    p->function[zone] = (struct plan_function){
        .zone = zone,
        .bdf = (2 + zone) * 8,
        .stream = (2 + zone) * 8,
        .device = (2 + zone) * 8,
        .events = PLAN_MAX_EVENTS,
    };
    z->its_gpa = 0x8080000;
    p->image[zone * 2] = (struct plan_image){ 0x20000, 4 * MIB, RAM, zone, 0 };
    p->image[zone * 2 + 1] = (struct plan_image){ 0x20000 + 4 * MIB, 4096, RAM + 16 * MIB, zone,
                                                  0 };
}

/* 64 KiB between the two zones. */
static void good_channel(struct plan *p, uint32_t i, const char *name, uint64_t hpa)
{
    struct plan_channel *c = &p->channel[i];

    memcpy(c->name, name, strlen(name));
    c->hpa = hpa;
    c->size = 0x10000;
    c->flags = PLAN_CHANNEL_NOTIFY;
    for (uint32_t side = 0; side < 2; side++) {
        c->side[side] = (struct plan_channel_side){
            .zone = side, .slot = 1 + i, .mem_gpa = 0x80200000 + i * 0x10000, .intid = 60 + i
        };
    }
}

/* Zone 0 is in control of a pool, in which a region of zone 1 lies. */
static void good_control(struct plan *p)
{
    const uint64_t region = RAM + 320 * MIB, pool = RAM + 256 * MIB;

    p->region[8] = (struct plan_region){ region, region, 2 * MIB, 0, PLAN_REGION_CONTROL, 0, 0 };
    p->region[9] = (struct plan_region){ pool, pool, 64 * MIB, 0, PLAN_REGION_POOL, 0, 0 };
    p->region[10] =
        (struct plan_region){ pool, pool + 2 * MIB, 16 * MIB, 1, PLAN_REGION_RAM, 10, 0 };
    p->control = (struct plan_control){ .region = 9, .zone = 0, .slot = 3, .intid = 62 };
}

void plan_good(struct plan *p)
{
    memset(p, 0, sizeof(*p));
    p->magic = PLAN_MAGIC;
    p->version = PLAN_VERSION;
    p->size = sizeof(*p);
    p->hyp_hpa = RAM;
    p->hyp_size = 32 * MIB;
    p->image_hpa = RAM + 2 * MIB;
    p->image_size = 8 * MIB;
    p->log_level = 2;
    p->cpu_count = 5;
    p->zone_count = 2;
    p->region_count = 11;
    p->function_count = 2;
    p->irq_count = 2;
    p->image_count = 4;
    p->channel_count = 2;
    good_board(p);
    good_zone(p, 0, "linux0", RAM + 64 * MIB);
    good_zone(p, 1, "motor", RAM + 128 * MIB);
    p->cpu[4] = (struct plan_cpu){ 0x100000301, PLAN_NONE, 0 };
    good_channel(p, 0, "one", RAM + 48 * MIB);
    good_channel(p, 1, "two", RAM + 49 * MIB);
    good_control(p);
}

void plan_gicv2(struct plan *p)
{
    struct plan_board *b = &p->board;

    b->gic_version = 2;
    b->gicr_hpa = b->gicr_size = 0;
    b->gicc_hpa = 0x8010000;
    b->gich_hpa = 0x8030000;
    b->gicv_hpa = 0x8040000;
    b->gicc_size = b->gich_size = b->gicv_size = 0x10000;
    for (uint32_t i = 0; i < p->zone_count; i++) {
        p->zone[i].gicr_gpa = 0;
        p->zone[i].gicc_gpa = 0x8010000;
        p->zone[i].its_gpa = 0;
    }
    b->its_hpa = b->its_size = 0;
    for (uint32_t i = 0; i < p->function_count; i++) {
        p->function[i].device = p->function[i].events = 0;
    }
}
