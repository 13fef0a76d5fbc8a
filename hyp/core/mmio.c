/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the emulated device at an address and gives its answer to the trapped instruction. */
#include "hyp/core/mmio.h"

#include "hyp/arch.h"
#include "hyp/core/assert.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

void mmio_add(struct zone *zone, const struct mmio_dev *dev)
{
    ASSERT(zone->dev_count < MMIO_MAX_DEVS);
    zone->dev[zone->dev_count++] = *dev;
}

static const struct mmio_dev *dev_at(const struct zone *zone, uint64_t at, uint8_t size)
{
    for (uint32_t i = 0; i < zone->dev_count; i++) {
        const struct mmio_dev *dev = &zone->dev[i];

        if (at >= dev->gpa && at - dev->gpa < dev->size && size <= dev->size - (at - dev->gpa)) {
            return dev;
        }
    }
    return NULL;
}

/* What a load leaves in its register: extended to 32 or 64 bits as the instruction says. */
static uint64_t load_result(const struct trap_mem *mem, uint64_t value)
{
    unsigned bits = mem->size * 8u;

    if (bits < 64) {
        value &= BIT64(bits) - 1;
        if (mem->sign_extend) {
            value = sign_extend64(value, bits);
        }
    }
    return mem->wide ? value : (uint32_t)value;
}

/* One access of `size` bytes at `at` for register `reg`. */
static bool access_one(struct vcpu *vcpu, const struct trap_mem *mem, uint64_t at, uint8_t reg)
{
    const struct mmio_dev *dev = dev_at(vcpu->zone, at, mem->size);
    struct mmio_access access = { .size = mem->size, .write = mem->write };

    if (!dev || !is_aligned(at, mem->size)) {
        return false;
    }
    access.offset = at - dev->gpa;
    if (mem->write) {
        access.value = arch_vcpu_get(vcpu, reg);
        if (mem->size < 8) {
            access.value &= BIT64(mem->size * 8u) - 1;
        }
    }
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

    if (mem->count >= 1 && !access_one(vcpu, mem, mem->gpa.v, mem->reg)) {
        return false;
    }
    return mem->count < 2 || access_one(vcpu, mem, mem->gpa.v + mem->size, mem->reg2);
}
