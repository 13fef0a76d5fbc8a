/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and scrubbing of a zone's memory. */
#ifndef HYP_CORE_LOAD_H
#define HYP_CORE_LOAD_H

#include <stdbool.h>

struct zone;

/* Where the boot image is mapped, read-only. */
void load_init(const void *image);

/*
 * Scrubs all RAM of the zone and copies its images. No vCPU of the zone runs. It takes a while, so
 * interrupts are served in between; false: given up, because the zone is to stop.
 */
bool load_zone(const struct zone *zone);

#endif
