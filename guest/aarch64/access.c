/* SPDX-License-Identifier: Apache-2.0 */
/* The public names of calls and device accesses; nothing but the instruction behind each. */
#include "guest/aarch64/hw.h"
#include "vitrine-guest.h"

enum { CONDUIT_SMC = 0 };

void vg_call(struct vg_call *call)
{
    if (vg_boot()->conduit == CONDUIT_SMC) {
        hw_smc(call);
    } else {
        hw_hvc(call);
    }
}

void vg_call_hvc(struct vg_call *call)
{
    hw_hvc(call);
}

void vg_call_smc(struct vg_call *call)
{
    hw_smc(call);
}

uint8_t vg_mmio_rd8(uint64_t at)
{
    return hw_mmio_rd8(at);
}

uint16_t vg_mmio_rd16(uint64_t at)
{
    return hw_mmio_rd16(at);
}

uint32_t vg_mmio_rd32(uint64_t at)
{
    return hw_mmio_rd32(at);
}

uint64_t vg_mmio_rd64(uint64_t at)
{
    return hw_mmio_rd64(at);
}

void vg_mmio_wr8(uint64_t at, uint8_t value)
{
    hw_mmio_wr8(at, value);
}

void vg_mmio_wr16(uint64_t at, uint16_t value)
{
    hw_mmio_wr16(at, value);
}

void vg_mmio_wr32(uint64_t at, uint32_t value)
{
    hw_mmio_wr32(at, value);
}

void vg_mmio_wr64(uint64_t at, uint64_t value)
{
    hw_mmio_wr64(at, value);
}
