/* SPDX-License-Identifier: Apache-2.0 */
/* The machine behind its_fixture.h. */
#include "its_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "hyp/core/pool.h"
#include "mmu.h"

#define ITS_BASE  UINT64_C(0x7000000)
#define POOL_SIZE 0x200000u
#define POOL_PA   UINT64_C(0x60000000)
#define RAM_PA(z) (UINT64_C(0x80000000) + (z)*UINT64_C(0x10000000))

struct its_fx its_fx;
struct zone *zones = fx.zone;
struct pcpu *pcpus = fx.cpu;

static uint8_t its_bytes[PLAN_ITS_FRAME];
static uint8_t *pool;
static uint32_t taken, put_count; /* commands: by the machine's ITS, by the guest */

/* ---- doubles ---- */

bool zone_ram_find(const struct zone *zone, gpa_t at, uint64_t size, hpa_t *out)
{
    if (!range_is_valid(at.v, size) || !range_contains(RAM_GPA, RAM_SIZE, at.v, size)) {
        return false;
    }
    *out = hpa(RAM_PA(zone->id) + (at.v - RAM_GPA));
    return true;
}

/* Only ever of zone 0, which acts. */
void *arch_window_map(hpa_t pa)
{
    assert_true(pa.v >= RAM_PA(0) && pa.v < RAM_PA(0) + RAM_SIZE);
    its_fx.copies++;
    return its_fx.ram[0] + (pa.v - RAM_PA(0));
}

void arch_window_unmap(void) {}

uintptr_t mmu_map_device(hpa_t pa, uint64_t size)
{
    assert_int_equal(pa.v, fx.plan.board.its_hpa);
    assert_int_equal(size, PLAN_ITS_FRAME);
    return ITS_BASE;
}

/* ---- the machine's ITS ---- */

static void reg_put(uint32_t offset, uint64_t value)
{
    memcpy(its_bytes + offset, &value, sizeof(value));
}

static uint64_t reg_get(uint32_t offset)
{
    uint64_t value;

    memcpy(&value, its_bytes + offset, sizeof(value));
    return value;
}

static uint32_t function_of(uint64_t device)
{
    for (uint32_t i = 0; i < fx.plan.function_count; i++) {
        if (fx.plan.function[i].device == device) {
            /* Nothing but zone 0 acts. */
            assert_int_equal(fx.plan.function[i].zone, 0);
            return i;
        }
    }
    fail_msg("a device that nobody has: %x", (unsigned)device);
    return 0;
}

static void take(const struct its_command *c)
{
    uint64_t op = get(ITS_OP, c->word[0]), event = get(ITS_EVENT, c->word[1]);
    uint32_t f;

    if (op == ITS_SYNC || op == ITS_MAPC) {
        return;
    }
    f = function_of(get(ITS_DEVICE, c->word[0]));
    if (op == ITS_MAPD) {
        its_fx.open[f] = get(ITS_VALID, c->word[2]) != 0;
        return;
    }
    assert_true(its_fx.open[f] && event < fx.plan.function[f].events);
    if (op == ITS_MAPTI) {
        assert_int_equal(get(ITS_INTID, c->word[1]), LPI_FIRST + f * PLAN_MAX_EVENTS + event);
        assert_true(get(ITS_GROUP, c->word[2]) < 3); /* a CPU of zone 0 */
        its_fx.events[f] |= BIT32(event);
    } else {
        assert_int_equal(op, ITS_DISCARD);
        its_fx.events[f] &= ~BIT32(event);
    }
}

static void on_writer(void)
{
    uint64_t base = put(TABLE_ADDR, get(TABLE_ADDR, reg_get(GITS_CBASER)));
    const struct its_command *queue = pool_va(hpa(base));

    while (!its_fx.dead && taken != get(QUEUE_OFFSET, reg_get(GITS_CWRITER))) {
        take(&queue[taken]);
        taken = (taken + 1) % 128;
        its_fx.commands++;
    }
    reg_put(GITS_CREADR, put(QUEUE_OFFSET, taken));
}

static void on_access(uint64_t offset, unsigned size, bool write, uint64_t value)
{
    (void)size;
    if (!write) {
        return;
    }
    if (offset == GITS_CTLR) {
        reg_put(GITS_CTLR, value | put(GITS_CTLR_QUIESCENT, (value & 1) == 0));
    } else if (offset == GITS_BASER || offset == GITS_BASER + 8) {
        reg_put((uint32_t)offset,
                with(TABLE_TYPE, value,
                     offset == GITS_BASER ? TABLE_TYPE_DEVICE : TABLE_TYPE_COLLECTION));
    } else if (offset == GITS_CWRITER) {
        on_writer();
    }
}

/* ---- set-up ---- */

static void plan_init(struct plan *p)
{
    static const uint32_t devices[] = { DEVICE_OWN, DEVICE_FOREIGN, DEVICE_SMALL };

    p->board.its_hpa = ITS_GPA;
    p->board.its_size = PLAN_ITS_SIZE;
    p->board.gicr_hpa = FX_GICR;
    p->function_count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        p->function[i] = (struct plan_function){ .zone = i % 2,
                                                 .bdf = devices[i],
                                                 .device = devices[i],
                                                 .events = i == 2 ? 8 : PLAN_MAX_EVENTS };
    }
    for (uint32_t i = 0; i < FX_CPUS; i++) {
        p->cpu[i] = (struct plan_cpu){ i, i == 3, i % 3 };
    }
    p->zone[0].its_gpa = p->zone[1].its_gpa = ITS_GPA;
}

