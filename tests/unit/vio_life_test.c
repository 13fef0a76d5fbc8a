/* SPDX-License-Identifier: Apache-2.0 */
/* Virtio devices of zones: letting go by reset, by queue, by the zone's stop; dead servers. */
#include "unit.h"

#include "abi/virtio.h"
#include "lib/field.h"
#include "vio_play.h"

/* A driver takes its memory back when its reset is written: it must not run before the server. */
static void test_reset(void **state)
{
    (void)state;
    world.table[DISK].signal = BRIDGE_SIGNAL_USED;
    vio_signal(DISK);
    vio_reg_set(DISK, STATUS, 0);
    assert_true(world.cause);
    assert_false(world.line[DISK]);
    assert_int_equal(world.table[DISK].state, BRIDGE_LET_GO);
    assert_int_equal(world.table[DISK].epoch, 1);
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
    assert_int_equal(world.vcpu[2].state, VCPU_ON);
    vio_turns();
    vio_signal(DISK); /* says nothing of letting go */
    vio_turns();
    world.table[DISK].let_go = 0xfffffff0;
    vio_signal(DISK);
    vio_turns();
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
    assert_int_equal(vio_reg(DISK, STATUS), 0xf); /* not done yet */
    vio_let_go(DISK);
    assert_int_equal(vio_reg(DISK, STATUS), 0);
    assert_int_equal(world.table[DISK].state, BRIDGE_IDLE);
    vio_turns();
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    world.cause = false;
    vio_driver_up(DISK, 1);
    assert_int_equal(world.table[DISK].state, BRIDGE_RUNNING);
    assert_true(world.cause);
}

/* A device that has never run has nothing to let go of. */
static void test_reset_of_idle(void **state)
{
    (void)state;
    vio_play_attach(DISK);
    vio_reg_set(DISK, STATUS, 1);
    vio_reg_set(DISK, STATUS, 0);
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    assert_int_equal(world.table[DISK].epoch, 0);
    assert_int_equal(world.table[DISK].state, BRIDGE_IDLE);
    assert_int_equal(world.raised, 0);
}

static void test_queue_stop(void **state)
{
    (void)state;
    vio_play_attach(DISK);
    vio_driver_up(DISK, 2);
    world.cause = false;
    vio_reg_set(DISK, QUEUE_SEL, 1);
    vio_reg_set(DISK, READY, 0);
    assert_true(world.cause);
    assert_int_equal(world.table[DISK].state, BRIDGE_RUNNING);
    assert_int_equal(world.table[DISK].queue[1].is_ready, 0);
    assert_int_equal(world.table[DISK].queue[0].is_ready, 1);
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
    assert_true(vio_double_write(2, DISK, QUEUE_SEL, 0)); /* the other vCPU wants the other back */
    assert_true(vio_double_write(2, DISK, READY, 0));
    assert_int_equal(world.vcpu[2].state, VCPU_HELD);
    assert_int_equal(world.table[DISK].epoch, 2);
    world.table[DISK].let_go = 1; /* the first only */
    vio_signal(DISK);
    vio_turns();
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
    vio_let_go(DISK);
    vio_turns();
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    assert_int_equal(world.vcpu[2].state, VCPU_ON);
    assert_int_equal(vio_reg(DISK, READY), 0);
    vio_reg_set(DISK, NOTIFY, 0);
    assert_int_equal(world.table[DISK].notified, 0);
}

/* The server was in time: its time for what the other vCPU asks at once begins anew. */
static void test_asked_anew(void **state)
{
    uint64_t begun = fake_arch.now;

    (void)state;
    vio_play_attach(DISK);
    vio_driver_up(DISK, 2);
    vio_reg_set(DISK, QUEUE_SEL, 1);
    vio_reg_set(DISK, READY, 0);
    fake_arch.now = begun + BRIDGE_LET_GO_MS * MS - 1;
    vio_let_go(DISK);
    assert_true(vio_double_write(2, DISK, QUEUE_SEL, 0));
    assert_true(vio_double_write(2, DISK, READY, 0));
    fake_arch.now++;
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
    fake_arch.now = begun + 2 * BRIDGE_LET_GO_MS * MS;
    vio_turns();
    assert_int_equal(zones[1].reason, STOP_DEVICE);
}

