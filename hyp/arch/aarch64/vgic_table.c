/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register tables of the virtual GIC: from an offset to its row, and what holds for every access.
 * Writes are serialized by the zone's lock; reads take none.
 */
#include "hyp/core/lock.h"
#include "vgic.h"

FIELD(OFFSET_WORD, 2, 10);
FIELD(OFFSET_BEYOND, 12, 4); /* not in the first 4 KiB of a 64 KiB frame */
FIELD(OFFSET_FRAME, 16, 1);
FIELD(WORD_HIGH, 2, 1); /* upper half of a 64-bit register */
FIELD(HALF_LOW, 0, 32);
FIELD(HALF_HIGH, 32, 32);

uint64_t vgic_read64(const struct vgic_at *at, uint64_t value)
{
    if (at->access->size == 8) {
        return value;
    }
    return get(WORD_HIGH, at->offset) != 0 ? get(HALF_HIGH, value) : get(HALF_LOW, value);
}

uint64_t vgic_write64(const struct vgic_at *at, uint64_t value)
{
    if (at->access->size == 8) {
        return at->access->value;
    }
    return get(WORD_HIGH, at->offset) != 0 ? with(HALF_HIGH, value, at->access->value)
                                           : with(HALF_LOW, value, at->access->value);
}

static uint32_t map_index(uint32_t offset)
{
    return (uint32_t)(get(OFFSET_FRAME, offset) * VGIC_MAP_FRAME + get(OFFSET_WORD, offset));
}

void vgic_map_init(const struct vgic_table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct vgic_reg *row = &table->rows[i];

        for (uint32_t at = row->first; at < row->last && get(OFFSET_BEYOND, at) == 0; at += 4) {
            table->map[map_index(at)] = (uint8_t)(i + 1);
        }
    }
}

__attribute__((noinline)) static const struct vgic_reg *row_beyond(const struct vgic_table *table,
                                                                   uint32_t offset)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (offset >= table->rows[i].first && offset <= table->rows[i].last) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static inline const struct vgic_reg *row_of(const struct vgic_table *table, uint32_t offset)
{
    uint32_t row;

    if (get(OFFSET_BEYOND, offset) != 0) {
        return row_beyond(table, offset);
    }
    row = table->map[map_index(offset)];
    return row == 0 ? NULL : &table->rows[row - 1];
}

const struct vgic_reg *vgic_row(const struct vgic_table *table, uint32_t offset)
{
    return row_of(table, offset);
}

/* A constant, or nothing at all. */
static bool constant(const struct vgic_reg *row, struct mmio_access *access)
{
    if (!access->write) {
        access->value = row == NULL ? 0 : row->value;
    }
    return row == NULL || (row->sizes & access->size) != 0;
}

/* Out of line, so that reads need not save registers for it. */
__attribute__((noinline)) static bool write_locked(const struct vgic_reg *row, struct vgic_at *at)
{
    struct lock *lock = &at->vcpu->zone->arch.vgic.lock;

    lock_take(lock);
    row->fn(at);
    lock_give(lock);
    return true;
}

bool vgic_dispatch(const struct vgic_table *table, struct vgic_at *at)
{
    struct mmio_access *access = at->access;
    const struct vgic_reg *row;

    row = row_of(table, at->offset);
    if (row == NULL || row->fn == NULL) {
        return constant(row, access);
    }
    if ((row->sizes & access->size) == 0) {
        return false;
    }
    if (access->write) {
        return write_locked(row, at);
    }
    row->fn(at);
    return true;
}

/* Here and not with the table, so that a trap goes through one file less (docs/trap.md). */
__attribute__((flatten)) bool vgicd_access(struct vcpu *vcpu, struct mmio_access *access)
{
    struct vgic_at at = {
        .vcpu = vcpu,
        .owner = vcpu,
        .access = access,
        .offset = (uint16_t)access->offset, /* one frame of 64 KiB */
    };

    return vgic_dispatch(&vgicd_table, &at);
}
