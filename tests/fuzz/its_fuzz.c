/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's ITS driven by any commands, register accesses, messages and tables of properties. The
 * fixture ends a run in which the machine's ITS is told of what the zone does not own, or in which
 * memory outside of the zone is read; here are the invariants between all steps.
 */
#include <string.h>

#include "its_fixture.h"
#include "tests/fuzz/fuzz.h"
#include "vlr.h"

/* Commands to the machine at one access: 33 for a device that goes, each with its SYNC; or two for
 * each of a batch, and what they replace. */
#define COMMANDS_MAX (16u * 6 + 33 * 2)
#define COPIES_MAX   (PLAN_MAX_EVENTS * 3 + 16u + 1)
#define LRS          4u

static struct vgic_word others; /* word of zone 1's function */
static unsigned writer;

/* ---- invariants ---- */

static void check_device(uint32_t f)
{
    const struct lpi_device *device = &lpi_devices[f];
    const struct vgic_word *word = &fx.zone[0].arch.vgic.spi[VGIC_LPI_WORD + f];

    FUZZ_CHECK(word->owned == device->mapped && (vgic_enabled(word) & ~device->mapped) == 0);
    FUZZ_CHECK(its_fx.events[f] == device->mapped && its_fx.open[f] == (device->limit != 0));
    for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
        bool is_mapped = (device->mapped & BIT32(e)) != 0;

        FUZZ_CHECK(!is_mapped || e < fx.plan.function[f].events);
        FUZZ_CHECK(is_mapped == (device->intid[e] >= LPI_FIRST));
        FUZZ_CHECK(device->intid[e] < BIT32(LPI_BITS) && device->group[e] < VITS_GROUPS);
        FUZZ_CHECK(word->target[e] < 3 && (word->priority[e] & ~VGIC_PRIORITY_MASK) == 0);
    }
}

/* No two list registers hold one INTID. */
static void check_lrs(void)
{
    for (unsigned i = 0; i < LRS; i++) {
        for (unsigned j = 0; j < i; j++) {
            FUZZ_CHECK(fx_lr_state(i) == 0 || fx_lr_state(j) == 0 ||
                       fx_lr_intid(i) != fx_lr_intid(j));
        }
    }
}

/* Whether an INTID is an event that the vCPU is to take. */
static bool is_its_own(uint32_t intid, uint32_t vcpu)
{
    for (uint32_t f = 0; f < 3; f += 2) {
        const struct vgic_word *word = &fx.zone[0].arch.vgic.spi[VGIC_LPI_WORD + f];

        for (uint32_t e = 0; e < PLAN_MAX_EVENTS; e++) {
            if ((vgic_enabled(word) & BIT32(e)) != 0 && lpi_devices[f].intid[e] == intid) {
                return word->target[e] == vcpu;
            }
        }
    }
    return false;
}

/* What the running vCPU could take once it has looked is its own still. */
static void check_own(void)
{
    FUZZ_CHECK((fx.zone[0].arch.vits->recall & BIT32(fx.self->vcpu->id)) == 0);
    for (unsigned i = 0; i < LRS; i++) {
        FUZZ_CHECK(fx_lr_state(i) != LR_PENDING || fx_lr_intid(i) < LPI_FIRST ||
                   is_its_own(fx_lr_intid(i), fx.self->vcpu->id));
    }
}

static void check_all(void)
{
    check_device(0);
    check_device(2);
    check_lrs();
    FUZZ_CHECK(memcmp(&others, &fx.zone[1].arch.vgic.spi[VGIC_LPI_WORD + 1], sizeof(others)) == 0);
    FUZZ_CHECK(lpi_devices[1].mapped == 0 && lpi_devices[1].limit == 0);
    FUZZ_CHECK(its_fx.commands <= COMMANDS_MAX && its_fx.copies <= COPIES_MAX);
    its_fx.commands = its_fx.copies = 0;
}

/* ---- steps ---- */

static void any_command(struct fuzz_in *in)
{
    uint64_t word0 = fuzz_word(in), word1 = fuzz_word(in), word2 = fuzz_word(in);

    queue_put(word0, word1, word2);
    writer++;
}