/* A server that does not let go ends the zone, and the memory stays as it is until it does. */
static void test_late(void **state)
{
    uint64_t begun = fake_arch.now;

    (void)state;
    vio_reg_set(DISK, STATUS, 0);
    fake_arch.now = begun + BRIDGE_LET_GO_MS * MS - 1;
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    assert_int_equal(world.pcpu[1].alarm_look, begun + BRIDGE_LET_GO_MS * MS);
    fake_arch.now++;
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_OFF);
    assert_int_equal(zones[1].reason, STOP_DEVICE);
    assert_int_equal(world.loads, 2); /* of the two that started in vio_setup() */
    assert_true(vio_is_busy(&zones[1]));
    assert_false(vio_is_busy(&zones[2]));
    assert_int_equal(zone_start(&zones[1]), ERR_BUSY);
    assert_int_equal(world.table[DISK].state, BRIDGE_LET_GO);
    vio_let_go(DISK);
    assert_int_equal(zone_start(&zones[1]), OK);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    assert_int_equal(vio_reg(DISK, STATUS), 0);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), PLAN_VIRTIO_BLK);
}

/* A CPU asked for the start of a zone whose server was found late since it had looked. */
static void test_start_while_busy(void **state)
{
    (void)state;
    vio_reg_set(DISK, STATUS, 0);
    fake_arch.now += BRIDGE_LET_GO_MS * MS;
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_OFF);
    atomic_store(&zones[1].state, ZONE_STARTING);
    pcpu_request(&world.pcpu[1], REQUEST_LOOK);
    vio_turns();
    assert_int_equal(world.loads, 2);
    assert_int_equal(zone_state(&zones[1]), ZONE_OFF);
    assert_int_equal(zones[1].reason, STOP_DEVICE);
    vio_let_go(DISK);
    assert_int_equal(zone_start(&zones[1]), OK);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
}

/* The zone's stop waits for its servers, and nothing else does. */
static void test_zone_reset(void **state)
{
    (void)state;
    vio_serve(RNG);
    zone_stop(&zones[1], STOP_RESET);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_STOPPING);
    assert_int_equal(zones[1].running, 0);
    assert_true(world.cause);
    assert_int_equal(world.table[DISK].state, BRIDGE_LET_GO);
    assert_int_equal(world.table[RNG].state, BRIDGE_LET_GO);
    vio_let_go(DISK);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_STOPPING);
    assert_int_equal(world.table[RNG].epoch, 1); /* asked once */
    assert_int_equal(world.loads, 2);
    vio_let_go(RNG);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    assert_int_equal(world.loads, 3);
    assert_int_equal(zones[1].reason, STOP_RESET);
    assert_int_equal(world.table[DISK].state, BRIDGE_IDLE);
}

static void test_zone_reset_late(void **state)
{
    (void)state;
    zone_stop(&zones[1], STOP_RESET);
    vio_turns();
    fake_arch.now += BRIDGE_LET_GO_MS * MS;
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_OFF);
    assert_int_equal(zones[1].reason, STOP_DEVICE);
    assert_int_equal(world.loads, 2);
    assert_int_equal(zone_start(&zones[1]), ERR_BUSY);
    vio_server_gone(); /* it has ended: that lets go, too */
    assert_int_equal(zone_start(&zones[1]), OK);
}

/* A zone that is stopped while a vCPU of it waits for the server. */
static void test_stop_while_held(void **state)
{
    (void)state;
    vio_reg_set(DISK, STATUS, 0);
    zone_stop(&zones[1], STOP_OPERATOR);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_STOPPING);
    assert_int_equal(world.vcpu[1].state, VCPU_OFF);
    vio_let_go(DISK);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_OFF);
    assert_int_equal(zones[1].reason, STOP_OPERATOR);
}

/* The server dies with requests in flight: the zone goes on, and the next one finds all of it. */
static void test_server_gone(void **state)
{
    (void)state;
    vio_serve(RNG);
    vio_reg_set(RNG, STATUS, 0);
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
    vio_server_gone();
    vio_turns();
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    assert_int_equal(vio_reg(RNG, STATUS), 0);
    assert_int_equal(world.table[DISK].state, BRIDGE_NO_SERVER);
    assert_int_equal(vio_reg(DISK, STATUS), 0xf);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), PLAN_VIRTIO_BLK);
    world.table[DISK].notified = 0;
    world.cause = false;
    vio_reg_set(DISK, NOTIFY, 0);
    assert_false(world.cause);
    world.table[DISK].signal = BRIDGE_SIGNAL_USED; /* of the dead one */
    vio_signal(DISK);
    assert_false(world.line[DISK]);
    vio_play_attach(DISK);
    assert_int_equal(world.table[DISK].state, BRIDGE_RUNNING);
    assert_int_equal(world.table[DISK].notified, 1); /* the queue that runs is looked at */
    assert_int_equal(world.table[DISK].signal, 0);
    assert_int_equal(world.table[DISK].queue[0].size, 128);
    vio_reg_set(DISK, STATUS, 0);
    assert_int_equal(world.vcpu[1].state, VCPU_HELD);
}

