/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and scrubbing of a zone's memory. */
#ifndef HYP_CORE_LOAD_H
#define HYP_CORE_LOAD_H

struct zone;

/* Where the boot image is mapped, read-only. */
void load_init(const void *image);

/* Scrubs all RAM of the zone and copies its images. No vCPU of the zone runs. */
void load_zone(const struct zone *zone);

#endif
