/* SPDX-License-Identifier: Apache-2.0 */
/* Virtio devices of zones: offers, registers, notifications, signals, whoever is hostile. */
#include "unit.h"

#include <pthread.h>
#include <string.h>

#include "abi/virtio.h"
#include "lib/field.h"
#include "vio_play.h"

static void test_table(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < VMMIO_KINDS; i++) {
        assert_non_null(vio_events[i]);
    }
    assert_int_equal(zones[0].dev_count, 0);
    assert_int_equal(zones[1].dev_count, 1);
    assert_int_equal(zones[1].dev[0].gpa, REGS);
    assert_int_equal(zones[1].dev[0].size, 2 * SIZE_4K);
    assert_int_equal(zones[2].dev[0].size, SIZE_4K);
    assert_int_equal(world.table[RNG].zone, 1);
    assert_int_equal(world.table[RNG].type, PLAN_VIRTIO_RNG);
    assert_int_equal(world.table[RNG].queue_count, 1);
    assert_string_equal(world.table[OTHER].name, "c");
}

static void test_nobody_there(void **state)
{
    (void)state;
    assert_int_equal(vio_reg(DISK, 0), 0x74726976);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), 0);
    assert_int_equal(vio_reg(DISK, QUEUE_MAX), 0);
    vio_reg_set(DISK, STATUS, 1);
    vio_reg_set(DISK, STATUS, 3);
    vio_reg_set(DISK, DRIVER_SEL, 1);
    vio_reg_set(DISK, DRIVER, 1);
    vio_reg_set(DISK, STATUS, 0xb);
    vio_reg_set(DISK, STATUS, 0xf);
    vio_reg_set(DISK, NOTIFY, 0);
    vio_reg_set(DISK, STATUS, 0);
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
    assert_int_equal(world.raised, 0);
    assert_int_equal(world.table[DISK].state, BRIDGE_NO_SERVER);
    vio_reg_set(DISK, STATUS, 1);
    vio_play_attach(DISK); /* what was written to nothing is gone */
    assert_int_equal(vio_reg(DISK, STATUS), 0);
    assert_int_equal(vio_reg(DISK, DEVICE_ID), PLAN_VIRTIO_BLK);
    assert_int_equal(world.table[DISK].state, BRIDGE_IDLE);
    assert_int_equal(vio_reg(RNG, DEVICE_ID), 0);
}

static void test_offers(void **state)
{
    struct bridge_offer *o = &world.table[DISK].offer;

    (void)state;
    vio_offer(DISK);
    for (uint32_t i = 0; i < 7; i++) {
        vio_offer(DISK);
        switch (i) {
        case 0: o->queue_max = 0; break;
        case 1: o->queue_max = 512; break; /* more than the plan's */
        case 2: o->queue_max = 96; break;
        case 3: o->config_size = BRIDGE_CONFIG_SIZE + 1; break;
        case 4: o->writable_at = 17; break;
        case 5: o->writable_size = UINT32_MAX; break;
        default: o->features |= BIT64(VIRTIO_F_NOTIFICATION_DATA); break;
        }
        assert_int_equal(vio_attach(DISK), CTL_ERR_INVALID);
        assert_int_equal(world.table[DISK].state, BRIDGE_NO_SERVER);
    }
    vio_play_attach(DISK);
    assert_int_equal(vio_attach(DISK), CTL_ERR_STATE);
    assert_int_equal(vio_attach(3), CTL_ERR_RANGE);
    assert_int_equal(vio_attach(UINT64_MAX), CTL_ERR_RANGE);
    assert_int_equal(vio_detach(UINT64_C(1) << 32), CTL_ERR_RANGE);
    assert_int_equal(vio_detach(OTHER), CTL_ERR_STATE);
    vio_signal(UINT32_MAX);
    vio_signal(3);
    /* Copied once: what the server writes there later changes nothing. */
    o->queue_max = 32768;
    o->config[0] = 0x99;
    o->features = UINT64_MAX;
    assert_int_equal(vio_reg(DISK, QUEUE_MAX), 128);
    assert_int_equal(vio_reg(DISK, CONFIG), 0x2211);
    assert_int_equal(vio_reg(DISK, FEATURES), 0x20000200);
}

