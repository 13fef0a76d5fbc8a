/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio driver and its server, played by unit tests. */
#include "vio_play.h"

#include "abi/virtio.h"
#include "lib/field.h"
#include "unit.h"

/* All CPUs, until nothing is left to do. */
void vio_turns(void)
{
    for (unsigned rounds = 0; rounds < 4; rounds++) {
        for (uint32_t i = 0; i < CPUS; i++) {
            vio_double_turn(i);
        }
    }
}

int vio_setup(void **state)
{
    struct vcpu_start second = { .pc = RAM };

    (void)state;
    vio_double_boot();
    assert_int_equal(zone_start(&zones[0]), OK);
    assert_int_equal(zone_start(&zones[1]), OK);
    vio_turns();
    assert_int_equal(vcpu_on(&world.vcpu[2], &second), OK);
    vio_turns();
    return 0;
}

/* ---- The driver ---- */

uint32_t vio_reg(uint32_t device, uint32_t offset)
{
    uint32_t value;

    assert_true(vio_double_read(device == OTHER ? 3 : 1, device, offset, &value));
    return value;
}

void vio_reg_set(uint32_t device, uint32_t offset, uint32_t value)
{
    assert_true(vio_double_write(device == OTHER ? 3 : 1, device, offset, value));
}

void vio_queue_up(uint32_t device, uint32_t queue, uint32_t size)
{
    uint64_t at = RAM + queue * UINT64_C(0x10000);

    vio_reg_set(device, QUEUE_SEL, queue);
    vio_reg_set(device, QUEUE_SIZE, size);
    vio_reg_set(device, 0x80, (uint32_t)at);
    vio_reg_set(device, 0x90, (uint32_t)at + 0x4000);
    vio_reg_set(device, 0xa0, (uint32_t)at + 0x8000);
    vio_reg_set(device, READY, 1);
}

void vio_driver_up(uint32_t device, uint32_t queues)
{
    vio_reg_set(device, STATUS, 1);
    vio_reg_set(device, STATUS, 3);
    vio_reg_set(device, DRIVER_SEL, 0);
    vio_reg_set(device, DRIVER, 0x200); /* FLUSH */
    vio_reg_set(device, DRIVER_SEL, 1);
    vio_reg_set(device, DRIVER, 1); /* VERSION_1 */
    vio_reg_set(device, STATUS, 0xb);
    assert_int_equal(vio_reg(device, STATUS), 0xb);
    for (uint32_t i = 0; i < queues; i++) {
        vio_queue_up(device, i, 128);
        assert_int_equal(vio_reg(device, READY), 1);
    }
    vio_reg_set(device, STATUS, 0xf);
}

/* ---- The server ---- */

void vio_offer(uint32_t device)
{
    world.table[device].offer = (struct bridge_offer){ .features = 0x200 |
                                                                   BIT64(VIRTIO_F_EVENT_IDX),
                                                       .queue_max = 128,
                                                       .config_size = 16,
                                                       .writable_at = 8,
                                                       .writable_size = 1,
                                                       .config = { 0x11, 0x22 } };
}

void vio_play_attach(uint32_t device)
{
    vio_offer(device);
    assert_int_equal(vio_attach(device), CTL_OK);
}

void vio_let_go(uint32_t device)
{
    world.table[device].let_go = world.table[device].epoch;
    vio_signal(device);
}

void vio_serve(uint32_t device)
{
    vio_play_attach(device);
    vio_driver_up(device, 1);
    world.cause = false;
}

int vio_setup_served(void **state)
{
    vio_setup(state);
    vio_serve(DISK);
    return 0;
}
