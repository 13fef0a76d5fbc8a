/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones do anything to their virtio devices, start and stop; a server attaches, uses queues, lets
 * go when it likes, dies; or writes anything to the control region. What must hold after each step:
 * no queue that an honest server uses belongs to a driver that has taken it back, no zone is loaded
 * under it, nobody is held for longer than the time that a server has.
 */
#include <string.h>

#include "lib/field.h"
#include "tests/fuzz/fuzz.h"
#include "vio_double.h"

#define DEVICES 3u

static bool uses[DEVICES][BRIDGE_QUEUES]; /* an honest server's */
static bool is_honest;

static uint32_t zone_of(uint32_t device)
{
    return world.plan.virtio[device].zone;
}

static bool may_run(uint32_t cpu)
{
    return world.vcpu[cpu].state == VCPU_ON && zone_state(world.vcpu[cpu].zone) == ZONE_RUNNING;
}

/* ---- The server ---- */

static void server_forgets(uint32_t device)
{
    memset(uses[device], 0, sizeof(uses[device]));
}

/* Uses what it may. */
static void server_looks(uint32_t device)
{
    const struct bridge_device *at = &world.table[device];

    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        if (at->state == BRIDGE_RUNNING && at->queue[i].is_ready != 0) {
            FUZZ_CHECK(i < at->queue_count);
            uses[device][i] = true;
        }
    }
}

static void server_lets_go(uint32_t device)
{
    struct bridge_device *at = &world.table[device];

    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        uses[device][i] &= at->state == BRIDGE_RUNNING && at->queue[i].is_ready != 0;
    }
    at->let_go = at->epoch;
    vio_signal(device);
}

static void server_offers(uint32_t device, struct fuzz_in *in)
{
    struct bridge_offer *offer = &world.table[device].offer;
    uint8_t how = fuzz_u8(in);

    *offer = (struct bridge_offer){ .features = how & 3u, .queue_max = 64, .config_size = 16 };
    if (how >= 0xc0) {
        offer->features = fuzz_word(in);
        offer->queue_max = (uint32_t)fuzz_word(in);
        offer->config_size = (uint32_t)fuzz_word(in);
        offer->writable_at = (uint32_t)fuzz_word(in);
        offer->writable_size = (uint32_t)fuzz_word(in);
    }
    FUZZ_CHECK(vio_attach(device) != CTL_OK || world.table[device].state != BRIDGE_NO_SERVER);
}

static void server_step(struct fuzz_in *in)
{
    uint32_t device = fuzz_u8(in) % (DEVICES + 1), what = fuzz_u8(in) % 8;

    if (device == DEVICES) { /* no such device */
        FUZZ_CHECK(vio_attach(fuzz_u32(in) * UINT64_C(0x10001) + DEVICES) == CTL_ERR_RANGE);
        FUZZ_CHECK(vio_detach(fuzz_u32(in) * UINT64_C(0x10001) + DEVICES) == CTL_ERR_RANGE);
        vio_signal((fuzz_u32(in) % UINT16_MAX) + DEVICES);
        return;
    }
    switch (what) {
    case 0:
    case 1: server_offers(device, in); break;
    case 2:
    case 3: server_lets_go(device); break;
    case 4:
        server_forgets(device);
        (void)vio_detach(device);
        break;
    case 5:
        memset(uses, 0, sizeof(uses));
        vio_server_gone();
        break;
    case 6:
        world.table[device].signal |= fuzz_u32(in);
        vio_signal(device);
        break;
    default:
        world.cause = false;
        world.table[device].notified = 0;
        server_looks(device);
        break;
    }
}

/* Writes where it may, which is everywhere. */
static void hostile_step(struct fuzz_in *in)
{
    uint8_t *bytes = (uint8_t *)world.table;
    size_t at = fuzz_u32(in) % (sizeof(world.table[0]) * DEVICES);

    bytes[at] = fuzz_u8(in);
    vio_signal((uint32_t)(at / sizeof(world.table[0])));
}

/* ---- Zones ---- */

