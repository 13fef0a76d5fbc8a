/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ITS of a zone: registers and command queue. Commands are copied from the zone's memory, a
 * bounded number at each access; each names a device, and only the zone's own are ever found.
 */
#include "hyp/core/lock.h"
#include "lpi.h"

#define QUEUE_PAGE  128u /* commands in 4 KiB */
#define BATCH       16u  /* commands at an access; a long one ends it */
#define DEVICE_BITS 10u

_Static_assert(PLAN_MAX_STREAMS == 1u << DEVICE_BITS, "GITS_TYPER");

/* --- commands -------------------------------------------------------------------------------- */

/* The zone's function that the ITS knows by this number, or function_count: it has none. */
static uint32_t function_find(const struct zone *zone, uint64_t device)
{
    uint32_t f = lpi_next(zone, 0);

    while (f < the_plan->function_count && the_plan->function[f].device != device) {
        f = lpi_next(zone, f + 1);
    }
    return f;
}

/* The event that a command speaks of; false: the zone has no such device, or not mapped it so. */
static bool event_find(struct vcpu *vcpu, const struct its_command *c, struct lpi_event *at)
{
    uint64_t event = get(ITS_EVENT, c->word[1]);

    at->vcpu = vcpu;
    at->function = function_find(vcpu->zone, get(ITS_DEVICE, c->word[0]));
    at->event = (uint32_t)event;
    return at->function < the_plan->function_count &&
           event < the_plan->function[at->function].events &&
           event < lpi_devices[at->function].limit;
}

static bool mapped_find(struct vcpu *vcpu, const struct its_command *c, struct lpi_event *at)
{
    return event_find(vcpu, c, at) && lpi_is_mapped(at);
}

/* A command that is wrong is left out. Returns false after one that took long. */
typedef bool command_fn(struct vcpu *vcpu, const struct its_command *c);

static void map(struct vcpu *vcpu, const struct its_command *c, uint64_t intid)
{
    uint64_t group = get(ITS_GROUP, c->word[2]);
    struct lpi_event at;

    if (event_find(vcpu, c, &at) && intid - LPI_FIRST < BIT64(LPI_BITS) - LPI_FIRST &&
        group < VITS_GROUPS) {
        (void)lpi_map(&at, (uint32_t)intid, (uint32_t)group);
    }
}

static bool mapti(struct vcpu *vcpu, const struct its_command *c)
{
    map(vcpu, c, get(ITS_INTID, c->word[1]));
    return true;
}

static bool mapi(struct vcpu *vcpu, const struct its_command *c)
{
    map(vcpu, c, get(ITS_EVENT, c->word[1]));
    return true;
}

static bool movi(struct vcpu *vcpu, const struct its_command *c)
{
    uint64_t group = get(ITS_GROUP, c->word[2]);
    struct lpi_event at;

    if (mapped_find(vcpu, c, &at) && group < VITS_GROUPS) {
        lpi_move(&at, (uint32_t)group);
    }
    return true;
}

static bool raise(struct vcpu *vcpu, const struct its_command *c)
{
    struct lpi_event at;

    if (mapped_find(vcpu, c, &at)) {
        lpi_raise(&at);
    }
    return true;
}

static bool clear(struct vcpu *vcpu, const struct its_command *c)
{
    struct lpi_event at;

    if (mapped_find(vcpu, c, &at)) {
        lpi_clear(&at);
    }
    return true;
}

static bool inv(struct vcpu *vcpu, const struct its_command *c)
{
    struct lpi_event at;

    if (mapped_find(vcpu, c, &at)) {
        lpi_load(&at);
    }
    return true;
}

static bool discard(struct vcpu *vcpu, const struct its_command *c)
{
    struct lpi_event at;

    if (mapped_find(vcpu, c, &at)) {
        lpi_unmap(&at);
    }
    return true;
}

/* Whatever the collection: the others' properties are what the table says, too. */
static bool invall(struct vcpu *vcpu, const struct its_command *c)
{
    const struct zone *zone = vcpu->zone;

    (void)c;
    for (uint32_t f = lpi_next(zone, 0); f < the_plan->function_count; f = lpi_next(zone, f + 1)) {
        for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
            struct lpi_event at = { vcpu, f, e };

            if (lpi_is_mapped(&at)) {
                lpi_load(&at);
            }
        }
    }
    return false;
}

