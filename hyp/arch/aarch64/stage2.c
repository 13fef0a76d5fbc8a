/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 table entries and translation maintenance (Arm DDI 0487, D8.3 and D8.14). */
#include "el2.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "pt.h"

const struct pt_fmt arch_pt_fmt = {
    .levels = 3, /* the manual's levels 1 to 3 */
    .root_entries = 1024,
    .index_bits = 9,
    .leaf_shift = { 30, 21, 12 },
};

uint64_t arch_pte_make(const struct pt_leaf *leaf, unsigned level)
{
    uint64_t type = level + 1 == arch_pt_fmt.levels ? PTE_PAGE_OR_TABLE : PTE_BLOCK;
    uint64_t attributes = leaf->device ? S2_ATTR_DEVICE : S2_ATTR_NORMAL;

    return put(PTE_TYPE, type) | put(S2_MEMATTR, attributes) | put(S2_AP_READ, 1) |
           put(S2_AP_WRITE, leaf->write) | put(PTE_SH, leaf->device ? 0 : PTE_INNER_SHAREABLE) |
           put(PTE_AF, 1) | (leaf->pa.v & field_mask(PTE_ADDR)) | put(PTE_XN, !leaf->exec);
}

uint64_t arch_pte_table(hpa_t table)
{
    return put(PTE_TYPE, PTE_PAGE_OR_TABLE) | (table.v & field_mask(PTE_ADDR));
}

struct pt_leaf arch_pte_parse(uint64_t pte, unsigned level)
{
    struct pt_leaf leaf = { .type = PT_NONE, .pa = hpa(pte & field_mask(PTE_ADDR)) };
    bool last = level + 1 == arch_pt_fmt.levels;

    if (get(PTE_TYPE, pte) == PTE_PAGE_OR_TABLE) {
        leaf.type = last ? PT_LEAF : PT_TABLE;
    } else if (get(PTE_TYPE, pte) == PTE_BLOCK && !last) {
        leaf.type = PT_LEAF;
    }
    if (leaf.type == PT_LEAF) {
        leaf.write = get(S2_AP_WRITE, pte) != 0;
        leaf.exec = get(PTE_XN, pte) == 0;
        leaf.device = get(S2_MEMATTR, pte) != S2_ATTR_NORMAL;
    }
    return leaf;
}

void arch_s2_activate(struct zone *zone, hpa_t root)
{
    /* VMID 0 is nobody's, so that a CPU without a zone never hits a zone's translations. */
    zone->arch.vttbr = root.v | put(VTTBR_VMID, zone->id + 1);
    zone->arch.dma_vttbr = zone->arch.vttbr;
    dsb_ishst();
}

/* Only on CPUs of the zone: others hold no translation with its VMID that could be used. */
void arch_s2_flush(struct zone *zone)
{
    uint64_t before = rd_vttbr_el2();

    wr_vttbr_el2(zone->arch.vttbr);
    isb();
    tlbi_vmalls12e1is();
    dsb_ish();
    isb();
    wr_vttbr_el2(before);
    isb();
}