static void driver_step(struct fuzz_in *in)
{
    static const uint16_t often[] = { STATUS, STATUS,     QUEUE_SEL, QUEUE_SIZE, READY, NOTIFY,
                                      DRIVER, DRIVER_SEL, ACK,       0x80,       0x90,  0xa0 };
    uint32_t cpu = 1 + fuzz_u8(in) % 3, device = cpu == 3 ? OTHER : fuzz_u8(in) % 2, value;
    uint8_t how = fuzz_u8(in);
    uint64_t offset = how < 0xe0 ? often[how % ARRAY_COUNT(often)] : fuzz_u16(in) & 0xffcu;

    if (!may_run(cpu)) {
        return;
    }
    value = offset >= 0x80 && offset < 0xb0 ? (uint32_t)RAM + (fuzz_u32(in) & 0x1ff000u)
                                            : (uint32_t)fuzz_word(in);
    if ((how & 0x10) != 0) {
        FUZZ_CHECK(vio_double_read(cpu, device, offset, &value));
    } else {
        FUZZ_CHECK(vio_double_write(cpu, device, offset, value));
    }
}

/* The way of a good driver, so that queues run at all. */
static void driver_up(struct fuzz_in *in)
{
    static const struct {
        uint16_t offset;
        uint32_t value;
    } steps[] = { { STATUS, 1 },        { STATUS, 3 },        { DRIVER_SEL, 1 }, { DRIVER, 1 },
                  { STATUS, 0xb },      { QUEUE_SEL, 0 },     { QUEUE_SIZE, 8 }, { 0x80, RAM },
                  { 0x90, 0x40001000 }, { 0xa0, 0x40002000 }, { READY, 1 },      { STATUS, 0xf } };
    uint32_t cpu = 1 + fuzz_u8(in) % 3, device = cpu == 3 ? OTHER : fuzz_u8(in) % 2;

    for (size_t i = 0; i < ARRAY_COUNT(steps) && may_run(cpu); i++) {
        (void)vio_double_write(cpu, device, steps[i].offset, steps[i].value);
    }
}

static void zone_step(struct fuzz_in *in)
{
    uint8_t what = fuzz_u8(in);
    struct zone *zone = &zones[1 + what % 2];

    switch (what / 2 % 4) {
    case 0: (void)!zone_start(zone); break;
    case 1: zone_stop(zone, (what & 0x80) != 0 ? STOP_RESET : STOP_OPERATOR); break;
    case 2:
        if (zone->id == 1 && may_run(1)) {
            (void)!vcpu_on(&world.vcpu[2], &(struct vcpu_start){ .pc = RAM });
        }
        break;
    default: fake_arch.now += fuzz_u16(in); break;
    }
}

/* ---- Checks ---- */

static void check_device(uint32_t device)
{
    const struct bridge_device *at = &world.table[device];
    bool is_busy = vio_is_busy(&zones[zone_of(device)]);

    for (uint32_t i = 0; i < BRIDGE_QUEUES; i++) {
        FUZZ_CHECK(!uses[device][i] || is_busy ||
                   (at->state == BRIDGE_RUNNING && at->queue[i].is_ready != 0));
    }
    FUZZ_CHECK(at->zone == zone_of(device) && at->state <= BRIDGE_LET_GO);
    FUZZ_CHECK(at->state != BRIDGE_LET_GO || is_busy);
    FUZZ_CHECK(at->state != BRIDGE_RUNNING || zone_state(&zones[at->zone]) != ZONE_OFF);
}

static void check_vcpu(uint32_t cpu)
{
    const struct vcpu *vcpu = &world.vcpu[cpu];

    FUZZ_CHECK((vcpu->holds & HOLD_DEVICE) == 0 || vcpu->state == VCPU_HELD);
    if (vcpu->state == VCPU_HELD) {
        FUZZ_CHECK(vcpu->waits_until <= fake_arch.now + BRIDGE_LET_GO_MS * MS);
        FUZZ_CHECK(world.pcpu[cpu].alarm_look <= vcpu->waits_until ||
                   (world.pcpu[cpu].requests & REQUEST_LOOK) != 0);
    }
}

static void check(void)
{
    for (uint32_t i = 0; i < DEVICES && is_honest; i++) {
        check_device(i);
    }
    for (uint32_t i = 0; i < CPUS; i++) {
        check_vcpu(i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    vio_double_boot();
    memset(uses, 0, sizeof(uses));
    is_honest = (fuzz_u8(&in) & 3) != 0;
    for (uint32_t i = 0; i < ZONES; i++) {
        FUZZ_CHECK(zone_start(&zones[i]) == OK);
    }
    while (in.left != 0) {
        switch (fuzz_u8(&in) % 8) {
        case 0: zone_step(&in); break;
        case 1: driver_up(&in); break;
        case 2:
        case 3: driver_step(&in); break;
        case 4:
        case 5: is_honest ? server_step(&in) : hostile_step(&in); break;
        default: vio_double_turn(fuzz_u8(&in) % CPUS); break;
        }
        check();
    }
    return 0;
}