static void likely_command(struct fuzz_in *in)
{
    static const uint32_t devices[] = { DEVICE_OWN, DEVICE_OWN, DEVICE_SMALL, DEVICE_FOREIGN };
    uint64_t op = fuzz_u8(in) % (ITS_OPS + 1u), device = devices[fuzz_u8(in) % 4];
    uint8_t event = fuzz_u8(in), intid = fuzz_u8(in), group = fuzz_u8(in);
    uint64_t word2 = put(ITS_GROUP, group % 18u) | put(ITS_VALID, group >= 18);

    if (op == ITS_MAPD) {
        queue_put(op | put(ITS_DEVICE, device), event % 8u, word2);
    } else if (op == ITS_MAPC) {
        queue_put(op, 0, word2 | put(ITS_TARGET, event % 4u));
    } else {
        queue_put(op | put(ITS_DEVICE, device),
                  put(ITS_EVENT, event % 40u) | put(ITS_INTID, LPI_FIRST - 2 + intid), word2);
    }
    writer++;
}

static void ring(struct fuzz_in *in)
{
    (void)in;
    gits_wr(GITS_CWRITER, 8, put(QUEUE_OFFSET, writer % 128));
}

static void any_access(struct fuzz_in *in)
{
    struct mmio_access access = { .size = (uint8_t)(4u << (fuzz_u8(in) & 1)) };
    uint8_t how = fuzz_u8(in);
    static const uint32_t likely[] = { GITS_CTLR, GITS_CBASER, GITS_CWRITER, GITS_CREADR };

    access.offset = (how & 1) != 0 ? likely[(how >> 1) % 4] : fuzz_u16(in) & ~7u;
    access.write = (how & 0x80) != 0;
    access.value = fuzz_word(in);
    (void)fx.zone[0].dev[0].fn(&fx.vcpu[0][0], &access);
}

static void any_redistributor(struct fuzz_in *in)
{
    static const uint32_t likely[] = { GICR_CTLR, GICR_PROPBASER, GICR_PENDBASER };
    uint8_t how = fuzz_u8(in);
    uint32_t at = likely[how % 3];

    fx_redist_wr((how >> 4) % 3, at, at == GICR_CTLR ? 4 : 8, fuzz_word(in));
}

static void any_property(struct fuzz_in *in)
{
    uint8_t intid = fuzz_u8(in);

    property_put(LPI_FIRST + intid, fuzz_u8(in));
}

static void any_message(struct fuzz_in *in)
{
    uint8_t which = fuzz_u8(in);

    if ((which & 3) != 1) { /* zone 1's never come: nothing of it is mapped */
        message(which & 3, which >> 3);
    }
}

static void guest(struct fuzz_in *in)
{
    uint8_t how = fuzz_u8(in);
    unsigned n = how % LRS;

    fx_switch(how / LRS % 3);
    fx_flush();
    check_own();
    if (fx_lr_state(n) == LR_PENDING) {
        fx_guest_ack(fx_lr_intid(n));
    } else if (fx_lr_state(n) == LR_ACTIVE) {
        fx_guest_eoi(fx_lr_intid(n));
    }
    check_lrs();
    fx_switch(0);
}

static void zone_reset(struct fuzz_in *in)
{
    (void)in;
    for (unsigned i = 3; i-- > 0;) {
        fx_switch(i);
        vgic_vcpu_unload(fx.self->vcpu);
    }
    arch_virq_reset(&fx.zone[0]);
    FUZZ_CHECK(its_fx.events[0] == 0 && its_fx.events[2] == 0);
    FUZZ_CHECK(!its_fx.open[0] && !its_fx.open[2]);
    its_fx.commands = 0; /* not bounded by a batch: all of both functions */
    for (unsigned i = 3; i-- > 0;) {
        fx_switch(i);
        vgic_vcpu_load(fx.self->vcpu);
    }
}

static void set_up_again(struct fuzz_in *in)
{
    (void)in;
    fx_wr(GICD_CTLR, 4, 3);
    fx_redist_wr(0, GICR_PROPBASER, 8, (RAM_GPA + TABLE_AT) | (LPI_BITS - 1));
    fx_redist_wr(0, GICR_CTLR, 4, 1);
    gits_wr(GITS_CTLR, 4, 0);
    gits_wr(GITS_CBASER, 8, put(TABLE_VALID, 1) | (RAM_GPA + QUEUE_AT));
    gits_wr(GITS_CTLR, 4, 1);
}

static void (*const steps[])(struct fuzz_in *in) = {
    any_command, likely_command,    likely_command, likely_command, ring,        ring,
    any_access,  any_redistributor, any_property,   any_message,    any_message, guest,
    guest,       zone_reset,        set_up_again,   ring,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    (void)its_setup(NULL);
    writer = 0;
    others = fx.zone[1].arch.vgic.spi[VGIC_LPI_WORD + 1];
    check_all();
    while (in.left != 0) {
        steps[fuzz_u8(&in) % ARRAY_COUNT(steps)](&in);
        check_all();
    }
    (void)its_teardown(NULL);
    return 0;
}