/* The guest's table of events is not used: what is mapped is in the hypervisor's memory. */
static bool mapd(struct vcpu *vcpu, const struct its_command *c)
{
    uint32_t f = function_find(vcpu->zone, get(ITS_DEVICE, c->word[0]));
    uint64_t bits = get(ITS_SIZE, c->word[1]) + 1;

    if (f < the_plan->function_count) {
        lpi_device_map(vcpu, f, get(ITS_VALID, c->word[2]) != 0 ? BIT64(bits) : 0);
    }
    return false;
}

/* A vCPU is named by its number: GITS_TYPER.PTA is 0. */
static bool mapc(struct vcpu *vcpu, const struct its_command *c)
{
    uint64_t group = get(ITS_GROUP, c->word[2]), target = get(ITS_TARGET, c->word[2]);
    struct vits *vits = vcpu->zone->arch.vits;

    if (group < VITS_GROUPS && get(ITS_VALID, c->word[2]) == 0) {
        vits->target[group] = VITS_NONE;
    } else if (group < VITS_GROUPS && target < vcpu->zone->vcpu_count) {
        vits->target[group] = (uint8_t)target;
    }
    lpi_update_all(vcpu);
    return false;
}

/* Effects are there at once; pending LPIs belong to no redistributor. */
static bool nothing(struct vcpu *vcpu, const struct its_command *c)
{
    (void)vcpu;
    (void)c;
    return true;
}

static command_fn *const commands[ITS_OPS] = {
    [ITS_MOVI] = movi, [ITS_INT] = raise,     [ITS_CLEAR] = clear,    [ITS_SYNC] = nothing,
    [ITS_MAPD] = mapd, [ITS_MAPC] = mapc,     [ITS_MAPTI] = mapti,    [ITS_MAPI] = mapi,
    [ITS_INV] = inv,   [ITS_INVALL] = invall, [ITS_MOVALL] = nothing, [ITS_DISCARD] = discard,
};

static bool command_run(struct vcpu *vcpu, const struct its_command *c)
{
    uint64_t op = get(ITS_OP, c->word[0]);

    return op >= ITS_OPS || commands[op] == NULL || commands[op](vcpu, c);
}

/* --- the queue ------------------------------------------------------------------------------- */

static uint32_t queue_count(const struct vits *vits)
{
    return ((uint32_t)get(TABLE_PAGES, vits->cbaser) + 1) * QUEUE_PAGE;
}

/* How many commands lie ahead, in one page. */
static uint32_t queue_ahead(const struct vits *vits)
{
    uint32_t end = vits->writer > vits->reader ? vits->writer : queue_count(vits);
    uint32_t page = QUEUE_PAGE - vits->reader % QUEUE_PAGE;

    if (vits->writer == vits->reader) {
        return 0;
    }
    return end - vits->reader < page ? end - vits->reader : page;
}

static void queue_run(struct vcpu *vcpu)
{
    struct vits *vits = vcpu->zone->arch.vits;
    uint64_t base = put(TABLE_ADDR, get(TABLE_ADDR, vits->cbaser));
    uint32_t count = queue_ahead(vits);
    struct its_command batch[BATCH];
    bool more = true;

    if (get(GITS_CTLR_ENABLE, vits->ctlr) == 0 || get(TABLE_VALID, vits->cbaser) == 0 ||
        count == 0 || vits->recall != 0) {
        return;
    }
    count = count < BATCH ? count : BATCH;
    vits->stalled = !lpi_copy(vcpu->zone, gpa(base + put(QUEUE_NUMBER, vits->reader)), batch,
                              count * sizeof(batch[0]));
    for (uint32_t i = 0; i < count && more && !vits->stalled; i++) {
        more = command_run(vcpu, &batch[i]) && vits->recall == 0;
        vits->reader = (vits->reader + 1) % queue_count(vits);
    }
}

/* --- registers ------------------------------------------------------------------------------- */

static void ctlr(const struct vgic_at *at)
{
    struct vits *vits = at->vcpu->zone->arch.vits;

    if (at->access->write) {
        vits->ctlr = (uint32_t)(at->access->value & field_mask(GITS_CTLR_ENABLE));
        queue_run(at->vcpu);
    } else {
        at->access->value = vits->ctlr |
                            put(GITS_CTLR_QUIESCENT, get(GITS_CTLR_ENABLE, vits->ctlr) == 0);
    }
}