/* A reset that nobody must answer is done at once, and the driver can begin again. */
static void test_reset_without_server(void **state)
{
    (void)state;
    vio_server_gone();
    vio_reg_set(DISK, STATUS, 0);
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    assert_int_equal(vio_reg(DISK, STATUS), 0);
    assert_int_equal(world.table[DISK].epoch, 1); /* a log of those queues is worth nothing */
    vio_driver_up(DISK, 2);
    vio_reg_set(DISK, QUEUE_SEL, 1);
    vio_reg_set(DISK, READY, 0);
    assert_int_equal(vio_reg(DISK, READY), 0);
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    zone_stop(&zones[1], STOP_RESET);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), PLAN_VIRTIO_BLK); /* it will come back */
}

/* Another offer than the one that the driver relies on. */
static void test_offer_must_fit(void **state)
{
    (void)state;
    vio_server_gone();
    for (uint32_t i = 0; i < 3; i++) {
        vio_offer(DISK);
        world.table[DISK].offer.queue_max = i == 0 ? 64 : 128;
        world.table[DISK].offer.features = i == 1 ? 0 : 0x200;
        world.table[DISK].offer.config_size = i == 2 ? 12 : 16;
        assert_int_equal(vio_attach(DISK), CTL_ERR_STATE);
    }
    vio_reg_set(DISK, STATUS, 0);
    assert_int_equal(vio_attach(DISK), CTL_OK);
    assert_int_equal(world.table[DISK].state, BRIDGE_IDLE);
}

static void test_detach(void **state)
{
    (void)state;
    assert_int_equal(vio_detach(DISK), CTL_OK);
    assert_int_equal(world.table[DISK].state, BRIDGE_NO_SERVER);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), PLAN_VIRTIO_BLK); /* its driver uses it */
    zone_stop(&zones[1], STOP_RESET);
    vio_turns();
    assert_int_equal(vio_reg(DISK, DEVICE_ID), 0);
    vio_play_attach(DISK);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), PLAN_VIRTIO_BLK);
    assert_int_equal(vio_detach(DISK), CTL_OK); /* no driver has it */
    assert_int_equal(vio_reg(DISK, DEVICE_ID), 0);
    assert_int_equal(vio_detach(DISK), CTL_ERR_STATE);
}

/* What the driver wrote to the configuration is not there in the zone's next run. */
static void test_start_is_clean(void **state)
{
    struct mmio_access access = { .offset = CONFIG + 8, .value = 5, .size = 1, .write = true };

    (void)state;
    assert_true(vio_access(&world.vcpu[1], &access));
    zone_stop(&zones[1], STOP_RESET);
    vio_turns();
    vio_let_go(DISK);
    vio_turns();
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    assert_int_equal(vio_reg(DISK, CONFIG + 8), 0);
    assert_int_equal(vio_reg(DISK, CONFIG), 0x2211);
    assert_false(world.line[DISK]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reset, vio_setup_served),
        cmocka_unit_test_setup(test_reset_of_idle, vio_setup),
        cmocka_unit_test_setup(test_queue_stop, vio_setup),
        cmocka_unit_test_setup(test_asked_anew, vio_setup),
        cmocka_unit_test_setup(test_late, vio_setup_served),
        cmocka_unit_test_setup(test_start_while_busy, vio_setup_served),
        cmocka_unit_test_setup(test_zone_reset, vio_setup_served),
        cmocka_unit_test_setup(test_zone_reset_late, vio_setup_served),
        cmocka_unit_test_setup(test_stop_while_held, vio_setup_served),
        cmocka_unit_test_setup(test_server_gone, vio_setup_served),
        cmocka_unit_test_setup(test_reset_without_server, vio_setup_served),
        cmocka_unit_test_setup(test_offer_must_fit, vio_setup_served),
        cmocka_unit_test_setup(test_detach, vio_setup_served),
        cmocka_unit_test_setup(test_start_is_clean, vio_setup_served),
    };

    return cmocka_run_group_tests_name("vio_life", tests, NULL, NULL);
}