static void test_runs(void **state)
{
    const struct bridge_device *disk = &world.table[DISK];

    (void)state;
    vio_play_attach(DISK);
    vio_driver_up(DISK, 2);
    assert_int_equal(world.raised, 1);
    assert_int_equal(disk->state, BRIDGE_RUNNING);
    assert_int_equal(disk->features, 0x200 | BIT64(VIRTIO_F_VERSION_1));
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(disk->queue[i].desc, RAM + i * 0x10000);
        assert_int_equal(disk->queue[i].driver, RAM + i * 0x10000 + 0x4000);
        assert_int_equal(disk->queue[i].device, RAM + i * 0x10000 + 0x8000);
        assert_int_equal(disk->queue[i].size, 128);
        assert_int_equal(disk->queue[i].is_ready, 1);
    }
    assert_int_equal(disk->queue[2].is_ready, 0);
    assert_int_equal(world.table[RNG].state, BRIDGE_NO_SERVER);
}

static void test_queue_outside(void **state)
{
    (void)state;
    vio_play_attach(DISK);
    vio_reg_set(DISK, STATUS, 1);
    vio_reg_set(DISK, STATUS, 3);
    vio_reg_set(DISK, DRIVER_SEL, 1);
    vio_reg_set(DISK, DRIVER, 1);
    vio_reg_set(DISK, STATUS, 0xb);
    vio_queue_up(DISK, 0, 128);
    vio_reg_set(DISK, READY, 0);
    vio_reg_set(DISK, 0xa0, (uint32_t)(RAM + SIZE_2M - 16)); /* ends outside */
    vio_reg_set(DISK, READY, 1);
    assert_int_equal(vio_reg(DISK, READY), 0);
    vio_reg_set(DISK, 0xa0, (uint32_t)(RAM + SIZE_1G)); /* another zone's, by machine address */
    vio_reg_set(DISK, READY, 1);
    assert_int_equal(vio_reg(DISK, READY), 0);
    vio_reg_set(DISK, STATUS, 0xf);
    assert_int_equal(world.table[DISK].queue[0].is_ready, 0);
}

static void test_notify(void **state)
{
    (void)state;
    world.table[DISK].notified = 0;
    vio_reg_set(DISK, NOTIFY, 0);
    assert_int_equal(world.table[DISK].notified, 1);
    assert_true(world.cause);
    world.cause = false; /* the server has seen the cause, but not yet the bit */
    vio_reg_set(DISK, NOTIFY, 0);
    assert_false(world.cause);
    world.table[DISK].notified = 0;
    vio_reg_set(DISK, NOTIFY, 0);
    assert_true(world.cause);
    vio_reg_set(DISK, NOTIFY, 1); /* not ready */
    vio_reg_set(DISK, NOTIFY, 16);
    vio_reg_set(DISK, NOTIFY, UINT32_MAX);
    assert_int_equal(world.table[DISK].notified, 1);
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
}

static _Atomic bool writes;

