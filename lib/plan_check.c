/* SPDX-License-Identifier: Apache-2.0 */
/* Applies the rules of an acceptable plan, and names what they speak of. Only reads the plan. */
#include "lib/plan_check.h"

#include <stddef.h>

#include "lib/field.h"
#include "lib/plan_rule.h"

#define PLAN_RULE_ROW(name, a_kind, b_kind, is_gate, predicate)                                    \
    { name, PLAN_OBJECT_##a_kind, PLAN_OBJECT_##b_kind, is_gate, plan_rule_##predicate },

const struct plan_rule plan_rules[] = { PLAN_RULES(PLAN_RULE_ROW) };

const uint32_t plan_rule_count = ARRAY_COUNT(plan_rules);

uint32_t plan_count(const struct plan *p, enum plan_object kind)
{
    switch (kind) {
    case PLAN_OBJECT_NONE:
    case PLAN_OBJECT_PLAN:
    case PLAN_OBJECT_HYP:
    case PLAN_OBJECT_BOARD: return 1;
    case PLAN_OBJECT_FIXED: return PLAN_FIXED_COUNT;
    case PLAN_OBJECT_RAM: return plan_clamp(p->board.ram_count, PLAN_MAX_RAM);
    case PLAN_OBJECT_CPU: return plan_clamp(p->cpu_count, PLAN_MAX_CPUS);
    case PLAN_OBJECT_ZONE: return plan_clamp(p->zone_count, PLAN_MAX_ZONES);
    case PLAN_OBJECT_WINDOW: return plan_clamp(p->zone_count, PLAN_MAX_ZONES) * PLAN_WINDOWS;
    case PLAN_OBJECT_REGION: return plan_clamp(p->region_count, PLAN_MAX_REGIONS);
    case PLAN_OBJECT_IRQ: return plan_clamp(p->irq_count, PLAN_MAX_IRQS);
    case PLAN_OBJECT_IMAGE: return plan_clamp(p->image_count, PLAN_MAX_IMAGES);
    case PLAN_OBJECT_CHANNEL: return plan_clamp(p->channel_count, PLAN_MAX_CHANNELS);
    case PLAN_OBJECT_SIDE: return plan_clamp(p->channel_count, PLAN_MAX_CHANNELS) * 2;
    case PLAN_OBJECT_FUNCTION: return plan_clamp(p->function_count, PLAN_MAX_FUNCTIONS);
    case PLAN_OBJECT_CONTROL: return p->control.region != 0 ? 1 : 0;
    case PLAN_OBJECT_VIRTIO: return plan_clamp(p->virtio_count, PLAN_MAX_VIRTIO);
    case PLAN_OBJECT_COUNT: break;
    }
    return 0;
}

bool plan_in_zone_ram(const struct plan *p, uint32_t zone, uint64_t at, uint64_t size)
{
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_REGION); i++) {
        if (plan_ram_of(p, i, zone) &&
            range_inside(p->region[i].gpa, p->region[i].size, at, size)) {
            return true;
        }
    }
    return false;
}

bool plan_in_board_ram(const struct plan *p, uint64_t base, uint64_t size)
{
    for (uint32_t i = 0; i < plan_count(p, PLAN_OBJECT_RAM); i++) {
        if (range_inside(p->board.ram[i].hpa, p->board.ram[i].size, base, size)) {
            return true;
        }
    }
    return false;
}

bool plan_window_range(const struct plan *plan, uint32_t window, uint64_t *gpa_base, uint64_t *size)
{
    const struct plan_zone *z = &plan->zone[window / PLAN_WINDOWS];
    bool is_v2 = plan_is_gicv2(plan), is_there;
    struct plan_span span = { 0, 0 };

    switch (window % PLAN_WINDOWS) {
    case PLAN_WINDOW_GICD:
        *gpa_base = z->gicd_gpa;
        *size = is_v2 ? PLAN_GICD2_SIZE : PLAN_GICD_SIZE;
        return true;
    case PLAN_WINDOW_GICR:
        *gpa_base = z->gicr_gpa;
        *size = plan_clamp(z->vcpu_count, PLAN_MAX_CPUS) * PLAN_GICR_SIZE;
        return !is_v2;
    case PLAN_WINDOW_GICC:
        *gpa_base = z->gicc_gpa;
        *size = PLAN_GICC_SIZE;
        return is_v2;
    case PLAN_WINDOW_ECAM:
        *gpa_base = z->ecam_gpa;
        *size = PLAN_PCI_ECAM_SIZE;
        return z->ecam_gpa != 0;
    case PLAN_WINDOW_PCI:
        *gpa_base = z->pci_gpa;
        *size = z->pci_size;
        return z->ecam_gpa != 0;
    case PLAN_WINDOW_HOST:
        *gpa_base = plan->board.pci_ecam_hpa;
        *size = PLAN_PCI_ECAM_ALL;
        return z->host_size != 0;
    case PLAN_WINDOW_VIRTIO:
        is_there = plan_virtio_range(plan, window / PLAN_WINDOWS, &span);
        *gpa_base = span.base;
        *size = span.size;
        return is_there;
    case PLAN_WINDOW_ITS:
        *gpa_base = z->its_gpa;
        *size = PLAN_ITS_SIZE;
        return z->its_gpa != 0;
    default:
        *gpa_base = z->vuart_gpa;
        *size = PLAN_UART_SIZE;
        return z->console == PLAN_CONSOLE_EMULATED;
    }
}

