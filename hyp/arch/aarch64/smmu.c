/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the machine's SMMUv3 (Arm IHI 0070). Devices reach a zone's memory through the zone's own
 * stage 2 tables, or nothing: an entry is only ever changed between blocked and that.
 */
#include "smmu.h"

#include "el2.h"
#include "gic.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/log.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"

FIELD(VTCR_SHAPE, 0, 16);

#define SPIN_MAX     1000000u /* polls of a register that changes within microseconds */
#define WRITE_BACK   0x35u    /* inner shareable, write-back in both cacheabilities */
#define STREAMS_LOG2 10u
#define CMD_WORDS    2u

_Static_assert(PLAN_MAX_STREAMS == 1u << STREAMS_LOG2, "one linear table for all streams");

/* Set up at boot; the queues and entries are written under `lock`, which is taken inside none. */
static struct {
    uintptr_t base; /* mapped; 0: no SMMU is used */
    uint64_t (*table)[STE_WORDS];
    uint64_t (*commands)[CMD_WORDS];
    volatile uint64_t (*events)[EVENT_WORDS];
    uint32_t cmd_prod, event_cons;
    uint64_t oas;
    bool failed; /* it did not finish a command: nothing is known of it any more */
    struct lock lock;
} smmu;

/* --- formats --------------------------------------------------------------------------------- */

uint32_t smmu_queue_slot(uint32_t index, unsigned log2)
{
    return index & (BIT32(log2) - 1);
}

uint32_t smmu_queue_next(uint32_t index, unsigned log2)
{
    return (index + 1) & (BIT32(log2 + 1) - 1);
}

void smmu_ste_abort(uint64_t ste[STE_WORDS])
{
    ste[0] = put(STE_V, 1) | put(STE_CONFIG, STE_CONFIG_ABORT);
    for (unsigned i = 1; i < STE_WORDS; i++) {
        ste[i] = 0;
    }
}

void smmu_ste_stage2(uint64_t ste[STE_WORDS], uint64_t vttbr, uint64_t vtcr, uint64_t oas)
{
    uint64_t ps = get(VTCR_PS, vtcr);

    ste[0] = put(STE_V, 1) | put(STE_CONFIG, STE_CONFIG_STAGE2);
    ste[1] = put(STE_SHCFG, STE_SHCFG_INCOMING);
    ste[2] = put(STE_S2VMID, get(VTTBR_VMID, vttbr)) | put(STE_S2SHAPE, get(VTCR_SHAPE, vtcr)) |
             put(STE_S2PS, ps < oas ? ps : oas) | put(STE_S2AA64, 1) | put(STE_S2PTW, 1) |
             put(STE_S2R, 1);
    ste[3] = put(VTTBR_BADDR, get(VTTBR_BADDR, vttbr));
    for (unsigned i = 4; i < STE_WORDS; i++) {
        ste[i] = 0;
    }
}

/* --- commands -------------------------------------------------------------------------------- */

/* All commands are waited for one by one: the queue never holds more than one. */
static enum err command(uint64_t word0, uint64_t word1)
{
    uint64_t *slot = smmu.commands[smmu_queue_slot(smmu.cmd_prod, SMMU_CMDQ_LOG2)];

    if (smmu.failed) {
        return ERR_BUSY;
    }
    slot[0] = word0;
    slot[1] = word1;
    dsb_ishst();
    smmu.cmd_prod = smmu_queue_next(smmu.cmd_prod, SMMU_CMDQ_LOG2);
    mmio_wr32(smmu.base, SMMU_CMDQ_PROD, smmu.cmd_prod);
    for (unsigned i = 0; i < SPIN_MAX; i++) {
        if (mmio_rd32(smmu.base, SMMU_CMDQ_CONS) == smmu.cmd_prod) {
            return OK;
        }
        cpu_relax();
    }
    smmu.failed = true;
    return ERR_BUSY;
}

static enum err command_sync(void)
{
    return command(put(CMD_OP, CMD_SYNC), 0); /* consumed when all before it has taken effect */
}

