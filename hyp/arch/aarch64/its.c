/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the machine's ITS and the part of redistributors that handles LPIs. A device is known by
 * the number that the bus gives it, so that no zone can write another's messages.
 */
#include "its.h"

#include "gic.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/lock.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"

FIELD(ADDRESS_64K, 16, 35); /* of a redistributor, as a target */
FIELD(ITT_LINE, 8, 44);     /* of an address, as in ITS_ITT */

#define SPIN_MAX     1000000u          /* polls of a register that changes within microseconds */
#define UNIT         UINT64_C(0x10000) /* tables are aligned as the largest page wants it */
#define QUEUE_SIZE   SIZE_4K
#define QUEUE_COUNT  ((uint32_t)(QUEUE_SIZE / sizeof(struct its_command)))
#define ITT_SIZE     (PLAN_MAX_EVENTS * 16u) /* with the largest entry there is */
#define PRIORITY_ALL GIC_PRIORITY_RESET

/* Written at boot; the queue under `lock`, which is taken inside a zone's vgic.lock. */
static struct {
    uintptr_t base; /* mapped; 0: none is used */
    struct its_command *queue;
    uint8_t *property, *pending, (*itt)[ITT_SIZE];
    uint32_t next; /* number of the command to be written */
    bool by_address, failed;
    _Atomic uint32_t ready; /* CPUs that take LPIs */
    struct lock lock;
} its;

/* --- commands -------------------------------------------------------------------------------- */

/* Each is waited for: the queue never holds more than one. Lock held. */
static enum err command(const struct its_command *what)
{
    if (its.failed) {
        return ERR_BUSY;
    }
    its.queue[its.next] = *what;
    dsb_ishst();
    its.next = (its.next + 1) % QUEUE_COUNT;
    mmio_wr64(its.base, GITS_CWRITER, put(QUEUE_OFFSET, its.next));
    for (unsigned i = 0; i < SPIN_MAX; i++) {
        uint64_t read = mmio_rd64(its.base, GITS_CREADR);

        if (get(QUEUE_OFFSET, read) == its.next) {
            return OK;
        }
        if (get(QUEUE_STALLED, read) != 0) {
            break;
        }
        cpu_relax();
    }
    its.failed = true;
    return ERR_BUSY;
}

static uint64_t target_of(const struct pcpu *cpu)
{
    uint64_t address = the_plan->board.gicr_hpa + (cpu->arch.gicr - gic.gicr);

    return its.by_address ? get(ADDRESS_64K, address)
                          : get(GICR_TYPER_NUMBER, mmio_rd64(cpu->arch.gicr, GICR_TYPER));
}

/* The command, and a wait until its effect on the CPU is there. */
static enum err command_done(const struct its_command *what, const struct pcpu *cpu)
{
    struct its_command sync = { { put(ITS_OP, ITS_SYNC), 0, put(ITS_TARGET, target_of(cpu)), 0 } };
    enum err result;

    lock_take(&its.lock);
    result = command(what);
    if (result == OK) {
        result = command(&sync);
    }
    lock_give(&its.lock);
    return result;
}

static uint64_t head(uint64_t op, uint32_t function)
{
    return put(ITS_OP, op) | put(ITS_DEVICE, the_plan->function[function].device);
}

static enum err map_device(uint32_t function, bool valid, const struct pcpu *cpu)
{
    uint64_t itt = pool_pa(its.itt[function]).v;

    return command_done(
        &(struct its_command){ { head(ITS_MAPD, function), put(ITS_SIZE, ITS_EVENT_BITS - 1),
                                 put(ITS_VALID, valid) | put(ITS_ITT, get(ITT_LINE, itt)), 0 } },
        cpu);
}

enum err its_open(uint32_t function, const struct pcpu *cpu)
{
    return map_device(function, true, cpu);
}

enum err its_close(uint32_t function, const struct pcpu *cpu)
{
    return map_device(function, false, cpu);
}

enum err its_event(uint32_t n, const struct pcpu *cpu)
{
    return command_done(&(struct its_command){ { head(ITS_MAPTI, n / PLAN_MAX_EVENTS),
                                                 put(ITS_EVENT, n % PLAN_MAX_EVENTS) |
                                                     put(ITS_INTID, LPI_FIRST + n),
                                                 put(ITS_GROUP, cpu->id), 0 } },
                        cpu);
}

enum err its_discard(uint32_t n, const struct pcpu *cpu)
{
    return command_done(&(struct its_command){ { head(ITS_DISCARD, n / PLAN_MAX_EVENTS),
                                                 put(ITS_EVENT, n % PLAN_MAX_EVENTS), 0, 0 } },
                        cpu);
}

/* --- CPUs ------------------------------------------------------------------------------------ */

bool its_reaches(const struct pcpu *cpu)
{
    return (atomic_load(&its.ready) & BIT32(cpu->id)) != 0;
}

static uint64_t shared(uint64_t address)
{
    return address | put(LPI_INNER, ITS_WRITE_BACK) | put(LPI_SHARE, ITS_INNER_SHAREABLE);
}

