/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on zones, their memory, devices, interrupts and images. Never writes. */
#include "abi/boot.h"
#include "lib/field.h"
#include "lib/plan_rule.h"

FIELD(PLAN_ZONE_DMA, 0, 1);
FIELD(PLAN_ZONE_KNOWN, 0, 4);
FIELD(PLAN_IRQ_KNOWN, 0, 1);

_Static_assert((PLAN_ZONE_DMA_TRUSTED | PLAN_ZONE_DEBUG_DENIED | PLAN_ZONE_IRQ_DIRECT |
                PLAN_ZONE_MANUAL) == 15,
               "PLAN_ZONE_KNOWN covers the flags");
_Static_assert(PLAN_ZONE_DMA_TRUSTED == 1, "PLAN_ZONE_DMA is the flag");
_Static_assert(PLAN_IRQ_EDGE == 1, "PLAN_IRQ_KNOWN covers the flags");

/* --- zones ----------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool plan_name_is_valid(const char name[PLAN_NAME_SIZE])
{
    uint32_t i = 0;

    while (i < PLAN_NAME_SIZE && is_name_char(name[i])) {
        i++;
    }
    if (i == 0 || i == PLAN_NAME_SIZE) {
        return false;
    }
    while (i < PLAN_NAME_SIZE && name[i] == 0) {
        i++;
    }
    return i == PLAN_NAME_SIZE;
}

bool plan_name_is_same(const char a[PLAN_NAME_SIZE], const char b[PLAN_NAME_SIZE])
{
    for (uint32_t i = 0; i < PLAN_NAME_SIZE; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

bool plan_rule_zone_name(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return plan_name_is_valid(p->zone[a].name);
}

bool plan_rule_zone_name_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return !plan_name_is_same(p->zone[a].name, p->zone[b].name);
}

bool plan_rule_zone_role(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return p->zone[a].role <= PLAN_ROLE_REALTIME;
}

bool plan_rule_zone_zero_single(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->zone[a].role != PLAN_ROLE_ZONE0 || p->zone[b].role != PLAN_ROLE_ZONE0;
}

bool plan_rule_zone_reserved(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_zone *z = &p->zone[a];

    (void)b;
    return z->reserved == 0 && put(PLAN_ZONE_KNOWN, z->flags) == z->flags;
}

bool plan_rule_zone_console(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_zone *z = &p->zone[a];

    (void)b;
    if (z->console == PLAN_CONSOLE_EMULATED) {
        return is_between(z->vuart_intid, INTID_SPI_FIRST, INTID_SPI_LAST);
    }
    return z->console <= PLAN_CONSOLE_PASSTHROUGH && z->vuart_gpa == 0 && z->vuart_intid == 0;
}

/* With cpu-owner and cpu-vcpu-unique this makes the indices of a zone exactly 0 .. n-1. */
bool plan_rule_zone_cpus(const struct plan *p, uint32_t a, uint32_t b)
{
    uint32_t owned = 0;

    (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_CPU); i++) {
        owned += p->cpu[i].zone == a ? 1 : 0;
    }
    return owned != 0 && owned == p->zone[a].vcpu_count;
}

bool plan_rule_zone_ram(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_REGION); i++) {
        if (plan_ram_of(p, i, a)) {
            return true;
        }
    }
    return false;
}

bool plan_rule_zone_entry(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return is_aligned(p->zone[a].entry, 4) && plan_in_zone_ram(p, a, p->zone[a].entry, 4);
}

bool plan_rule_zone_dtb(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return is_aligned(p->zone[a].dtb, 8) && plan_in_zone_ram(p, a, p->zone[a].dtb, 8);
}

bool plan_rule_zone_boot_info(const struct plan *p, uint32_t a, uint32_t b)
{
    uint64_t at = p->zone[a].boot_info;

    (void)b;
    return at == 0 || (is_aligned(at, 8) && plan_in_zone_ram(p, a, at, sizeof(struct boot_info)));
}

bool plan_rule_window_range(const struct plan *p, uint32_t a, uint32_t b)
{
    static const uint64_t align[PLAN_WINDOWS] = {
        [PLAN_WINDOW_GICD] = PLAN_GICD_SIZE,    [PLAN_WINDOW_GICR] = PLAN_GICD_SIZE,
        [PLAN_WINDOW_VUART] = SIZE_4K,          [PLAN_WINDOW_ECAM] = PLAN_PCI_ECAM_SIZE,
        [PLAN_WINDOW_PCI] = PLAN_PCI_ECAM_SIZE, [PLAN_WINDOW_HOST] = PLAN_PCI_ECAM_SIZE,
        [PLAN_WINDOW_GICC] = SIZE_4K,           [PLAN_WINDOW_ITS] = PLAN_ITS_FRAME,
        [PLAN_WINDOW_VIRTIO] = SIZE_4K,
    };
    bool is_small = a % PLAN_WINDOWS == PLAN_WINDOW_GICD && plan_is_gicv2(p);
    uint64_t at, size;

    (void)b;
    return !plan_window_range(p, a, &at, &size) ||
           (is_aligned(at, is_small ? SIZE_4K : align[a % PLAN_WINDOWS]) &&
            (size == 0 || range_inside(0, PLAN_IPA_LIMIT, at, size)));
}