/* Zone0's other CPU, without end: all bits but that of the first queue. */
static void *scribble(void *word)
{
    while (writes) {
        __atomic_fetch_xor((uint32_t *)word, 0xfffeu, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Who writes the words that are changed by both can't keep the zone from notifying. */
static void test_words_are_written(void **state)
{
    uint32_t *word = &world.table[DISK].notified;
    pthread_t other;

    (void)state;
    writes = true;
    assert_int_equal(pthread_create(&other, NULL, scribble, word), 0);
    for (uint32_t i = 0; i < 20000; i++) {
        __atomic_fetch_and(word, ~1u, __ATOMIC_SEQ_CST);
        vio_reg_set(DISK, NOTIFY, 0);
        assert_int_equal(__atomic_load_n(word, __ATOMIC_SEQ_CST) & 1, 1);
    }
    writes = false;
    assert_int_equal(pthread_join(other, NULL), 0);
    *word = BIT32(31);
    vio_reg_set(DISK, NOTIFY, 0);
    assert_int_equal(*word, BIT32(31) | 1);
}

/* A storm is held to VIO_RATE interrupts at zone0, whatever the server does; nobody else is. */
static void test_storm(void **state)
{
    uint64_t begun = fake_arch.now;
    unsigned before = world.raised, held = 0;

    (void)state;
    vio_serve(RNG);
    while (fake_arch.now < begun + RATE) {
        world.cause = false;
        world.table[DISK].notified = 0;
        vio_reg_set(DISK, NOTIFY, 0);
        fake_arch.now++; /* a microsecond */
        if (world.vcpu[1].state == VCPU_HELD) {
            held++;
            assert_int_equal(world.vcpu[2].state, VCPU_ON);
            assert_int_equal(world.vcpu[3].state, VCPU_OFF);
            while (world.vcpu[1].state == VCPU_HELD) {
                assert_true(world.pcpu[1].alarm_look <= fake_arch.now + 2 * RATE / VIO_RATE);
                fake_arch.now = world.pcpu[1].alarm_look;
                vio_turns();
            }
        }
    }
    assert_in_range(world.raised - before, VIO_RATE - 2048, VIO_RATE + 2 * VIO_BURST);
    assert_true(held > VIO_RATE / 2);
    assert_int_equal(zone_state(&zones[1]), ZONE_RUNNING);
    fake_arch.now += RATE; /* it has paid: one is free again */
    world.cause = false;
    world.table[DISK].notified = 0;
    vio_reg_set(DISK, NOTIFY, 0);
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
}

/* Notifications that zone0 need not be told of are free. */
static void test_storm_of_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        vio_reg_set(DISK, NOTIFY, 0);
    }
    assert_int_equal(world.raised, 2); /* with the driver's start */
    assert_int_equal(world.vcpu[1].state, VCPU_ON);
}

static void test_signals(void **state)
{
    (void)state;
    world.table[DISK].signal = BRIDGE_SIGNAL_USED;
    vio_signal(DISK);
    assert_int_equal(world.table[DISK].signal, 0);
    assert_true(world.line[DISK]);
    assert_int_equal(vio_reg(DISK, INTERRUPT), 1);
    world.table[DISK].signal = BRIDGE_SIGNAL_USED;
    vio_signal(DISK);
    assert_int_equal(world.line_changes, 1); /* the line is high already */
    vio_reg_set(DISK, ACK, 1);
    assert_false(world.line[DISK]);
    world.table[DISK].offer.config[0] = 0x77;
    world.table[DISK].signal = BRIDGE_SIGNAL_CONFIG;
    vio_signal(DISK);
    assert_int_equal(vio_reg(DISK, INTERRUPT), 2);
    assert_int_equal(vio_reg(DISK, CONFIG), 0x2277);
    assert_int_equal(world.table[DISK].config[0], 0x77);
    vio_reg_set(DISK, ACK, 3);
    world.table[DISK].signal = BRIDGE_SIGNAL_BROKEN | 0xfff0;
    vio_signal(DISK);
    assert_int_equal(vio_reg(DISK, STATUS), 0x4f);
    assert_true(world.line[DISK]);
    assert_false(world.line[RNG] || world.line[OTHER]);
    world.table[RNG].signal = 7; /* nobody serves it */
    vio_signal(RNG);
    assert_int_equal(world.table[RNG].signal, 7);
    assert_int_equal(vio_reg(RNG, STATUS), 0);
}

static void test_config_written(void **state)
{
    struct mmio_access access = { .offset = CONFIG + 8, .value = 5, .size = 1, .write = true };

    (void)state;
    assert_true(vio_access(&world.vcpu[1], &access));
    assert_int_equal(world.table[DISK].config[8], 5);
    assert_true(world.cause);
    access.size = 8;
    assert_false(vio_access(&world.vcpu[1], &access));
    access.write = false;
    access.offset = STATUS;
    assert_false(vio_access(&world.vcpu[1], &access));
}

/* What a hostile zone0 writes to the hypervisor's own fields is not believed. */
static void test_table_is_not_read(void **state)
{
    struct bridge_offer kept = world.table[DISK].offer;

    (void)state;
    memset(&world.table[DISK], 0xff, sizeof(world.table[DISK]));
    world.table[DISK].offer = kept;
    vio_signal(DISK);
    assert_int_equal(vio_reg(DISK, STATUS), 0x4f); /* BROKEN was among them */
    assert_int_equal(world.table[DISK].epoch, 0);
    assert_int_equal(vio_reg(DISK, QUEUE_MAX), 128);
    vio_reg_set(DISK, STATUS, 0);
    assert_int_equal(world.table[DISK].epoch, 1);
    vio_let_go(DISK);
    vio_turns();
    assert_int_equal(world.table[DISK].state, BRIDGE_IDLE);
    assert_int_equal(world.table[DISK].queue[0].is_ready, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_table, vio_setup),
        cmocka_unit_test_setup(test_nobody_there, vio_setup),
        cmocka_unit_test_setup(test_offers, vio_setup),
        cmocka_unit_test_setup(test_runs, vio_setup),
        cmocka_unit_test_setup(test_queue_outside, vio_setup),
        cmocka_unit_test_setup(test_notify, vio_setup_served),
        cmocka_unit_test_setup(test_words_are_written, vio_setup_served),
        cmocka_unit_test_setup(test_storm, vio_setup_served),
        cmocka_unit_test_setup(test_storm_of_one, vio_setup_served),
        cmocka_unit_test_setup(test_signals, vio_setup_served),
        cmocka_unit_test_setup(test_config_written, vio_setup_served),
        cmocka_unit_test_setup(test_table_is_not_read, vio_setup_served),
    };

    return cmocka_run_group_tests_name("vio", tests, NULL, NULL);
}
