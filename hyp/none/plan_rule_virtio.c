/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of the rules on virtio devices in a build without them: boot.c refuses plans with
 * one before it looks at rules.
 */
#include "lib/plan_rule.h"

bool plan_virtio_range(const struct plan *p, uint32_t zone, struct plan_span *span)
{
    (void)p, (void)zone, (void)span;
    return false;
}

#define HOLDS(name)                                                                                \
    bool plan_rule_virtio_##name(const struct plan *p, uint32_t a, uint32_t b)                     \
    {                                                                                              \
        (void)p, (void)a, (void)b;                                                                 \
        return true;                                                                               \
    }

HOLDS(count)
HOLDS(name)
HOLDS(name_unique)
HOLDS(type)
HOLDS(queues)
HOLDS(zone)
HOLDS(pool)
HOLDS(place)
HOLDS(intid)
HOLDS(unique)
HOLDS(irq)
HOLDS(side)
