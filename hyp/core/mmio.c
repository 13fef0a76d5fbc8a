/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the emulated device at an address and gives its answer to the trapped instruction. */
#include "hyp/core/mmio.h"

#include "hyp/arch.h"
#include "hyp/core/assert.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

void mmio_add(struct zone *zone, const struct mmio_dev *dev)
{
    ASSERT(zone->dev_count < MMIO_MAX_DEVS && is_aligned(dev->gpa | dev->size, sizeof(uint64_t)));
    zone->dev[zone->dev_count++] = *dev;
}

/* An aligned access that begins in a device ends in it: see mmio_add(). */
const struct mmio_dev *mmio_find(const struct zone *zone, uint64_t at, uint8_t size)
{
    const struct mmio_dev *dev = zone->dev;

    while (at - dev->gpa >= dev->size) { /* the end's size is 0 */
        if (dev->size == 0) {
            return NULL;
        }
        dev++;
    }
    return is_aligned(at, size) ? dev : NULL;
}

uint64_t mmio_stored(uint64_t value, uint8_t size)
{
    return value & (UINT64_MAX >> (64 - size * 8u));
}

uint64_t mmio_loaded(const struct trap_mem *mem, uint64_t value)
{
    if (mem->size == sizeof(uint32_t) && !mem->sign_extend) {
        return (uint32_t)value; /* most */
    }
    value = mmio_stored(value, mem->size);
    if (mem->sign_extend) {
        value = sign_extend64(value, mem->size * 8u);
    }
    return mem->wide ? value : (uint32_t)value;
}

/* One of the accesses of an instruction. */
static bool one(struct vcpu *vcpu, const struct trap_mem *mem, uint64_t at, uint8_t reg)
{
    const struct mmio_dev *dev = mmio_find(vcpu->zone, at, mem->size);
    struct mmio_access access;

    if (!dev) {
        return false;
    }
    access.offset = at - dev->gpa;
    access.size = mem->size;
    access.write = mem->write;
    access.value = mem->write ? mmio_stored(arch_vcpu_get(vcpu, reg), mem->size) : 0;
    if (!dev->fn(vcpu, &access)) {
        return false;
    }
    if (!mem->write) {
        arch_vcpu_set(vcpu, reg, mmio_loaded(mem, access.value));
    }
    return true;
}

bool mmio_handle(struct vcpu *vcpu, const struct trap *trap)
{
    const struct trap_mem *mem = &trap->mem;

    if (mem->count >= 1 && !one(vcpu, mem, mem->gpa.v, mem->reg)) {
        return false;
    }
    return mem->count < 2 || one(vcpu, mem, mem->gpa.v + mem->size, mem->reg2);
}