static void typer(const struct vgic_at *at)
{
    if (!at->access->write) {
        at->access->value = vgic_read64(at, put(GITS_TYPER_PHYSICAL, 1) | put(GITS_TYPER_ENTRY, 7) |
                                                put(GITS_TYPER_EVENTS, ITS_EVENT_BITS - 1) |
                                                put(GITS_TYPER_DEVICES, DEVICE_BITS - 1) |
                                                put(GITS_TYPER_HELD, VITS_GROUPS) |
                                                put(GITS_TYPER_GROUPS, 3) | put(GITS_TYPER_CIL, 1));
    }
}

/* Memory attributes read back as what the hypervisor uses. */
static void cbaser(const struct vgic_at *at)
{
    struct vits *vits = at->vcpu->zone->arch.vits;

    if (!at->access->write) {
        at->access->value = vgic_read64(at, vits->cbaser | put(TABLE_INNER, ITS_WRITE_BACK) |
                                                put(TABLE_SHARE, ITS_INNER_SHAREABLE));
    } else if (get(GITS_CTLR_ENABLE, vits->ctlr) == 0) {
        vits->cbaser = vgic_write64(at, vits->cbaser) &
                       (field_mask(TABLE_VALID) | field_mask(TABLE_ADDR) | field_mask(TABLE_PAGES));
        vits->reader = vits->writer = 0;
        vits->stalled = false;
    }
}

static void cwriter(const struct vgic_at *at)
{
    struct vits *vits = at->vcpu->zone->arch.vits;
    uint64_t value = put(QUEUE_OFFSET, vits->writer);

    if (!at->access->write) {
        at->access->value = vgic_read64(at, value);
        return;
    }
    value = get(QUEUE_OFFSET, vgic_write64(at, value));
    if (value < queue_count(vits)) {
        vits->writer = (uint32_t)value;
    }
    queue_run(at->vcpu);
}

/* Who waits for the end of the queue brings it about: a batch at each look. */
static void creadr(const struct vgic_at *at)
{
    struct vits *vits = at->vcpu->zone->arch.vits;

    if (!at->access->write) {
        queue_run(at->vcpu);
        at->access->value = vgic_read64(at, put(QUEUE_OFFSET, vits->reader) |
                                                put(QUEUE_STALLED, vits->stalled));
    }
}

/* There is no GITS_BASER: tables of devices and collections are the hypervisor's. */
/* clang-format off */
const struct vgic_reg vits_rows[] = {
    { GITS_CTLR,    GITS_CTLR + 3,    4,     ctlr,    0 },
    { GITS_IIDR,    GITS_IIDR + 3,    4,     NULL,    VGIC_IIDR },
    { GITS_TYPER,   GITS_TYPER + 7,   4 + 8, typer,   0 },
    { GITS_CBASER,  GITS_CBASER + 7,  4 + 8, cbaser,  0 },
    { GITS_CWRITER, GITS_CWRITER + 7, 4 + 8, cwriter, 0 },
    { GITS_CREADR,  GITS_CREADR + 7,  4 + 8, creadr,  0 },
    { GITS_BASER,   GITS_BASER + 63,  4 + 8, NULL,    0 },
    { GITS_PIDR2,   GITS_PIDR2 + 3,   4,     NULL,    0x30 }, /* GICv3 */
};
/* clang-format on */

const uint32_t vits_row_count = ARRAY_COUNT(vits_rows);

/* As vgic_dispatch(), but small rather than fast, and reads are locked, too. */
bool vits_access(struct vcpu *vcpu, struct mmio_access *access)
{
    struct vgic_at at = { vcpu, vcpu, access, (uint32_t)access->offset };
    struct lock *lock = &vcpu->zone->arch.vgic.lock;
    uint32_t i = 0;

    while (i < vits_row_count && at.offset > vits_rows[i].last) {
        i++;
    }
    if (i == vits_row_count || at.offset < vits_rows[i].first) {
        access->value = 0;
        return true;
    }
    if ((vits_rows[i].sizes & access->size) == 0) {
        return false;
    }
    access->value = vits_rows[i].fn == NULL ? vits_rows[i].value : access->value;
    lock_take(lock);
    if (vits_rows[i].fn != NULL) {
        vits_rows[i].fn(&at);
    }
    lock_give(lock);
    return true;
}
