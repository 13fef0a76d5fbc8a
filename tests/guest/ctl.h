/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone0's control device as a bare guest uses it (abi/ctl.h). The region is mapped as device memory
 * here: aligned words only.
 */
#ifndef TESTS_GUEST_CTL_H
#define TESTS_GUEST_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/ctl.h"

#define CTL_NO_STATUS INT32_MAX /* in a slot whose request has not been done */

struct ctl_dev {
    uint64_t regs, region;
    volatile struct ctl_shared *shared;
};

/* False: the zone has no control device. */
bool ctl_open(struct ctl_dev *dev);

uint32_t ctl_read(const struct ctl_dev *dev, uint32_t reg);
void ctl_write(const struct ctl_dev *dev, uint32_t reg, uint32_t value);

/* A word of what is laid out in the region. */
volatile uint32_t *ctl_word(const struct ctl_dev *dev, uint64_t offset);

volatile struct ctl_slot *ctl_slot(const struct ctl_dev *dev, uint32_t n);

/* A request in slot 0; `data` of `size` bytes, or NULL. Returns its status. */
int32_t ctl_ask(const struct ctl_dev *dev, uint32_t op, uint32_t zone, uint64_t arg);

/* The answer to the last request, `size` a multiple of 8. */
void ctl_answer(const struct ctl_dev *dev, void *to, size_t size);

/* The zone's state, CTL_ZONE_NONE when there is no such zone. */
uint32_t ctl_state(const struct ctl_dev *dev, uint32_t zone);

/* The index of the zone with this name, or CTL_ZONES. */
uint32_t ctl_find(const struct ctl_dev *dev, const char *name);

#endif