/* A redistributor that the firmware has left with LPIs keeps those tables: ours do not go there. */
void its_cpu_init(struct pcpu *cpu)
{
    uintptr_t gicr = cpu->arch.gicr;
    struct its_command group = { { put(ITS_OP, ITS_MAPC), 0, 0, 0 } };
    uint32_t ctlr = mmio_rd32(gicr, GICR_CTLR);

    if (its.base == 0 || get(GICR_CTLR_LPIS, ctlr) != 0) {
        return;
    }
    group.word[2] = put(ITS_VALID, 1) | put(ITS_GROUP, cpu->id) | put(ITS_TARGET, target_of(cpu));
    mmio_wr64(gicr, GICR_PROPBASER,
              shared(pool_pa(its.property).v) | put(LPI_ID_BITS, LPI_BITS - 1));
    mmio_wr64(gicr, GICR_PENDBASER,
              shared(pool_pa(its.pending + cpu->id * UNIT).v) | put(PEND_ZERO, 1));
    dsb_sy();
    mmio_wr32(gicr, GICR_CTLR, ctlr | (uint32_t)put(GICR_CTLR_LPIS, 1));
    dsb_sy();
    if (command_done(&group, cpu) == OK) {
        atomic_fetch_or(&its.ready, BIT32(cpu->id));
    }
}

/* --- into service ---------------------------------------------------------------------------- */

static const char *features_check(uintptr_t base)
{
    uint64_t typer = mmio_rd64(base, GITS_TYPER);
    uint32_t gicd = mmio_rd32(gic.gicd, GICD_TYPER);

    if (get(GITS_TYPER_PHYSICAL, typer) == 0 || get(GICD_TYPER_LPIS, gicd) == 0) {
        return "the machine's ITS has no physical LPIs";
    }
    if (get(GITS_TYPER_EVENTS, typer) + 1 < ITS_EVENT_BITS ||
        get(GITS_TYPER_DEVICES, typer) + 1 < 10 || get(GICD_TYPER_ID_BITS, gicd) + 1 < LPI_BITS) {
        return "the machine's ITS has too small numbers";
    }
    return NULL;
}

/* One unit of memory for each table; pages of what size the machine has. False: it has others. */
static bool table_set(unsigned n, uint8_t *memory)
{
    static const uint64_t page_bits[] = { 12, 14, 16 };
    uint64_t at = GITS_BASER + n * 8u, page;

    /* The largest first: with one page of that size, nothing else needs to be known. */
    for (page = 2; page + 1 != 0; page--) {
        uint64_t value = put(TABLE_VALID, 1) | pool_pa(memory).v | put(TABLE_PAGE, page) |
                         put(TABLE_PAGES, UNIT / BIT64(page_bits[page]) - 1) |
                         put(TABLE_INNER, ITS_WRITE_BACK) | put(TABLE_SHARE, ITS_INNER_SHAREABLE);
        uint64_t found;

        mmio_wr64(its.base, at, value);
        found = mmio_rd64(its.base, at);
        if (get(TABLE_PAGE, found) == page) {
            return get(TABLE_SHARE, found) == ITS_INNER_SHAREABLE;
        }
    }
    return false;
}

static bool tables_set(uint8_t *device, uint8_t *collection)
{
    for (unsigned n = 0; n < GITS_BASERS; n++) {
        uint64_t type = get(TABLE_TYPE, mmio_rd64(its.base, GITS_BASER + n * 8u));

        if ((type == TABLE_TYPE_DEVICE && !table_set(n, device)) ||
            (type == TABLE_TYPE_COLLECTION && !table_set(n, collection))) {
            return false;
        }
    }
    return true;
}

/* Units: queue with what is small, devices, collections, then a CPU's pending LPIs each. */
static uint8_t *memory_take(const struct plan *plan)
{
    uint8_t *memory = pool_take((3 + plan->cpu_count) * UNIT, UNIT);

    its.queue = (struct its_command *)(void *)memory;
    its.property = memory + 4 * SIZE_4K;
    its.itt = (void *)(memory + 8 * SIZE_4K);
    its.pending = memory + 3 * UNIT;
    for (uint32_t i = 0; i < PLAN_MAX_FUNCTIONS * PLAN_MAX_EVENTS; i++) {
        its.property[i] = (uint8_t)(PRIORITY_ALL | put(PROP_RES1, 1) | put(PROP_ENABLE, 1));
    }
    return memory;
}

static bool turn_off(void)
{
    mmio_wr32(its.base, GITS_CTLR, 0);
    for (unsigned i = 0; i < SPIN_MAX; i++) {
        if (get(GITS_CTLR_QUIESCENT, mmio_rd32(its.base, GITS_CTLR)) != 0) {
            return true;
        }
        cpu_relax();
    }
    return false;
}

const char *its_init(const struct plan *plan, uintptr_t base)
{
    const char *why = features_check(base);
    uint8_t *memory;

    if (why != NULL) {
        return why;
    }
    its.base = base;
    its.failed = false;
    its.next = 0;
    atomic_store(&its.ready, 0);
    its.by_address = get(GITS_TYPER_PTA, mmio_rd64(base, GITS_TYPER)) != 0;
    memory = memory_take(plan);
    if (!turn_off()) {
        return "the machine's ITS does not stop";
    }
    mmio_wr64(base, GITS_CBASER,
              put(TABLE_VALID, 1) | pool_pa(its.queue).v | put(TABLE_INNER, ITS_WRITE_BACK) |
                  put(TABLE_SHARE, ITS_INNER_SHAREABLE));
    if (get(TABLE_SHARE, mmio_rd64(base, GITS_CBASER)) != ITS_INNER_SHAREABLE ||
        !tables_set(memory + UNIT, memory + 2 * UNIT)) {
        return "the machine's ITS does not see the caches";
    }
    mmio_wr64(base, GITS_CWRITER, 0);
    dsb_sy();
    mmio_wr32(base, GITS_CTLR, (uint32_t)put(GITS_CTLR_ENABLE, 1));
    return NULL;
}
