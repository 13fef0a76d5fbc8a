/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that the ring-0 half of the runtime needs and C has not. */
#ifndef GUEST_X86_64_HW_H
#define GUEST_X86_64_HW_H

#include <stdint.h>

#include "lib/field.h"

#define MSR_FS_BASE UINT32_C(0xc0000100)
#define MSR_GS_BASE UINT32_C(0xc0000101)

FIELD(MSR_LOW, 0, 32);
FIELD(MSR_HIGH, 32, 32);

static inline uint64_t rd_msr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return put(MSR_LOW, low) | put(MSR_HIGH, high);
}

static inline void wr_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)get(MSR_HIGH, value))
                     : "memory");
}

/* The two bases only where UVM_FLAG_FSGSBASE says so; emulators take their time for their MSRs. */
#define HW_READ(name, type, insn)                                                                  \
    static inline type rd_##name(void)                                                             \
    {                                                                                              \
        type value;                                                                                \
        __asm__ volatile(insn : "=r"(value));                                                      \
        return value;                                                                              \
    }
HW_READ(fsbase, uint64_t, "rdfsbase %0")
HW_READ(gsbase, uint64_t, "rdgsbase %0")
HW_READ(cr2, uint64_t, "mov %%cr2, %0")
HW_READ(cr3, uint64_t, "mov %%cr3, %0")
HW_READ(dr6, uint64_t, "mov %%dr6, %0")
HW_READ(dr7, uint64_t, "mov %%dr7, %0")
HW_READ(ds, uint16_t, "mov %%ds, %0")
HW_READ(es, uint16_t, "mov %%es, %0")
#undef HW_READ

/* Writing what it holds forgets translations. */
static inline void wr_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void wr_dr6(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

/* Only where UVM_FLAG_XSAVE says that ring 0 can: the one place with these instructions. */
static inline void hw_xsave(void *area, uint64_t mask)
{
    __asm__ volatile("xsave64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)get(MSR_HIGH, mask))
                     : "memory");
}

static inline void hw_xrstor(const void *area, uint64_t mask)
{
    __asm__ volatile("xrstor64 (%0)"
                     :
                     : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)get(MSR_HIGH, mask))
                     : "memory");
}

/* Exit to the host, which reads and writes memory before it returns. */
#define hw_exit(port) __asm__ volatile("out %%al, %0" : : "i"(port) : "memory")

#endif
