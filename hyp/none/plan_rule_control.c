/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of the rules on the control device in a build without it: boot.c refuses plans with
 * one before it looks at rules, and without one no region may be of its kinds.
 */
#include "hyp/none/holds.h"

bool plan_rule_region_pool(const struct plan *p, uint32_t a, uint32_t b)
{
    (void)b;
    return p->region[a].kind <= PLAN_REGION_DEVICE && p->region[a].pool == 0;
}

HOLDS(zone_manual)
HOLDS(pool_count)
HOLDS(region_control)
HOLDS(control_zone)
HOLDS(control_slot)
HOLDS(control_intid)
HOLDS(control_irq)
