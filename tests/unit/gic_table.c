/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the virtual GIC's register tables. Knows no register. */
#include "tests/unit/gic_table.h"

#include "tests/unit/unit.h"

const struct vgic_reg *gic_table_row(const struct vgic_table *table, uint64_t offset)
{
    const struct vgic_reg *row = NULL;

    for (size_t i = 0; i < table->count; i++) {
        if (offset >= table->rows[i].first && offset <= table->rows[i].last) {
            row = &table->rows[i];
        }
    }
    return row;
}

void gic_table_check(const struct vgic_table *table, uint32_t size)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct vgic_reg *row = &table->rows[i];

        assert_true(row->first <= row->last && row->last < size);
        assert_true(row->sizes != 0 && (row->sizes & ~0xfu) == 0);
        assert_int_equal(row->first % 4, 0);
        assert_int_equal((row->last + 1) % 4, 0);
        assert_true(row->fn == NULL || row->value == 0);
        if (i > 0) {
            assert_true(row->first > table->rows[i - 1].last);
        }
    }
    for (uint32_t offset = 0; offset < size; offset++) {
        assert_ptr_equal(vgic_row(table, offset), gic_table_row(table, offset));
    }
}