/* --- streams --------------------------------------------------------------------------------- */

/* What was cached of the entry is gone when it returns. Lock held. */
static enum err stream_changed(uint32_t stream)
{
    dsb_ishst();
    if (command(put(CMD_OP, CMD_CFGI_STE) | put(CMD_SID, stream), put(CMD_LEAF, 1)) != OK) {
        return ERR_BUSY;
    }
    return command_sync();
}

/* The word that makes the entry valid for stage 2 comes last, and goes first. Lock held. */
static enum err stream_open(const struct zone *zone, uint32_t stream)
{
    uint64_t ste[STE_WORDS];
    volatile uint64_t *entry = smmu.table[stream];

    smmu_ste_stage2(ste, zone->arch.dma_vttbr, rd_vtcr_el2(), smmu.oas);
    for (unsigned i = 1; i < STE_WORDS; i++) {
        entry[i] = ste[i];
    }
    if (stream_changed(stream) != OK) {
        return ERR_BUSY;
    }
    entry[0] = ste[0];
    return stream_changed(stream);
}

static enum err stream_block(uint32_t stream)
{
    volatile uint64_t *entry = smmu.table[stream];
    uint64_t ste[STE_WORDS];

    smmu_ste_abort(ste);
    entry[0] = ste[0];
    if (stream_changed(stream) != OK) {
        return ERR_BUSY;
    }
    for (unsigned i = 1; i < STE_WORDS; i++) {
        entry[i] = ste[i];
    }
    return OK;
}

static enum err block_all(const struct zone *zone)
{
    for (uint32_t i = 0; i < the_plan->function_count; i++) {
        const struct plan_function *f = &the_plan->function[i];

        if (f->zone == zone->id && stream_block(f->stream) != OK) {
            return ERR_BUSY;
        }
    }
    if (command(put(CMD_OP, CMD_TLBI_S12_VMALL) |
                    put(CMD_VMID, get(VTTBR_VMID, zone->arch.dma_vttbr)),
                0) != OK) {
        return ERR_BUSY;
    }
    return command_sync();
}

enum err arch_iommu_attach(struct zone *zone)
{
    enum err result = OK;

    if (smmu.base == 0) {
        return OK;
    }
    lock_take(&smmu.lock);
    zone->arch.dma_faults = 0;
    zone->arch.dma_last = 0;
    for (uint32_t i = 0; i < the_plan->function_count && result == OK; i++) {
        if (the_plan->function[i].zone == zone->id) {
            result = stream_open(zone, the_plan->function[i].stream);
        }
    }
    lock_give(&smmu.lock);
    return result;
}

enum err arch_iommu_detach(struct zone *zone)
{
    enum err result;

    if (smmu.base == 0 || zone->plan->host_size == 0) {
        return OK;
    }
    lock_take(&smmu.lock);
    result = block_all(zone);
    lock_give(&smmu.lock);
    return result;
}

/* --- events ---------------------------------------------------------------------------------- */

static struct zone *zone_of(uint32_t stream)
{
    for (uint32_t i = 0; i < the_plan->function_count; i++) {
        if (the_plan->function[i].stream == stream) {
            return &zones[the_plan->function[i].zone];
        }
    }
    return NULL;
}

/* A transfer is many accesses: those to one page are told once. */
static bool is_news(struct zone *zone, const uint64_t event[EVENT_WORDS])
{
    uint64_t now = put(EVENT_PAGE, get(EVENT_PAGE, event[2])) | (get(EVENT_READ, event[1]) + 1);
    bool news = zone->arch.dma_last != now;

    zone->arch.dma_last = now;
    return news;
}

