/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and scrubbing of a zone's memory. */
#ifndef HYP_CORE_LOAD_H
#define HYP_CORE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

struct zone;

/* Where the boot image is mapped, read-only. */
void load_init(const void *image);

/*
 * Scrubs all RAM of the zone and copies its images. No vCPU of the zone runs. It takes a while, so
 * interrupts are served in between; false: given up, because the zone is to stop.
 */
bool load_zone(const struct zone *zone);

/*
 * Scrubs memory that a starting zone shares: RAM aligned to its size, or to 2 MiB if that is less.
 * false: given up, as above.
 */
bool load_scrub(const struct zone *zone, hpa_t at, uint64_t size);

#endif
