/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of the rules on virtio devices in a build without them: boot.c refuses plans with
 * one before it looks at rules.
 */
#include "hyp/none/holds.h"

bool plan_virtio_range(const struct plan *p, uint32_t zone, struct plan_span *span)
{
    (void)p, (void)zone, (void)span;
    return false;
}

HOLDS(virtio_count)
HOLDS(virtio_name)
HOLDS(virtio_name_unique)
HOLDS(virtio_type)
HOLDS(virtio_queues)
HOLDS(virtio_zone)
HOLDS(virtio_pool)
HOLDS(virtio_place)
HOLDS(virtio_intid)
HOLDS(virtio_unique)
HOLDS(virtio_irq)
HOLDS(virtio_side)
