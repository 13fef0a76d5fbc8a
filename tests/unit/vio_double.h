/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones with virtio devices for the unit test and the fuzz target: three zones on four CPUs whose
 * loops the caller turns, and the control region as plain storage.
 */
#ifndef TESTS_UNIT_VIO_DOUBLE_H
#define TESTS_UNIT_VIO_DOUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/bridge.h"
#include "hyp/arch/fake/arch.h"
#include "hyp/core/vio.h"
#include "hyp/core/zone.h"

#define ZONES 3u /* 0: zone0; 1: two vCPUs, disk and rng; 2: another disk */
#define CPUS  4u
#define RAM   UINT64_C(0x40000000)
#define REGS  UINT64_C(0x80000000)
#define RATE  UINT64_C(1000000) /* ticks per second */
#define MS    (RATE / 1000)
#define DISK  0u
#define RNG   1u
#define OTHER 2u

/* Registers. */
#define DEVICE_ID  0x08u
#define FEATURES   0x10u
#define DRIVER     0x20u
#define DRIVER_SEL 0x24u
#define QUEUE_SEL  0x30u
#define QUEUE_MAX  0x34u
#define QUEUE_SIZE 0x38u
#define READY      0x44u
#define NOTIFY     0x50u
#define INTERRUPT  0x60u
#define ACK        0x64u
#define STATUS     0x70u
#define CONFIG     0x100u

struct vio_double {
    struct plan plan;
    struct zone zone[ZONES];
    struct vcpu vcpu[CPUS]; /* 0: zone 0's; 1 and 2: zone 1's; 3: zone 2's */
    struct pcpu pcpu[CPUS];
    struct bridge_device table[PLAN_MAX_VIRTIO];
    bool line[3]; /* of the devices */
    bool cause;   /* zone0's, as the server has not yet seen it */
    unsigned raised, line_changes;
    unsigned loads; /* of zones; never of one whose memory a server uses */
};

extern struct vio_double world;

/* Boots: zones and devices as above, all zones off, nobody attached. */
void vio_double_boot(void);

/* What a CPU's loop does between guests, its alarm included. */
void vio_double_turn(uint32_t cpu);

/* An access of 32 bits to a device's register by a vCPU of its zone; false: refused. */
bool vio_double_read(uint32_t cpu, uint32_t device, uint64_t offset, uint32_t *value);
bool vio_double_write(uint32_t cpu, uint32_t device, uint64_t offset, uint32_t value);

#endif