bool plan_fixed_range(const struct plan *plan, uint32_t fixed, uint64_t *hpa_base, uint64_t *size)
{
    const struct plan_board *b = &plan->board;
    bool is_v2 = plan_is_gicv2(plan);

    switch (fixed) {
    case PLAN_FIXED_GICD:
        *hpa_base = b->gicd_hpa;
        *size = b->gicd_size;
        return true;
    case PLAN_FIXED_GICR:
        *hpa_base = b->gicr_hpa;
        *size = b->gicr_size;
        return !is_v2;
    case PLAN_FIXED_GICC:
        *hpa_base = b->gicc_hpa;
        *size = b->gicc_size;
        return is_v2;
    case PLAN_FIXED_GICH:
        *hpa_base = b->gich_hpa;
        *size = b->gich_size;
        return is_v2;
    case PLAN_FIXED_GICV:
        *hpa_base = b->gicv_hpa;
        *size = b->gicv_size;
        return is_v2;
    case PLAN_FIXED_SMMU:
        *hpa_base = b->smmu_hpa;
        *size = b->smmu_size;
        return b->smmu_hpa != 0;
    case PLAN_FIXED_ECAM:
        *hpa_base = b->pci_ecam_hpa;
        *size = PLAN_PCI_ECAM_ALL;
        return b->pci_ecam_hpa != 0;
    case PLAN_FIXED_ITS:
        *hpa_base = b->its_hpa;
        *size = b->its_size;
        return b->its_hpa != 0;
    default:
        *hpa_base = b->uart_hpa;
        *size = PLAN_UART_SIZE;
        return b->uart_hpa != 0;
    }
}

static uint32_t rule_apply(const struct plan_rule *rule, const struct plan *p,
                           struct plan_sink *sink)
{
    uint32_t found = 0;
    uint32_t a_count = plan_count(p, (enum plan_object)rule->a_kind);
    uint32_t b_count = plan_count(p, (enum plan_object)rule->b_kind);

    for (uint32_t a = 0; a < a_count; a++) {
        for (uint32_t b = rule->a_kind == rule->b_kind ? a + 1 : 0; b < b_count; b++) {
            if (rule->holds(p, a, b)) {
                continue;
            }
            found++;
            if (sink != NULL) {
                sink->found(sink, &(struct plan_verdict){
                                      rule->name, { rule->a_kind, a }, { rule->b_kind, b } });
            }
        }
    }
    return found;
}

uint32_t plan_check(const struct plan *plan, struct plan_sink *sink)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < plan_rule_count; i++) {
        uint32_t now = rule_apply(&plan_rules[i], plan, sink);

        found += now;
        if (now != 0 && plan_rules[i].is_gate) {
            break;
        }
    }
    return found;
}

const char *plan_object_name(uint32_t kind)
{
    static const char *const names[PLAN_OBJECT_COUNT] = {
        [PLAN_OBJECT_NONE] = "-",
        [PLAN_OBJECT_PLAN] = "plan",
        [PLAN_OBJECT_HYP] = "hypervisor",
        [PLAN_OBJECT_BOARD] = "board",
        [PLAN_OBJECT_FIXED] = "device",
        [PLAN_OBJECT_RAM] = "ram",
        [PLAN_OBJECT_CPU] = "cpu",
        [PLAN_OBJECT_ZONE] = "zone",
        [PLAN_OBJECT_WINDOW] = "window",
        [PLAN_OBJECT_REGION] = "region",
        [PLAN_OBJECT_IRQ] = "irq",
        [PLAN_OBJECT_IMAGE] = "image",
        [PLAN_OBJECT_CHANNEL] = "channel",
        [PLAN_OBJECT_SIDE] = "side",
        [PLAN_OBJECT_FUNCTION] = "function",
        [PLAN_OBJECT_CONTROL] = "control",
        [PLAN_OBJECT_VIRTIO] = "virtio",
    };

    return kind < PLAN_OBJECT_COUNT ? names[kind] : "?";
}

uint32_t plan_owner(const struct plan *plan, struct plan_ref ref)
{
    uint32_t zone = PLAN_NONE;

    if (ref.kind >= PLAN_OBJECT_COUNT ||
        ref.index >= plan_count(plan, (enum plan_object)ref.kind)) {
        return PLAN_NONE;
    }
    if (ref.kind == PLAN_OBJECT_CPU) {
        zone = plan->cpu[ref.index].zone;
    } else if (ref.kind == PLAN_OBJECT_ZONE) {
        zone = ref.index;
    } else if (ref.kind == PLAN_OBJECT_WINDOW) {
        zone = ref.index / PLAN_WINDOWS;
    } else if (ref.kind == PLAN_OBJECT_REGION) {
        zone = plan->region[ref.index].zone;
    } else if (ref.kind == PLAN_OBJECT_IRQ) {
        zone = plan->irq[ref.index].zone;
    } else if (ref.kind == PLAN_OBJECT_IMAGE) {
        zone = plan->image[ref.index].zone;
    } else if (ref.kind == PLAN_OBJECT_FUNCTION) {
        zone = plan->function[ref.index].zone;
    } else if (ref.kind == PLAN_OBJECT_VIRTIO) {
        zone = plan->virtio[ref.index].zone;
    } else if (ref.kind == PLAN_OBJECT_CONTROL) {
        zone = plan->control.zone;
    } else if (ref.kind == PLAN_OBJECT_SIDE) {
        zone = plan->channel[ref.index / 2].side[ref.index % 2].zone;
    }
    return plan_has_zone(plan, zone) ? zone : PLAN_NONE;
}
