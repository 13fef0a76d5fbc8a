/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the virtual GIC's register tables share. */
#ifndef TESTS_UNIT_GIC_TABLE_H
#define TESTS_UNIT_GIC_TABLE_H

#include "vgic.h"

/* The row of an offset by a look at all rows, or NULL. */
const struct vgic_reg *gic_table_row(const struct vgic_table *table, uint64_t offset);

/* Rows are sorted, disjoint and below `size`; the map, a shortcut, says of each offset what a look
 * at all rows says. */
void gic_table_check(const struct vgic_table *table, uint32_t size);

#endif