/* A device that goes on is cut off, so that it cannot keep this CPU busy. Lock held. */
static void event_report(const uint64_t event[EVENT_WORDS])
{
    uint32_t stream = (uint32_t)get(EVENT_SID, event[0]);
    struct zone *zone = zone_of(stream);

    if (!zone) {
        LOG(LOG_WARN, "event of a stream without owner", LOG_HEX("stream", stream),
            LOG_HEX("type", get(EVENT_TYPE, event[0])));
        return;
    }
    if (is_news(zone, event) && log_budget_take(&zone->dma_budget, zone)) {
        LOG(LOG_WARN, "DMA blocked", LOG_ZONE(zone), LOG_HEX("address", event[2]),
            LOG_STR("access", get(EVENT_READ, event[1]) != 0 ? "read" : "write"),
            LOG_HEX("stream", stream), LOG_HEX("type", get(EVENT_TYPE, event[0])));
    }
    if (++zone->arch.dma_faults == SMMU_FAULTS_MAX) {
        LOG(LOG_ERROR, "too many blocked DMA accesses: the zone's devices are cut off",
            LOG_ZONE(zone));
        if (block_all(zone) != OK) {
            LOG0(LOG_ERROR, "SMMU does not answer");
        }
    }
}

void arch_iommu_events(void)
{
    uint32_t prod;

    lock_take(&smmu.lock);
    prod = mmio_rd32(smmu.base, SMMU_EVENTQ_PROD);
    for (unsigned i = 0; i < BIT32(SMMU_EVENTQ_LOG2); i++) {
        uint64_t event[EVENT_WORDS];
        uint32_t slot = smmu_queue_slot(smmu.event_cons, SMMU_EVENTQ_LOG2);

        if (smmu.event_cons == with(EVENTQ_OVERFLOW, prod, 0)) {
            break;
        }
        for (unsigned word = 0; word < EVENT_WORDS; word++) {
            event[word] = smmu.events[slot][word];
        }
        smmu.event_cons = smmu_queue_next(smmu.event_cons, SMMU_EVENTQ_LOG2);
        event_report(event);
    }
    /* Lost events are acknowledged: nothing follows from them. */
    mmio_wr32(smmu.base, SMMU_EVENTQ_CONS,
              (uint32_t)with(EVENTQ_OVERFLOW, smmu.event_cons, get(EVENTQ_OVERFLOW, prod)));
    lock_give(&smmu.lock);
}

void arch_iommu_report_to(const struct pcpu *cpu)
{
    if (smmu.base != 0) {
        gic.iommu = the_plan->board.smmu_event_intid;
        arch_pirq_assign(gic.iommu, cpu);
        gic_set_edge(gic.iommu, true);
        arch_iommu_events();
    }
}

/* --- into service ---------------------------------------------------------------------------- */

