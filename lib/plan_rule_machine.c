/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on the plan as a whole, the board, the hypervisor's memory, and CPUs. Never writes. */
#include "lib/field.h"
#include "lib/plan_rule.h"

FIELD(MPIDR_AFF_2_0, 0, 24);
FIELD(MPIDR_AFF_3, 32, 8);

/* --- the table as a whole -------------------------------------------------------------------- */

bool plan_rule_magic(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->magic == PLAN_MAGIC;
}

bool plan_rule_version(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->version == PLAN_VERSION;
}

bool plan_rule_size(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->size == sizeof(struct plan);
}

bool plan_rule_zone_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return is_between(p->zone_count, 1, PLAN_MAX_ZONES);
}

bool plan_rule_cpu_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return is_between(p->cpu_count, 1, PLAN_MAX_CPUS);
}

bool plan_rule_ram_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return is_between(p->board.ram_count, 1, PLAN_MAX_RAM);
}

bool plan_rule_region_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->region_count <= PLAN_MAX_REGIONS;
}

bool plan_rule_irq_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->irq_count <= PLAN_MAX_IRQS;
}

bool plan_rule_image_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->image_count <= PLAN_MAX_IMAGES;
}

bool plan_rule_channel_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->channel_count <= PLAN_MAX_CHANNELS;
}

bool plan_rule_function_count(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->function_count <= PLAN_MAX_FUNCTIONS;
}

bool plan_rule_log_level(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->log_level <= 3;
}

/* --- the board ------------------------------------------------------------------------------- */

bool plan_rule_gic_version(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return is_between(p->board.gic_version, 2, 3);
}

/* GICv2 names its CPUs by the bits of a byte. */
bool plan_rule_gic_cpus(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return !plan_is_gicv2(p) || p->cpu_count <= PLAN_GICV2_CPUS;
}

bool plan_rule_conduit(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->board.conduit == PLAN_CONDUIT_SMC; /* HVC in EL2 would call ourselves */
}

bool plan_rule_ppi(const struct plan *p, uint32_t a, uint32_t b)
{
    const uint32_t ppi[] = { p->board.maintenance_intid, p->board.hyp_timer_intid,
                             p->board.virt_timer_intid, p->board.phys_timer_intid };

    (void)a, (void)b;
    for (uint32_t i = 0; i < ARRAY_COUNT(ppi); i++) {
        if (!is_between(ppi[i], INTID_PPI_FIRST, INTID_PPI_LAST)) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (ppi[i] == ppi[j]) {
                return false;
            }
        }
    }
    return true;
}

bool plan_rule_uart_intid(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->board.uart_hpa == 0 ||
           is_between(p->board.uart_intid, INTID_SPI_FIRST, INTID_SPI_LAST);
}

bool plan_rule_fixed_range(const struct plan *p, uint32_t a, uint32_t b)
{
    const uint64_t least[PLAN_FIXED_COUNT] = {
        [PLAN_FIXED_GICD] = plan_is_gicv2(p) ? PLAN_GICD2_SIZE : PLAN_GICD_SIZE,
        [PLAN_FIXED_GICR] = PLAN_GICR_SIZE * plan_count(p, PLAN_OBJECT_CPU),
        [PLAN_FIXED_GICC] = PLAN_GICC_SIZE,
        [PLAN_FIXED_GICH] = PLAN_GICH_SIZE,
        [PLAN_FIXED_GICV] = PLAN_GICC_SIZE,
        [PLAN_FIXED_UART] = PLAN_UART_SIZE,
        [PLAN_FIXED_SMMU] = PLAN_SMMU_SIZE,
        [PLAN_FIXED_ECAM] = PLAN_PCI_ECAM_ALL,
        [PLAN_FIXED_ITS] = PLAN_ITS_SIZE,
    };
    uint64_t base, size;

    (void)b;
    if (!plan_fixed_range(p, a, &base, &size)) {
        return true;
    }
    return size >= least[a] && range_inside(0, PLAN_HPA_LIMIT, base, size) &&
           is_aligned(base, SIZE_4K) && is_aligned(size, SIZE_4K);
}

bool plan_rule_fixed_overlap(const struct plan *p, uint32_t a, uint32_t b)
{
    uint64_t a_base, a_size, b_base, b_size;

    return !plan_fixed_range(p, a, &a_base, &a_size) || !plan_fixed_range(p, b, &b_base, &b_size) ||
           !ranges_clash(a_base, a_size, b_base, b_size);
}

bool plan_rule_fixed_ram(const struct plan *p, uint32_t a, uint32_t b)
{
    uint64_t base, size;

    return !plan_fixed_range(p, a, &base, &size) ||
           !ranges_clash(base, size, p->board.ram[b].hpa, p->board.ram[b].size);
}

bool plan_rule_ram_range(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_ram *ram = &p->board.ram[a];

    (void)b;
    return range_inside(0, PLAN_HPA_LIMIT, ram->hpa, ram->size) && is_aligned(ram->hpa, SIZE_4K) &&
           is_aligned(ram->size, SIZE_4K);
}

bool plan_rule_ram_overlap(const struct plan *p, uint32_t a, uint32_t b)
{
    return !ranges_clash(p->board.ram[a].hpa, p->board.ram[a].size, p->board.ram[b].hpa,
                         p->board.ram[b].size);
}

/* --- the hypervisor's own memory ------------------------------------------------------------- */

bool plan_rule_hyp_range(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return range_is_valid(p->hyp_hpa, p->hyp_size) && is_aligned(p->hyp_hpa, SIZE_2M) &&
           is_aligned(p->hyp_size, SIZE_2M) && p->hyp_hpa + (p->hyp_size - 1) < PLAN_HYP_LIMIT;
}

bool plan_rule_hyp_ram(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return !range_is_valid(p->hyp_hpa, p->hyp_size) ||
           plan_in_board_ram(p, p->hyp_hpa, p->hyp_size);
}

bool plan_rule_hyp_image(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return p->image_size > sizeof(struct plan) && is_aligned(p->image_hpa, SIZE_2M) &&
           range_inside(p->hyp_hpa, p->hyp_size, p->image_hpa, p->image_size);
}

bool plan_rule_hyp_pool(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    return !range_inside(p->hyp_hpa, p->hyp_size, p->image_hpa, p->image_size) ||
           p->hyp_size - (p->image_hpa - p->hyp_hpa) - p->image_size >= PLAN_POOL_LEAST;
}

/* --- CPUs ------------------------------------------------------------------------------------ */

bool plan_rule_cpu_hw_id(const struct plan *p, uint32_t a, uint32_t b)
{
    uint64_t id = p->cpu[a].hw_id;

    (void)b;
    return (put(MPIDR_AFF_2_0, get(MPIDR_AFF_2_0, id)) | put(MPIDR_AFF_3, get(MPIDR_AFF_3, id))) ==
           id;
}

bool plan_rule_cpu_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->cpu[a].hw_id != p->cpu[b].hw_id;
}

bool plan_rule_cpu_owner(const struct plan *p, uint32_t a, uint32_t b)
{
    const struct plan_cpu *cpu = &p->cpu[a];

    (void)b;
    if (cpu->zone == PLAN_NONE) {
        return cpu->vcpu == 0;
    }
    return plan_has_zone(p, cpu->zone) && cpu->vcpu < p->zone[cpu->zone].vcpu_count;
}

bool plan_rule_cpu_vcpu_unique(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->cpu[a].zone == PLAN_NONE || p->cpu[a].zone != p->cpu[b].zone ||
           p->cpu[a].vcpu != p->cpu[b].vcpu;
}
