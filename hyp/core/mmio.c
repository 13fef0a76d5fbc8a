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
static const struct mmio_dev *dev_at(const struct zone *zone, uint64_t at)
{
    for (const struct mmio_dev *dev = zone->dev; dev->size != 0; dev++) {
        if (at - dev->gpa < dev->size) {
            return dev;
        }
    }
    return NULL;
}

/* The bits that an access of `size` bytes moves. */
static uint64_t bits_of(uint8_t size)
{
    return UINT64_MAX >> (64 - size * 8u);
}

/* What a load leaves in its register: extended to 32 or 64 bits as the instruction says. */
static uint64_t load_result(const struct trap_mem *mem, uint64_t value)
{
    value &= bits_of(mem->size);
    if (mem->sign_extend) {
        value = sign_extend64(value, mem->size * 8u);
    }
    return mem->wide ? value : (uint32_t)value;
}

bool mmio_one(struct vcpu *vcpu, const struct trap_mem *mem, uint64_t at, uint8_t reg)
{
    const struct mmio_dev *dev = dev_at(vcpu->zone, at);
    struct mmio_access access;

    if (!dev || !is_aligned(at, mem->size)) {
        return false;
    }
    access.offset = at - dev->gpa;
    access.size = mem->size;
    access.write = mem->write;
    access.value = mem->write ? arch_vcpu_get(vcpu, reg) & bits_of(mem->size) : 0;
    if (!dev->fn(vcpu, &access)) {
        return false;
    }
    if (!mem->write) {
        arch_vcpu_set(vcpu, reg, load_result(mem, access.value));
    }
    return true;
}

bool mmio_handle(struct vcpu *vcpu, const struct trap *trap)
{
    const struct trap_mem *mem = &trap->mem;

    if (mem->count >= 1 && !mmio_one(vcpu, mem, mem->gpa.v, mem->reg)) {
        return false;
    }
    return mem->count < 2 || mmio_one(vcpu, mem, mem->gpa.v + mem->size, mem->reg2);
}
