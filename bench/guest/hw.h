/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's view of the machine: system registers, device accesses, firmware calls. Devices are
 * accessed by plain loads and stores, which a hypervisor can emulate from the syndrome alone.
 */
#ifndef BENCH_GUEST_HW_H
#define BENCH_GUEST_HW_H

#include <stdint.h>

#define UART_BASE 0x09000000u
#define GICD_BASE 0x08000000u
#define GICR_BASE 0x080a0000u
#define GICR_SIZE 0x20000u
#define GICR_SGI  0x10000u

enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IPRIORITYR = 0x400 };
enum { GICR_TYPER = 0x008, GICR_WAKER = 0x014 };
enum { GIC_IGROUPR = 0x080, GIC_ISENABLER = 0x100, GIC_ICENABLER = 0x180 };
enum { UART_DR = 0x00, UART_FR = 0x18 };
enum { TIMER_PPI = 27, BENCH_SGI = 1 };

#define SMCCC_VERSION   0x80000000u
#define PSCI_VERSION    0x84000000u
#define PSCI_OFF        0x84000008u
#define PSCI_CPU_ON     0xc4000003u
#define UNKNOWN_CALL    0xc600ff00u
#define ICC_PMR_EL1     "s3_0_c4_c6_0"
#define ICC_IAR1_EL1    "s3_0_c12_c12_0"
#define ICC_EOIR1_EL1   "s3_0_c12_c12_1"
#define ICC_CTLR_EL1    "s3_0_c12_c12_4"
#define ICC_SRE_EL1     "s3_0_c12_c12_5"
#define ICC_IGRPEN1_EL1 "s3_0_c12_c12_7"
#define ICC_SGI1R_EL1   "s3_0_c12_c11_5"

#define READ_REG(reg)                                                                              \
    ({                                                                                             \
        uint64_t value_;                                                                           \
                                                                                                   \
        __asm__ volatile("mrs %0, " reg : "=r"(value_) : : "memory");                              \
        value_;                                                                                    \
    })
#define WRITE_REG(reg, v) __asm__ volatile("msr " reg ", %0" : : "r"((uint64_t)(v)) : "memory")
#define INSN(text)        __asm__ volatile(text : : : "memory")

static inline uint32_t read32(uint64_t at)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(at) : "memory");
    return value;
}

static inline void write32(uint64_t at, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(at) : "memory");
}

static inline uint64_t hvc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
    register uint64_t x0 __asm__("x0") = fid;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;

    /* SMCCC 1.0 may change x4..x17. */
    __asm__ volatile("hvc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return x0;
}

#endif