static void machine_init(void)
{
    uint32_t typer = 8 | 1u << 17 | 15u << 19; /* LPIs, 16 bits of INTID */

    memset(its_bytes, 0, sizeof(its_bytes));
    memset(&its_fx, 0, sizeof(its_fx));
    taken = put_count = 0;
    memcpy(fx.gicd.bytes + GICD_TYPER, &typer, sizeof(typer));
    reg_put(GITS_TYPER,
            put(GITS_TYPER_PHYSICAL, 1) | put(GITS_TYPER_EVENTS, 15) | put(GITS_TYPER_DEVICES, 15));
    reg_put(GITS_BASER, put(TABLE_TYPE, TABLE_TYPE_DEVICE));
    reg_put(GITS_BASER + 8, put(TABLE_TYPE, TABLE_TYPE_COLLECTION));
    fake_mmio_add(&(struct fake_mmio){ ITS_BASE, sizeof(its_bytes), its_bytes, on_access });
    pool = aligned_alloc(0x10000, POOL_SIZE);
    memset(pool, 0, POOL_SIZE);
    pool_init(pool, POOL_SIZE, hpa(POOL_PA));
}

static void zone_init(struct zone *zone)
{
    arch_s2_activate(zone, pool_pa(pool_take(0x2000, 0x2000)));
    zone->dev_count = 0;
    msi_zone_init(zone);
}

int its_setup(void **state)
{
    (void)fx_setup_running(state);
    plan_init(&fx.plan);
    machine_init();
    assert_null(msi_init(&fx.plan));
    for (unsigned i = 0; i < FX_CPUS; i++) {
        msi_cpu_init(&fx.cpu[i]);
    }
    zone_init(&fx.zone[0]);
    zone_init(&fx.zone[1]);
    memset(its_fx.ram[0] + TABLE_AT, 0xa1, 8192);
    for (unsigned i = 0; i < 3; i++) {
        fx_redist_wr(i, GICR_PROPBASER, 8, (RAM_GPA + TABLE_AT) | (LPI_BITS - 1));
        fx_redist_wr(i, GICR_CTLR, 4, 1);
    }
    gits_wr(GITS_CBASER, 8, put(TABLE_VALID, 1) | (RAM_GPA + QUEUE_AT));
    gits_wr(GITS_CTLR, 4, 1);
    return 0;
}

int its_teardown(void **state)
{
    (void)state;
    free(pool);
    return 0;
}

/* ---- the guest ---- */

static uint64_t gits(uint32_t offset, unsigned size, bool write, uint64_t value)
{
    struct mmio_access access = { offset, value, (uint8_t)size, write };

    assert_true(fx.zone[0].dev[0].fn(&fx.vcpu[0][0], &access));
    return access.value;
}

uint64_t gits_rd(uint32_t offset, unsigned size)
{
    return gits(offset, size, false, UINT64_MAX);
}

void gits_wr(uint32_t offset, unsigned size, uint64_t value)
{
    (void)gits(offset, size, true, value);
}

void queue_put(uint64_t word0, uint64_t word1, uint64_t word2)
{
    struct its_command c = { { word0, word1, word2, 0 } };

    memcpy(its_fx.ram[0] + QUEUE_AT + put_count * sizeof(c), &c, sizeof(c));
    put_count = (put_count + 1) % 128;
}

void queue_go(void)
{
    gits_wr(GITS_CWRITER, 8, put(QUEUE_OFFSET, put_count));
    for (unsigned i = 0; i < 128 && gits_rd(GITS_CREADR, 8) != put(QUEUE_OFFSET, put_count); i++) {
    }
    assert_int_equal(gits_rd(GITS_CREADR, 8), put(QUEUE_OFFSET, put_count));
}

void put_mapd(uint32_t device, bool valid)
{
    queue_put(put(ITS_OP, ITS_MAPD) | put(ITS_DEVICE, device), put(ITS_SIZE, 4),
              put(ITS_VALID, valid));
}

void put_mapc(uint32_t group, uint32_t vcpu)
{
    queue_put(put(ITS_OP, ITS_MAPC), 0,
              put(ITS_VALID, 1) | put(ITS_GROUP, group) | put(ITS_TARGET, vcpu));
}

void put_mapti(uint32_t device, uint32_t event, uint32_t intid, uint32_t group)
{
    queue_put(put(ITS_OP, ITS_MAPTI) | put(ITS_DEVICE, device),
              put(ITS_EVENT, event) | put(ITS_INTID, intid), put(ITS_GROUP, group));
}

void put_event(uint64_t op, uint32_t device, uint32_t event)
{
    queue_put(put(ITS_OP, op) | put(ITS_DEVICE, device), put(ITS_EVENT, event), 0);
}

void property_put(uint32_t intid, uint8_t property)
{
    its_fx.ram[0][TABLE_AT + intid - LPI_FIRST] = property;
}

void message(uint32_t function, uint32_t event)
{
    fake_icc_iar1_el1 = LPI_FIRST + function * PLAN_MAX_EVENTS + event;
    assert_int_equal(arch_pirq_claim(fx.self->vcpu), PIRQ_GUEST);
    fake_icc_iar1_el1 = 1023;
}