static bool settle(uint64_t ack, uint32_t value)
{
    for (unsigned i = 0; i < SPIN_MAX; i++) {
        if (mmio_rd32(smmu.base, ack) == value) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

static bool cr0_set(uint64_t value)
{
    mmio_wr32(smmu.base, SMMU_CR0, (uint32_t)value);
    return settle(SMMU_CR0ACK, (uint32_t)value);
}

static const char *features_check(uintptr_t base)
{
    uint32_t idr0 = mmio_rd32(base, SMMU_IDR0), idr1 = mmio_rd32(base, SMMU_IDR1);
    uint32_t idr5 = mmio_rd32(base, SMMU_IDR5);

    if (get(IDR0_S2P, idr0) == 0) {
        return "the machine's SMMU has no stage 2";
    }
    if (get(IDR0_TTF_AARCH64, idr0) == 0 || get(IDR5_GRAN4K, idr5) == 0) {
        return "the machine's SMMU does not know our tables";
    }
    if (get(IDR0_COHACC, idr0) == 0) {
        return "the machine's SMMU does not see the caches";
    }
    if (get(IDR1_PRESET, idr1) != 0 || get(IDR1_SIDSIZE, idr1) < STREAMS_LOG2 ||
        get(IDR1_CMDQS, idr1) < SMMU_CMDQ_LOG2 || get(IDR1_EVENTQS, idr1) < SMMU_EVENTQ_LOG2) {
        return "the machine's SMMU has too small queues or tables";
    }
    smmu.oas = get(IDR5_OAS, idr5);
    return NULL;
}

/* Nothing passes while it is off: from here on until a zone is given a stream. */
static bool turn_off(void)
{
    if (!cr0_set(0)) {
        return false;
    }
    mmio_wr32(smmu.base, SMMU_GBPA, (uint32_t)(put(GBPA_UPDATE, 1) | put(GBPA_ABORT, 1)));
    for (unsigned i = 0; i < SPIN_MAX; i++) {
        if (get(GBPA_UPDATE, mmio_rd32(smmu.base, SMMU_GBPA)) == 0) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

static void memory_take(void)
{
    smmu.table = pool_take(PLAN_MAX_STREAMS * sizeof(*smmu.table),
                           PLAN_MAX_STREAMS * sizeof(*smmu.table));
    smmu.commands = pool_take(sizeof(*smmu.commands) * BIT32(SMMU_CMDQ_LOG2), SIZE_4K);
    smmu.events = pool_take(sizeof(*smmu.events) * BIT32(SMMU_EVENTQ_LOG2), SIZE_4K);
    for (unsigned i = 0; i < PLAN_MAX_STREAMS; i++) {
        smmu_ste_abort(smmu.table[i]);
    }
    dsb_ishst();
}

static void base_set(uint64_t offset, const void *memory, uint64_t log2)
{
    mmio_wr64(smmu.base, offset, pool_pa(memory).v | put(BASE_ALLOCATE, 1) | put(BASE_LOG2, log2));
}

static bool turn_on(void)
{
    uint64_t cr0 = put(CR0_CMDQEN, 1);

    mmio_wr32(smmu.base, SMMU_CR1,
              (uint32_t)(put(CR1_QUEUE, WRITE_BACK) | put(CR1_TABLE, WRITE_BACK)));
    mmio_wr32(smmu.base, SMMU_CR2, (uint32_t)(put(CR2_RECINVSID, 1) | put(CR2_PTM, 1)));
    base_set(SMMU_STRTAB_BASE, smmu.table, 0);
    mmio_wr32(smmu.base, SMMU_STRTAB_BASE_CFG, STREAMS_LOG2);
    base_set(SMMU_CMDQ_BASE, smmu.commands, SMMU_CMDQ_LOG2);
    mmio_wr32(smmu.base, SMMU_CMDQ_PROD, 0);
    mmio_wr32(smmu.base, SMMU_CMDQ_CONS, 0);
    base_set(SMMU_EVENTQ_BASE, (const void *)(uintptr_t)smmu.events, SMMU_EVENTQ_LOG2);
    mmio_wr32(smmu.base, SMMU_EVENTQ_PROD, 0);
    mmio_wr32(smmu.base, SMMU_EVENTQ_CONS, 0);
    if (!cr0_set(cr0) || command(put(CMD_OP, CMD_CFGI_ALL), field_mask(CMD_RANGE)) != OK ||
        command(put(CMD_OP, CMD_TLBI_EL2_ALL), 0) != OK ||
        command(put(CMD_OP, CMD_TLBI_NSNH_ALL), 0) != OK || command_sync() != OK) {
        return false;
    }
    mmio_wr32(smmu.base, SMMU_IRQ_CTRL, (uint32_t)put(IRQ_CTRL_EVENTQ, 1));
    cr0 |= put(CR0_EVENTQEN, 1) | put(CR0_ATSCHK, 1) | put(CR0_SMMUEN, 1);
    return settle(SMMU_IRQ_CTRLACK, (uint32_t)put(IRQ_CTRL_EVENTQ, 1)) && cr0_set(cr0);
}

const char *smmu_init(uintptr_t base)
{
    const char *why = features_check(base);

    if (why != NULL) {
        return why;
    }
    smmu.base = base;
    smmu.failed = false;
    smmu.cmd_prod = smmu.event_cons = 0;
    memory_take();
    if (!turn_off() || !turn_on()) {
        return "the machine's SMMU does not answer";
    }
    return NULL;
}