bool plan_rule_window_overlap(const struct plan *p, uint32_t a, uint32_t b)
{
    uint64_t a_at, a_size, b_at, b_size;

    return a / PLAN_WINDOWS != b / PLAN_WINDOWS || !plan_window_range(p, a, &a_at, &a_size) ||
           !plan_window_range(p, b, &b_at, &b_size) || !ranges_clash(a_at, a_size, b_at, b_size);
}

bool plan_rule_window_region(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[b];
    uint64_t at, size;

    return a / PLAN_WINDOWS != r->zone || !plan_window_range(p, a, &at, &size) ||
           !ranges_clash(at, size, r->gpa, r->size);
}

/* --- memory and devices of zones ------------------------------------------------------------- */

bool plan_rule_region_kind(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return plan_has_zone(p, p->region[a].zone) && p->region[a].kind <= PLAN_REGION_CONTROL &&
           p->region[a].reserved == 0;
}

bool plan_rule_region_size(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return p->region[a].size != 0;
}

bool plan_rule_region_wrap(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];

    (void)b;
    return r->size == 0 || (range_is_valid(r->gpa, r->size) && range_is_valid(r->hpa, r->size));
}

bool plan_rule_region_align(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];
    uint64_t to = r->kind == PLAN_REGION_DEVICE ? SIZE_4K : SIZE_2M;

    (void)b;
    return is_aligned(r->gpa, to) && is_aligned(r->hpa, to) && is_aligned(r->size, to);
}

bool plan_rule_region_limit(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];

    (void)b;
    return !range_is_valid(r->gpa, r->size) || !range_is_valid(r->hpa, r->size) ||
           (range_inside(0, PLAN_IPA_LIMIT, r->gpa, r->size) &&
            range_inside(0, PLAN_HPA_LIMIT, r->hpa, r->size));
}

bool plan_rule_region_board(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];

    (void)b;
    return r->kind == PLAN_REGION_DEVICE || !range_is_valid(r->hpa, r->size) ||
           plan_in_board_ram(p, r->hpa, r->size);
}

bool plan_rule_device_ram(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];

    return r->kind != PLAN_REGION_DEVICE ||
           !ranges_clash(r->hpa, r->size, p->board.ram[b].hpa, p->board.ram[b].size);
}

bool plan_rule_device_fixed(const struct plan *p, uint32_t a, uint32_t b)
{
    uint64_t base, size;

    return !plan_fixed_range(p, b, &base, &size) ||
           !ranges_clash(p->region[a].hpa, p->region[a].size, base, size);
}

bool plan_rule_region_hyp(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return !ranges_clash(p->region[a].hpa, p->region[a].size, p->hyp_hpa, p->hyp_size);
}

bool plan_rule_region_overlap(const struct plan *p, uint32_t a, uint32_t b)
{
    return plan_is_pooled(p, a, b) || plan_is_pooled(p, b, a) ||
           !ranges_clash(p->region[a].hpa, p->region[a].size, p->region[b].hpa, p->region[b].size);
}

bool plan_rule_region_gpa(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->region[a].zone != p->region[b].zone ||
           !ranges_clash(p->region[a].gpa, p->region[a].size, p->region[b].gpa, p->region[b].size);
}

/* A device that no IOMMU contains uses machine addresses: the zone's must be the same. */
bool plan_rule_dma_identity(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_region *r = &p->region[a];

    (void)b;
    return r->kind != PLAN_REGION_RAM || !plan_has_zone(p, r->zone) || r->gpa == r->hpa ||
           get(PLAN_ZONE_DMA, p->zone[r->zone].flags) == 0;
}

/* --- interrupts ------------------------------------------------------------------------------ */

bool plan_rule_irq_intid(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return is_between(p->irq[a].intid, INTID_SPI_FIRST, INTID_SPI_LAST);
}

bool plan_rule_irq_reserved(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_irq *irq = &p->irq[a];

    (void)b;
    return plan_has_zone(p, irq->zone) && irq->reserved == 0 &&
           put(PLAN_IRQ_KNOWN, irq->flags) == irq->flags;
}

bool plan_rule_irq_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->irq[a].intid != p->irq[b].intid;
}

bool plan_rule_irq_uart(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return p->board.uart_hpa == 0 || p->irq[a].intid != p->board.uart_intid;
}

bool plan_rule_irq_vuart(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->irq[a].zone != b || p->zone[b].console != PLAN_CONSOLE_EMULATED ||
           p->irq[a].intid != p->zone[b].vuart_intid;
}

/* --- images ---------------------------------------------------------------------------------- */

bool plan_rule_image_reserved(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return plan_has_zone(p, p->image[a].zone) && p->image[a].reserved == 0;
}

bool plan_rule_image_source(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_image *image = &p->image[a];

    (void)b;
    return is_aligned(image->offset, 8) &&
           range_inside(0, p->image_size, image->offset, image->size);
}

bool plan_rule_image_ram(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_image *image = &p->image[a];

    (void)b;
    return image->size == 0 || plan_in_zone_ram(p, image->zone, image->gpa, image->size);
}

bool plan_rule_image_overlap(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->image[a].zone != p->image[b].zone ||
           !ranges_clash(p->image[a].gpa, p->image[a].size, p->image[b].gpa, p->image[b].size);
}
