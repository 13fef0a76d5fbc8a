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

/* Where UVM_FLAG_FSGSBASE says so; emulators take their time for the MSRs of the same. */
static inline uint64_t rd_fsbase(void)
{
    uint64_t value;

    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}

static inline uint64_t rd_gsbase(void)
{
    uint64_t value;

    __asm__ volatile("rdgsbase %0" : "=r"(value));
    return value;
}

static inline uint64_t rd_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t rd_cr3(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

/* Writing what it holds forgets translations. */
static inline void wr_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t rd_dr6(void)
{
    uint64_t value;

    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    return value;
}

static inline uint64_t rd_dr7(void)
{
    uint64_t value;

    __asm__ volatile("mov %%dr7, %0" : "=r"(value));
    return value;
}

static inline void wr_dr6(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

static inline uint16_t rd_ds(void)
{
    uint16_t value;

    __asm__ volatile("mov %%ds, %0" : "=r"(value));
    return value;
}

static inline uint16_t rd_es(void)
{
    uint16_t value;

    __asm__ volatile("mov %%es, %0" : "=r"(value));
    return value;
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
