/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of gic_fixture.h with an ITS, and memory of its two zones. Zone 0 owns functions 0
 * and 2, zone 1 function 1. What the machine's ITS is told is carried out, and checked: it ends a
 * test that maps another's device or event.
 */
#ifndef TESTS_UNIT_ITS_FIXTURE_H
#define TESTS_UNIT_ITS_FIXTURE_H

#include "gic_fixture.h"
#include "lib/plan_check.h"
#include "lpi.h"

#define ITS_GPA        UINT64_C(0x08080000)
#define RAM_GPA        UINT64_C(0x40000000)
#define RAM_SIZE       UINT64_C(0x40000)
#define QUEUE_AT       UINT64_C(0x10000) /* where a test's queue and table lie in it */
#define TABLE_AT       UINT64_C(0x20000)
#define DEVICE_OWN     0x10u
#define DEVICE_FOREIGN 0x18u
#define DEVICE_SMALL   0x20u /* 8 events */

struct its_fx {
    uint8_t ram[2][RAM_SIZE]; /* of the zones */
    bool open[3];             /* functions in the machine's ITS */
    uint32_t events[3];       /* and which of their events */
    unsigned commands;        /* that it took */
    bool dead;                /* it takes none any more */
    unsigned copies;          /* of zones' memory */
};

extern struct its_fx its_fx;

/* fx_setup_running(), then the ITS. The queue and the table of zone 0 are set up, all enabled. */
int its_setup(void **state);
int its_teardown(void **state);

/* Accesses of zone 0's vCPU 0 to its ITS. */
uint64_t gits_rd(uint32_t offset, unsigned size);
void gits_wr(uint32_t offset, unsigned size, uint64_t value);

/* Puts a command behind the last one, without telling the ITS; runs all of them. */
void queue_put(uint64_t word0, uint64_t word1, uint64_t word2);
void queue_go(void);

/* The usual ones. */
void put_mapd(uint32_t device, bool valid);
void put_mapc(uint32_t group, uint32_t vcpu);
void put_mapti(uint32_t device, uint32_t event, uint32_t intid, uint32_t group);
void put_event(uint64_t op, uint32_t device, uint32_t event);

/* A byte of the table of properties: priority and bit 0, enabled. */
void property_put(uint32_t intid, uint8_t property);

/* The machine's LPI of a message arrives on this CPU. */
void message(uint32_t function, uint32_t event);

#endif
