/* SPDX-License-Identifier: Apache-2.0 */
/* Storage behind the fake machine of hw.h; unit tests link it, the hypervisor never does. */
#include "hw.h"

#include <stdlib.h>
#include <string.h>

#define FAKE_DEFINE(name, text) uint64_t fake_##name;
A64_REGS_RO(FAKE_DEFINE)
A64_REGS_RW(FAKE_DEFINE)
#undef FAKE_DEFINE

#define FAKE_COUNT(name) unsigned fake_##name##_count;
FAKE_INSNS(FAKE_COUNT)
FAKE_INSNS1(FAKE_COUNT)
#undef FAKE_COUNT

#define FAKE_HOOK(name) void (*fake_##name##_hook)(void);
FAKE_INSNS(FAKE_HOOK)
#undef FAKE_HOOK

#define FAKE_ARG(name) uint64_t fake_##name##_arg;
FAKE_INSNS1(FAKE_ARG)
#undef FAKE_ARG

#define FAKE_MMIO_MAX 8

static struct fake_mmio ranges[FAKE_MMIO_MAX];
static unsigned range_count;

uint32_t fake_guest_vector;
uint64_t fake_smc_args[4], fake_smc_answer;

void fake_mmio_add(const struct fake_mmio *range)
{
    if (range_count == FAKE_MMIO_MAX) {
        abort();
    }
    ranges[range_count++] = *range;
}

/* A test that lets code touch an address outside of all ranges has found a bug: stop it there. */
static struct fake_mmio *range_of(uintptr_t address, unsigned size)
{
    for (unsigned i = 0; i < range_count; i++) {
        if (address >= ranges[i].base && address + size <= ranges[i].base + ranges[i].size) {
            return &ranges[i];
        }
    }
    abort();
}

uint64_t fake_mmio_rd(uintptr_t address, unsigned size)
{
    struct fake_mmio *range = range_of(address, size);
    uint64_t value = 0;

    memcpy(&value, range->bytes + (address - range->base), size);
    if (range->hook) {
        range->hook(address - range->base, size, false, value);
    }
    return value;
}

void fake_mmio_wr(uintptr_t address, unsigned size, uint64_t value)
{
    struct fake_mmio *range = range_of(address, size);

    memcpy(range->bytes + (address - range->base), &value, size);
    if (range->hook) {
        range->hook(address - range->base, size, true, value);
    }
}

uint32_t hw_guest_enter(void *vcpu)
{
    (void)vcpu;
    return fake_guest_vector;
}

uint64_t hw_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
    fake_smc_args[0] = fid;
    fake_smc_args[1] = a1;
    fake_smc_args[2] = a2;
    fake_smc_args[3] = a3;
    return fake_smc_answer;
}

void fake_reset(void)
{
#define FAKE_ZERO(name, text) fake_##name = 0;
    A64_REGS_RO(FAKE_ZERO)
    A64_REGS_RW(FAKE_ZERO)
#undef FAKE_ZERO
#define FAKE_CLEAR(name) fake_##name##_count = 0;
    FAKE_INSNS(FAKE_CLEAR)
    FAKE_INSNS1(FAKE_CLEAR)
#undef FAKE_CLEAR
#define FAKE_UNHOOK(name) fake_##name##_hook = NULL;
    FAKE_INSNS(FAKE_UNHOOK)
#undef FAKE_UNHOOK
    range_count = 0;
}
