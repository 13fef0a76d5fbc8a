/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the plan's rules begin with. */
#ifndef TESTS_UNIT_PLAN_GOOD_H
#define TESTS_UNIT_PLAN_GOOD_H

#include "abi/plan.h"

#define PLAN_GOOD_RAM  UINT64_C(0x40000000)
#define PLAN_GOOD_UART UINT64_C(0x9000000)

/* Two zones with two CPUs, memory, a device, an interrupt, two images each; one CPU is parked. */
void plan_good(struct plan *p);

/* The same machine with a GICv2. */
void plan_gicv2(struct plan *p);

#endif
