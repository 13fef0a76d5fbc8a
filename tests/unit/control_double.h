/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with zone0 in control and two zones beside it, for the unit test and the fuzz target of
 * the control device: the real device, life cycle, console and log on the fake architecture.
 */
#ifndef TESTS_UNIT_CONTROL_DOUBLE_H
#define TESTS_UNIT_CONTROL_DOUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/ctl.h"
#include "hyp/arch/fake/arch.h"
#include "hyp/core/control.h"
#include "hyp/core/zone.h"

enum { OWNER, USER, REAL, DOUBLE_ZONES }; /* zones: two CPUs, two CPUs, one */

#define DOUBLE_CPUS   5u
#define DOUBLE_SLOT   4u
#define DOUBLE_INTID  70u
#define DOUBLE_RATE   UINT64_C(1000000)
#define DOUBLE_REGION 0x200000u

struct control_double {
    uint8_t *region; /* DOUBLE_REGION bytes, then as many that nobody may touch */
    bool line;
    unsigned line_changes, foreign_lines; /* foreign: any other zone's or number, but consoles' */
    unsigned loads, offs;
};

extern struct control_double control_double;

/* Everything anew; all zones but REAL, which is manual, run afterwards when `run`. */
void control_double_reset(bool run);
void control_double_free(void);

/* The same for cmocka: before and after a test. */
int control_double_setup(void **state);
int control_double_teardown(void **state);

/* What all CPUs' loops do between guest entries, until nobody has anything to do. */
void control_double_turn(void);

/* An access of the device's registers, and of its configuration space; false: it faults. */
bool control_double_access(uint32_t vcpu, uint32_t offset, uint32_t *value, bool write);
bool control_double_config(uint32_t offset, uint32_t *value, bool write);

/* The same by its first vCPU, where it may not fault. */
uint32_t control_double_rd(uint32_t offset);
void control_double_wr(uint32_t offset, uint32_t value);

struct ctl_shared *control_double_shared(void);
struct ctl_slot *control_double_slot(uint32_t n);

/* A request in slot 0 without data; its status. */
int32_t control_double_ask(uint32_t op, uint32_t zone, uint64_t arg);

/* The answer of CTL_OP_ZONE, which must be one. */
struct ctl_zone control_double_zone(uint32_t zone);

#endif
