/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps that read and that copy devices know of the board's nodes in common. */
#ifndef PLAN_ACCESS_H
#define PLAN_ACCESS_H

#include <stdbool.h>

#include "plan/compile.h"

/* Whether a node is one of the zone's devices, or below one. */
bool devices_own(const struct devices *devices, const void *fdt, int node);

/* Whether every zone gets the node's function from the hypervisor: it can't be given away. */
bool device_is_reserved(const struct compile *c, int node);

/*
 * Finds what the zone's devices need: clocks are added as helpers, any other device must be the
 * zone's own. Registers that share a page with a device of somebody else are refused.
 */
void depend_check(struct compile *c, uint32_t zone);

/* Properties that lead to a device no zone can have yet; they are left out of a zone's tree. */
bool property_is_dropped(const char *name);

#endif
